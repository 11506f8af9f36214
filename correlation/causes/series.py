"""What did the metrics of each node say lately? Bounded windows of means, from which every baseline is taken."""

from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from statistics import fmean
from typing import NamedTuple

import msgspec

WIDTH = 10.0  # seconds of one bucket: samples within it become their mean
MOST_BUCKETS = 720  # of one series: 2 h of seconds, 12 h of minutes, 2.5 days of five minutes
MINUTE = 60.0  # seconds of one bucket of what is summed
MOST_SERIES = 5_000  # the one not heard of for longest is forgotten
MOST_FINE, FINE_BUCKETS = 10_000, 200  # of what is finer than nodes (operations, pairs): more series, but shorter ones
NEAR = 150  # buckets before a window that are its baseline: a recent one beats an old clean one
LEAST = 8  # buckets without which there is no baseline
MAD = 1.4826  # makes a median absolute deviation a standard deviation
TAIL = 0.95  # share of a baseline within two deviations, were it normal
FLOOR = 0.05  # of the median: no spread is taken to be smaller
CERTAIN = 3.0  # robust z beyond which a value counts as moved
SECONDS, AWAY, REQUESTS = "spans.seconds", "spans.away", "spans.requests"  # of spans, as the doors tell them
MEAN = "spans.latency.mean"  # seconds of a request
SELF = "spans.self"  # seconds of a request that a node spends in itself, and not in waiting for others

ROLES = {  # what a metric is by its name, first hit wins; anything else is a gauge of the node's own state
    "requests": ("requests of ", "requests.sum", "spans.requests"),
    "availability": ("availab", "success"),
    "errors": ("error", "fail", "fault", "5xx", "exception"),
    "latency": ("latency", "duration", "response_time", "responsetime", "elapsed"),
    "traffic": ("request", "throughput", "rps", "qps", "calls", "hits", "traffic"),
}
OUTWARD = {"latency": "waiting", "requests": "calls"}  # what is measured of the calls that a node makes itself
OUTWARDS = ("client", "upstream", "outbound")  # words of such


@lru_cache(maxsize=4_096)
def role_of(metric: str) -> str:
    """Return latency, requests, availability, errors or gauge; of calls that the node makes itself waiting or calls."""
    name = metric.lower()
    role = next((role for role, words in ROLES.items() if any(word in name for word in words)), "gauge")
    role = "requests" if role == "traffic" else role
    return OUTWARD.get(role, role) if any(word in name for word in OUTWARDS) else role


class Window(NamedTuple):
    """One series as a window is seen against what went before."""

    times: Sequence[float]
    values: Sequence[float]
    middle: float  # median of the baseline
    deviation: float  # its robust standard deviation; negative where there is no baseline
    step: float = 0.0  # seconds between two samples, mostly; 0: there are not two
    tail: float = 0.0  # a standard deviation too, by the baseline's widest twentieth: what comes in bursts has more

    @property
    def known(self) -> bool:
        """Is there a baseline?"""
        return self.deviation >= 0

    def z(self, index: int, floor: float | None = None) -> float:
        """Return how many deviations (at least ``floor``, else 5 % of the middle) above the middle."""
        least = FLOOR * abs(self.middle) if floor is None else floor
        return (self.values[index] - self.middle) / max(self.deviation, least, 1e-9) if self.known else 0.0


