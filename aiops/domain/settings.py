"""Which settings can change a decision? They are entries of the journal, so a replay sees them where they came in."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Literal

from aiops.domain.base import Noun
from aiops.domain.errors import BadInput
from aiops.domain.events import Severity
from aiops.domain.routes import Route, check_channels, check_routes


class DedupSettings(Noun, frozen=True, kw_only=True):
    """How alerts become one."""

    resend_window: timedelta = timedelta(hours=24)  # equal content within it is a resend
    resolved_kept: timedelta = timedelta(days=7)  # a resolved alert is remembered this long; later it is a new one
    default_lease: timedelta | None = timedelta(days=7)  # an alert without a word for so long is over; None: never


class TemplateSettings(Noun, frozen=True, kw_only=True):
    """How messages become templates: Drain3's own parameters, which each scope may leave for better ones."""

    automatic: bool = True  # a scope with lines enough goes by similarity, depth and templates of its own choice
    similarity: float = 0.4
    depth: int = 4
    max_children: int = 100
    max_clusters: int = 20_000  # per scope; the least recently used is forgotten


class LogSettings(Noun, frozen=True, kw_only=True):
    """When does a log line become an alert?"""

    error_levels: tuple[str, ...] = (
        "error",
        "err",
        "critical",
        "crit",
        "fatal",
        "alert",
        "emerg",
        "emergency",
        "panic",
        "severe",
    )
    log_alert_lease: timedelta = timedelta(minutes=15)  # a log-made alert without new lines for this long is over
    learning_lines: int = 1_000  # lines of a service before a never-seen template means anything
    settled_share: float = (
        0.01  # of the last ``learning_lines`` at most this share made a template: the service is known
    )


class CorrelationSettings(Noun, frozen=True, kw_only=True):
    """How episodes become incidents; ALGORITHMS: online incident assembly."""

    window: timedelta = timedelta(minutes=20)  # how far back an episode can pull another one in
    reopen_window: timedelta = timedelta(minutes=30)
    inactivity_timeout: timedelta = timedelta(hours=4)  # no event for this long: resolved by itself, said so
    resolve_after: timedelta = timedelta(minutes=5)  # all members resolved for this long: the incident is
    close_after: timedelta = timedelta(days=1)  # resolved for this long: closed
    max_open: int = 2_000  # beyond it the quietest background incident is closed, said so
    active_per_entity: int = 64
    join_ratio: float = 2.0  # kappa: join when the intensity is this many times the background
    off_cone: float = 0.05  # rho: factor for an episode outside the cone of the incident's root
    merge_cover: float = 0.95  # a merge needs one root that explains this share of the union's services
    split_within: timedelta = timedelta(minutes=5)  # of its beginning, what looks like two is split; later proposed
    background_score: float = 7.5  # milder incidents below it wait in the background queue; 0: none do


class PagingSettings(Noun, frozen=True, kw_only=True):
    """Who is told, and when."""

    least: Severity = Severity.HIGH  # an incident of at least this severity pages
    hold: timedelta = timedelta(seconds=15)  # wait this long after opening: what joins meanwhile is one page
    default_route: str = "on-call"  # whom no route names and nobody owns
    default_channels: tuple[str, ...] = ()  # of routes that name none; none here either: every channel
    routes: tuple[Route, ...] = ()  # tried in order; where none matches, the owner is told
    channels: tuple[str, ...] = ()  # those that there are: follows from pages.channels
    most_per_route: int = 20  # pages within ``route_window``; the next one says what was held back
    route_window: timedelta = timedelta(minutes=10)
    most_per_incident: int = 6  # pages to one route about one incident within ``incident_window``
    incident_window: timedelta = timedelta(hours=1)


class MutingSettings(Noun, frozen=True, kw_only=True):
    """How far what hides may reach."""

    longest: timedelta = timedelta(days=366)  # what hides ends within it; what raises is looked at again within it
    from_tickets: Literal["off", "propose", "make"] = "propose"  # maintenance windows out of change tickets
    by_graph: bool = True  # what runs on, or is part of, a host, cluster or site that is down does not page
    down: Severity = Severity.CRITICAL  # an alert of a host, cluster or site at least so bad says that it is down


class CalmSettings(Noun, frozen=True, kw_only=True):
    """When is an alert that comes and goes told late, or once?"""

    flapping_changes: int = 6  # so many changes of its state within ``flapping_window``: it flaps
    flapping_window: timedelta = timedelta(minutes=30)
    calm_after: timedelta = timedelta(minutes=15)  # no change for so long: it flaps no more
    hold_back: bool = True  # kinds of alerts that mostly end by themselves page only once they last
    hold_share: float = 0.8  # that surely at least this share ended so (lower end of a 95 % interval)
    hold_most: timedelta = timedelta(minutes=5)  # nothing is held back longer
    hold_worst: Severity = Severity.HIGH  # nothing worse is held back


