"""What did a sender deliver, and where does it stand in the journal?"""

import re

import msgspec

from aiops.domain.base import Noun


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
