"""When does a maintenance window open? Occurrences of an RRULE on the wall clock of its time zone."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.rrule import rrule, rruleset, rrulestr

from aiops.domain.errors import BadInput
from aiops.domain.rules import Window

TRIED = 10_000  # occurrences looked at: those that the clock never shows, or that are over
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_WITHIN_A_DAY = {"BYHOUR", "BYMINUTE", "BYSECOND"}


def occurrence(window: Window, now: datetime) -> tuple[datetime, datetime] | None:
    """Return begin and end (UTC) of the occurrence that holds at ``now``, else of the next one; None: all are over.

    The rule is read on the wall clock, so "Sunday 02:00" stays that when summer time begins. A time that the clock
    skips is read as it was before the change, of one that it shows twice the first counts (RFC 5545, 3.3.5); every
    occurrence lasts as long as the first.
    """
    lasts = window.ends_at - window.starts_at
    if not window.recurs:
        return (window.starts_at, window.ends_at) if now < window.ends_at else None
    zone = ZoneInfo(window.zone)
    local = (now - lasts - timedelta(days=1)).astimezone(zone).replace(tzinfo=None)
    for begins in islice(_rule(window, zone).xafter(local, inc=True), TRIED):
        opens = begins.replace(tzinfo=zone).astimezone(UTC)
        if window.until is not None and opens >= window.until:
            return None
        if now < opens + lasts:
            return opens, opens + lasts
    return None


def check_recurrence(window: Window, place: str) -> None:
    """Refuse a rule or time zone that cannot be read, or that opens more often than once a day."""
    try:
        zone = ZoneInfo(window.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        fix = "give an IANA name such as Europe/Berlin"
        raise BadInput(f"{window.zone!r} is no time zone", place=f"{place}, zone", fix=fix) from error
    if not window.recurs:
        return
    fix = "write an RRULE such as FREQ=WEEKLY;BYDAY=SU or FREQ=MONTHLY;BYDAY=1TU"
    if len(window.recurs) > 500 or "\n" in window.recurs:
        raise BadInput("it is too long for one rule", place=f"{place}, recurs", fix=fix)
    said = dict(part.partition("=")[::2] for part in window.recurs.upper().removeprefix("RRULE:").split(";"))
    if said.get("FREQ") not in _FREQUENCIES or not said.keys().isdisjoint(_WITHIN_A_DAY):
        problem = "it may recur more often than once a day"
        raise BadInput(problem, place=f"{place}, recurs", fix=f"use FREQ={', '.join(_FREQUENCIES)}, and no BYHOUR")
    try:
        _rule(window, zone)
    except (ValueError, TypeError, AttributeError, KeyError, IndexError) as error:  # what the library says varies
        raise BadInput(f"not a recurrence: {error}", place=f"{place}, recurs", fix=fix) from error


def _rule(window: Window, zone: ZoneInfo) -> rrule | rruleset:
    text = window.recurs.removeprefix("RRULE:")
    start = window.starts_at.astimezone(zone).replace(tzinfo=None)
    return rrulestr(text, dtstart=start, ignoretz=True)
