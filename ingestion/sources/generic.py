"""What does JSON of a shape that nobody described to us say, in our words?

Names are looked for in the order of the tables below, in the object itself and in what it wraps (``_WRAPPERS``),
whatever their case. Labels are the scalars of label-like objects (``labels``, ``tags``, ``attributes``,
``dimensions``) and those top-level scalars whose names say what the alert is about (``_IDENTITY``): text, times,
numbers and everything else that may differ between two states of one alert are none.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import msgspec

from aiops.domain.base import stable_hash
from aiops.domain.entries import Delivery
from aiops.domain.errors import BadInput
from aiops.domain.events import Event, EventKind, Parsed, Severity, Status
from aiops.domain.reasons import Reason
from ingestion.reading import fields, words
from ingestion.reading.documents import documents
from ingestion.reading.times import believed, moment

NAME = "generic"

_LISTS = ("alerts", "events")
_WRAPPERS = (
    *fields.names("alert incident event data payload error issue problem finding check monitor notification"),
    "data.attributes",
)
_LABELS = ("labels", "tags", "attributes", "dimensions")

# What names a condition, whatever its present state and text.
_CHECK = fields.names(
    "alertname alert_name alertName labels.alertname name check_name check rule_name ruleName rule "
    "monitor monitor_name node_name error_class category metric"
)
_TITLE = (
    *fields.names("annotations.summary annotations.title title summary subject headline"),
    *_CHECK,
    *fields.names("event alert message error_message text msg description body reason"),
)
_MESSAGE = fields.names(
    "annotations.description annotations.message description message text msg body details output reason"
)
_SEVERITY = fields.names("severity labels.severity priority labels.priority level urgency criticality sev")
_STATUS = fields.names(
    "status state alert_status alertStatus current_state currentState new_state event_action action "
    "event_type labels.status"
)
_SERVICE = fields.names(
    "service service.name service.summary service_name serviceName labels.service tags.service app "
    "application component labels.app resource"
)
_HOST = fields.names(
    "host host.name hostname host_name hostName labels.host labels.hostname tags.host node server machine "
    "instance labels.instance device node_name fqdn"
)
_ENVIRONMENT = fields.names("environment env labels.environment labels.env tags.env stage")
_STARTS = fields.names(
    "startsAt starts_at start_time startTime started_at startedAt start triggered_at created_at createdAt "
    "opened_at fired_at trigger_time incident_time first_occurred_at"
)
_ENDS = fields.names("endsAt ends_at end_time endTime ended_at endedAt end resolved_at resolvedAt closed_at")
_TIME = fields.names("timestamp @timestamp time ts occurred_at event_time eventTime updated_at updatedAt date datetime")
_URL = fields.names(
    "url link html_url href generatorURL generator_url permalink alert_url event_url incident_url "
    "dashboard_url annotations.url"
)
_KEY = fields.names(
    "fingerprint dedup_key dedupKey deduplication_key incident_key incidentKey alias alert_key alertKey "
    "alert_id alertId incident_id incidentId id uid uuid key"
)
_VALUE = fields.names("value current_value currentValue metric_value annotations.value")
_UNSET: tuple[object, ...] = (None, "", 0, -1, "0", "-1", "null", "None", [], {})  # how senders say "nothing"
_GRADES = frozenset(fields.names("critical crit fatal error major minor high warning warn down"))
_IDENTITY = frozenset(
    fields.names(
        "alertname app application availability_zone bucket check cluster component container database "
        "datacenter dc deployment device env environment group host hostname instance interface job metric "
        "monitor mountpoint namespace node pod process project queue region rule service site team tenant "
        "topic workload zone"
    )
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one alert Event per object (a single one, those of a list, of ``alerts`` or ``events``) or text."""
    found = documents(delivery.body, delivery.content_type)
    return fields.joined([_document(document, delivery.source, received_at) for document in found])


def _document(document: object, source: str, received_at: datetime) -> Parsed:
    def read(item: object, place: str) -> Event:
        return _event(item, place, source, received_at)

    if isinstance(document, list):
        return fields.each("body", document, read)
    for name in _LISTS:
        items = fields.dig(document, name)
        if isinstance(items, list):
            return fields.each(name, items, read)
    return fields.each("", [document], read)


def _event(item: object, place: str, source: str, received_at: datetime) -> Event:
    """Read one alert; BadInput when there is nothing in it."""
    if isinstance(item, str) and item.strip():
        item = {"title": item.strip().splitlines()[0], "message": item.strip()}
    if not isinstance(item, dict) or not item:
        raise BadInput(
            "nothing in it to alert about", place=place, fix="send an object with at least a title or message"
        )
    look = _Look(item)
    title, reasons = _title(look, source)
    message = look.first(_MESSAGE)
    labels = _labels(look)
    severity, assumed = _severity(look)
    starts_at, ends_at = look.moment(_STARTS, received_at), look.moment(_ENDS, received_at)
    status = _status(look, ends_at, received_at)
    key = look.first(_KEY)
    event = Event(
        kind=EventKind.ALERT,
        source=source,
        received_at=received_at,
        occurred_at=_occurred(look, status, starts_at, ends_at, received_at),
        title=title[: fields.LONGEST_TITLE],
        message="" if message == title else message,
        labels=labels,
        annotations=fields.labels_of(item.get("annotations")),
        url=fields.web_address(*look.all(_URL)),
        status=status,
        severity=severity,
        fingerprint=stable_hash(source, "key", key)
        if key
        else stable_hash(source, labels.items(), look.first(_CHECK) or title),
        starts_at=starts_at,
        ends_at=ends_at if status is Status.RESOLVED else None,
        value=fields.number_of(look.first(_VALUE)),
        reasons=(*reasons, *assumed, *_unread(look, received_at)),
    )
    return msgspec.structs.replace(event, content_key=_content_key(event, look.first(_TIME)))


