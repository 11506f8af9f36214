"""Which moment does a sender mean?"""

import math
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)  # outside: "unset", not a time
MOST_AHEAD = timedelta(days=1)  # a clock further ahead than this is not believed
LONGEST = 64  # characters of a written time

_FORMATS = (
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M:%S.%f",
    "%d/%b/%Y:%H:%M:%S %z",
    "%d/%b/%Y %H:%M:%S",
    "%d-%b-%Y %H:%M:%S",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p",
    "%b %d, %Y %I:%M:%S %p",
    "%b %d, %Y, %I:%M:%S %p",
    "%b %d %Y %H:%M:%S",
    "%m/%d/%Y %I:%M %p",
    "%m/%d/%Y %H:%M",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%dT%H:%M:%S%z",
    "%A, %B %d, %Y %I:%M:%S %p",
    "%B %d, %Y %H:%M:%S",
    "%a %b %d %H:%M:%S %Y",
    "%Y-%m-%d %I:%M:%S %p",
    "%Y-%m-%d, %H:%M:%S",
    "%Y.%m.%d %H:%M:%S",
)
_UNITS = ((1e11, 1), (1e14, 1_000), (1e17, 1_000_000), (math.inf, 1_000_000_000))  # below the bound: parts of a second
_UNTHINKABLE = 4e18  # the year 2096 in ns


def moment(value: object, near: datetime) -> datetime | None:
    """Return the time that ``value`` states, in UTC; None where it states none.

    Takes epochs in s, ms, us or ns (numbers or digits), ISO 8601, RFC 2822 and about fifteen other ways of writing.
    A time without a zone is UTC; one without a year is the one closest before a day after ``near``. Zero, -1,
    0001-01-01, anything before 1990 or after 2100 means "unset".
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return epoch(value)
    if isinstance(value, str):
        return _written(value.strip(), near)
    return None


def believed(when: datetime | None, received_at: datetime) -> datetime | None:
    """Return ``when`` unless it lies so far in the future that it would outrank every later state."""
    return when if when is None or when <= received_at + MOST_AHEAD else None


def stamp(seconds: float, received_at: datetime) -> datetime:
    """Return the time of so many seconds since 1970, at most ``received_at``, and that where it is no such time."""
    return min(epoch(seconds) or received_at, received_at)


def epoch(number: float) -> datetime | None:
    """Return the time of an epoch in s, ms, us or ns, told apart by size; None when it is unset or no such time."""
    if not 0 < number < _UNTHINKABLE:  # nor NaN
        return None
    per_second = next(parts for bound, parts in _UNITS if number < bound)
    whole = isinstance(number, int)
    microseconds = number * 1_000_000 // per_second if whole else round(number * 1_000_000 / per_second)
    return _plausible(EPOCH + timedelta(microseconds=microseconds))


def _written(text: str, near: datetime) -> datetime | None:
    if not text or len(text) > LONGEST:
        return None
    if text.replace(".", "", 1).isdecimal() and text.isascii():
        return epoch(float(text) if "." in text else int(text)) or _plausible(_iso(text))
    when = _iso(text)
    if when is None:
        when = _go(text) or _mail(text) or _formatted(text) or _without_year(text, near)
    return _plausible(when)


def _plausible(when: datetime | None) -> datetime | None:
    """In UTC, and only where it can be meant."""
    if when is None:
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return when.astimezone(UTC) if EARLIEST <= when < LATEST else None


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _go(text: str) -> datetime | None:
    """As Go prints it (``2026-03-02 09:00:00.5 +0100 CET``), or with UTC behind it."""
    parts = text.split()
    if len(parts) < 3 or not parts[0][:4].isdecimal():
        return None
    offset = parts[2] if parts[2][0] in "+-" else "Z" if parts[2] in ("UTC", "GMT", "Z") else ""
    return _iso(f"{parts[0]}T{parts[1]}{offset}") if offset else None


def _mail(text: str) -> datetime | None:
    """RFC 2822, as in mail and HTTP headers."""
    try:
        return parsedate_to_datetime(text) if text[:4].rstrip(",").isalpha() else None
    except (ValueError, OverflowError):
        return None


def _formatted(text: str) -> datetime | None:
    text = " ".join(part for part in text.split() if part not in ("UTC", "GMT"))
    for form in _FORMATS:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007  without a zone it is UTC, see _plausible
        except ValueError:
            continue
    return None


def _without_year(text: str, near: datetime) -> datetime | None:
    """As syslog writes it: ``Mar  2 09:00:00``."""
    for year in (near.year + 1, near.year, near.year - 1):
        try:
            when = datetime.strptime(f"{year} {text}", "%Y %b %d %H:%M:%S").replace(tzinfo=UTC)
        except ValueError:
            continue  # no such day in that year, or another format
        if when <= near + MOST_AHEAD:
            return when
    return None
