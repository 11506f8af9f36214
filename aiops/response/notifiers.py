"""By which channels can a page travel? Every channel has this shape, and one line in the registry."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from aiops.domain.channels import Channel, EmailChannel, PagerDutyChannel, SlackChannel, WebhookChannel
from aiops.response.mail import Mail
from aiops.response.message import Message
from aiops.response.pagerduty import PagerDuty
from aiops.response.slack import Slack
from aiops.response.webhook import Webhook


class Notifier(Protocol):
    """One channel, made from what configures it."""

    def deliver(self, message: Message) -> str:
        """Carry ``message`` and return what the channel answered, in words.

        The key goes along, so that a receiver recognises a repeat. Unavailable: trying again may help.
        BadConfiguration, BadInput: it will not, until the operator changes something.
        """
        ...


NOTIFIERS: Mapping[type[Channel], Callable[[Any], Notifier]] = {  # what configures it -> who carries it
    WebhookChannel: Webhook,
    EmailChannel: Mail,
    SlackChannel: Slack,
    PagerDutyChannel: PagerDuty,
}


def notifier(channel: Channel) -> Notifier:
    """Return who carries pages over ``channel``."""
    return NOTIFIERS[type(channel)](channel)
