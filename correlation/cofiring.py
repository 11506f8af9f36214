"""Which node begins to alert soon after which, more often than chance? Counted as alerts begin, one by one.

Two counts of an ordered pair (first, then), both at one *place* (a site, a cluster; all is one where none is told):

- ``near``: how often ``then`` began within ``NEAR`` seconds after ``first``. By chance it would be Poisson with mean
  NEAR / T x sum over places of (starts of first) x (starts of then), T being the time watched. A pair is found where
  the chance of the larger of its two counts is below ``RISK`` divided by the number of ordered pairs (Bonferroni),
  and it is ``LIFT`` times chance or, beyond chance, a ``SHARE`` of the rarer node's starts. Chance is reckoned as if
  every hour were alike, and every place by itself; where some hours are busy, or one place hurts the next, all that is
  frequent is together a few times more often than that, surely and for nothing. Both bounds were chosen on simulated
  alarms of twenty such graphs (mean F1 .80 without, .87 with them), not on recorded ones.
- ``onsets``: how often ``first`` began while ``then`` had been calm for ``CALM`` seconds, and ``then`` followed within
  ``CALM``. The direction is that in which the larger share of a node's starts is such an onset: what fires all the
  time is seldom the first.

A third count tells ways over another node from edges, ``beside``: of the times that count as ``near``, how often a
third node had begun too (within ``CALM`` before). What follows only where the third one is there, follows that one.
"""

import math
from collections import OrderedDict
from collections.abc import Iterator
from itertools import islice

import msgspec

NEAR = 60.0  # seconds
CALM = 300.0  # seconds
RISK = 0.05  # that one pair of all is found by chance
LEAST = 3  # occasions without which nothing is found
LIFT = 10.0  # times chance, or
SHARE = 0.2  # of the starts of the rarer node, beyond chance: what reaches neither is no more than a busy hour makes
MOST_RECENT = 64  # starts held of one place: a storm tells nothing of pairs
MOST_PLACES = 500  # the one not heard of for longest is forgotten; of one node, further ones count as one
MOST_NODES = 2_000  # the same, an eighth at once
MOST_PAIRS = 20_000  # the same
MOST_BESIDE = 16  # third nodes counted of a pair: the one counted least makes room
MOST_COMPANY = 12  # nodes that began before, the latest, that are counted so: a storm tells nothing of them


class Pair(msgspec.Struct):
    """How often one node followed another."""

    near: int = 0
    onsets: int = 0
    first: float = 0.0  # seconds since 1970, of the first and the last time
    last: float = 0.0
    lags: float = 0.0  # seconds, sum over ``near``
    beside: dict[str, int] = {}  # third node -> how often of ``near`` it had begun too


class Found(msgspec.Struct, frozen=True):
    """A pair that is more than chance: ``cause`` alerts first, ``effect`` follows."""

    cause: str
    effect: str
    together: int  # how often within NEAR, in the order in which it was more often
    expected: float  # how often by chance
    forth: tuple[int, int]  # starts of the cause that the effect followed out of calm, of how many
    back: tuple[int, int]  # the same the other way round
    lag: float  # mean seconds
    first: float
    last: float
    strength: float  # excess over the geometric mean of the starts: comparable between pairs


class _Start(msgspec.Struct):
    node: str
    at: float
    before: list[str]  # nodes that had begun within CALM before it
    followed: list[str]  # nodes that it was an onset for


class _Node(msgspec.Struct):
    places: dict[str, int] = {}
    starts: int = 0
    last: float = 0.0


