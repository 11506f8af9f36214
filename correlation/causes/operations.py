"""In which of its operations does a node spend the time that was added? The largest are told apart, the rest is one."""

from collections.abc import Iterable, Mapping
from statistics import median
from typing import NamedTuple

from correlation.causes.series import FINE_BUCKETS, LEAST, MOST_FINE, Metrics, Window

MOST_OPERATIONS = 20  # of a node that are told apart: those in which most time is spent
REST = ""  # name of all others together
LEAST_SHARE = 0.5  # of the extra time of a node, from which one operation is named


class Extra(NamedTuple):
    """The operation in which most of the extra time of a node is."""

    operation: str
    share: float  # of the extra time of all its operations, 0..1
    mean: float  # seconds of a request now
    before: float


class Operations:
    """Seconds that each node spends in itself, by operation and minute."""

    def __init__(self) -> None:
        self._held = Metrics(MOST_FINE, FINE_BUCKETS)

    def put(self, node: str, operation: str, points: Iterable[tuple[float, float]]) -> None:
        """Add the seconds of some minutes; of more a minute than the least that is told apart, it takes its place."""
        told = list(points)
        apart = [one for one in self._held.names(node) if one != REST]
        if operation not in (*apart, REST) and len(apart) >= MOST_OPERATIONS:
            usual, least = min((self._held.mean(node, one), one) for one in apart)
            if max(value for _, value in told) > usual:
                self._held.pool(node, least, REST)
            else:
                operation = REST
        self._held.put(node, operation, told, summed=True)

    def most(self, node: str, requests: Window, start: float, end: float, lead: float) -> Extra | None:
        """Return the operation with half or more of the extra time of all; ``requests``: of the node, as it is seen."""
        served, usual, first = sum(requests.values), max(requests.middle, 1.0), start - lead
        means: dict[str, float] = {}
        before: dict[str, float] = {}
        for name in self._held.names(node) if served else ():
            course = self._held.course(node, name, first, end)
            past = [seconds for at, seconds in course.items() if at < first]
            means[name] = sum(seconds for at, seconds in course.items() if at >= first) / served
            before[name] = median(past) / usual if len(past) >= LEAST else 0.0
        return _largest(means, before) if means else None

    def dump(self) -> bytes:
        """Return all state."""
        return self._held.dump()

    def load(self, state: bytes) -> None:
        """Take over what ``dump`` returned."""
        self._held.load(state)


def _largest(means: Mapping[str, float], before: Mapping[str, float]) -> Extra | None:
    extra = {name: max(0.0, mean - before[name]) for name, mean in means.items()}
    total = sum(extra.values())
    name = max(extra, key=lambda one: (extra[one], one))
    if name == REST or total <= 0 or extra[name] < LEAST_SHARE * total:
        return None
    return Extra(name, extra[name] / total, means[name], before[name])
