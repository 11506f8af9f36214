"""What is sent in tests? A message about an incident, with sensible defaults."""

from datetime import UTC, datetime
from typing import Any

from aiops.domain.channels import PageTemplate
from aiops.domain.incidents import Incident, Page
from aiops.response.message import Message, message
from aiops.response.texts import DEFAULT
from tests.builders import a_page, an_incident, at

SENT = at(30)


def a_message(
    channel: str = "hook",
    *,
    incident: Incident | None = None,
    template: PageTemplate = DEFAULT,
    public_url: str = "https://aiops.example.org",
    sent_at: datetime | None = SENT,
    **page: Any,
) -> Message:
    """A message about incident 1; ``sent_at`` None: now, for those who verify how fresh it is."""
    about: Page = a_page(**{"title": "db: connection refused (2 services)", **page})
    when = sent_at or datetime.now(UTC)
    return message(about, incident or an_incident(), channel, template, public_url, when)
