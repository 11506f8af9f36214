"""What do two rules have in common? Whether all that one matches is matched by another, and whether one can match."""

from collections import Counter
from collections.abc import Iterator, Sequence

from aiops.domain.matching import Matcher, Operator, token_match
from aiops.domain.rules import Rule

MOST_LOOSE = 200  # rules without any `field=value`, which are compared with every other one
_REST = "<**>"
_Way = Sequence[Matcher]


class Overlaps:
    """Which of these rules take in another whole? Found by plain conditions that both have, the rarest of each."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._by_condition: dict[tuple[str, str], list[Rule]] = {}
        self._loose: list[Rule] = []
        common = Counter(condition for rule in rules for way in rule.ways for condition in _conditions(way))
        for rule in rules:
            rarest = (min(_conditions(way), key=lambda one: (common[one], one), default=None) for way in rule.ways)
            for condition in sorted(set(filter(None, rarest))):
                self._by_condition.setdefault(condition, []).append(rule)
            if not all(_conditions(way) for way in rule.ways) and len(self._loose) < MOST_LOOSE:
                self._loose.append(rule)

    def over(self, rule: Rule) -> Iterator[Rule]:
        """Yield the others that match whatever ``rule`` matches, by their ids."""
        conditions = [condition for way in rule.ways for condition in _conditions(way)]
        near = [*self._loose, *(one for condition in conditions for one in self._by_condition.get(condition, ()))]
        others = {one.id: one for one in near if one.id != rule.id}
        yield from (others[key] for key in sorted(others) if covers(others[key], rule))


def covers(wide: Rule, narrow: Rule) -> bool:
    """Does ``wide`` surely match whatever ``narrow`` matches? It may do so where this cannot tell."""
    return all(any(_covers(other, way) for other in wide.ways) for way in narrow.ways)


def is_dead(rule: Rule) -> bool:
    """Do the matchers of every way exclude one another, so that nothing can match?"""
    return all(_excluded(way) for way in rule.ways)


def _conditions(way: _Way) -> list[tuple[str, str]]:
    return [
        (one.field, one.value)
        for one in way
        if one.operator is Operator.EQUAL and one.value and one.field != "template"
    ]


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
