"""How do people say a span, a moment, a ratio, a share, a number of things? The one place for such words."""

import math
from datetime import datetime, timedelta


def span(time: timedelta | float) -> str:
    """Return a length of time (seconds, if a number) as people say it: "42 s", "7 min", "3.5 h", "2 days"."""
    seconds = time.total_seconds() if isinstance(time, timedelta) else time
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    if seconds < 5_970:
        return f"{seconds / 60:.0f} min"
    number, unit = (seconds / 3_600, "h") if seconds < 2 * 86_400 else (seconds / 86_400, "days")
    return f"{number:.1f}".removesuffix(".0") + f" {unit}"


def how_many(count: int, exact: bool = True) -> str:
    """Return a number of things: "12,345"; where there are more than were counted, "more than 10,000"."""
    return f"{count:,}" if exact else f"more than {count:,}"


def clock(time: datetime) -> str:
    """Return a moment to the second, in UTC; the day alone where it is midnight."""
    if (time.hour, time.minute, time.second) == (0, 0, 0):
        return f"{time:%Y-%m-%d}"
    return f"{time:%Y-%m-%d %H:%M:%S} UTC" if time.second else f"{time:%Y-%m-%d %H:%M} UTC"


def times(ratio: float) -> str:
    """Return a likelihood ratio as a comparison: "2.4 times more likely", "no more likely"; "than chance" follows.

    It is rounded down, so that what falls short of a threshold of one decimal never reads as if it reached it.
    """
    if ratio < 1.1:
        return "no more likely"
    if ratio > 1_000:
        return "over 1000 times more likely"
    down = math.floor(round(ratio * 10, 6)) / 10  # 2.3 * 10 is 22.999...
    return f"{down:.1f} times more likely" if down < 10 else f"{math.floor(ratio)} times more likely"


def percent(share: float) -> str:
    """Say a share so that neither nothing nor everything is claimed by rounding."""
    if 0 < share < 0.01:
        return "<1%"
    return ">99%" if 0.99 < share < 1 else f"{share:.0%}"


def plural(count: int, word: str) -> str:
    """Return a number of things: "1 alert", "1,204 alerts"."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"
