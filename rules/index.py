"""Which of many rules can match this alert at all? An index from equal fields and fixed tokens to rules."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from aiops.domain.matching import Matcher, Operator

_Key = tuple[str, str] | tuple[int, int, str]  # (field, value), or (tokens in all, place, token); -1 tokens: any number
_ANY = -1
_PLACES = 32  # tokens behind it are not indexed


class Index:
    """Matcher lists by id; ``find`` touches only those that share an indexed value with the alert.

    A list is filed under one of its equality matchers, the one whose drawer holds the fewest so far. Lists without any
    are tried on every alert.
    """

    def __init__(self) -> None:
        self._tests: dict[str, list[tuple[str, Callable[[str], bool]]]] = {}  # id -> field and test of each matcher
        self._filed: dict[str, list[_Key]] = {}  # id -> its drawers; none: tried always
        self._drawers: dict[_Key, dict[str, None]] = {}
        self._places: dict[int, dict[int, int]] = {}  # tokens in all -> place -> how many drawers
        self._always: dict[str, None] = {}

    def put(self, key: str, matchers: tuple[Matcher, ...]) -> None:
        """File a list, in place of an earlier one of that id."""
        self.drop(key)
        choices = [choice for matcher in matchers for choice in _choices(matcher)]
        filed = min(choices, key=self._crowd, default=[])
        self._tests[key] = [(matcher.field, matcher.test()) for matcher in matchers]
        self._filed[key] = filed
        if not filed:
            self._always[key] = None
        for drawer in filed:
            if drawer not in self._drawers:
                self._count_place(drawer, 1)
            self._drawers.setdefault(drawer, {})[key] = None

    def drop(self, key: str) -> None:
        """Forget a list; nothing happens when there is none of that id."""
        self._tests.pop(key, None)
        self._always.pop(key, None)
        for drawer in self._filed.pop(key, ()):
            del self._drawers[drawer][key]
            if not self._drawers[drawer]:
                del self._drawers[drawer]
                self._count_place(drawer, -1)

    def find(self, fields: Mapping[str, str]) -> list[str]:
        """Return the ids of all lists that ``fields`` satisfy, sorted."""
        drawers = self._drawers
        open_now = [drawers[item] for item in fields.items() if item in drawers]
        open_now += [drawers[key] for key in self._tokens(fields.get("template", "")) if key in drawers]
        found = {key for drawer in (self._always, *open_now) for key in drawer}
        return sorted(key for key in found if self._holds(key, fields))

    def _holds(self, key: str, fields: Mapping[str, str]) -> bool:
        return all(test(fields.get(field, "")) for field, test in self._tests[key])

    def _tokens(self, masked: str) -> Iterator[_Key]:
        """Yield the drawers that the tokens of a masked message may open."""
        if self._places:
            tokens = masked.split()
            for length in (len(tokens), _ANY):
                for place in self._places.get(length, ()):
                    if place < len(tokens):
                        yield length, place, tokens[place]

    def _crowd(self, choice: Sequence[_Key]) -> int:
        return sum(len(self._drawers.get(drawer, ())) for drawer in choice)

    def _count_place(self, drawer: _Key, step: int) -> None:
        if len(drawer) == 3:
            length, place, _ = drawer
            places = self._places.setdefault(length, {})
            places[place] = places.get(place, 0) + step
            if not places[place]:
                del places[place]
            if not places:
                del self._places[length]


def _choices(matcher: Matcher) -> list[list[_Key]]:
    """Return the ways to file a matcher: whenever it holds, one drawer of each way is opened."""
    if matcher.operator is Operator.REGEX and matcher.field != "template":
        words = matcher.value.split("|")
        plain = all(word.isascii() and word.replace("-", "").replace("_", "").isalnum() for word in words)
        return [[(matcher.field, word) for word in sorted(set(words))]] if plain else []
    if matcher.operator is not Operator.EQUAL or not matcher.value:
        return []  # an empty value is also that of an alert without the label
    if matcher.field != "template":
        return [[(matcher.field, matcher.value)]]
    wanted = matcher.value.split()
    length = _ANY if wanted[-1:] == ["<**>"] else len(wanted)
    fixed = [(place, token) for place, token in enumerate(wanted[:_PLACES]) if "<*>" not in token and token != "<**>"]
    return [[(length, place, token)] for place, token in fixed]
