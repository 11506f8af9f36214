"""How strongly does one episode make another one expected? The small table that holds assembly together.

Each row: ``mass``, how many episodes of one kind one episode of a neighbour in that relation is expected to bring
about, where it has one such neighbour; ``delay``, the mean of the seconds between the two. Density
``mass / N^spread * exp(-|dt| / delay) / delay``, the same in both directions of time, because clocks and detection
delays differ by more than faults need to travel. Hand-set from simulated storms (call chains of 30 s a hop, 60 s
detection, flapping, skewed clocks) so that a ``join_ratio`` of 2 is right; a site's own table can take its place.
"""

import math
from collections.abc import Mapping

from aiops.domain.base import Noun


class Kernel(Noun, frozen=True, kw_only=True):
    """One relation's row."""

    mass: float
    delay: float  # seconds


KERNELS: Mapping[str, Kernel] = {
    "again": Kernel(mass=0.12, delay=1200.0),  # the same alert, after it had resolved; dt from its end
    "self": Kernel(mass=0.05, delay=150.0),
    "callee": Kernel(mass=0.03, delay=120.0),  # what e calls had alerted
    "caller": Kernel(mass=0.03, delay=120.0),
    "callee2": Kernel(mass=0.0075, delay=150.0),
    "caller2": Kernel(mass=0.0075, delay=150.0),
    "sibling": Kernel(mass=0.005, delay=120.0),
    "host": Kernel(mass=0.0375, delay=90.0),
    "guest": Kernel(mass=0.0375, delay=90.0),
    "host_mate": Kernel(mass=0.005, delay=60.0),
    "part_of": Kernel(mass=0.0125, delay=120.0),
    "contains": Kernel(mass=0.0125, delay=120.0),
}
SPREAD = 0.5  # how far a neighbour's pull is shared among all that stand in its relation: 0 not at all, 1 wholly
COMMON = 0.2 / 3600  # per second: a neighbour that fires by chance this often pulls half as strongly


def pull(relation: str, fan: int, seconds: float, rate: float) -> float:
    """Return how many firings per second an episode adds to its neighbour's kind, ``seconds`` away from its start.

    ``fan``: how many stand in this relation to it; ``rate``: its own usual rate per second (chronic ones say little).
    """
    kernel = KERNELS[relation]
    chronic = 0.0 if relation == "again" else rate / COMMON  # what is back is weighed against its own rate already
    density = math.exp(-abs(seconds) / kernel.delay) / kernel.delay
    return kernel.mass * density / math.pow(fan, SPREAD) / (1.0 + chronic)
