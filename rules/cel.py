"""What does a CEL condition say, in our matchers? The subset that rules over alerts are written in; no more.

``name == "text"``, ``!=``, ``in [..]``, ``.contains()``, ``.startsWith()``, ``.endsWith()``, ``.matches()``, ``has()``,
``null``, ``<`` and its like of a severity, ``&&``, ``||``, ``!`` and brackets, over fields of an alert, also written as
``labels["name"]``. Everything else is refused with its place and why.
"""

import re
from collections.abc import Callable
from operator import ge, gt, le, lt

import re2

from aiops.domain.base import Noun
from aiops.domain.errors import BadInput
from aiops.domain.events import Severity
from aiops.domain.matching import Matcher, Operator, any_text

MOST_WAYS = 50  # alternatives that one condition may come to
LONGEST = 4_000  # characters
DEEPEST = 30  # brackets

Ways = list[tuple[Matcher, ...]]  # one of them must hold whole
_TOKEN = re.compile(
    r"\s*(?:(?P<text>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')|(?P<name>[A-Za-z_][\w]*(?:\.[A-Za-z_][\w]*)*)"
    r"|(?P<number>\d+(?:\.\d+)?)|(?P<sign>&&|\|\||==|!=|<=|>=|[!()\[\],.<>?:+*/%-]))"
)
_OPPOSITE = {
    Operator.EQUAL: Operator.NOT_EQUAL,
    Operator.NOT_EQUAL: Operator.EQUAL,
    Operator.REGEX: Operator.NOT_REGEX,
    Operator.NOT_REGEX: Operator.REGEX,
}
_METHODS: dict[str, Callable[[str], str]] = {
    "contains": lambda text: f".*{re2.escape(text)}.*",
    "startsWith": lambda text: f"{re2.escape(text)}.*",
    "endsWith": lambda text: f".*{re2.escape(text)}",
    "matches": lambda text: f".*(?:{text}).*",  # CEL's is not anchored, ours is
}
_ORDERED: dict[str, Callable[[int, int], bool]] = {
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
}


class _Token(Noun, frozen=True, kw_only=True):
    kind: str  # text, name, number, sign, end
    text: str
    at: int  # character, from 1


def ways_of(condition: str, place: str, field: Callable[[str], str]) -> Ways:
    """Return the ways in which ``condition`` holds; ``field`` names ours for a name of theirs (empty: none is).

    BadInput names ``place`` and the character.
    """
    if len(condition) > LONGEST:
        raise BadInput(f"it has {len(condition)} characters", place=place, fix=f"use up to {LONGEST}")
    return _Reader(condition, place, field).all()


