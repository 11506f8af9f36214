"""When is an incident over, and when is it closed? What moves by itself, as time goes by."""

from datetime import UTC, datetime, timedelta

from aiops.domain.incidents import IncidentStatus
from aiops.domain.settings import CorrelationSettings
from aiops.domain.words import plural, span
from correlation.live import Live

PATIENCE = 2  # times longer we wait for word of what fires: senders repeat themselves every 4 hours, some minutes late


def next_move(live: Live, settings: CorrelationSettings, now: datetime) -> tuple[IncidentStatus, str] | None:
    """Return the status that it is time for, and why."""
    doc = live.doc
    if doc.active and live.quiet_since is not None and now >= _resolves(live, settings):
        muted = f" ({plural(doc.firing, 'muted alert')} aside)" if doc.firing else ""
        calm = span(settings.resolve_after)
        return IncidentStatus.RESOLVED, f"resolved: nothing of it has fired for {calm}{muted}"
    patience = _patience(live, settings)
    if doc.active and now >= doc.last_activity + patience:
        number = plural(doc.firing, "alert")
        still = f", though {number} of it never said to be over" if doc.firing else ""
        return IncidentStatus.RESOLVED, f"resolved: nothing was heard of it for {span(patience)}{still}"
    closes = _closes(live, settings)
    if closes is not None and now >= closes:
        return IncidentStatus.CLOSED, f"closed: resolved for {span(settings.close_after)}"
    return None


def ends(live: Live, settings: CorrelationSettings) -> list[datetime]:
    """Return the times at which it may be time for another status."""
    if live.doc.active:
        quiet = [_resolves(live, settings)] if live.quiet_since is not None else []
        return [live.doc.last_activity + _patience(live, settings), *quiet]
    closes = _closes(live, settings)
    return [closes] if closes else []


def _patience(live: Live, settings: CorrelationSettings) -> timedelta:
    """How long may nothing be heard of it?"""
    return settings.inactivity_timeout * (PATIENCE if live.fires else 1)


def _resolves(live: Live, settings: CorrelationSettings) -> datetime:
    return datetime.fromtimestamp(live.quiet_since or 0.0, UTC) + settings.resolve_after


def _closes(live: Live, settings: CorrelationSettings) -> datetime | None:
    """When is it closed by itself? Never while an alert that counts fires: its next word must have a place."""
    if live.doc.status is not IncidentStatus.RESOLVED or live.fires:
        return None
    return (live.doc.resolved_at or live.doc.last_activity) + settings.close_after