class _Series:
    """Buckets of one metric of one node, oldest first."""

    def __init__(
        self,
        times: Iterable[float] = (),
        values: Iterable[float] = (),
        held: int = 0,
        last: float = 0.0,
        most: int = MOST_BUCKETS,
    ) -> None:
        self.times, self.values = array("d", times), array("d", values)
        self.most = most  # buckets, give or take a quarter
        self.held = held  # samples in the newest bucket
        self.last = last  # newest sample of a counter

    def put(self, at: float, value: float) -> None:
        bucket = at // WIDTH * WIDTH
        if self.times and bucket == self.times[-1]:
            self.values[-1] += (value - self.values[-1]) / (self.held + 1)
            self.held += 1
        elif not self.times or bucket > self.times[-1]:
            self.times.append(bucket)
            self.values.append(value)
            self.held = 1
            self._bound()

    def add(self, at: float, value: float) -> None:
        """Add to what the minute has already: several deliveries tell of one, and some come late."""
        minute = at // MINUTE * MINUTE
        place = _after(self.times, minute)
        if place < len(self.times) and self.times[place] == minute:
            self.values[place] += value
        elif place or len(self.times) < self.most:
            self.times.insert(place, minute)
            self.values.insert(place, value)
            self._bound()

    def _bound(self) -> None:
        if len(self.times) > self.most + self.most // 4:
            del self.times[: -self.most], self.values[: -self.most]

    def recent(self, start: float, end: float) -> "_Series":
        """Return no more than is needed to see [start, end] against its baseline."""
        first, stop = max(0, _after(self.times, start) - NEAR), _after(self.times, end + WIDTH)
        return _Series(self.times[first:stop], self.values[first:stop])

    def over(self, number: "_Series") -> "_Series":
        """Return what this is per one of ``number``, where there are any."""
        counts = dict(zip(number.times, number.values, strict=True))
        pairs = [(at, v / counts[at]) for at, v in zip(self.times, self.values, strict=True) if counts.get(at)]
        return _Series((at for at, _ in pairs), (value for _, value in pairs))

    def less(self, other: "_Series | None") -> "_Series":
        """Return what remains of this without ``other``; never below 0."""
        theirs = dict(zip(other.times, other.values, strict=True)) if other else {}
        pairs = zip(self.times, self.values, strict=True)
        return _Series(self.times, (max(0.0, value - theirs.get(at, 0.0)) for at, value in pairs))

    def window(self, start: float, end: float, lead: float) -> Window:
        """Return what lies in [start - lead, end]; without enough before that, in [start, end]."""
        first = _after(self.times, start - lead)
        if first < LEAST:
            first = _after(self.times, start)
        stop = _after(self.times, end + WIDTH)
        before = self.values[max(0, first - NEAR) : first]
        middle, deviation, tail = _baseline(before) if len(before) >= LEAST else (0.0, -1.0, 0.0)
        step = _step(self.times[max(0, first - LEAST) : stop])
        return Window(self.times[first:stop], self.values[first:stop], middle, deviation, step, tail)


