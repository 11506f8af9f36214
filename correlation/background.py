"""How often does this sort of alert fire by chance? One rate per (entity, kind), learned from the stream itself."""

import math

import msgspec

PRIOR_RATE = 0.05  # per hour: of a key never seen before. One unexpected firing of one kind on one node in 20 hours
PRIOR_WEIGHT = 2.0  # the prior counts as that many firings already seen
LEAST_RATE = 0.04 / 3600  # per second, in joining: new sorts of alert go on turning up, however long we have watched
MEMORY = 14 * 86_400.0  # seconds: older firings fade away, so that a key can become quiet again
WINDOW = 1200.0  # seconds: "seen by chance" means within so long
USUAL_NEWS = 1.0, 12.0  # of so many windows of a node, so many bring a key never seen on it: what we begin with
NEW = 3.0  # a key seen less often than this is as surprising as a new one on its node, not more
DAY = 86_400.0  # seconds: a node's routine has come round once
MOST_NODES = 20_000  # whose news are counted; the oldest is forgotten
MOST_KEYS = 100_000  # the longest not heard of is forgotten, and is as a new one when it comes back


class Rates:
    """Posterior mean of a Gamma rate: (2 + n) / (2 / mu0 + T), n the firings nothing explained, T the time watched.

    Both fade with ``MEMORY``. A firing counts by the chance that it was background, so storms do not make a key common.
    """

    def __init__(self) -> None:
        self._start: float | None = None
        self._asked = math.nan  # the time last asked about, and the denominator then
        self._weight = 0.0
        self._keys: dict[str, tuple[float, float]] = {}  # key -> (n, as of); those last heard of at the end
        self._since: dict[str, float] = {}  # key -> when it was first noted
        self._news: dict[str, tuple[int, int]] = {}  # node -> windows in which it had a new key, the last of them

    def rate(self, key: str, now: float) -> float:
        """Return the usual rate of ``key`` per second, at least ``LEAST_RATE``; watched since it was first noted.

        How long others were watched says nothing of it: services come and go, and what is new is not rare for that.
        """
        since = self._since.get(key)
        if since is None:
            return PRIOR_RATE / 3600
        seen, when = self._keys[key]
        watched = MEMORY * -math.expm1(-max(0.0, now - since) / MEMORY)
        faded = seen * math.exp(-max(0.0, now - when) / MEMORY)
        return max(LEAST_RATE, (PRIOR_WEIGHT + faded) / (PRIOR_WEIGHT * 3600 / PRIOR_RATE + watched))

    def _mean(self, key: str, now: float) -> float:
        seen, when = self._keys.get(key, (0.0, now))
        if now != self._asked:
            start = now if self._start is None else self._start
            watched = MEMORY * -math.expm1(-max(0.0, now - start) / MEMORY)
            self._asked, self._weight = now, PRIOR_WEIGHT * 3600 / PRIOR_RATE + watched
        faded = seen * math.exp(-max(0.0, now - when) / MEMORY) if seen else 0.0
        return (PRIOR_WEIGHT + faded) / self._weight

    def count(self, key: str, share: float, now: float) -> None:
        """Note a firing that was background with probability ``share``."""
        if self._start is None:
            self._start, self._asked = now, math.nan
        if key not in self._since:
            self._since[key] = now
            self._new(key, now)
        seen, when = self._keys.pop(key, (0.0, now))
        self._keys[key] = (seen * math.exp(-max(0.0, now - when) / MEMORY) + share, now)
        if len(self._keys) > MOST_KEYS:
            oldest = next(iter(self._keys))
            del self._keys[oldest], self._since[oldest]

    def known(self, key: str) -> bool:
        """Was ``key`` noted before? Else its rate is the prior, and nobody has seen it."""
        return key in self._keys

    def since(self, key: str) -> float:
        """Return when ``key`` was first noted; infinity where it never was."""
        return self._since.get(key, math.inf)

    def rarity(self, key: str, now: float, window: float = WINDOW) -> float:
        """Return how telling ``key`` is: -ln of the chance to see it within ``window`` seconds, at least 0.05."""
        return max(0.05, -math.log(-math.expm1(-self._mean(key, now) * window)))

    def surprise(self, key: str, now: float, since: float = -math.inf) -> float:
        """Return how much ``key`` adds to an incident's score: its rarity, or that of news on its node if less.

        Where something new turns up every hour, as in the first days, one more new thing is no news. ``since``: when
        its node came to be there; before that nobody could have heard of it, however long others were watched.
        """
        own = self.rarity(key, now)
        if self._keys.get(key, (0.0, 0.0))[0] >= NEW:
            return own
        seen, _ = self._news.get(node_of(key), (0, 0))
        before = max(0, seen - 1)  # its own window aside
        watched = 0.0 if self._start is None else max(0.0, now - max(self._start, since)) / WINDOW
        return min(own, -math.log(min(1.0, (USUAL_NEWS[0] + before) / (USUAL_NEWS[1] + watched))))

    def company(self, surprise: float, at: float, since: float = -math.inf) -> float:
        """Return how much something of this surprise tells that came together with something else on its node ``at``.

        While a node is watched for less than a ``DAY``, its routine is not known: with the share of the day that is
        still unseen as its chance, both belong to it, and one brings the other. -ln(1 - seen + seen * exp(-surprise)).
        """
        start = at if self._start is None else max(self._start, since)
        seen = max(0.0, at - start) / DAY
        return surprise if seen >= 1.0 else abs(math.log1p(seen * math.expm1(-surprise)))

    def _new(self, key: str, now: float) -> None:
        seen, last = self._news.pop(node_of(key), (0, -1))
        window = int(now // WINDOW)
        self._news[node_of(key)] = (seen + (window != last), window)
        if len(self._news) > MOST_NODES:
            del self._news[next(iter(self._news))]

    def dump(self) -> bytes:
        """Return all state."""
        return msgspec.msgpack.encode((self._start, self._keys, self._since, self._news))

    def load(self, state: bytes) -> None:
        """Take over what ``dump`` returned."""
        self._asked = math.nan
        shape = tuple[float | None, dict[str, tuple[float, float]], dict[str, float], dict[str, tuple[int, int]]]
        self._start, self._keys, self._since, self._news = msgspec.msgpack.decode(state, type=shape)


def key_of(node: str, kind: str) -> str:
    """Return the key of one sort of alert on one node."""
    return f"{node}\x1f{kind}"


def node_of(key: str) -> str:
    """Return the node that a key is of."""
    return key.partition("\x1f")[0]
