"""Does an alert that fires all the time say something new? A change of rate, told before dedup would hide it.

Looked at are the events of one alert that fires and is not resolved. It fires anew
- when it speaks after a silence at least ``SILENCE`` times as long as any before (and ``LEAST_SILENCE``);
- when it speaks at least ``BURST`` times as often within ``BIN`` as ever before (and ``LEAST_BURST`` times).
Each such record is the bar for the next one, so that an alert fires anew a few times only, however long it lasts.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from aiops.domain.words import plural, span

SILENCE, LEAST_SILENCE, FIRST_SILENCE = 3.0, timedelta(minutes=30), timedelta(hours=6)
BURST, LEAST_BURST = 3.0, 10
BIN = 300.0  # seconds
MOST = 200_000  # alerts; the longest not heard of is forgotten


class Habit(msgspec.Struct, array_like=True):
    """How one alert speaks."""

    last: float
    silence: float = 0.0  # the longest so far, in seconds
    bin: int = 0  # the present one
    now: int = 0  # events in it
    most: int = 0  # events in the fullest one before


class Chatter:
    """The habits of alerts that fire."""

    def __init__(self, habits: Iterable[tuple[str, Habit]] = ()) -> None:
        self._habits = dict(habits)

    def anew(self, fingerprint: str, at: datetime, before: datetime) -> str:
        """Note an event of a firing alert, whose last one was at ``before``.

        Return why it fires anew, or "" when this is what it always does.
        """
        when = at.timestamp()
        habit = self._habits.pop(fingerprint, None)
        if habit is None:
            habit = Habit(last=before.timestamp(), bin=int(before.timestamp() // BIN), now=1)
        self._habits[fingerprint] = habit
        if len(self._habits) > MOST:
            del self._habits[next(iter(self._habits))]
        return self._silent(habit, when) or self._burst(habit, when)

    def forget(self, fingerprint: str) -> None:
        """It was resolved: its sender tells states, and there is nothing to guess."""
        self._habits.pop(fingerprint, None)

    def _silent(self, habit: Habit, when: float) -> str:
        silence, longest = when - habit.last, habit.silence
        habit.last, habit.silence = max(when, habit.last), max(silence, longest)
        if silence < max(SILENCE * longest, (LEAST_SILENCE if longest else FIRST_SILENCE).total_seconds()):
            return ""
        before = f"never for more than {span(longest)} before" if longest else "for the first time"
        return f"it fires anew: it was silent for {span(silence)}, {before}"

    def _burst(self, habit: Habit, when: float) -> str:
        present = int(when // BIN)
        if present != habit.bin:
            habit.most = max(habit.most, habit.now)
            habit.bin, habit.now = present, 0
        habit.now += 1
        if not habit.most or habit.now < max(LEAST_BURST, BURST * habit.most):
            return ""
        most, habit.most = habit.most, habit.now
        return f"it fires anew: {plural(habit.now, 'event')} within {span(BIN)}, never more than {most} before"

    def dump(self) -> list[tuple[str, Habit]]:
        """Return all state."""
        return list(self._habits.items())
