"""How strongly does one episode make another one expected? The small table that holds assembly together.

Each row: ``mass``, how many episodes of one kind one episode of a neighbour in that relation is expected to bring
about, where it has one such neighbour; ``delay``, the mean of the seconds between the two. Density
``mass / N^spread * exp(-|dt| / delay) / delay``. Hand-set: a fault travels from what is called to what calls, seldom
back, and is seen within a minute or two; both directions of time count alike, since detection delays differ.

What is counted since then corrects the table by three factors, each the ratio of seen to expected with the hand-set
value as so many pseudo-counts: per relation (mass), per relation and span of time (delay, which may become lopsided),
per relation and kind of alert ("error ratio" travels, "disk full" does not). The counts are the expectation step of EM
(Dempster et al. 1977) for a Hawkes process, once per episode as it comes in: it counts for each neighbour by the share
that this one has in its intensity. The counts only shift mass between relations; how strong all of them are together
is hand-set.

What people say counts in the same tables, as ``taught``: once they named the cause of an incident, or moved alerts into
it or merged it, each of its alerts was brought about by others of it and by nothing else. The more they said, the less
counts what the stream only suggests: both are added up, the stream's share multiplied by ``fade``. In storms the stream
takes alerts that meet by chance for late consequences; what people looked through shows that there are few.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import msgspec

from aiops.domain.base import Noun


class Kernel(Noun, frozen=True, kw_only=True):
    """One relation's row."""

    mass: float
    delay: float  # seconds


KERNELS: Mapping[str, Kernel] = {
    "again": Kernel(mass=0.12, delay=1200.0),  # the same alert, after it had resolved; dt from its end; not learned
    "self": Kernel(mass=0.02, delay=90.0),
    "callee": Kernel(mass=0.035, delay=90.0),  # what e calls had alerted
    "caller": Kernel(mass=0.016, delay=90.0),
    "callee2": Kernel(mass=0.012, delay=120.0),
    "caller2": Kernel(mass=0.006, delay=120.0),
    "sibling": Kernel(mass=0.006, delay=90.0),
    "host": Kernel(mass=0.015, delay=90.0),
    "guest": Kernel(mass=0.005, delay=90.0),
    "host_mate": Kernel(mass=0.004, delay=90.0),
    "kin": Kernel(mass=0.02, delay=45.0),  # the same kind of alert on another node, where the graph knows neither
    "part_of": Kernel(mass=0.0125, delay=120.0),
    "contains": Kernel(mass=0.005, delay=120.0),
}
INVERSE = {
    **{"callee": "caller", "caller": "callee", "callee2": "caller2", "caller2": "callee2"},
    **{"host": "guest", "guest": "host", "part_of": "contains", "contains": "part_of"},
}
SPREAD = 0.5  # how far a neighbour's pull is shared among all that stand in its relation: 0 not at all, 1 wholly
COMMON = 0.2 / 3600  # per second: a neighbour that fires by chance this often pulls half as strongly

EDGES = (-600.0, -300.0, -180.0, -90.0, -45.0, -15.0, 15.0, 45.0, 90.0, 180.0, 300.0, 600.0)  # seconds between bins
KINDS = 4.0  # kinds of alert that a fault may raise on one node: turns a row's mass into episodes expected
MASS_COUNTS, DELAY_COUNTS, KIND_COUNTS = 100.0, 100.0, 5.0  # what the hand-set values count as
LEAST_BOOST, MOST_BOOST = 0.1, 5.0  # of a kind
MOST_KINDS = 500  # counted; beyond it the rarest are forgotten
LESSONS = 100.0  # so many alerts that people placed halve what the stream's own counts weigh

Cause = tuple[str, float, float]  # relation, seconds, firings per second (or any other measure of its share)


class Row(msgspec.Struct, array_like=True):
    """What was counted of one relation."""

    expected: float = 0.0  # episodes that the hand-set mass would have brought about
    caused: float = 0.0
    delays: list[float] = msgspec.field(default_factory=lambda: [0.0] * (len(EDGES) + 1))
    kinds: dict[str, float] = {}


class Counts(msgspec.Struct, array_like=True):
    """All state, as a snapshot holds it; one of before people could teach has no more than the first three."""

    rows: dict[str, Row]
    kinds: dict[str, float]
    seen: float
    taught: dict[str, Row] = {}
    lessons: float = 0.0


