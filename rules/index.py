"""Which of many rules can match this alert at all? An index from equal fields, fixed tokens and ends to rules."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import takewhile

from aiops.domain.matching import Matcher, Operator

# (field, value); (tokens in all, place, token), -1 tokens: any number; (field, n, first n letters), -n: the last n
_Key = tuple[str, str] | tuple[int | str, int, str]
_Test = Callable[[str], bool]
_ANY = -1
_PLACES = 32  # tokens behind it are not indexed
_ENDS = 24  # letters of the beginning or end of an expression that are indexed
_CROWD = 16  # lists in one drawer; beyond it their expressions are asked once for each value of a field
_REMEMBERED = 20_000  # such answers; what is found does not depend on it


class Index:
    """Matcher lists by id; ``find`` touches only those that share an indexed value with the alert.

    A list is filed under one of its matchers, the one whose drawer holds the fewest so far: an equality, an alternative
    of plain words, or an expression that begins or ends with plain letters. Lists without any are tried on every alert.
    """

    def __init__(self) -> None:
        self._tests: dict[str, list[tuple[str, _Test]]] = {}  # id -> field and test of each matcher
        self._telling: dict[str, tuple[str, _Test]] = {}  # id -> its first expression, if it has one
        self._filed: dict[str, list[_Key]] = {}  # id -> its drawers; none: tried always
        self._drawers: dict[_Key, dict[str, None]] = {}
        self._levels: dict[int | str, dict[int, int]] = {}  # first two parts of keys of three -> how many drawers
        self._always: dict[str, None] = {}
        self._answers: dict[tuple[_Key | None, str, str], list[str]] = {}  # of crowded drawers: field, value -> ids

    def put(self, key: str, matchers: tuple[Matcher, ...]) -> None:
        """File a list, in place of an earlier one of that id."""
        self.drop(key)
        choices = [choice for matcher in matchers for choice in _choices(matcher)]
        filed = min(choices, key=self._crowd, default=[])
        self._tests[key] = [(matcher.field, matcher.test()) for matcher in matchers]
        for matcher in matchers:
            if matcher.operator is Operator.REGEX:
                self._telling.setdefault(key, (matcher.field, matcher.test()))
        self._filed[key] = filed
        if not filed:
            self._always[key] = None
        for drawer in filed:
            if drawer not in self._drawers:
                self._count_level(drawer, 1)
            self._drawers.setdefault(drawer, {})[key] = None

    def drop(self, key: str) -> None:
        """Forget a list; nothing happens when there is none of that id."""
        self._answers.clear()
        self._tests.pop(key, None)
        self._telling.pop(key, None)
        self._always.pop(key, None)
        for drawer in self._filed.pop(key, ()):
            del self._drawers[drawer][key]
            if not self._drawers[drawer]:
                del self._drawers[drawer]
                self._count_level(drawer, -1)

    def find(self, fields: Mapping[str, str]) -> list[str]:
        """Return the ids of all lists that ``fields`` satisfy, sorted."""
        drawers = self._drawers
        opened: list[tuple[_Key | None, dict[str, None]]] = [(None, self._always)]
        opened += [(item, drawers[item]) for item in fields.items() if item in drawers]
        if self._levels:
            keys = (*self._tokens(fields.get("template", "")), *self._ends(fields))
            opened += [(key, drawers[key]) for key in keys if key in drawers]
        found = {key for drawer, ids in opened for key in self._likely(drawer, ids, fields)}
        return sorted(key for key in found if self._holds(key, fields))

    def _likely(self, drawer: _Key | None, ids: dict[str, None], fields: Mapping[str, str]) -> Iterator[str]:
        """Yield what of an open drawer is worth trying; of a crowd, what its expressions let through."""
        if len(ids) <= _CROWD:
            yield from ids
            return
        crowd = self._answers.get((drawer, "", ""))
        if crowd is None:  # which fields its expressions are about stands under the empty value
            crowd = list(dict.fromkeys(self._telling[key][0] if key in self._telling else "" for key in ids))
            self._remember((drawer, "", ""), crowd)
        for field in crowd:
            asked = (drawer, f"={field}", fields.get(field, "") if field else "")
            answer = self._answers.get(asked)
            if answer is None:
                answer = [key for key in ids if self._lets(key, field, asked[2])]
                self._remember(asked, answer)
            yield from answer

    def _lets(self, key: str, field: str, value: str) -> bool:
        """Is the list's first expression about this field, and does it hold? Without a field: has it none?"""
        telling = self._telling.get(key)
        if telling is None or not field:
            return telling is None and not field
        return telling[0] == field and telling[1](value)

    def _remember(self, asked: tuple[_Key | None, str, str], answer: list[str]) -> None:
        if len(self._answers) >= _REMEMBERED:
            self._answers.clear()
        self._answers[asked] = answer

    def _holds(self, key: str, fields: Mapping[str, str]) -> bool:
        return all(test(fields.get(field, "")) for field, test in self._tests[key])

    def _tokens(self, masked: str) -> Iterator[_Key]:
        """Yield the drawers that the tokens of a masked message may open."""
        tokens = masked.split()
        for length in (len(tokens), _ANY):
            for place in self._levels.get(length, ()):
                if place < len(tokens):
                    yield length, place, tokens[place]

    def _ends(self, fields: Mapping[str, str]) -> Iterator[_Key]:
        """Yield the drawers that the beginnings and ends of values may open."""
        for field, lengths in self._levels.items():
            if isinstance(field, str) and (value := fields.get(field, "")):
                for length in lengths:
                    yield field, length, value[:length] if length > 0 else value[length:]

    def _crowd(self, choice: Sequence[_Key]) -> int:
        return sum(len(self._drawers.get(drawer, ())) for drawer in choice)

    def _count_level(self, drawer: _Key, step: int) -> None:
        if len(drawer) == 3:
            first, second, _ = drawer
            level = self._levels.setdefault(first, {})
            level[second] = level.get(second, 0) + step
            if not level[second]:
                del level[second]
            if not level:
                del self._levels[first]


