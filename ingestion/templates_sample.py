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
    counts: list[tuple[str, int]] = []
    waiting: tuple[SampledLine, ...] = ()


class Sample:
    """Counts the messages of one scope, and keeps those that a choice is to be made from."""

    def __init__(self, room: Room, state: SampleState) -> None:
        self._room = room
        self.lines, self._until = state.lines, state.until
        self._counts = {tuple(masked.split()): count for masked, count in state.counts}
        self.waiting = state.waiting  # complete: a choice is to be made
        room.left -= len(self._counts) + len(self.waiting)

    def note(self, tokens: Tokens, *, keep: bool) -> bool:
        """Count a message, and ``keep`` it where a sample is being taken; True: now the sample is complete."""
        self.lines += 1
        if self.lines <= self._until - SAMPLED:
            return False
        if keep and (count := self._counts.get(tokens)):
            self._counts[tokens] = count + 1
        elif keep and self._room.left > 0 and sum(map(len, tokens)) + len(tokens) <= LONGEST_LINE:
            self._counts[tokens] = 1
            self._room.left -= 1
        return self.lines == self._until

    def take(self) -> dict[Tokens, int]:
        """Return the complete sample (nothing where too little found room), and go on to the next one."""
        self.answered()
        taken, self._counts = self._counts, {}
        self._room.left += len(taken)
        self._until *= 10
        return taken if sum(taken.values()) >= LEAST_LINES else {}

    def wait(self, lines: tuple[SampledLine, ...]) -> None:
        """Hold a complete sample until the choice is made."""
        self.waiting = lines
        self._room.left -= len(lines)

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
        counts = [(" ".join(tokens), count) for tokens, count in self._counts.items()]
        return SampleState(self.lines, self._until, counts, self.waiting)