class _Look:
    """An object and its wrapped one, looked through for the first of several names."""

    def __init__(self, item: dict[str, object]) -> None:
        self.places: list[dict[str, object]] = [item]
        for name in _WRAPPERS:
            wrapped = fields.dig(item, name)
            if isinstance(wrapped, dict):
                self.places.append(wrapped)
        self._folded = [{_fold(name): value for name, value in place.items()} for place in self.places]

    def first(self, names: Sequence[str]) -> str:
        return next(self.all(names), "")

    def all(self, names: Sequence[str]) -> Iterator[str]:
        texts = (fields.text_of(value) for value in self._values(names))
        return (text for text in texts if text)

    def moment(self, names: Sequence[str], received_at: datetime) -> datetime | None:
        values = (moment(value, received_at) for value in self._values(names))
        return next((value for value in values if value), None)

    def unread(self, names: Sequence[str], read: Callable[[object], object]) -> str:
        """Return the first value that says something though none of them can be read, as it was sent; empty: none."""
        said = [value for value in self._values(names) if value not in _UNSET and not str(value).startswith("0001-")]
        return "" if any(read(value) for value in said) else next((repr(value)[:60] for value in said), "")

    def _values(self, names: Sequence[str]) -> Iterator[object]:
        for place, folded in zip(self.places, self._folded, strict=True):
            for name in names:
                value = fields.dig(place, name)
                yield folded.get(_fold(name)) if value is None else value


def _fold(name: str) -> str:
    """``AlertName``, ``ALERT_NAME`` and ``alert-name`` are one name."""
    return name.lower().replace("_", "").replace("-", "")


def _unread(look: _Look, received_at: datetime) -> tuple[Reason, ...]:
    """Times that were sent and cannot be used: said, not dropped silently."""
    named = (("start", _STARTS), ("end", _ENDS), ("time", _TIME))
    shown = [(what, look.unread(names, lambda value: moment(value, received_at))) for what, names in named]
    texts = [f"{what} {sent} is no time that can be read: it is left out" for what, sent in shown if sent]
    return tuple(Reason(step="parse", text=text) for text in texts)


def _title(look: _Look, source: str) -> tuple[str, tuple[Reason, ...]]:
    if found := next((text for text in look.all(_TITLE) if fields.number_of(text) is None), ""):
        return found, ()
    shown = ", ".join(f"{name}={text}" for name, text in list(fields.labels_of(look.places[0]).items())[:4])
    title = f"{source}: {shown}" if shown else f"{source}: an object without a text"
    return title, (Reason(step="parse", text="no title, message or name in it: its first fields are shown instead"),)


def _labels(look: _Look) -> dict[str, str]:
    labels: dict[str, str] = {}
    for place in look.places:
        for name in _LABELS:
            labels.update(fields.labels_of(place.get(name)))
        for name, value in place.items():
            if name.lower() in _IDENTITY and (text := fields.text_of(value)):
                labels.setdefault(name, text)
    for name, names in (("service", _SERVICE), ("host", _HOST), ("environment", _ENVIRONMENT)):
        if text := look.first(names):
            labels.setdefault(name, text)
    return labels


def _severity(look: _Look) -> tuple[Severity, tuple[Reason, ...]]:
    severity, assumed = words.severity(look.first(_SEVERITY) or _graded(look))
    if sent := look.unread(_SEVERITY, fields.text_of):
        assumed = (Reason(step="parse", text=f"severity {sent} cannot be read: {severity} assumed"),)
    return severity, assumed


def _graded(look: _Look) -> str:
    """A status that says how bad it is."""
    return next((word for word in look.all(_STATUS) if word.lower() in _GRADES), "")


def _status(look: _Look, ends_at: datetime | None, received_at: datetime) -> Status:
    """Its word for it; else a flag; else a severity that means "over"; else an end that has come; else it fires."""
    for word in look.all(_STATUS):
        if said := words.status(word):
            return said
    if (
        look.first(("resolved", "is_resolved", "recovered")).lower() == "true"
        or look.first(("firing", "active")) == "false"
    ):
        return Status.RESOLVED
    severity = look.first(_SEVERITY).lower()
    if severity in ("ok", "clear", "cleared", "resolved", "recovery"):
        return Status.RESOLVED
    return Status.RESOLVED if ends_at and ends_at <= received_at else Status.FIRING


def _occurred(
    look: _Look, status: Status, starts_at: datetime | None, ends_at: datetime | None, received_at: datetime
) -> datetime:
    """When the state was true: its own time, else when it ended or began, else when it came in."""
    own = look.moment(_TIME, received_at)
    stated = ends_at if status is Status.RESOLVED else starts_at
    return believed(own, received_at) or believed(stated, received_at) or received_at


def _content_key(event: Event, time: str) -> str:
    said = [event.fingerprint, event.status, event.severity, event.title, event.message, time]
    said += [str(event.starts_at), str(event.ends_at), str(event.value)]
    return stable_hash(*said)