def _choices(matcher: Matcher) -> list[list[_Key]]:
    """Return the ways to file a matcher: whenever it holds, one drawer of each way is opened."""
    if matcher.operator is Operator.REGEX:
        return _expression(matcher.field, matcher.value)
    if matcher.operator is not Operator.EQUAL or not matcher.value:
        return []  # an empty value is also that of an alert without the label
    if matcher.field != "template":
        return [[(matcher.field, matcher.value)]]
    wanted = matcher.value.split()
    length = _ANY if wanted[-1:] == ["<**>"] else len(wanted)
    fixed = [(place, token) for place, token in enumerate(wanted[:_PLACES]) if "<*>" not in token and token != "<**>"]
    return [[(length, place, token)] for place, token in fixed]


def _expression(field: str, value: str) -> list[list[_Key]]:
    """Return the ways to file an anchored expression: by its plain words, or by the letters it begins or ends with."""
    words = value.split("|")
    if all(_is_plain(word) and word for word in words):
        return [[(field, word) for word in sorted(set(words))]]
    if "|" in value or "(?" in value:
        return []
    beginning, end = _beginning(value)[:_ENDS], _end(value)[-_ENDS:]
    ways: list[list[_Key]] = [[(field, len(beginning), beginning)]] if beginning else []
    return [*ways, [(field, -len(end), end)]] if end else ways


def _beginning(value: str) -> str:
    """Return the letters that every text of this expression begins with."""
    letters = "".join(takewhile(_is_plain, value))
    return letters[:-1] if value[len(letters) : len(letters) + 1] in ("*", "?", "{") else letters


def _end(value: str) -> str:
    """Return the letters that every text of this expression ends with."""
    letters = "".join(takewhile(_is_plain, reversed(value)))[::-1]
    return "" if "\\" in value else letters  # what follows a backslash may stand for something else


def _is_plain(text: str) -> bool:
    return all(letter.isascii() and (letter.isalnum() or letter in "-_") for letter in text)