class SuggestSettings(Noun, frozen=True, kw_only=True):
    """What must be known of alerts before a rule for them is proposed?"""

    propose: bool = True
    least: int = 28  # clean firings: 95 % sure that fewer than 10 % matter; again so many in shadow
    hours: int = 12  # different hours in which it fired
    shadow: timedelta = timedelta(days=7)  # or so long in shadow
    hops: int = 1  # it never fired so near to the cause of a confirmed incident
    near: timedelta = timedelta(minutes=15)  # and not so shortly before or after it
    headroom: float = 1.5  # a mute is lifted at so many times the highest rate that was learned
    days: int = 30  # an accepted proposal expires after them


class Settings(Noun, frozen=True, kw_only=True):
    """All settings that can change a decision."""

    dedup: DedupSettings = DedupSettings()
    templates: TemplateSettings = TemplateSettings()
    logs: LogSettings = LogSettings()
    correlation: CorrelationSettings = CorrelationSettings()
    paging: PagingSettings = PagingSettings()
    muting: MutingSettings = MutingSettings()
    calm: CalmSettings = CalmSettings()
    suggest: SuggestSettings = SuggestSettings()


SECOND, YEAR = timedelta(seconds=1), timedelta(days=366)
BOUNDS: Mapping[str, tuple[float | timedelta, float | timedelta]] = {  # key -> least and most, both allowed
    "dedup.resend_window": (0 * SECOND, YEAR),
    "dedup.resolved_kept": (SECOND, YEAR),
    "dedup.default_lease": (SECOND, YEAR),
    "templates.similarity": (0.0, 1.0),
    "templates.depth": (3, 20),
    "templates.max_children": (2, 100_000),
    "templates.max_clusters": (10, 1_000_000),
    "logs.log_alert_lease": (SECOND, YEAR),
    "logs.learning_lines": (1, 1_000_000),
    "logs.settled_share": (0.0, 1.0),
    "correlation.window": (SECOND, YEAR),
    "correlation.reopen_window": (0 * SECOND, YEAR),
    "correlation.inactivity_timeout": (SECOND, YEAR),
    "correlation.resolve_after": (0 * SECOND, YEAR),
    "correlation.close_after": (SECOND, YEAR),
    "correlation.max_open": (1, 1_000_000),
    "correlation.active_per_entity": (1, 10_000),
    "correlation.join_ratio": (0.0, 1e6),
    "correlation.off_cone": (0.001, 1.0),
    "correlation.merge_cover": (0.0, 1.0),
    "correlation.split_within": (0 * SECOND, YEAR),
    "correlation.background_score": (0.0, 1e9),
    "paging.hold": (0 * SECOND, YEAR),
    "paging.most_per_route": (1, 1_000),
    "paging.route_window": (SECOND, YEAR),
    "paging.most_per_incident": (1, 1_000),
    "paging.incident_window": (SECOND, YEAR),
    "muting.longest": (SECOND, YEAR),
    "calm.flapping_changes": (2, 100),
    "calm.flapping_window": (SECOND, YEAR),
    "calm.calm_after": (SECOND, YEAR),
    "calm.hold_share": (0.5, 1.0),
    "calm.hold_most": (0 * SECOND, timedelta(hours=1)),
    "suggest.least": (1, 100_000),
    "suggest.hours": (1, 8_784),
    "suggest.shadow": (0 * SECOND, YEAR),
    "suggest.hops": (0, 5),
    "suggest.near": (0 * SECOND, YEAR),
    "suggest.headroom": (1.0, 100.0),
    "suggest.days": (1, 366),
}


def check(settings: Settings) -> None:
    """Refuse settings by which nothing could be decided: BadInput names the key and its bounds."""
    for key, value in _values(settings, ""):
        if key in BOUNDS and value is not None:
            least, most = BOUNDS[key]
            if not least <= value <= most:
                fix = f"give a value from {least} to {most}"
                raise BadInput(f"{value} is out of bounds", place=f"decisions.{key}", fix=fix)
    paging = settings.paging
    check_routes(paging.routes, paging.channels, "decisions.paging.routes")
    check_channels(paging.default_channels, paging.channels, "decisions.paging.default_channels")


def _values(section: Noun, prefix: str) -> Iterator[tuple[str, Any]]:
    """Yield (dotted key, value) of every setting."""
    for name in section.__struct_fields__:
        value = getattr(section, name)
        if isinstance(value, Noun):
            yield from _values(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
