"""What time is it? Read here and at the journal's append, nowhere else."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the wall clock's time, aware, in UTC."""
    return datetime.now(UTC)
