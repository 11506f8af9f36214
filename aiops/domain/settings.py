"""Which settings can change a decision? They are entries of the journal, so a replay sees them where they came in."""

from datetime import timedelta

from aiops.domain.base import Noun
from aiops.domain.events import Severity


class DedupSettings(Noun, frozen=True, kw_only=True):
    """How alerts become one."""

    resend_window: timedelta = timedelta(hours=24)  # equal content within it is a resend
    resolved_kept: timedelta = timedelta(days=7)  # a resolved alert is remembered this long; later it is a new one
    default_lease: timedelta | None = None  # for senders that never resolve; None: they fire until resolved


class TemplateSettings(Noun, frozen=True, kw_only=True):
    """How messages become templates (Drain3's own parameters)."""

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
    background_score: float = 0.0  # incidents below it wait in the background queue; 0: none do


class PagingSettings(Noun, frozen=True, kw_only=True):
    """Who is told, and when."""

    least: Severity = Severity.HIGH  # an incident of at least this severity pages
    hold: timedelta = timedelta(seconds=15)  # wait this long after opening: what joins meanwhile is one page
    default_route: str = "on-call"


class Settings(Noun, frozen=True, kw_only=True):
    """All settings that can change a decision."""

    dedup: DedupSettings = DedupSettings()
    templates: TemplateSettings = TemplateSettings()
    logs: LogSettings = LogSettings()
    correlation: CorrelationSettings = CorrelationSettings()
    paging: PagingSettings = PagingSettings()
