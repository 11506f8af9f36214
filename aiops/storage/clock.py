"""What time is an entry stamped with? The wall clock, read at the journal's append and nowhere else in here."""

from datetime import UTC, datetime


def wall_clock() -> datetime:
    """Return the present time, aware, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - the journal's append is where time enters
