"""Which messages of a scope is a choice made from? Some two thousand in a row, the first ones and rarely later ones."""

import msgspec

from aiops.domain.records import SampledLine

Tokens = tuple[str, ...]

SAMPLED = 2_000  # messages of one sample; the first ends here, each later one where ten times as many were seen
LEAST_LINES = 1_000  # of these at least must have found room: fewer show too few values of a parameter to choose by
MOST_SAMPLED = 100_000  # different masked messages held for all scopes together; further ones find no room
LONGEST_LINE = 1_000  # characters of a masked message that finds room


class Room:
    """How many different messages all samples together may still hold."""

    def __init__(self) -> None:
        self.left = MOST_SAMPLED


class SampleState(msgspec.Struct, array_like=True):
    """A sample in a snapshot."""

    lines: int = 0
    until: int = SAMPLED
    counts: list[SampledLine] = []
    waiting: tuple[SampledLine, ...] = ()


class Sample:
    """Counts the messages of one scope, and keeps those that a choice is to be made from."""

    def __init__(self, room: Room, state: SampleState) -> None:
        self._room = room
        self.lines, self._until = state.lines, state.until
        self._counts = {tuple(line.masked.split()): (line.count, line.template_id) for line in state.counts}
        self.waiting = state.waiting  # complete: a choice is to be made
        room.left -= len(self._counts) + len(self.waiting)

    def note(self, tokens: Tokens, template_id: str, *, keep: bool) -> bool:
        """Count a message of that template, and ``keep`` it where a sample is being taken; True: it is complete now."""
        self.lines += 1
        if self.lines <= self._until - SAMPLED:
            return False
        if keep and (found := self._counts.get(tokens)):
            self._counts[tokens] = (found[0] + 1, template_id)
        elif keep and self._room.left > 0 and sum(map(len, tokens)) + len(tokens) <= LONGEST_LINE:
            self._counts[tokens] = (1, template_id)
            self._room.left -= 1
        return self.lines == self._until

    def complete(self) -> None:
        """Hold the complete sample until a choice is made (none is where too little found room); take the next one."""
        self.answered()
        taken = self._lines()
        self._room.left += len(taken)
        self._counts.clear()
        self._until *= 10
        if sum(line.count for line in taken) >= LEAST_LINES:
            self.waiting = taken
            self._room.left -= len(taken)

    def answered(self) -> None:
        """The choice was made, or is to be made from a later sample."""
        self._room.left += len(self.waiting)
        self.waiting = ()

    def drop(self) -> None:
        """Give the room back: the scope is forgotten."""
        self.answered()
        self._room.left += len(self._counts)
        self._counts = {}

    def dump(self) -> SampleState:
        """Return all state, for a snapshot."""
        return SampleState(self.lines, self._until, list(self._lines()), self.waiting)

    def _lines(self) -> tuple[SampledLine, ...]:
        return tuple(
            SampledLine(masked=" ".join(tokens), count=count, template_id=template_id)
            for tokens, (count, template_id) in self._counts.items()
        )