class Kernels:
    """The table with what was learned; deterministic, and bounded whatever comes in."""

    def __init__(self) -> None:
        self.rows, self.taught = _rows(), _rows()
        self.kinds: dict[str, float] = {}  # kind -> episodes, whatever caused them
        self.seen = self.lessons = 0.0  # episodes counted as they came in, and those that people placed
        self._forget()

    def pull(self, relation: str, fan: int, seconds: float, rate: float, kind: str) -> float:
        """Return how many firings of ``kind`` per second an episode adds ``seconds`` away from its start.

        ``fan``: how many stand in this relation to it; ``rate``: its own usual rate (chronic ones say little).
        """
        kernel = KERNELS[relation]
        chronic = 0.0 if relation == "again" else rate / COMMON  # what is back is weighed against its own rate already
        density = math.exp(-abs(seconds) / kernel.delay) / kernel.delay
        strength = kernel.mass * density / math.pow(fan, SPREAD) / (1.0 + chronic)
        if relation == "again" or not (self.seen or self.lessons):
            return strength
        mass, delays = self._factors.get(relation) or self._factor(relation)
        return strength * mass * delays[bisect_right(EDGES, seconds)] * self.boost(relation, kind)

    def boost(self, relation: str, kind: str) -> float:
        """Return how many times more often than others this kind is what the relation brings about."""
        row, said, fade = self.rows[relation], self.taught[relation], self._fade
        caused = fade * row.caused + said.caused
        of_kind = fade * row.kinds.get(kind, 0.0) + said.kinds.get(kind, 0.0)
        expected = caused * self.kinds.get(kind, 0.0) / self.seen if self.seen else 0.0
        ratio = (of_kind + KIND_COUNTS) / (expected + KIND_COUNTS)
        return min(MOST_BOOST, max(LEAST_BOOST, ratio))

    def mass(self, relation: str) -> float:
        """Return the mass as corrected by what was counted."""
        return KERNELS[relation].mass * (1.0 if relation == "again" else self._mass(relation))

    def count(
        self,
        kind: str,
        rate: float,
        fans: Mapping[str, int],
        causes: Iterable[Cause],
        total: float,
    ) -> None:
        """Note one episode: what may have caused it, by shares of ``total``, and what it may cause in turn.

        ``fans``: relation -> how many stand in it, as seen from the episode's node; ``rate``: its usual one.
        """
        self.seen += 1.0
        _add(self.kinds, kind, 1.0)
        _note(self.rows, kind, rate, fans, causes, total)
        self._forget()

    def teach(self, kind: str, rate: float, fans: Mapping[str, int], causes: Sequence[Cause]) -> None:
        """Note one episode of which a person said where it belongs: ``causes`` are of its own incident, and all."""
        self.lessons += 1.0
        _note(self.taught, kind, rate, fans, causes, sum(strength for _, _, strength in causes))
        self._forget()

    @property
    def fade(self) -> float:
        """Return what a count of the stream's own weighs beside one that people taught."""
        return LESSONS / (LESSONS + self.lessons)

    def _forget(self) -> None:
        """What followed from the counts follows no longer."""
        self._factors: dict[str, tuple[float, list[float]]] = {}  # relation -> of mass, of each bin of time
        self._every = 0.0  # seen to expected of all relations; 0: to be counted again
        self._fade = self.fade

    def _factor(self, relation: str) -> tuple[float, list[float]]:
        row, said, usual, fade = self.rows[relation], self.taught[relation], _USUAL[relation], self._fade
        counted = fade * row.caused + said.caused + DELAY_COUNTS
        bins = zip(row.delays, said.delays, usual, strict=True)
        delays = [(fade * n + taught + DELAY_COUNTS * p) / counted / p for n, taught, p in bins]
        self._factors[relation] = self._mass(relation), delays
        return self._factors[relation]

    def _mass(self, relation: str) -> float:
        """Return seen to expected, of this relation against all of them."""
        row, said, fade = self.rows[relation], self.taught[relation], self._fade
        if not self._every:
            rows, taught = self.rows.values(), self.taught.values()
            caused = fade * sum(one.caused for one in rows) + sum(one.caused for one in taught)
            expected = fade * sum(one.expected for one in rows) + sum(one.expected for one in taught)
            self._every = _ratio(caused, expected, 1.0)
        expected = fade * row.expected + said.expected
        return (fade * row.caused + said.caused + MASS_COUNTS) / (expected * self._every + MASS_COUNTS)

    def dump(self) -> bytes:
        """Return all state."""
        return msgspec.msgpack.encode(Counts(self.rows, self.kinds, self.seen, self.taught, self.lessons))

    def load(self, state: bytes) -> None:
        """Take over what ``dump`` returned."""
        held = msgspec.msgpack.decode(state, type=Counts)
        self.rows, self.kinds, self.seen = held.rows, held.kinds, held.seen
        self.taught, self.lessons = held.taught or _rows(), held.lessons
        self._forget()


def _rows() -> dict[str, Row]:
    return {relation: Row() for relation in KERNELS if relation != "again"}


def _note(
    rows: Mapping[str, Row], kind: str, rate: float, fans: Mapping[str, int], causes: Iterable[Cause], total: float
) -> None:
    """Count an episode in the rows that may have caused it, and among those that may cause others."""
    for relation, fan in fans.items():
        inverse = INVERSE.get(relation, relation)
        expected = KINDS * KERNELS[inverse].mass * math.pow(fan, 1 - SPREAD) / (1.0 + rate / COMMON)
        rows[inverse].expected += expected
    for relation, seconds, strength in causes:
        row, share = rows[relation], strength / total
        row.caused += share
        row.delays[bisect_right(EDGES, seconds)] += share
        _add(row.kinds, kind, share)


def _ratio(seen: float, expected: float, prior: float) -> float:
    return (seen + prior) / (expected + prior)


def _add(table: dict[str, float], kind: str, by: float) -> None:
    table[kind] = table.get(kind, 0.0) + by
    if len(table) > MOST_KINDS:
        kept = sorted(table.items(), key=lambda item: (-item[1], item[0]))[: MOST_KINDS // 2]
        table.clear()
        table.update(kept)


def _share(kernel: Kernel, least: float, most: float) -> float:
    """Return how much of the hand-set density lies between two times."""

    def below(seconds: float) -> float:
        half = 0.5 * math.exp(-abs(seconds) / kernel.delay)
        return half if seconds < 0 else 1.0 - half

    return below(most) - below(least)


_BOUNDS = (-math.inf, *EDGES, math.inf)
_USUAL = {
    relation: [_share(kernel, least, most) for least, most in pairwise(_BOUNDS)] for relation, kernel in KERNELS.items()
}