class Metrics:
    """All series, by node and metric: so many at most, each of so many buckets."""

    def __init__(self, most: int = MOST_SERIES, buckets: int = MOST_BUCKETS) -> None:
        self._most, self._buckets = most, buckets
        self._series: OrderedDict[tuple[str, str], _Series] = OrderedDict()
        self._of: dict[str, dict[str, None]] = {}  # node -> its metrics

    @property
    def nodes(self) -> Iterable[str]:
        """Which nodes have metrics?"""
        return self._of

    def names(self, node: str) -> Iterable[str]:
        """Which metrics does the node have?"""
        return self._of.get(node, ())

    def has(self, node: str, metric: str) -> bool:
        """Was this ever told of the node?"""
        return (node, metric) in self._series

    def put(
        self,
        node: str,
        metric: str,
        points: Iterable[tuple[float, float]],
        cumulative: bool = False,
        summed: bool = False,
    ) -> None:
        """Take in samples (seconds since 1970, value), oldest first; those older than what is held are left out.

        ``cumulative``: a counter, of which the growth is kept; one that falls has begun anew. ``summed``: what several
        tell of one minute adds up, in whatever order they tell it; else the mean of what is told of a bucket counts.
        """
        series = self._series.get((node, metric))
        if series is None:
            series = self._series[node, metric] = _Series(last=float("nan"), most=self._buckets)
            self._of.setdefault(node, {})[metric] = None
            self._bound()
        self._series.move_to_end((node, metric))
        take = series.add if summed else series.put
        for at, value in points:
            if not cumulative:
                take(at, value)
                continue
            grown = value - series.last if value >= series.last else value
            known, series.last = series.last == series.last, value
            if known:
                take(at, grown)

    def mean(self, node: str, metric: str) -> float:
        """Return the mean of all that is held of it."""
        return fmean(self._series[node, metric].values)

    def pool(self, node: str, metric: str, into: str) -> None:
        """Add what is held of one metric, which is summed, to another one, and forget the former."""
        series = self._series.pop((node, metric))
        del self._of[node][metric]
        self.put(node, into, zip(series.times, series.values, strict=True), summed=True)

    def course(self, node: str, metric: str, start: float, end: float) -> dict[float, float]:
        """Return what is held from ``NEAR`` buckets before ``start`` to ``end``, by the time of the bucket."""
        series = self._series.get((node, metric), _Series()).recent(start, end)
        return dict(zip(series.times, series.values, strict=True))

    def each(self, node: str, metric: str, number: str, start: float, end: float, lead: float) -> Window | None:
        """Return what there is of ``metric`` for each one of ``number``, from ``start - lead`` to ``end``."""
        whole, parts = self._series.get((node, metric)), self._series.get((node, number))
        if whole is None or parts is None:
            return None
        return whole.recent(start - lead, end).over(parts.recent(start - lead, end)).window(start, end, lead)

    def windows(
        self, node: str, start: float, end: float, lead: float, wanted: Callable[[str], bool] = lambda _: True
    ) -> dict[str, Window]:
        """Return each metric of the node, of those ``wanted`` by name, as it was from ``start - lead`` to ``end``.

        Sum and count of a histogram become its mean, and the count its requests. The seconds of spans become the mean
        latency of the node and, without those in which it waited for others, what it spends in itself.
        """
        held = {name: self._series[node, name].recent(start - lead, end) for name in self._of.get(node, ())}
        for name in [name for name in held if name.endswith(".sum")]:
            base = name.removesuffix(".sum")
            if number := held.pop(f"{base}.count", None):
                held[f"{base}.mean"], held[f"requests of {base}"] = held.pop(name).over(number), number
        seconds, away, number = held.pop(SECONDS, None), held.pop(AWAY, None), held.get(REQUESTS)
        if seconds and number:
            held[SELF] = seconds.less(away).over(number)
            if wanted(MEAN):
                held[MEAN] = seconds.over(number)
        return {name: series.window(start, end, lead) for name, series in held.items() if wanted(name)}

    def _bound(self) -> None:
        while len(self._series) > self._most:
            (node, metric), _ = self._series.popitem(last=False)
            del self._of[node][metric]
            if not self._of[node]:
                del self._of[node]

    def dump(self) -> bytes:
        """Return all state."""
        held = [
            (*key, one.times.tobytes(), one.values.tobytes(), one.held, one.last) for key, one in self._series.items()
        ]
        order = {node: list(metrics) for node, metrics in self._of.items()}
        return msgspec.msgpack.encode((held, order))

    def load(self, state: bytes) -> None:
        """Take over what ``dump`` returned."""
        shape = tuple[list[tuple[str, str, bytes, bytes, int, float]], dict[str, list[str]]]
        held, order = msgspec.msgpack.decode(state, type=shape)
        self._of = {node: dict.fromkeys(metrics) for node, metrics in order.items()}
        self._series = OrderedDict()
        for node, metric, times, values, number, last in held:
            series = self._series[node, metric] = _Series(held=number, last=last, most=self._buckets)
            series.times.frombytes(times)
            series.values.frombytes(values)


def _after(times: Sequence[float], moment: float) -> int:
    """Return the index of the first time that is not before ``moment``."""
    low, high = 0, len(times)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if times[middle] < moment else (low, middle)
    return low


def _step(times: Sequence[float]) -> float:
    return _median([two - one for one, two in pairwise(times[: 4 * LEAST])]) if len(times) > 1 else 0.0


def _baseline(values: Sequence[float]) -> tuple[float, float, float]:
    middle = _median(values)
    away = sorted(abs(value - middle) for value in values)
    return middle, MAD * _median(away), away[int(TAIL * len(away))] / 2


def _median(values: Sequence[float]) -> float:
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
