"""What does a delivery say by a mapping that a person wrote? The mapping is compiled once; reading is pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
import re2

from aiops.domain.base import stable_hash
from aiops.domain.entries import Delivery
from aiops.domain.errors import BadInput
from aiops.domain.events import Event, EventKind, Parsed, Problem, Status
from aiops.domain.reasons import Reason
from ingestion.expressions import Evaluator, Expression, TooMuch
from ingestion.reading import fields, words
from ingestion.reading.documents import documents
from ingestion.reading.shape import first_line
from ingestion.reading.times import believed, moment

MOST_ITEMS = 10_000  # events of one delivery
TIMES = ("starts_at", "ends_at", "occurred_at")
OPEN = ("labels", "annotations")  # whole objects, or one name each: ``labels.region``


class Field(msgspec.Struct, frozen=True):
    """How one field is read."""

    name: str
    expression: Expression
    table: Mapping[str, object]
    default: object
    time: bool


class Compiled(msgspec.Struct, frozen=True):
    """A mapping, ready to read with."""

    source: str
    headers: Mapping[str, "re2._Regexp"]
    body: Expression | None
    events: Expression
    fields: tuple[Field, ...]
    identity: tuple[Expression, ...]
    expire_after: timedelta | None
    warnings: tuple[Problem, ...]  # what is sound, but not wise

    def fits(self, delivery: Delivery, received_at: datetime) -> bool:
        """Is the delivery of this sender, by its ``match``? Never when there is none. Never raises."""
        if not self.headers and self.body is None:
            return False
        for name, wanted in self.headers.items():
            if not wanted.search(delivery.headers.get(name, "").encode("utf-8", "replace")):
                return False
        if self.body is None:
            return True
        try:
            found = documents(delivery.body, delivery.content_type)
            return bool(found) and bool(Evaluator(received_at).value(self.body, found[0]))
        except BadInput:
            return False

    def parse(self, delivery: Delivery, received_at: datetime) -> Parsed:
        """Return one Event per item; BadInput when it is no document, a problem for each item that cannot be read."""
        evaluator, parts = Evaluator(received_at), []

        def read(item: object, place: str) -> Event:
            return self._event(item, place, evaluator, received_at)

        for document in documents(delivery.body, delivery.content_type):
            items = self.items(document, evaluator)
            parts.append(fields.each("events", items[:MOST_ITEMS], read))
            if len(items) > MOST_ITEMS:
                said = f"{len(items)} items, the first {MOST_ITEMS} are read"
                rest = Problem(place=f"events[{MOST_ITEMS}]", problem=said, fix="send smaller bodies")
                parts.append(Parsed(problems=(rest,)))
        told = fields.joined(parts)
        if told.events or told.problems:
            return told
        fix = "look at `events:` of the mapping, and at the delivery, which is kept"
        return Parsed(warnings=(Problem(place="body", problem="the mapping finds no events in it", fix=fix),))

    def unnamed(self, delivery: Delivery, received_at: datetime) -> int:
        """How many of its items have nothing that names them? Never raises."""
        evaluator, number = Evaluator(received_at), 0
        try:
            for document in documents(delivery.body, delivery.content_type):
                number += sum(not self._named(item, evaluator) for item in self.items(document, evaluator))
        except BadInput:
            pass
        return number

    def items(self, document: object, evaluator: Evaluator) -> Sequence[object]:
        """Return what ``events`` finds in a document: one thing alone is one item, a list among them as many."""
        found = evaluator.value(self.events, document)
        if found is None:
            return []
        whole = found if isinstance(found, list) else [found]
        return [item for part in whole for item in (part if isinstance(part, list) else [part])]

    def _event(self, item: object, place: str, evaluator: Evaluator, received_at: datetime) -> Event:
        read, reasons = _Read(received_at), []
        for field in self.fields:
            try:
                value = _valued(field, evaluator.value(field.expression, item))
                read.anything |= value is not None
                read.take(field, field.default if value is None else value)
            except TooMuch:
                raise
            except BadInput as error:
                reasons.append(Reason(step="parse", text=f"{field.name} cannot be read: {error.problem}"))
        return read.event(self, self._named(item, evaluator), (*read.reasons, *reasons), place)

    def _named(self, item: object, evaluator: Evaluator) -> str:
        """Return what names the condition, whatever its state; empty: nothing does."""
        found = []
        for expression in self.identity:
            try:
                value = evaluator.value(expression, item)
            except TooMuch:
                raise
            except BadInput:
                value = None
            parts = value if isinstance(value, list) else [value]
            found += [fields.text_of(part) for part in parts]
        return "\n".join(found) if any(found) else ""


class _Read:
    """What was found of one item so far."""

    def __init__(self, received_at: datetime) -> None:
        self.received_at = received_at
        self.anything = False  # beside defaults
        self.texts: dict[str, str] = {}
        self.times: dict[str, datetime] = {}
        self.labels: dict[str, str] = {}
        self.annotations: dict[str, str] = {}
        self.reasons: list[Reason] = []

    def take(self, field: Field, value: object) -> None:
        """Put a value where its field belongs; what says nothing is left out."""
        group, _, name = field.name.partition(".")
        if group in OPEN:
            into = self.labels if group == "labels" else self.annotations
            into |= fields.labels_of({name: value} if name else fields.container(value))
        elif field.time or group in TIMES:
            self._time(field.name, value)
        elif text := fields.text_of(value):
            self.texts[field.name] = text

    def _time(self, name: str, value: object) -> None:
        when = moment(value, self.received_at)
        if when:
            self.times[name] = when
        elif fields.text_of(value) not in ("", "0", "-1") and not str(value).startswith("0001-"):
            text = f"{name} {str(value)[:60]!r} is no time that can be read: it is left out"
            self.reasons.append(Reason(step="parse", text=text))

    def event(self, mapping: Compiled, named: str, reasons: Sequence[Reason], place: str) -> Event:
        """Return the Event; BadInput where nothing at all was found."""
        if not self.anything:
            raise BadInput("the mapping reads nothing of it", place=place, fix="look at `events:` and `fields:`")
        said = self.texts
        for name in ("service", "host", "environment"):
            if name in said:
                self.labels[name] = said[name][: fields.LONGEST_LABEL]
        status = words.status(said.get("status", "")) or Status.FIRING
        severity, assumed = words.severity(said.get("severity", ""))
        starts, ends = self.times.get("starts_at"), self.times.get("ends_at")
        stated = self.times.get("occurred_at") or (ends if status is Status.RESOLVED else starts)
        title = (
            first_line(said.get("title") or said.get("message", "")) or f"{mapping.source}: an event without a title"
        )
        event = Event(
            kind=EventKind.ALERT,
            source=mapping.source,
            received_at=self.received_at,
            occurred_at=believed(stated, self.received_at) or self.received_at,
            title=title[: fields.LONGEST_TITLE],
            message="" if said.get("message") == title else said.get("message", ""),
            labels=self.labels,
            annotations=self.annotations,
            facts={"status": "acknowledged"} if words.is_acknowledgement(said.get("status", "")) else {},
            url=fields.web_address(said.get("url", "")),
            status=status,
            severity=severity,
            starts_at=starts,
            ends_at=ends if status is Status.RESOLVED else None,
            lease=mapping.expire_after if status is Status.FIRING else None,
            value=fields.number_of(said.get("value")),
            reasons=(*assumed, *reasons),
        )
        fingerprint = (
            stable_hash(mapping.source, "mapping", named)
            if named
            else stable_hash(mapping.source, event.labels.items(), title)
        )
        return msgspec.structs.replace(event, fingerprint=fingerprint, content_key=_content(event, fingerprint))


def _content(event: Event, fingerprint: str) -> str:
    times = [str(time) for time in (event.starts_at, event.ends_at, event.occurred_at) if time != event.received_at]
    said = [event.status, event.severity, event.title, event.message, str(event.value), *event.facts]
    return stable_hash(fingerprint, *said, *times, event.labels.items())


def _valued(field: Field, value: object) -> object:
    """Return the value, by the field's table where it has one; None where it says nothing, or nothing that is known."""
    if field.table:
        text = fields.text_of(value)
        value = field.table.get(text, field.table.get(text.lower(), None if field.default is not None else value))
    said = value if isinstance(value, list | dict) else fields.text_of(value)
    return value if said else None


