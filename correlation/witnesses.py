"""Who can say something of the cause beside the alerts of the incident? Experience, metrics, changes: held together."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from correlation.causes.experience import Experience
from correlation.causes.testimony import Testimony
from correlation.live import Live
from correlation.topology import ServiceGraph


class Witnesses:
    """All that ranking asks beside the incident itself."""

    def __init__(self) -> None:
        self.experience = Experience()

    def testimonies(self, live: Live, graph: ServiceGraph, now: datetime) -> Sequence[Testimony]:
        """Return what is said of any node, about this incident."""
        return ()

    def dump(self) -> bytes:
        """Return all state."""
        return msgspec.msgpack.encode((self.experience.dump(),))

    def load(self, state: bytes) -> None:
        """Take over what ``dump`` returned."""
        (experience,) = msgspec.msgpack.decode(state, type=tuple[bytes])
        self.experience.load(experience)
