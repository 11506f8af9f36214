"""Does it match? Matchers and token patterns with their evaluator: linear time, whatever the input."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache

import re2

from aiops.domain.alerts import Alert
from aiops.domain.base import Noun
from aiops.domain.errors import BadInput

OWN_FIELDS = ("source", "severity", "title", "entity", "kind", "template", "pattern", "owner", "fingerprint")
_NOT_IN_FIELDS = '=!~"'


class Operator(StrEnum):
    """The four matcher operators of Alertmanager."""

    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"


_OPERATORS = frozenset(Operator)


class Matcher(Noun, frozen=True, kw_only=True):
    """One condition on a field: a label by its name, or one of OWN_FIELDS, which stand before a label of that name.

    A missing label equals the empty text, as in Alertmanager; regular expressions are anchored. On ``template`` the
    value of ``=``/``!=`` is a token pattern, matched against the masked message.
    """

    field: str
    operator: Operator = Operator.EQUAL
    value: str

    def __str__(self) -> str:
        escaped = self.value.replace("\\", "\\\\").replace('"', '\\"')
        return f'{self.field}{self.operator}"{escaped}"'

    def matches(self, fields: Mapping[str, str]) -> bool:
        """Do ``fields`` (all fields and labels of one alert by name; ``template``: the masked message) satisfy it?"""
        return self.test()(fields.get(self.field, ""))

    def test(self) -> Callable[[str], bool]:
        """Return the test of the field's value, to be kept where many alerts are to be judged."""
        value = self.value
        match self.operator:
            case Operator.REGEX:
                return compile_regex(value)
            case Operator.NOT_REGEX:
                holds = compile_regex(value)
                return lambda text: not holds(text)
            case Operator.EQUAL if self.field == "template":
                return lambda text: token_match(value, text)
            case Operator.EQUAL:
                return lambda text: text == value
            case Operator.NOT_EQUAL if self.field == "template":
                return lambda text: not token_match(value, text)
            case Operator.NOT_EQUAL:
                return lambda text: text != value

    def check(self, place: str) -> None:
        """Refuse a matcher that cannot work, naming ``place``."""
        if not self.field or any(letter in _NOT_IN_FIELDS or letter.isspace() for letter in self.field):
            fix = "name a label, e.g. service"
            raise BadInput(f"{self.field!r} is not the name of a label", place=place, fix=fix)
        if self.operator in (Operator.REGEX, Operator.NOT_REGEX):
            try:
                compile_regex(self.value)
            except re2.error as error:
                raise BadInput(f"not a regular expression: {error}", place=place, fix="use RE2 syntax") from error


def parse_matcher(text: str, place: str) -> Matcher:
    """Read what ``str(matcher)`` wrote, e.g. ``service=~"db.*"``; the quotes may be left out. BadInput names ``place``.

    Inside quotes ``\\"`` is a quote and ``\\\\`` a backslash; before anything else a backslash stands for itself.
    """
    start = next((index for index, letter in enumerate(text) if letter in "=!"), len(text))
    operator = text[start : start + 2] if text[start : start + 2] in ("=~", "!~", "!=") else text[start : start + 1]
    value = text[start + len(operator) :].strip()
    if len(value) >= 2 and value[0] == value[-1] == '"':
        value, bare = re2.sub(r'\\([\\"])', r"\1", value[1:-1]), re2.sub(r'\\[\\"]', "", value[1:-1])
    else:
        bare = value
    if operator not in _OPERATORS or '"' in bare:
        raise BadInput(f"not a matcher: {text!r}", place=place, fix='write field="value", or with !=, =~ or !~')
    matcher = Matcher(field=text[:start].strip(), operator=Operator(operator), value=value)
    matcher.check(place)
    return matcher


def fields_of(alert: Alert) -> dict[str, str]:
    """Return what matchers see of an alert: its labels, and OWN_FIELDS in place of labels of these names.

    Beside them ``annotation.NAME`` and ``parameter.1`` and on: what the message said where its template has a ``<*>``.
    """
    return {
        **alert.labels,
        **{f"annotation.{name}": text for name, text in alert.annotations.items()},
        **{f"parameter.{number}": text for number, text in enumerate(alert.parameters, 1)},
        "source": alert.source,
        "severity": alert.severity.value,
        "title": alert.title,
        "entity": alert.entity.name,
        "kind": alert.episode.kind_key,
        "template": alert.masked,
        "pattern": alert.pattern_id,
        "owner": alert.owner,
        "fingerprint": alert.fingerprint,
    }


def all_match(matchers: Iterable[Matcher], fields: Mapping[str, str]) -> bool:
    """Do ``fields`` satisfy every one of ``matchers``?"""
    return all(matcher.matches(fields) for matcher in matchers)


def any_text(texts: Sequence[str]) -> str:
    """Return the expression that these very texts match, and no others; plain words stay readable."""
    plain = (text.isascii() and text.replace("-", "").replace("_", "").isalnum() for text in texts)
    return "|".join(text if is_plain else re2.escape(text) for text, is_plain in zip(texts, plain, strict=True))


@lru_cache(maxsize=20_000)
def compile_regex(pattern: str) -> Callable[[str], bool]:
    """Return an anchored test for ``pattern`` (RE2: linear in the text, bounded memory); re2.error when unreadable."""
    options = re2.Options()
    options.max_mem = 8 << 20
    options.log_errors = False
    options.dot_nl = True  # as Prometheus: the text is one text, however many lines it has
    matches = re2.compile(pattern.encode("utf-8", "surrogatepass"), options).fullmatch  # bytes: it counts no letters
    return lambda text: matches(text.encode("utf-8", "surrogatepass")) is not None


def token_match(pattern: str, masked: str) -> bool:
    """Does the masked message have the shape of ``pattern``? ``<*>`` is one token, ``<**>`` (last) the rest.

    A mask in the message (``<ip>``, ``<num>``) is a token like any other: ``<*>`` fits it, and so does its own name.
    Compares token by token: linear in the message.
    """
    wanted, tokens = pattern.split(), masked.split()
    if wanted and wanted[-1] == "<**>":
        wanted.pop()
        tokens = tokens[: len(wanted)] if len(tokens) >= len(wanted) else tokens
    if len(wanted) != len(tokens):
        return False
    return all(_token(want, token) for want, token in zip(wanted, tokens, strict=True))


def _token(want: str, token: str) -> bool:
    """One token against one: equal, or the wildcard, alone or with fixed text around it ("took=<*>ms")."""
    if want in (token, "<*>"):
        return True
    if "<*>" not in want:
        return False
    parts = want.split("<*>")
    if not token.startswith(parts[0]) or not token[len(parts[0]) :].endswith(parts[-1]):
        return False
    middle = token[len(parts[0]) : len(token) - len(parts[-1])] if parts[-1] else token[len(parts[0]) :]
    for part in parts[1:-1]:
        found = middle.find(part)
        if found < 0:
            return False
        middle = middle[found + len(part) :]
    return True
