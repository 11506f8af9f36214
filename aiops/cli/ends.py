"""How is an end written on the command line? As how long it takes until then: 30m, 2h, 30d."""

from datetime import datetime, timedelta

from aiops.bootstrap.clock import now
from aiops.config import seconds
from aiops.domain.errors import BadInput


def end_of(text: str, place: str) -> datetime:
    """Return the time that lies the duration ``text`` ahead."""
    try:
        return now() + timedelta(seconds=seconds(text))
    except (ValueError, OverflowError) as error:
        raise BadInput(str(error), place=place, fix="say e.g. 2h or 30d") from error
