"""How does each listener stand? It leaves its counts in a file of the data folder, for the API to show."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec

FILE = "listeners.json"  # in the data folder, while the listeners run


class Standing(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What one listener took since its process began, and what troubles it."""

    name: str  # "syslog_udp", as its key in the configuration
    source: str  # what its deliveries come under
    address: str  # where it listens; of files: what it reads
    received: int = 0  # messages or lines
    dropped: int = 0  # messages that found no room (UDP has no other way), the system's own drops included
    truncated: int = 0  # messages cut to the longest that is taken
    refused: int = 0  # connections that had to go for others
    connections: int = 0  # open now
    last_received: datetime | None = None
    problem: str = ""  # the last one
    problem_at: datetime | None = None

    def take(self, number: int, now: datetime) -> None:
        """So many messages are in the journal."""
        self.received += number
        self.last_received = now

    def trouble(self, problem: str, now: datetime) -> None:
        """Something went wrong."""
        self.problem, self.problem_at = problem[:300], now


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(tuple[Standing, ...])


def publish(file: Path, standings: Sequence[Standing]) -> None:
    """Replace the file at once; after a power cut, or where there is no room for it, it is nobody's loss."""
    unfinished = file.with_name(f"{file.name}.new")
    with suppress(OSError):  # who listens and pages goes on; the file says what it said last
        unfinished.write_bytes(_ENCODER.encode(standings))
        unfinished.replace(file)


def published(*files: Path) -> tuple[Standing, ...]:
    """Return what was left in these; nothing where nobody runs."""
    return tuple(standing for file in files for standing in _left(file))


def _left(file: Path) -> tuple[Standing, ...]:
    try:
        return _DECODER.decode(file.read_bytes())
    except (OSError, msgspec.DecodeError):
        return ()
