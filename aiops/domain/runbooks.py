"""What is written down about what to do?"""

from datetime import datetime
from urllib.parse import urlsplit

from aiops.domain.base import Noun
from aiops.domain.matching import Matcher


class Runbook(Noun, frozen=True, kw_only=True):
    """What to do about an alert: where that is written, or the text itself.

    It is for the alerts that ``alerts`` names and ``matchers`` fit; with neither it is found by what it says alone.
    """

    id: str
    name: str
    owner: str
    url: str = ""  # where it is written; empty: ``text`` says it all
    text: str = ""  # Markdown
    alerts: tuple[str, ...] = ()  # names of alerts, compared without case and separators; empty: of any name
    matchers: tuple[Matcher, ...] = ()  # all must hold for an alert that it is for
    pack: str = ""  # the file or folder it came with; empty: made here
    put_by: str = ""
    put_at: datetime | None = None
    ended_by: str = ""
    ended_at: datetime | None = None  # it is offered no longer
    revision: int = 0


def is_link(text: str) -> bool:
    """Is it an address that a browser may follow? Senders write anything where a link should be."""
    try:
        return urlsplit(text).scheme in ("http", "https")
    except ValueError:  # brackets that do not fit
        return False
