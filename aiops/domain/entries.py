"""What does the journal hold? Entries: (position, received_at, payload)."""

import re
from datetime import UTC, datetime

import msgspec

from aiops.domain.acts import Act
from aiops.domain.base import Noun, aware
from aiops.domain.errors import Unavailable
from aiops.domain.learned import Result


class Position(msgspec.Struct, frozen=True, order=True):
    """Where an entry stands: opaque but for its order inside one shard. Written ``shard-offset``."""

    shard: int
    offset: int

    def __str__(self) -> str:
        return f"{self.shard}-{self.offset}"

    @classmethod
    def parse(cls, text: str) -> "Position | None":
        """Read what ``str`` wrote; also the position inside an event id. None when it is neither."""
        match = re.match(r"(\d{1,9})-(\d{1,18})(?:-|$)", text)
        return cls(int(match[1]), int(match[2])) if match else None


def delivery_of(event_id: str) -> str:
    """Return the id of the delivery that brought an event: its position, written out."""
    return "-".join(event_id.split("-", 2)[:2])


class Delivery(Noun, frozen=True, kw_only=True, tag="delivery"):
    """One request or datagram from a sender, after redaction."""

    source: str  # as the door knows it: the {source} of the URL, a listener's name
    body: bytes
    content_type: str = ""
    headers: dict[str, str] = {}  # those that matter, names in lower case
    query: dict[str, str] = {}  # the query parameters that matter: service, ...
    idempotency_key: str = ""  # the sender's own; empty: none


class Command(Noun, frozen=True, kw_only=True, tag="command"):
    """An act by an operator, the API or the system itself. Its outcome is recorded once, under its id."""

    id: str  # made by the client; a second command with the same id is answered with the first one's outcome
    actor: str  # who: "ana", "cli", "system:responder"
    act: Act


class Learned(Noun, frozen=True, kw_only=True, tag="learned"):
    """A background worker's result; the engine ignores what no longer fits."""

    based_on: Position  # the store position that the worker had read
    result: Result


class Tick(Noun, frozen=True, kw_only=True, tag="tick"):
    """Nothing but time: lets due timers run when nothing arrives."""


Payload = Delivery | Command | Learned | Tick


class Entry(Noun, frozen=True, kw_only=True):
    """One record of the journal."""

    position: Position
    received_at: datetime  # stamped at append (a backfill gives its own)
    payload: Payload


EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def stamp(when: datetime) -> datetime:
    """Return ``when`` as an entry may bear it; Unavailable when no clock that is right can have said so."""
    when = aware(when)
    if not EARLIEST <= when < LATEST:
        raise Unavailable(f"{when.isoformat()} is no time for an entry: set the clock right")
    return when


_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Payload] = msgspec.msgpack.Decoder(Payload)


def encode_payload(payload: Payload) -> bytes:
    """Return the bytes a journal keeps of ``payload`` (msgpack, tagged by kind)."""
    return _encoder.encode(payload)


def decode_payload(raw: bytes) -> Payload:
    """Return the payload that ``encode_payload`` wrote."""
    return _decoder.decode(raw)