class Cofiring:
    """The counts of all pairs; bounded, and the same however the starts are cut into batches."""

    def __init__(self) -> None:
        self._recent: OrderedDict[str, list[_Start]] = OrderedDict()
        self._nodes: OrderedDict[str, _Node] = OrderedDict()
        self._pairs: OrderedDict[tuple[str, str], Pair] = OrderedDict()
        self._span = (math.inf, -math.inf)
        self._changed: dict[tuple[str, str], None] = {}  # pairs, each in the order of its names

    def start(self, node: str, place: str, at: float) -> None:
        """An alert of ``node`` began at ``at`` (seconds since 1970)."""
        self._count(node, place, at)
        recent = [one for one in self._recent.get(place, ()) if one.at >= at - CALM][-MOST_RECENT:]
        earlier = [one for one in recent if one.at < at and one.node != node]
        before = list(dict.fromkeys(one.node for one in earlier))
        for one in earlier:
            if node not in one.before and node not in one.followed:
                one.followed.append(node)
                self._pair(one.node, node, at).onsets += 1
        for other, lag in {one.node: at - one.at for one in earlier if at - one.at <= NEAR}.items():
            self._follow(other, node, at, lag, before)
        followed = self._late(node, at, before, [one for one in recent if one.at > at and one.node != node])
        self._recent[place] = [*recent, _Start(node, at, before, followed)]
        self._recent.move_to_end(place)
        if len(self._recent) > MOST_PLACES:
            self._recent.popitem(last=False)

    def _late(self, node: str, at: float, before: list[str], later: list[_Start]) -> list[str]:
        """Count a start that is heard of after those that followed it; return the nodes that it was an onset for."""
        followed: list[str] = []
        for one in later:
            if one.node not in before and one.node not in followed:
                followed.append(one.node)
                self._pair(node, one.node, one.at).onsets += 1
            if node not in one.before:
                one.before.append(node)
                if one.at - at <= NEAR:
                    self._follow(node, one.node, one.at, one.at - at, one.before)
        return followed

    def _follow(self, first: str, then: str, at: float, lag: float, before: list[str]) -> None:
        pair = self._pair(first, then, at)
        pair.near += 1
        pair.lags += lag
        for other in before[-MOST_COMPANY:]:
            if other != first:
                pair.beside[other] = pair.beside.get(other, 0) + 1
        while len(pair.beside) > MOST_BESIDE:
            del pair.beside[min(pair.beside, key=lambda name: pair.beside[name])]
        self._changed[min(first, then), max(first, then)] = None

    @property
    def waiting(self) -> bool:
        """Is there a pair that was not taken?"""
        return bool(self._changed)

    def changed(self, most: int) -> Iterator[tuple[str, str]]:
        """Take up to ``most`` pairs of nodes that fired together since they were last taken, oldest first."""
        for pair in list(islice(self._changed, most)):
            del self._changed[pair]
            yield pair

    def found(self, one: str, two: str) -> Found | None:
        """Return the pair in its likely direction; None where it is no more than chance."""
        a, b = self._nodes.get(one), self._nodes.get(two)
        forth, back = self._pairs.get((one, two), Pair()), self._pairs.get((two, one), Pair())
        together = max(forth.near, back.near)
        if a is None or b is None or together < LEAST:
            return None
        expected = self._expected(a, b)
        if surprise(together, expected) < math.log10(len(self._nodes) * (len(self._nodes) - 1) / RISK):
            return None
        if together < LIFT * expected and together - expected < SHARE * min(a.starts, b.starts):
            return None
        onsets = [(forth.onsets, a.starts), (back.onsets, b.starts)]
        cause, effect = one, two
        if _share(onsets[0]) < _share(onsets[1]):
            cause, effect = two, one
            onsets.reverse()
        both = forth.near + back.near
        return Found(
            cause=cause,
            effect=effect,
            together=together,
            expected=expected,
            forth=onsets[0],
            back=onsets[1],
            lag=(forth.lags + back.lags) / both,
            first=min(pair.first for pair in (forth, back) if pair.last),
            last=max(forth.last, back.last),
            strength=(both - 2 * expected) / math.sqrt(a.starts * b.starts),
        )

    def alone(self, found: Found, third: str) -> float:
        """Return the share, 0..1, of what is beyond chance in a pair that came about without ``third``."""
        pair = self._pairs.get((found.cause, found.effect), Pair())
        beyond = pair.near - found.expected
        if beyond <= 0:
            return 1.0
        return min(1.0, max(0.0, beyond - pair.beside.get(third, 0)) / beyond)

    def last_together(self, one: str, two: str) -> float | None:
        """Return when the two last began within ``CALM`` of each other, in any order; None: never."""
        pairs = (self._pairs.get((one, two)), self._pairs.get((two, one)))
        return max((pair.last for pair in pairs if pair), default=None)

    def heard(self, node: str) -> tuple[int, float]:
        """Return how often the node began to alert, and when last."""
        known = self._nodes.get(node) or _Node()
        return known.starts, known.last

    def _count(self, node: str, place: str, at: float) -> None:
        known = self._nodes.get(node)
        if known is None:
            known = self._nodes[node] = _Node(places={})
            if len(self._nodes) > MOST_NODES:
                self._forget()
        self._nodes.move_to_end(node)
        if place not in known.places and len(known.places) >= MOST_PLACES:
            place = ""
        known.places[place] = known.places.get(place, 0) + 1
        known.starts += 1
        known.last = max(known.last, at)
        self._span = (min(self._span[0], at), max(self._span[1], at))

    def _pair(self, first: str, then: str, at: float) -> Pair:
        pair = self._pairs.get((first, then))
        if pair is None:
            pair = self._pairs[first, then] = Pair(first=at, beside={})
            if len(self._pairs) > MOST_PAIRS:
                self._drop(next(iter(self._pairs)))
        self._pairs.move_to_end((first, then))
        pair.last = max(pair.last, at)
        return pair

    def _forget(self) -> None:
        """Forget an eighth of the nodes, those not heard of for longest, with their pairs: many at one look at all."""
        gone = set(islice(self._nodes, MOST_NODES // 8))
        for node in gone:
            del self._nodes[node]
        for pair in [pair for pair in self._pairs if not gone.isdisjoint(pair)]:
            self._drop(pair)

    def _drop(self, pair: tuple[str, str]) -> None:
        first, then = pair
        del self._pairs[pair]
        if (then, first) not in self._pairs:
            self._changed.pop((min(pair), max(pair)), None)

    def _expected(self, one: _Node, two: _Node) -> float:
        few, many = sorted((one.places, two.places), key=len)
        watched = max(NEAR, self._span[1] - self._span[0])
        return NEAR / watched * sum(number * many.get(place, 0) for place, number in few.items())

    def dump(self) -> bytes:
        """Return all state."""
        pairs = [(*names, pair) for names, pair in self._pairs.items()]
        state = (list(self._recent.items()), list(self._nodes.items()), pairs, self._span, list(self._changed))
        return msgspec.msgpack.encode(state)

    def load(self, state: bytes) -> None:
        """Take over what ``dump`` returned."""
        shape = tuple[
            list[tuple[str, list[_Start]]],
            list[tuple[str, _Node]],
            list[tuple[str, str, Pair]],
            tuple[float, float],
            list[tuple[str, str]],
        ]
        recent, nodes, pairs, self._span, changed = msgspec.msgpack.decode(state, type=shape)
        self._recent, self._nodes = OrderedDict(recent), OrderedDict(nodes)
        self._pairs = OrderedDict(((first, then), pair) for first, then, pair in pairs)
        self._changed = dict.fromkeys(changed)


def _share(onsets: tuple[int, int]) -> float:
    """Of so many starts; half a one more, so that none of few is not less than one of many."""
    return (onsets[0] + 0.5) / onsets[1]


def surprise(count: int, expected: float) -> float:
    """Return -log10 of the chance that a Poisson variable of this mean is ``count`` or more."""
    if count <= expected:
        return 0.0
    mean = max(expected, 1e-12)
    term, total = 1.0, 1.0
    for more in range(count + 1, count + 1_000):  # the tail over its first term; it falls, as count > mean
        term *= mean / more
        total += term
        if term < 1e-9 * total:
            break
    return -(count * math.log(mean) - mean - math.lgamma(count + 1) + math.log(total)) / math.log(10)