def unmapped(mapping: Compiled, delivery: Delivery, received_at: datetime) -> list[str]:
    """Return the paths of the delivery's items that the mapping never looks at, in order, at most 200. Never raises."""
    evaluator = Evaluator(received_at)
    expressions = [*(field.expression for field in mapping.fields), *mapping.identity]
    used = {path for expression in expressions for path in expression.reads}
    found: dict[str, None] = {}
    try:
        for document in documents(delivery.body, delivery.content_type):
            for item in mapping.items(document, evaluator)[:100]:
                found |= dict.fromkeys(path for path in _leaves(item, "", fields.DEEPEST) if not _covered(path, used))
    except BadInput:
        pass
    return list(found)[:200]


def _leaves(value: object, path: str, depth: int) -> Iterator[str]:
    if isinstance(value, dict) and value and depth:
        for name, item in value.items():
            yield from _leaves(item, f"{path}.{name}" if path else str(name), depth - 1)
    elif isinstance(value, list) and depth and any(isinstance(item, dict) for item in value):
        for item in value[:20]:
            yield from _leaves(item, path, depth - 1)
    elif path:
        yield path


def _covered(path: str, used: set[str]) -> bool:
    """Is the path, or something that holds it, used?"""
    parts = path.split(".")
    return any(".".join(parts[:end]) in used for end in range(len(parts) + 1))
