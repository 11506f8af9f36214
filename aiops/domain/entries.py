"""What does the journal hold? Entries: (position, received_at, payload)."""

from datetime import UTC, datetime

import msgspec

from aiops.domain.acts import Act
from aiops.domain.base import Noun, aware
from aiops.domain.deliveries import Delivery, Position, delivery_of
from aiops.domain.errors import Unavailable
from aiops.domain.learned import Result

__all__ = [
    "EARLIEST",
    "LATEST",
    "Command",
    "Delivery",
    "Entry",
    "Learned",
    "Payload",
    "Position",
    "Tick",
    "decode_payload",
    "delivery_of",
    "encode_payload",
    "stamp",
]


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
