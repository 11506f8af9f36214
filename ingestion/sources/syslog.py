"""What do syslog messages say, in our words? RFC 5424 and RFC 3164, one a line or counted in octets (RFC 6587)."""

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from aiops.domain.entries import Delivery
from aiops.domain.events import Event, Parsed
from ingestion.reading.logline import SYSLOG, line
from ingestion.reading.times import moment
from ingestion.sources import cef

NAME = "syslog"
FRAMED = "application/vnd.aiops.syslog"  # what our listeners write: ``LENGTH PEER MESSAGE`` and an end of line, each
LONGEST_COUNT = 7  # digits of an octet count
LONGEST_HEAD = 100  # bytes before a message that a listener wrote


class Message(msgspec.Struct):
    """A message and what its header says."""

    text: str
    priority: int = -1
    at: datetime | None = None
    host: str = ""
    program: str = ""
    data: dict[str, str] = msgspec.field(default_factory=dict)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one log Event per message; CEF and LEEF inside of it are audit events. Without a year: the nearest one.

    A message that names no host is of the one that sent it, where a listener took it.
    """
    sent = _sent(delivery.body) if delivery.content_type == FRAMED else (("", frame) for frame in frames(delivery.body))
    texts = ((peer, frame.decode("utf-8", "replace").strip("\r\n\x00 ")) for peer, frame in sent)
    events = [
        _of(peer, _event(message(text, received_at), delivery.source, received_at)) for peer, text in texts if text
    ]
    return Parsed(events=tuple(events))


def framed(messages: Iterable[tuple[str, bytes]]) -> bytes:
    """Write messages (peer's address without blanks, text) as one body."""
    return b"".join(b"%d %s %s\n" % (len(text), peer.encode(), text) for peer, text in messages)


def _sent(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield what ``framed`` wrote."""
    at = 0
    while at < len(body):
        length, peer, _ = body[at : at + LONGEST_HEAD].split(b" ", 2)
        start = at + len(length) + len(peer) + 2
        at = start + int(length) + 1
        yield peer.decode(), body[start : at - 1]


def frames(body: bytes) -> Iterator[bytes]:
    """Yield the messages: counted ones where a count stands before the priority, else the lines."""
    at, last = 0, len(body)
    while at < last:
        if body[at : at + 1].isspace():
            at += 1
            continue
        count, blank, behind = body[at : at + LONGEST_COUNT + 2].partition(b" ")
        if blank and count.isdigit() and behind.startswith(b"<"):
            start = at + len(count) + 1
            at = start + int(count)
            yield body[start:at]
        else:
            end = body.find(b"\n", at)
            end = last if end < 0 else end
            yield body[at:end]
            at = end + 1


def message(text: str, near: datetime) -> Message:
    """Read one message; what has no header is all text."""
    priority, rest = _priority(text)
    version, blank, behind = rest.partition(" ")
    if priority >= 0 and blank and version == "1":
        return _rfc5424(behind, priority, near)
    return _rfc3164(rest, priority, near)


def _priority(text: str) -> tuple[int, str]:
    number, bracket, _ = text[1:6].partition(">")
    if not text.startswith("<") or not bracket or not number.isdecimal() or int(number) > 191:
        return -1, text
    return int(number), text[len(number) + 2 :]


def _rfc5424(text: str, priority: int, near: datetime) -> Message:
    parts = text.split(" ", 5)
    if len(parts) < 6:
        return Message(text, priority)
    time, host, program, _, _, rest = ("" if part == "-" else part for part in parts)
    data, said = _structured(rest)
    said = said.removeprefix("\ufeff")
    return Message(said, priority, moment(time, near), host, program, data)


def _structured(rest: str) -> tuple[dict[str, str], str]:
    """``[id name="value" ...][...] message``; in a value ``"``, ``]`` and ``\\`` are escaped."""
    found: dict[str, str] = {}
    while rest.startswith("["):
        at = rest.find(" ")
        end = rest.find("]")
        if at < 0 or 0 <= end < at:  # an element without parameters
            rest = rest[end + 1 :]
            continue
        rest = rest[at + 1 :]
        while rest and not rest.startswith("]"):
            name, quote, behind = rest.partition('="')
            if not quote:
                return found, rest
            value, rest = _quoted(behind)
            found[name.strip()] = value
        rest = rest[1:]
    return found, rest.removeprefix("- ").removeprefix("-").strip()


def _quoted(text: str) -> tuple[str, str]:
    value, at = [], 0
    while at < len(text) and text[at] != '"':
        if text[at] == "\\" and text[at + 1 : at + 2] in ('"', "]", "\\"):
            at += 1
        value.append(text[at])
        at += 1
    return "".join(value), text[at + 1 :]


def _rfc3164(text: str, priority: int, near: datetime) -> Message:
    at, rest = _time(text, near)
    if at is None:
        return Message(text, priority)
    host, _, behind = rest.partition(" ")
    if cef.within(behind):
        return Message(behind, priority, at, host)
    tag, _, said = behind.partition(" ")
    program = tag.partition("[")[0].rstrip(":")
    return Message(said.strip(), priority, at, host, program) if said else Message(rest, priority, at)


def _time(text: str, near: datetime) -> tuple[datetime | None, str]:
    """A time as of old (15 characters), or an ISO one."""
    if at := moment(text[:15], near) if text[:1].isalpha() else None:
        return at, text[15:].lstrip()
    first, _, rest = text.partition(" ")
    return (moment(first, near), rest.lstrip()) if first[:4].isdecimal() else (None, text)


def _of(peer: str, event: Event) -> Event:
    if not peer or "host" in event.labels:
        return event
    return msgspec.structs.replace(event, labels={**event.labels, "host": peer})


def _event(read: Message, source: str, received_at: datetime) -> Event:
    if cef.within(read.text):
        return cef.event(read.text, read.host, read.at, source, received_at)
    labels = {"host": read.host, "service": read.program, **read.data}
    if read.priority >= 0:
        labels["facility"] = str(read.priority >> 3)
    level = SYSLOG[read.priority & 7] if read.priority >= 0 else ""
    return line(source, received_at, read.text, level=level, at=read.at, labels=labels)
