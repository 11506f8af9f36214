"""What does JSON of a shape that nobody described to us say, in our words?

Names are looked for in the order of the tables below, in the object itself and in what it wraps
(ingestion/reading/look.py), whatever their case; where none of them is there, by what names end with. Labels are the
scalars of label-like objects (``labels``, ``tags``, ``attributes``, ``dimensions``) and those top-level scalars whose
names say what the alert is about (``_IDENTITY``): text, times, numbers and everything else that may differ between two
states of one alert are none.
"""

from datetime import datetime

import msgspec

from aiops.domain.base import stable_hash
from aiops.domain.entries import Delivery
from aiops.domain.errors import BadInput
from aiops.domain.events import Event, EventKind, Parsed, Severity, Status
from aiops.domain.reasons import Reason
from ingestion.reading import fields, words
from ingestion.reading.documents import documents
from ingestion.reading.look import Look, said
from ingestion.reading.shape import host_of
from ingestion.reading.times import believed, moment

NAME = "generic"

_LISTS = ("alerts", "events")
_LABELS = ("labels", "tags", "attributes", "dimensions")

# What names a condition, whatever its present state and text.
_CHECK = fields.names(
    "alertname alert_name alertName labels.alertname name check_name check rule_name ruleName rule "
    "monitor monitor_name sensor sensor_name alarm_name policy_name policy slo_name node_name error_class category "
    "metric"
)
_TITLE = (
    *fields.names("annotations.summary annotations.title title summary subject headline"),
    *_CHECK,
    *fields.names("event alert message alert_message error_message text msg description output body reason"),
)
_MESSAGE = fields.names(
    "annotations.description annotations.message description message text msg body details output reason cause "
    "alert_message error_message incident_reason"
)
_SEVERITY = fields.names(
    "severity labels.severity alert_severity priority labels.priority level alert_level urgency criticality sev impact"
)
_STATUS = fields.names(
    "status state alert_status alertStatus current_state currentState new_state event_action action "
    "event_type notification_type labels.status alert_type type trigger_type trigger"
)
_SERVICE = fields.names(
    "service service.name service.summary service_name serviceName labels.service tags.service app "
    "application application_name component labels.app services resource"
)
_HOST = fields.names(
    "host host.name hostname host_name hostName labels.host labels.hostname tags.host node server machine "
    "instance labels.instance device device_name node_name fqdn hosts entity.system.hostname source_host"
)
_ENVIRONMENT = fields.names("environment env labels.environment labels.env tags.env stage environments")
_STARTS = fields.names(
    "startsAt starts_at start_time startTime started_at startedAt start triggered_at created_at createdAt "
    "opened_at fired_at trigger_time incident_time first_occurred_at alert_trigger_time first_observed_at first_seen"
)
_ENDS = fields.names("endsAt ends_at end_time endTime ended_at endedAt end resolved_at resolvedAt closed_at")
_TIME = fields.names("timestamp @timestamp time ts occurred_at event_time eventTime updated_at updatedAt date datetime")
_URL = fields.names(
    "url link html_url href generatorURL generator_url permalink alert_url event_url incident_url "
    "dashboard_url annotations.url"
)
_KEY = fields.names(
    "fingerprint dedup_key dedupKey deduplication_key dedup_id incident_key incidentKey alias alert_key alertKey "
    "alert_correlation_id correlation_id alert_id alertId alert_uid incident_id incidentId problem_id issue_id "
    "alarm_id entity_id monitor_id sensor_id check_id id uid uuid key unique_id"
)
_VALUE = fields.names("value current_value currentValue metric_value annotations.value")
_GRADES = frozenset(
    fields.names(
        "critical crit fatal error major minor high warning warn down offline outage unhealthy unreachable unavailable"
    )
)
_NO_TITLE = frozenset(
    fields.names("alert event incident issue problem notification trigger test monitor check host service")
)
_IDENTITY = frozenset(
    fields.names(
        "alertname app application availability_zone bucket check cluster component container database "
        "datacenter dc deployment device env environment group host hostname instance interface job metric "
        "monitor mountpoint namespace node pod probe process project queue region rule sensor service site team tenant "
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
    look = Look(item)
    title, reasons = _title(look, source)
    announced, about = _announced(title)
    message = look.first(_MESSAGE)
    labels = _labels(look)
    severity, assumed = _severity(look, announced)
    times = look.times(received_at)
    starts_at = look.moment(_STARTS, received_at) or times.get("starts")
    ends_at = look.moment(_ENDS, received_at) or times.get("ends")
    status = _status(look, announced, ends_at, received_at)
    own = look.moment(_TIME, received_at) or times.get("own")
    key = look.first(_KEY)
    event = Event(
        kind=EventKind.ALERT,
        source=source,
        received_at=received_at,
        occurred_at=_occurred(own, status, starts_at, ends_at, received_at),
        title=title[: fields.LONGEST_TITLE],
        message="" if message == title else message,
        labels=labels,
        annotations=fields.labels_of(item.get("annotations")),
        url=fields.web_address(*look.all(_URL), *look.links()),
        status=status,
        severity=severity,
        fingerprint=stable_hash(source, "key", key)
        if key
        else stable_hash(source, labels.items(), look.first(_CHECK) or about),
        starts_at=starts_at,
        ends_at=ends_at if status is Status.RESOLVED else None,
        value=fields.number_of(look.first(_VALUE)),
        reasons=(*reasons, *assumed, *_unread(look, received_at)),
    )
    return msgspec.structs.replace(event, content_key=_content_key(event, look.first(_TIME)))


def _unread(look: Look, received_at: datetime) -> tuple[Reason, ...]:
    """Times that were sent and cannot be used: said, not dropped silently."""
    named = (("start", _STARTS), ("end", _ENDS), ("time", _TIME))
    shown = [(what, look.unread(names, lambda value: moment(value, received_at))) for what, names in named]
    texts = [f"{what} {sent} is no time that can be read: it is left out" for what, sent in shown if sent]
    return tuple(Reason(step="parse", text=text) for text in texts)


def _title(look: Look, source: str) -> tuple[str, tuple[Reason, ...]]:
    found = (*look.all(_TITLE), *look.elsewhere(_TITLE))
    if text := next((text for text in found if fields.number_of(text) is None and text.lower() not in _NO_TITLE), ""):
        return text, ()
    shown = ", ".join(f"{name}={text}" for name, text in list(fields.labels_of(look.places[0]).items())[:4])
    title = f"{source}: {shown}" if shown else f"{source}: an object without a text"
    return title, (Reason(step="parse", text="no title, message or name in it: its first fields are shown instead"),)


def _announced(title: str) -> tuple[str, str]:
    """Part ``[RESOLVED] text``, ``CRITICAL: text``, ``[FIRING:2] text`` into the word and the text."""
    head, mark, rest = title.partition("]" if title.startswith("[") else ":")
    word = head.lstrip("[").partition(":")[0].strip()
    known = mark and (title.startswith("[") or word.isupper()) and (words.status(word) or word.lower() in _GRADES)
    return (word, rest.strip()) if known else ("", title)


def _labels(look: Look) -> dict[str, str]:
    labels: dict[str, str] = {}
    for place in look.places:
        for name, value in place.items():
            if name.lower() in _LABELS:
                labels.update(fields.labels_of(fields.container(value)))
            if name.lower() in _IDENTITY and (text := fields.text_of(value)):
                labels.setdefault(name, text)
    for name, names in (("service", _SERVICE), ("host", _HOST), ("environment", _ENVIRONMENT)):
        found = (*look.worded(names), fields.first_of(labels, names), *look.elsewhere(names))
        if text := next(filter(None, found), ""):
            labels.setdefault(name, text)
    if "host" not in labels and (address := next(look.addresses(), "")):
        labels["host"] = host_of(address)
    return labels


def _severity(look: Look, announced: str) -> tuple[Severity, tuple[Reason, ...]]:
    found = (*look.worded(_SEVERITY), *look.elsewhere(_SEVERITY))
    graded = (word for word in (*look.all(_STATUS), *look.states(), announced) if word.lower() in _GRADES)
    word = next((word for word in (*found, *graded) if words.is_severity(word)), next(iter(found), ""))
    severity, assumed = words.severity(word)
    if sent := look.unread(_SEVERITY, said):
        assumed = (Reason(step="parse", text=f"severity {sent} cannot be read: {severity} assumed"),)
    return severity, assumed


def _status(look: Look, announced: str, ends_at: datetime | None, received_at: datetime) -> Status:
    """Its word for it; else a flag; else a severity that means "over"; else an end that has come; else it fires."""
    for word in (*look.all(_STATUS), *look.states(), announced):
        if found := words.status(word):
            return found
    if (
        look.first(("resolved", "is_resolved", "recovered")).lower() == "true"
        or look.first(("firing", "active", "is_open")).lower() == "false"
    ):
        return Status.RESOLVED
    severity = look.first(_SEVERITY).lower()
    if severity in ("ok", "clear", "cleared", "resolved", "recovery"):
        return Status.RESOLVED
    return Status.RESOLVED if ends_at and ends_at <= received_at else Status.FIRING


def _occurred(
    own: datetime | None, status: Status, starts_at: datetime | None, ends_at: datetime | None, received_at: datetime
) -> datetime:
    """When the state was true: its own time, else when it ended or began, else when it came in."""
    stated = ends_at if status is Status.RESOLVED else starts_at
    return believed(own, received_at) or believed(stated, received_at) or received_at


def _content_key(event: Event, time: str) -> str:
    said = [event.fingerprint, event.status, event.severity, event.title, event.message, time]
    said += [str(event.starts_at), str(event.ends_at), str(event.value)]
    return stable_hash(*said)
