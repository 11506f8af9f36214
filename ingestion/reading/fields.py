"""How does a source read what may be there, in any shape, without tripping over it?"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import msgspec

from aiops.domain.errors import BadInput
from aiops.domain.events import Event, Parsed, Problem

T = TypeVar("T")

MOST_LABELS = 500
LONGEST_LABEL = 4_096
LONGEST_TITLE = 500
DEEPEST = 6  # nesting of labels that is followed

_UNFILLED = ("{$", "{{", "${", "{#")  # how a template variable begins that the sender left as it was


def names(text: str) -> tuple[str, ...]:
    """Return the words of ``text``: how tables of names are written."""
    return tuple(text.split())


def text_of(value: object) -> str:
    """Return a scalar as text ("0", "true", "1.5"); empty for None, containers and unfilled placeholders."""
    match value:
        case str():
            stripped = value.strip()
            return "" if _unfilled(stripped) else stripped
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case _:
            return ""


def _unfilled(text: str) -> bool:
    """``{$MACRO}``, ``{{ name }}``, ``${name}``, ``{EVENT.TIME}``, ``$SERVICE``, ``*alertDetails*``: the whole text."""
    if text.endswith("}") and text.startswith("{"):
        return text.startswith(_UNFILLED) or (text[1:-1].replace(".", "").replace("_", "").isalpha() and text.isupper())
    if text.startswith("$"):
        return text.startswith("${") or (text[1:].replace("_", "").isalpha() and text.isupper())
    return len(text) > 2 and text[0] == text[-1] == "*" and text[1:-1].replace(" ", "").isalpha()


def dig(document: object, path: str) -> object:
    """Return what stands at a dotted path (``labels.alertname``, ``items.0.name``); None where nothing does."""
    if isinstance(document, dict) and path in document:
        return document[path]
    for name in path.split("."):
        if isinstance(document, dict):
            document = document.get(name)
        elif isinstance(document, list) and name.isdecimal() and len(name) < 10 and int(name) < len(document):
            document = document[int(name)]
        else:
            return None
    return document


def first_of(document: object, paths: Sequence[str]) -> str:
    """Return the text at the first of ``paths`` that has one; 0 and false are texts, empty and null are not."""
    for path in paths:
        if found := text_of(dig(document, path)):
            return found
    return ""


def number_of(value: object) -> float | None:
    """Return a finite number, or a text that is one; None for everything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def labels_of(value: object, prefix: str = "", depth: int = DEEPEST) -> dict[str, str]:
    """Return the scalars of a dict, nested ones under dotted names; of a list its texts ``a:b`` or ``a=b``."""
    found: dict[str, str] = {}
    for name, item in _pairs(value):
        if text := text_of(item):
            found[prefix + name] = text[:LONGEST_LABEL]
        elif depth and isinstance(item, dict | list):
            found.update(labels_of(item, f"{prefix}{name}.", depth - 1))
    return found


def container(value: object) -> object:
    """Return what a text holds: JSON in a text, or tags parted by commas or blanks; everything else as it is."""
    if not isinstance(value, str):
        return value
    if value.lstrip()[:1] in ("{", "["):
        try:
            held: object = msgspec.json.decode(value)
        except (msgspec.DecodeError, ValueError, RecursionError):
            return None
        return held
    return [tag.strip() for tag in (value.split(",") if "," in value else value.split())]


_NAMED, _VALUED = ("name", "key", "tag", "Key", "Name"), ("value", "Value")


def _pairs(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        yield from ((str(name), item) for name, item in value.items())
    elif isinstance(value, list):
        for item in value:
            yield from _pair(item)


def _pair(item: object) -> Iterator[tuple[str, object]]:
    """One tag: ``a:b``, ``a=b``, ``["a", "b"]``, ``{"name": "a", "value": "b"}``."""
    if isinstance(item, str):
        name, _, rest = item.partition("=" if "=" in item.partition(":")[0] else ":")
        if name and rest:
            yield name.strip(), rest.strip()
    elif isinstance(item, list) and len(item) == 2:
        yield text_of(item[0]), item[1]
    elif isinstance(item, dict):
        name = first_of(item, _NAMED)
        yield from ((name, item[key]) for key in _VALUED if name and key in item)


def web_address(*candidates: str) -> str:
    """Return the first absolute web address; empty where there is none (a relative one leads nowhere)."""
    return next((text for text in candidates if text.startswith(("http://", "https://"))), "")


def joined(parts: Sequence[Parsed]) -> Parsed:
    """Return what several documents of one delivery said, as one."""
    return Parsed(
        events=tuple(event for part in parts for event in part.events),
        problems=tuple(problem for part in parts for problem in part.problems),
        warnings=tuple(warning for part in parts for warning in part.warnings),
    )


def each(place: str, items: Sequence[T], read: Callable[[T, str], Event]) -> Parsed:
    """Read every item; the good ones become events, an unreadable one (BadInput) a problem that names its place.

    ``read`` gets the item and its place ("alerts[3]").
    """
    events, problems, warnings = [], [], []
    for index, item in enumerate(items):
        where = f"{place}[{index}]" if place else "body"
        try:
            event = read(item, where)
        except BadInput as error:
            problems.append(Problem(place=error.place, problem=error.problem, fix=error.fix))
            continue
        if len(event.labels) > MOST_LABELS:
            said = f"{len(event.labels)} labels, the first {MOST_LABELS} by name are kept"
            warnings.append(Problem(place=f"{where}.labels", problem=said, fix="send fewer labels"))
            event = msgspec.structs.replace(event, labels=dict(sorted(event.labels.items())[:MOST_LABELS]))
        events.append(event)
    return Parsed(events=tuple(events), problems=tuple(problems), warnings=tuple(warnings))
