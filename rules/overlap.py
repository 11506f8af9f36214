"""What do two rules have in common? Whether all that one matches is matched by another, and whether one can match."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain

from aiops.domain.matching import Matcher, Operator, token_match
from aiops.domain.rules import Rule

MOST_LOOSE = 200  # rules filed under one field, as they have no plain value or token of it: those are tried on many
_REST = "<**>"
_Way = Sequence[Matcher]
_Key = tuple[
    str, str | None, int
]  # field, value (None: any), place of a token of a pattern (-1: it is the whole value)


class Overlaps:
    """Which of these rules take in another whole? Each way is filed under the rarest of what the other must have, too.

    That is a plain value, a token at its place in a pattern, or at least a matcher of the same field.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._filed: dict[_Key, list[Rule]] = {}
        self.left_out: list[Rule] = []  # not tried on all that they may take in: too many are like them
        common = Counter(key for rule in rules for way in rule.ways for key in (*_plain(way), *_fields(way)))
        for rule in rules:
            rarest = {min(_plain(way) or _fields(way), key=lambda one: (common[one], one[0], one)) for way in rule.ways}
            full = [key for key in rarest if key[1] is None and len(self._filed.get(key, ())) >= MOST_LOOSE]
            self.left_out += [rule] if full else []
            for key in rarest.difference(full):
                self._filed.setdefault(key, []).append(rule)

    def over(self, rule: Rule) -> Iterator[Rule]:
        """Yield the others that match whatever ``rule`` matches, by their ids."""
        keys = dict.fromkeys(chain.from_iterable((*_plain(way), *_fields(way)) for way in rule.ways))
        others = {one.id: one for key in keys for one in self._filed.get(key, ()) if one.id != rule.id}
        yield from (others[key] for key in sorted(others) if covers(others[key], rule))


def covers(wide: Rule, narrow: Rule) -> bool:
    """Does ``wide`` surely match whatever ``narrow`` matches? It may do so where this cannot tell."""
    return all(any(_covers(other, way) for other in wide.ways) for way in narrow.ways)


def is_dead(rule: Rule) -> bool:
    """Do the matchers of every way exclude one another, so that nothing can match?"""
    return all(_excluded(way) for way in rule.ways)


def _plain(way: _Way) -> list[_Key]:
    """Return the values and tokens that whatever lies within this way has, too."""
    found: list[_Key] = []
    for one in way:
        if one.operator is Operator.EQUAL and one.field == "template":
            tokens = enumerate(one.value.split())
            found += [(one.field, token, place) for place, token in tokens if "<*>" not in token and token != _REST]
        elif one.operator is Operator.EQUAL and one.value:
            found.append((one.field, one.value, -1))
        elif one.operator is Operator.REGEX and _is_list(one.value) and len(words := set(one.value.split("|"))) == 1:
            found.append((one.field, words.pop(), -1))
    return found


def _fields(way: _Way) -> list[_Key]:
    return [(one.field, None, -1) for one in way]


def _covers(wide: _Way, narrow: _Way) -> bool:
    return all(any(_implies(have, want) for have in narrow if have.field == want.field) for want in wide)


def _implies(have: Matcher, want: Matcher) -> bool:
    """Does every value that ``have`` takes satisfy ``want``? Both are of one field."""
    if have == want:
        return True
    if have.field == "template":
        return _narrower(have, want)
    if have.operator is Operator.EQUAL:
        return want.matches({want.field: have.value})
    if have.operator is Operator.REGEX and _is_list(have.value):
        return all(want.matches({want.field: value}) for value in have.value.split("|"))
    return False


def _narrower(have: Matcher, want: Matcher) -> bool:
    """The same of token patterns: a pattern is like a message whose wildcards fit only wildcards."""
    if have.operator is not Operator.EQUAL or want.operator is not Operator.EQUAL:
        return False
    if have.value.split()[-1:] == [_REST] and want.value.split()[-1:] != [_REST]:
        return False
    return token_match(want.value, have.value)


def _is_list(expression: str) -> bool:
    return all(word.replace("-", "").replace("_", "").isalnum() for word in expression.split("|"))


def _excluded(way: _Way) -> bool:
    """Is there a value that one matcher asks for and another of the same field refuses?"""
    for asked in way:
        if asked.operator is Operator.EQUAL and asked.field != "template":
            fields = {asked.field: asked.value}
            if any(one.field == asked.field and not one.matches(fields) for one in way):
                return True
    return False