class _Reader:
    """Reads one condition from left to right, into alternatives of matchers."""

    def __init__(self, condition: str, place: str, field: Callable[[str], str]) -> None:
        self._place, self._field = place, field
        self._tokens = self._cut(condition)
        self._next = 0
        self._depth = 0

    def all(self) -> Ways:
        ways = self._either(negated=False)
        if self._here.kind != "end":
            raise self._refusal("nothing of the sort may follow here")
        return ways

    @property
    def _here(self) -> _Token:
        return self._tokens[self._next]

    def _cut(self, condition: str) -> list[_Token]:
        tokens, at = [], 0
        while at < len(condition.rstrip()):
            match = _TOKEN.match(condition, at)
            if match is None or match.lastgroup is None:
                raise BadInput(
                    f"{condition[at : at + 10]!r} is not understood", place=f"{self._place}:{at + 1}", fix=FIX
                )
            kind = match.lastgroup
            tokens.append(_Token(kind=kind, text=match[kind], at=match.start(kind) + 1))
            at = match.end()
        return [*tokens, _Token(kind="end", text="", at=len(condition) + 1)]

    def _refusal(self, why: str) -> BadInput:
        token = self._here
        return BadInput(f"{token.text or 'the end'!r}: {why}", place=f"{self._place}:{token.at}", fix=FIX)

    def _take(self, *signs: str) -> str:
        token = self._here
        if token.kind == "sign" and token.text in signs:
            self._next += 1
            return token.text
        return ""

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise self._refusal(f"{sign} is expected")

    def _either(self, *, negated: bool) -> Ways:
        ways = self._both(negated=negated)
        while self._take("||"):
            more = self._both(negated=negated)
            ways = self._and(ways, more) if negated else [*ways, *more]
        return self._bounded(ways)

    def _both(self, *, negated: bool) -> Ways:
        ways = self._one(negated=negated)
        while self._take("&&"):
            more = self._one(negated=negated)
            ways = [*ways, *more] if negated else self._and(ways, more)
        return self._bounded(ways)

    def _and(self, ways: Ways, more: Ways) -> Ways:
        self._bounded(ways * len(more))
        return [(*one, *other) for one in ways for other in more]

    def _bounded(self, ways: Ways) -> Ways:
        if len(ways) > MOST_WAYS:
            raise self._refusal(f"it comes to more than {MOST_WAYS} alternatives")
        return ways

    def _one(self, *, negated: bool) -> Ways:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._refusal("there are too many brackets")
        try:
            if self._take("!"):
                return self._one(negated=not negated)
            if self._take("("):
                ways = self._either(negated=negated)
                self._expect(")")
                return ways
            matcher = self._comparison()
        finally:
            self._depth -= 1
        turned = _OPPOSITE[matcher.operator] if negated else matcher.operator
        return [(Matcher(field=matcher.field, operator=turned, value=matcher.value),)]

    def _comparison(self) -> Matcher:
        if self._here.kind != "name":
            raise self._refusal("a field of the alert is expected")
        name, begin = self._name(), self._next - 1
        if name == "has" and self._take("("):
            name = self._name()
            self._expect(")")
            return self._matcher(name, begin, Operator.NOT_EQUAL, "")
        if sign := self._take("==", "!="):
            equal = Operator.EQUAL if sign == "==" else Operator.NOT_EQUAL
            return self._matcher(name, begin, equal, self._literal())
        if sign := self._take(*_ORDERED):
            return self._matcher(name, begin, Operator.REGEX, any_text(self._severities(name, sign)))
        if self._here.kind == "name" and self._here.text == "in":
            self._next += 1
            return self._matcher(name, begin, Operator.REGEX, any_text(self._list()))
        parent, _, method = name.rpartition(".")
        if parent and self._take("("):
            if method not in _METHODS:
                self._next = begin
                raise self._refusal(f"{method}() is not among {', '.join(_METHODS)}")
            text = self._literal()
            self._expect(")")
            return self._matcher(parent, begin, Operator.REGEX, _METHODS[method](text))
        raise self._refusal("only ==, !=, in and the tests of texts are understood")

    def _name(self) -> str:
        """Take a name; ``labels["a"]`` is called ``labels.a``."""
        name = self._here.text
        self._next += 1
        if self._here.text == "[" and self._here.kind == "sign":
            self._next += 1
            name = f"{name}.{self._literal()}"
            self._expect("]")
            if self._take("."):
                name = f"{name}.{self._here.text}"
                self._next += self._here.kind == "name"
        return name

    def _severities(self, name: str, sign: str) -> list[str]:
        """Return the severities that stand in this order to the one that follows."""
        if self._field(name) != "severity" or self._here.text[1:-1] not in set(Severity):
            raise self._refusal(f"{sign} is understood of a severity alone: {', '.join(Severity)}")
        rank = Severity(self._literal()).rank
        return [one.value for one in Severity if _ORDERED[sign](one.rank, rank)] or ["none"]

    def _matcher(self, name: str, begin: int, operator: Operator, value: str) -> Matcher:
        field = self._field(name)
        if not field:
            self._next = begin
            raise self._refusal("an alert has no such field here")
        matcher = Matcher(field=field, operator=operator, value=value)
        matcher.check(self._place)
        return matcher

    def _list(self) -> list[str]:
        self._expect("[")
        texts = [self._literal()]
        while self._take(","):
            texts.append(self._literal())
        self._expect("]")
        return texts

    def _literal(self) -> str:
        token = self._here
        if token.kind == "name" and token.text == "null":
            self._next += 1
            return ""
        if token.kind not in ("text", "number"):
            raise self._refusal("a text is expected")
        self._next += 1
        return re.sub(r"\\(.)", r"\1", token.text[1:-1]) if token.kind == "text" else token.text


FIX = "write it by hand: our matchers know =, !=, =~ and !~ on fields of an alert"
