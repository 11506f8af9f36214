"""What does systemd's journal say, in our words? Its export format (journal-upload), or ``journalctl -o json``."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.errors import BadInput
from aiops.domain.events import Event, Parsed
from ingestion.reading import fields
from ingestion.reading.documents import documents
from ingestion.reading.logline import level_of, line
from ingestion.reading.times import moment

NAME = "journald"
EXPORT = "application/vnd.fdo.journal"

_SERVICE = ("SYSLOG_IDENTIFIER", "_SYSTEMD_UNIT", "UNIT", "_COMM")
_KEPT = {"unit": "_SYSTEMD_UNIT", "container": "CONTAINER_NAME", "pid": "_PID"}


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one log Event per entry; the cursor makes a resend known. Text that is no UTF-8 comes as bytes."""
    exported = delivery.content_type.startswith(EXPORT) or not delivery.body.lstrip().startswith((b"{", b"["))
    found: list[object] = (
        list(_exported(delivery.body)) if exported else documents(delivery.body, delivery.content_type)
    )

    def read(entry: object, place: str) -> Event:
        if not isinstance(entry, Mapping) or "MESSAGE" not in entry:
            raise BadInput("no MESSAGE", place=place, fix="send the journal in its export format or as JSON")
        return _line(entry, delivery.source, received_at)

    return fields.each("entries", found, read)


def _line(entry: Mapping[str, object], source: str, received_at: datetime) -> Event:
    times = (moment(entry.get(name), received_at) for name in ("_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP"))
    labels = {label: fields.first_of(entry, (name,)) for label, name in _KEPT.items()}
    labels |= {"host": fields.first_of(entry, ("_HOSTNAME",)), "service": fields.first_of(entry, _SERVICE)}
    return line(
        source,
        received_at,
        _text(entry.get("MESSAGE")),
        level=level_of(fields.first_of(entry, ("PRIORITY",))),
        at=next((at for at in times if at), None),
        labels=labels,
        key=fields.first_of(entry, ("__CURSOR",)),
    )


def _text(value: object) -> str:
    """A text, or a list of byte values; a field that came several times is a list of these."""
    if isinstance(value, list):
        if all(isinstance(item, int) and 0 <= item < 256 for item in value):
            return bytes(value).decode("utf-8", "replace")
        return _text(value[0]) if value else ""
    return fields.text_of(value)


def _exported(body: bytes) -> Iterator[dict[str, object]]:
    """Entries parted by an empty line; a binary field is its name, 8 bytes of length, the data."""
    entry: dict[str, object] = {}
    at = 0
    while at < len(body):
        end = body.find(b"\n", at)
        end = len(body) if end < 0 else end
        name, equals, value = body[at:end].partition(b"=")
        at = end + 1
        if not name:
            if entry:
                yield entry
            entry = {}
        elif equals:
            entry[name.decode("utf-8", "replace")] = value.decode("utf-8", "replace")
        else:
            length = int.from_bytes(body[at : at + 8], "little")
            if at + 8 + length > len(body):
                raise BadInput("a field is cut short", place=f"byte {at}", fix="send whole entries")
            data = body[at + 8 : at + 8 + length]
            entry[name.decode("utf-8", "replace")] = data.decode("utf-8", "replace")
            at += 8 + length + 1
    if entry:
        yield entry
