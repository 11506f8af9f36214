"""What became of each command?"""

import msgspec

from aiops.domain.acts import Outcome
from aiops.domain.documents import OUTCOMES
from aiops.domain.entries import Command, Entry
from aiops.domain.part import Part

REMEMBERED = 10_000  # commands; a client that repeats an older id is a new command


class Outcomes(Part):
    """Command ids that were applied or refused, so that a repeat changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, None] = {}

    def known(self, command_id: str) -> bool:
        """Was this command seen before? Its outcome stands."""
        return command_id in self._known

    def record(self, entry: Entry, command: Command, text: str, concerns: str, *, applied: bool) -> None:
        """Keep the one outcome of ``command``."""
        self._known[command.id] = None
        if len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]
        position = str(entry.position)
        outcome = Outcome(command_id=command.id, applied=applied, text=text, concerns=concerns, position=position)
        self.put(OUTCOMES, outcome)

    def dump(self) -> bytes:
        return msgspec.msgpack.encode(list(self._known))

    def load(self, state: bytes) -> None:
        self._known = dict.fromkeys(msgspec.msgpack.decode(state, type=list[str]))
