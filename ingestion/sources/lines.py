"""Which log lines are these, and what does each say of itself? Plain text and JSON, one Event a line."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

import msgspec

from aiops.domain.entries import Delivery
from aiops.domain.events import Event, Parsed, Problem
from ingestion.reading import fields
from ingestion.reading.logline import LEVELS, LONGEST_LINE, SYSLOG, level_of
from ingestion.reading.logline import line as as_event
from ingestion.reading.times import MOST_AHEAD, moment

NAME = "logs"
_MONTHS = {
    name: number for number, name in enumerate(fields.names("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"), 1)
}
_MARKS = b"\xef\xbb\xbf\x1e \t\r\n"  # with a byte order mark, and the separator of JSON text sequences
_MESSAGE = ("message", "msg", "log", "event", "text", "body", "short_message", "MESSAGE")
_LEVEL = ("level", "severity", "lvl", "levelname", "log.level", "loglevel", "log_level", "severity_text", "PRIORITY")
_TIME = ("@timestamp", "timestamp", "time", "ts", "datetime", "date", "asctime", "t")
_SERVICE = (
    "service",
    "service.name",
    "service_name",
    "app",
    "application",
    "component",
    "kubernetes.labels.app",
    "kubernetes.container_name",
)
_KEPT = (
    ("host", ("host", "host.name", "hostname", "kubernetes.host")),
    ("environment", ("environment", "env", "service.environment")),
    ("namespace", ("namespace", "kubernetes.namespace_name", "kubernetes.namespace")),
    ("pod", ("pod", "kubernetes.pod_name", "kubernetes.pod.name")),
    ("logger", ("logger", "logger_name", "log.logger")),
)


class _Line(msgspec.Struct):
    """What a line says of itself, as far as it does."""

    message: str
    level: str = ""
    at: datetime | None = None
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    raw: dict[str, object] = msgspec.field(default_factory=dict)  # where the line is an object


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one log Event per line that is not blank; a JSON line that is none is text.

    The service is the query's ``service``, else what the line says: its service, app or component, and where it names
    no host either, its logger. A time without a zone is UTC.
    """
    warnings: list[Problem] = []
    service = delivery.query.get("service", "")
    events = [
        _event(_line(text, received_at), delivery.source, service, received_at)
        for text in _texts(delivery.body, warnings)
    ]
    return Parsed(events=tuple(events), warnings=tuple(warnings))


def _texts(body: bytes, warnings: list[Problem]) -> Iterator[str]:
    """Yield the lines that are not blank, decoded and bounded; what that changed is warned of, once of a sort.

    A list of objects (Fluent Bit, Vector) is a line each.
    """
    listed = body.lstrip(_MARKS)
    if listed.startswith(b"["):
        with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # a line of text may begin with it too
            body = b"\n".join(bytes(item) for item in msgspec.json.decode(listed, type=list[msgspec.Raw]))
    try:
        whole = body.decode()
    except UnicodeDecodeError as error:
        whole = body.decode("utf-8", "replace")
        number = body.count(b"\n", 0, error.start) + 1
        warnings.append(
            Problem(place=f"line {number}", problem="not UTF-8: undecodable bytes are replaced", fix="send UTF-8")
        )
    cut = False
    for number, text in enumerate(whole.split("\n"), 1):
        if not text or text.isspace():
            continue
        if len(text) > LONGEST_LINE:
            if not cut:
                said = f"{len(text)} characters, those behind the first {LONGEST_LINE} are cut"
                warnings.append(Problem(place=f"line {number}", problem=said, fix="send shorter lines"))
            cut = True
        yield text[:LONGEST_LINE].strip()


def _event(line: _Line, source: str, service: str, received_at: datetime) -> Event:
    labels = line.labels
    if service:
        labels["service"] = service
    event = as_event(source, received_at, line.message, level=line.level, at=line.at, labels=labels)
    return msgspec.structs.replace(event, raw=line.raw) if line.raw else event


def _line(text: str, near: datetime) -> _Line:
    if text[0] == "{":
        try:
            document = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            return _plain(text, near)
        return _json(document, text, near)
    return _plain(text, near)


def _json(document: object, text: str, near: datetime) -> _Line:
    times = (moment(fields.dig(document, name), near) for name in _TIME)
    labels = {label: found for label, names in _KEPT if (found := fields.first_of(document, names))}
    service = fields.first_of(document, _SERVICE) or ("" if "host" in labels else labels.get("logger", ""))
    if service:
        labels["service"] = service
    return _Line(
        message=fields.first_of(document, _MESSAGE) or text,
        level=level_of(fields.first_of(document, _LEVEL)),
        at=next((at for at in times if at), None),
        labels=labels,
        raw=document if isinstance(document, dict) else {},
    )


