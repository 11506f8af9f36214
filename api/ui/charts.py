"""Where on the picture does a count or an episode stand? Geometry only; the templates draw it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aiops.domain.alerts import Episode
from aiops.domain.events import Severity
from aiops.domain.records import Rollup

WIDTH, HEIGHT = 960, 56  # of the histogram, in its own units
LANE, LABEL, LANES_WIDTH = 24, 150, 1360  # of the timeline
MOST_LANES = 14
LEAST_WIDTH = 3.0  # of an episode's bar: a short one must be seen
THICK, MOST_SLOTS = 14, 4  # a lane's bars share its height, so that none hides another
RANGES = {  # name -> (length, width of a bar)
    "1h": (timedelta(hours=1), timedelta(minutes=5)),
    "6h": (timedelta(hours=6), timedelta(minutes=5)),
    "24h": (timedelta(hours=24), timedelta(minutes=15)),
    "7d": (timedelta(days=7), timedelta(hours=2)),
}
STACK = (Severity.CRITICAL, Severity.HIGH, Severity.WARNING, Severity.INFO)  # from the ground up


@dataclass(frozen=True)
class Piece:
    """One severity's part of a bar."""

    severity: str
    count: int
    y: float
    height: float


@dataclass(frozen=True)
class Bar:
    """One interval of the histogram."""

    start: datetime
    x: float
    width: float
    total: int
    pieces: tuple[Piece, ...]

    @property
    def at(self) -> int:
        """The interval's start in Unix seconds, for links."""
        return int(self.start.timestamp())


@dataclass(frozen=True)
class Histogram:
    """Counts over time, stacked by severity."""

    bars: tuple[Bar, ...]  # empty intervals are left out
    total: int
    highest: int
    since: datetime
    until: datetime
    minutes: int  # width of a bar


def window(now: datetime, name: str) -> tuple[datetime, datetime, timedelta]:
    """Return since, until and the width of a bar, on whole bars; an unknown name means the last day."""
    length, step = RANGES.get(name, RANGES["24h"])
    until = datetime.fromtimestamp((now.timestamp() // step.total_seconds() + 1) * step.total_seconds(), UTC)
    return until - length, until, step


def histogram(counts: Iterable[Rollup], since: datetime, until: datetime, step: timedelta) -> Histogram:
    """Stack the counts of ``since`` to ``until`` in bars of ``step``."""
    by_bar: dict[int, dict[str, int]] = {}
    for count in counts:
        index = (count.bin - since) // step
        if since <= count.bin < until:
            bar = by_bar.setdefault(index, {})
            bar[count.key] = bar.get(count.key, 0) + count.count
    highest = max((sum(bar.values()) for bar in by_bar.values()), default=0)
    width = WIDTH / ((until - since) / step)
    bars = tuple(
        Bar(since + index * step, round(index * width, 1), round(width - 1, 1), sum(bar.values()), _stack(bar, highest))
        for index, bar in sorted(by_bar.items())
    )
    total = sum(bar.total for bar in bars)
    return Histogram(bars, total, highest, since, until, int(step.total_seconds() // 60))


def _stack(bar: dict[str, int], highest: int) -> tuple[Piece, ...]:
    pieces, ground = [], float(HEIGHT)
    for severity in STACK:
        if count := bar.get(severity.value, 0):
            height = max(1.0, count / highest * HEIGHT)
            ground -= height
            pieces.append(Piece(severity.value, count, round(ground, 1), round(height, 1)))
    return tuple(pieces)


@dataclass(frozen=True)
class Mark:
    """One episode on its service's lane."""

    episode_id: str
    fingerprint: str
    severity: str
    x: float
    y: float
    width: float
    height: float
    open: bool
    suppressed: bool
    label: str


@dataclass(frozen=True)
class Lane:
    """One service's line of the timeline."""

    service: str
    cause: bool
    y: int
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Lanes:
    """When what alerted, a lane per service, the likely cause on top."""

    lanes: tuple[Lane, ...]
    height: int
    ticks: tuple[tuple[float, datetime], ...]
    more: int  # services that have no lane


def lanes(episodes: Sequence[Episode], services: Sequence[str], cause: str, until: datetime) -> Lanes:
    """Lay episodes out: lanes in the order of ``services``, which has the likely cause first."""
    by_service: dict[str, list[Episode]] = {service: [] for service in (cause, *services) if service}
    for episode in episodes:
        by_service.setdefault(episode.entity.name, []).append(episode)
    shown = [(service, found) for service, found in by_service.items() if found]
    begin = min((episode.started_at for episode in episodes), default=until)
    length = max((until - begin).total_seconds(), 60.0)
    scale = (LANES_WIDTH - LABEL - 10) / length
    made = tuple(
        Lane(service, service == cause, number * LANE, tuple(_marks(found, begin, until, scale)))
        for number, (service, found) in enumerate(shown[:MOST_LANES])
    )
    ticks = tuple(
        (round(LABEL + quarter / 4 * length * scale, 1), begin + timedelta(seconds=quarter / 4 * length))
        for quarter in range(4)
    )
    return Lanes(made, len(made) * LANE, ticks, max(0, len(shown) - MOST_LANES))


def _marks(episodes: Sequence[Episode], begin: datetime, until: datetime, scale: float) -> Iterator[Mark]:
    slots = min(len(episodes), MOST_SLOTS)
    height = THICK / slots
    for number, episode in enumerate(episodes):
        yield _mark(episode, begin, until, scale, (number % slots * height, height))


def _mark(episode: Episode, begin: datetime, until: datetime, scale: float, slot: tuple[float, float]) -> Mark:
    start = (episode.started_at - begin).total_seconds()
    lasted = ((episode.ended_at or until) - episode.started_at).total_seconds()
    x = min(LABEL + start * scale, LANES_WIDTH - LEAST_WIDTH)
    return Mark(
        episode_id=episode.episode_id,
        fingerprint=episode.fingerprint,
        severity=episode.severity.value,
        x=round(x, 1),
        y=round(slot[0], 1),
        width=round(min(max(LEAST_WIDTH, lasted * scale), LANES_WIDTH - x), 1),
        height=round(max(slot[1] - 1, 2), 1),
        open=episode.open,
        suppressed=episode.suppressed,
        label=f"{episode.name} on {episode.entity.name or 'no known service'}",
    )
