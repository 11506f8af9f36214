"""From when on is which work left undone while the engine is behind?"""

from collections import deque
from collections.abc import Collection

from aiops.domain.acts import SHEDDABLE, Shed
from aiops.domain.words import span

# Work, and how many seconds the oldest entry waits when it is left undone. Never: what is kept, judged, grouped, paged.
ORDER = tuple(zip(SHEDDABLE, (5.0, 15.0, 30.0), strict=True))
CALM = 2.0  # seconds: an engine that is no further behind keeps up
MOST_LOOKS = 3_600
LASTING = 30.0  # seconds that it must keep up before work is taken up again, one kind at a time


class Waiting:
    """For how long has the oldest unfolded entry been there, by what was seen? A backfill's own times say nothing."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()  # when it was looked, newest offset then

    def seconds(self, last: int, done: int, now: float) -> float:
        """Return it; ``last`` is the newest offset of the journal, ``done`` the last that is folded."""
        if len(self._seen) < MOST_LOOKS:
            self._seen.append((now, last))
        while self._seen and self._seen[0][1] <= done:
            self._seen.popleft()
        return now - self._seen[0][0] if self._seen else 0.0


class Shedding:
    """What was decided last: an act takes effect only once the entries before it are folded."""

    def __init__(self) -> None:
        self._asked: dict[str, bool] = {}  # work -> is it to be left undone? Until that is so
        self._calm_since: float | None = None

    def decide(self, waited: float, shed: Collection[str], now: float) -> list[Shed]:
        """Return what is to change: ``waited`` seconds is the oldest entry old, ``shed`` is left undone at present."""
        self._asked = {work: on for work, on in self._asked.items() if (work in shed) is not on}
        off = [work for work, _ in ORDER if self._asked.get(work, work in shed)]
        due = [work for work, limit in ORDER if waited >= limit and work not in off]
        if waited > CALM:
            self._calm_since = None
            return [self._ask(work, True, f"{work} is left undone: an entry waits for {span(waited)}") for work in due]
        if self._calm_since is None:
            self._calm_since = now
        if not off or now - self._calm_since < LASTING:
            return []
        self._calm_since = now
        return [self._ask(off[-1], False, f"{off[-1]} is taken up again: nothing waits any longer")]

    def _ask(self, work: str, on: bool, text: str) -> Shed:
        self._asked[work] = on
        return Shed(work=work, on=on, text=text)
