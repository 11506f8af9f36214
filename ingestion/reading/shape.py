"""How does a table say where a sender writes what? A source is such a table; this reads objects by it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import msgspec

from aiops.domain.base import Noun, stable_hash
from aiops.domain.entries import Delivery
from aiops.domain.events import Event, EventKind, Parsed, Problem, Severity, Status
from aiops.domain.reasons import Evidence, Reason
from ingestion.reading import fields, words
from ingestion.reading.documents import documents
from ingestion.reading.times import believed, moment

DAY = timedelta(days=1)  # the usual lease of a sender that never tells the end

_ANY_TITLE = "title summary subject name message msg text description"  # where a sender was given another template
_SERVICE = ("service", "service.name", "service_name", "app", "application")
_HOST = ("host", "hostname", "host.name", "server_name", "node", "nodename")
_ENVIRONMENT = ("environment", "env", "deployment.environment", "deployment.environment.name", "stage")


class Shape(Noun, frozen=True, kw_only=True):
    """Where the objects of one sender say what.

    Texts are dotted paths, parted by blanks: the first that leads to a text (or time) counts. Of ``identity``
    all paths together name the condition. ``labels`` leads to containers: objects, tags in any notation.
    """

    title: str
    message: str = ""
    severity: str = ""
    status: str = ""
    service: str = ""
    host: str = ""
    environment: str = ""
    starts: str = ""
    ends: str = ""
    time: str = (
        ""  # when the state was true: the start of a firing, the end of a resolved one, where these are not said
    )
    url: str = ""
    value: str = ""
    identity: str = ""
    labels: str = ""
    named: dict[str, str] = {}  # label -> path
    facts: dict[str, str] = {}  # fact -> path
    severities: Mapping[str, Severity] = {}  # a scale of its own, words in lower case
    statuses: Mapping[str, Status] = {}
    usual: Severity | None = None  # where its objects say no severity
    lease: timedelta | None = None
    kind: EventKind = EventKind.ALERT
    what: str = ""  # what sort of change or test it tells


Item = tuple[Shape, Mapping[str, object]]
Items = Callable[[object], Iterable[Item]]


def tell(delivery: Delivery, received_at: datetime, items: Items) -> Parsed:
    """Return one Event per item that ``items`` finds in a document of the delivery (a list at top level: in each part).

    What is no object, and what ``items`` refuses with BadInput, becomes a problem; the other parts are kept.
    """
    found = documents(delivery.body, delivery.content_type)
    parts = [part for document in found for part in (document if isinstance(document, list) else [document])]
    read: list[Parsed] = []
    for index, part in enumerate(parts):
        place = f"body[{index}]" if len(parts) > 1 else "body"
        read.append(_told(part, place, delivery.source, received_at, items))
    told = fields.joined(read)
    if parts and not (told.events or told.problems):
        fix = "nothing, if this sender says so now and then; else look at the delivery, which is kept"
        said = f"nothing that {delivery.source} usually tells in it"
        return Parsed(warnings=(Problem(place="body", problem=said, fix=fix),))
    return told


def always(shape: Shape, within: str = "") -> Items:
    """Return what finds one item of ``shape`` per document, or per element of the list ``within`` it."""

    def items(document: object) -> Iterator[Item]:
        parts = fields.dig(document, within) if within else [document]
        for part in parts if isinstance(parts, list) else [parts]:
            if isinstance(part, Mapping):
                yield shape, part

    return items


def _told(part: object, place: str, source: str, received_at: datetime, items: Items) -> Parsed:
    def read(item: Item, _: str) -> Event:
        shape, found = item
        return event(found, shape, source, received_at)

    if not isinstance(part, Mapping):
        fix = f"send what {source} sends, or to another source"
        return Parsed(problems=(Problem(place=place, problem="no object", fix=fix),))
    found = list(items(part))
    return fields.each(place, found, read)


def event(item: Mapping[str, object], shape: Shape, source: str, received_at: datetime) -> Event:
    """Return the Event that ``item`` is, read by ``shape``."""
    labels = labels_by(item, shape)
    said = text(item, shape.status)
    status = _status(said, shape)
    severity, reasons = _severity(item, shape)
    starts, ends, time = (when(item, paths, received_at) for paths in (shape.starts, shape.ends, shape.time))
    if shape.kind is EventKind.ALERT:
        firing = status is Status.FIRING
        starts, ends = (starts or time, None) if firing else (starts, ends or time)
        stated = (time or starts) if firing else (ends or time)
    else:
        stated = time or starts or ends
    title, message = text(item, shape.title) or text(item, _ANY_TITLE), text(item, shape.message)
    facts = _facts(item, shape, said)
    url = text(item, shape.url)
    address = fields.web_address(*every(item, shape.url))
    if url and not address:
        facts["path"] = url  # a relative one: kept, and no link
    told = Event(
        kind=shape.kind,
        source=source,
        received_at=received_at,
        occurred_at=believed(stated, received_at) or received_at,
        title=first_line(title or message or f"{source}: an object without a text")[: fields.LONGEST_TITLE],
        message="" if message == title else message,
        labels=labels,
        facts=facts,
        raw={} if shape.kind is EventKind.ALERT else dict(item),
        url=address,
        status=status,
        severity=severity,
        starts_at=starts,
        ends_at=ends,
        lease=shape.lease if status is Status.FIRING else None,
        value=fields.number_of(text(item, shape.value)),
        reasons=reasons,
    )
    fingerprint = _identity(item, shape, told)
    return msgspec.structs.replace(told, fingerprint=fingerprint, content_key=_content_key(told, fingerprint))


def text(item: object, paths: str) -> str:
    """Return the text at the first of ``paths`` that has one."""
    return next(every(item, paths), "")


def every(item: object, paths: str) -> Iterator[str]:
    """Yield the texts at ``paths``; of a list its first."""
    for path in paths.split():
        value = fields.dig(item, path)
        if isinstance(value, list) and value:
            value = value[0]
        if found := fields.text_of(value):
            yield found


def when(item: object, paths: str, near: datetime) -> datetime | None:
    """Return the first time stated at ``paths``."""
    times = (moment(fields.dig(item, path), near) for path in paths.split())
    return next((time for time in times if time), None)


def first_line(message: str) -> str:
    """Return the first line that says something."""
    return next((line.strip() for line in message.splitlines() if line.strip()), "")


def labels_by(item: Mapping[str, object], shape: Shape) -> dict[str, str]:
    """Return the labels of ``item``, with service, host and environment under these names where they are known."""
    labels: dict[str, str] = {}
    for path in shape.labels.split():
        labels.update(fields.labels_of(fields.container(fields.dig(item, path))))
    for name, paths in shape.named.items():
        if found := text(item, paths):
            labels[name] = found[: fields.LONGEST_LABEL]
    placed = (("service", shape.service, _SERVICE), ("host", shape.host, _HOST))
    for name, paths, aliases in (*placed, ("environment", shape.environment, _ENVIRONMENT)):
        if found := text(item, paths) or fields.first_of(labels, aliases):
            labels[name] = (host_of(found) if name == "host" else found)[: fields.LONGEST_LABEL]
    return labels


def host_of(address: str) -> str:
    """Return the host of a web address; of anything else what it is."""
    if not address.startswith(("http://", "https://")):
        return address
    try:
        return urlsplit(address).hostname or address
    except ValueError:
        return address


def _severity(item: Mapping[str, object], shape: Shape) -> tuple[Severity, tuple[Reason, ...]]:
    said = text(item, shape.severity)
    own = shape.severities.get(said.lower())
    if own is None and not said:
        own = shape.usual or (None if shape.kind is EventKind.ALERT else Severity.INFO)
    if own is not None:
        return own, (Reason(step="parse", text=f"severity '{said[:40]}' read as {own}"),) if said else ()
    return words.severity(said)


def _status(said: str, shape: Shape) -> Status:
    return shape.statuses.get(said.lower()) or words.status(said) or Status.FIRING


def _facts(item: Mapping[str, object], shape: Shape, said: str) -> dict[str, Evidence]:
    facts: dict[str, Evidence] = {"what": shape.what} if shape.what else {}
    for name, paths in shape.facts.items():
        if found := text(item, paths):
            facts[name] = words.result(found) if name == "result" else found[: fields.LONGEST_LABEL]
    if shape.kind is EventKind.ALERT and words.is_acknowledgement(said):
        facts["status"] = "acknowledged"
    return facts


def _identity(item: Mapping[str, object], shape: Shape, told: Event) -> str:
    """All its paths together; where it has none of them, source, labels and title."""
    parts = [text(item, path) for path in shape.identity.split()]
    if any(parts):
        return stable_hash(told.source, shape.what, *parts)
    return stable_hash(told.source, told.labels.items(), told.title)


def _content_key(told: Event, fingerprint: str) -> str:
    times = [str(time) for time in (told.starts_at, told.ends_at, told.occurred_at) if time != told.received_at]
    facts = [f"{name}={value}" for name, value in told.facts.items()]
    said = [told.status, told.severity, told.title, told.message, str(told.value)]
    return stable_hash(fingerprint, told.kind, *said, *times, *facts)