def _plain(text: str, near: datetime) -> _Line:
    """A leading priority, time and level are taken off, as JSON has them beside the message; so is a syslog header."""
    priority, text = _priority(text)
    first, _, rest = text.partition(" ")
    if first in _MONTHS and (at := _syslog_time(text[:15], near)):
        line = _syslog(text[15:].strip(), at)
    elif first[0].isdecimal():
        line = _leading(first, rest, text, near)
    elif first[0] == "[":
        line = _bracketed(text, near)
    else:
        line = _Line(text, at=_access_time(text, near))
    line.level = priority or _level(line.message)
    line.message = _without_level(line.message)
    return line


def _priority(text: str) -> tuple[str, str]:
    """``<34>`` of syslog: the level is the number modulo 8; a version number may follow."""
    number, bracket, rest = text[1:6].partition(">")
    if text[0] != "<" or not bracket or not number.isdecimal():
        return "", text
    rest = text[len(number) + 2 :].strip()
    return SYSLOG[int(number) % 8], rest.removeprefix("1 ") or text


def _syslog_time(text: str, near: datetime) -> datetime | None:
    """``Mar  2 09:00:00`` without a year: the last such day before a day after ``near``."""
    try:
        month, day, clock = text.split()
        hour, minute, second = clock.split(":")
        at = datetime(near.year, _MONTHS[month], int(day), int(hour), int(minute), int(second), tzinfo=UTC)
        return at if at <= near + MOST_AHEAD else at.replace(year=near.year - 1)
    except ValueError:
        return None


def _syslog(rest: str, at: datetime) -> _Line:
    host, _, after = rest.partition(" ")
    tag, colon, message = after.partition(": ")
    if not colon or " " in tag:
        return _Line(rest, at=at)
    return _Line(message, at=at, labels={"host": host, "app": tag.partition("[")[0]})


def _leading(first: str, rest: str, text: str, near: datetime) -> _Line:
    """``2026-03-02T09:00:00Z ...``, ``2026-03-02 09:00:00,123 ...``, ``1772442000.5 ...``"""
    if first[4:5] in ("-", "/"):
        second, _, behind = rest.partition(" ")
        if len(first) > 10 and (at := _iso(first)):
            return _Line(rest.strip() or text, at=at)
        if at := _iso(f"{first.replace('/', '-')} {second}"):
            return _Line(behind.strip() or text, at=at)
    elif len(first) in (10, 13) or first[10:11] == ".":
        at = moment(first, near)
        return _Line(rest.strip() or text, at=at) if at else _Line(text)
    return _Line(text, at=_access_time(text, near))


def _iso(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _bracketed(text: str, near: datetime) -> _Line:
    """``[2026-03-02 09:00:00] ...``, ``[Mon Mar 02 09:00:00.123456 2026] ...``"""
    inner, bracket, _ = text[1:60].partition("]")
    at = moment(_without_fraction(inner), near) if bracket and len(inner) > 9 else None
    return _Line(text[len(inner) + 2 :].strip() or text, at=at) if at else _Line(text)


def _without_fraction(text: str) -> str:
    """``09:00:00.123456 2026`` is Apache's own; ISO times keep theirs."""
    head, dot, tail = text.partition(".")
    return f"{head} {tail.partition(' ')[2]}" if dot and text[:3].isalpha() else text


def _access_time(text: str, near: datetime) -> datetime | None:
    """``... [02/Mar/2026:09:00:00 +0000] "GET ...``: inside the line, which stays as it is."""
    start = text.find(" [", 0, 200) + 2
    if start < 2 or text[start + 2 : start + 3] != "/" or text[start + 26 : start + 27] != "]":
        return None
    return moment(text[start : start + 26], near)


def _without_level(message: str) -> str:
    """Return what follows a level that stands first, in capitals or brackets, by itself: "[error] out of memory"."""
    first, _, rest = message.partition(" ")
    core = first.strip("[]<>():|")
    if core.lower() in LEVELS and (core.isupper() or first[0] in "[<("):
        return rest.lstrip(" -:|") or message
    return message


def _level(message: str) -> str:
    """The level among the first words: ``ERROR``, ``[error]``, ``error:``, ``level=error``; not an error in prose."""
    for word in message[:160].split(None, 8)[:8]:
        name, equals, value = word.rpartition("=")
        if equals and name.lower() in ("level", "lvl", "severity"):
            return level_of(value.strip("\"'"))
        core = word.strip("[]()<>|:,")
        for part in core.split(":", 2):  # "[proxy:error]", "ERROR:root:..."
            if part.lower() in LEVELS and (part.isupper() or word != core):
                return part.lower()
    return ""
