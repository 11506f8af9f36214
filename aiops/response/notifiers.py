"""By which channels can a page travel? Every channel has this shape, and one line in the registry."""

from collections.abc import Callable, Mapping
from typing import Protocol

from aiops.domain.incidents import Page
from aiops.response.webhook import Webhook


class Notifier(Protocol):
    """One channel, made from the one text that configures it (a URL, an address)."""

    def deliver(self, page: Page) -> str:
        """Carry ``page`` and return what the channel answered, in words.

        The page's id goes along, so that a receiver recognises a repeat. Unavailable: trying again may help.
        BadConfiguration: it will not, until the operator changes something.
        """
        ...


NOTIFIERS: Mapping[str, Callable[[str], Notifier]] = {  # section.name of the configuration -> who carries it
    "webhook_url": Webhook,
}
