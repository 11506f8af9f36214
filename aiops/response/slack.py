"""How does a page travel to an incoming webhook of Slack, or of whoever speaks likewise?"""

import httpx
import msgspec

from aiops.domain.channels import SlackChannel
from aiops.response.message import Message
from aiops.response.posting import a_client, post
from aiops.response.texts import render

LONGEST_HEADER = 150  # characters that Slack takes
LONGEST_SECTION = 3_000
LONGEST_ID = 255
ESCAPES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"))  # all that Slack's mrkdwn asks for


class Slack:
    """Posts each page as blocks; the first block's id is the key."""

    def __init__(self, channel: SlackChannel, transport: httpx.BaseTransport | None = None) -> None:
        self._channel = channel
        self._client = a_client(transport)

    def deliver(self, message: Message) -> str:
        """Post ``message``; a 2xx is a receipt."""
        body = msgspec.json.encode(blocks(message))
        headers = {"Idempotency-Key": message.key}
        answer = post(self._client, self._channel.url, body, headers, f"the channel {self._channel.name}")
        return f"answered {answer.status_code}"


def blocks(message: Message) -> dict[str, object]:
    """Return what Slack shows: a header, the text with its values escaped, and a line for notifications."""
    subject = message.subject
    text = render(message.template, escape).body(message.facts)
    head = {"type": "plain_text", "text": _short(subject, LONGEST_HEADER), "emoji": False}
    section = {"type": "mrkdwn", "text": _short(text, LONGEST_SECTION), "verbatim": True}
    return {
        "text": escape(subject),
        "blocks": [
            {"type": "header", "block_id": message.key[:LONGEST_ID], "text": head},
            {"type": "section", "text": section},
        ],
    }


def escape(text: str) -> str:
    """Return ``text`` so that it mentions nobody and links nowhere."""
    for letter, name in ESCAPES:
        text = text.replace(letter, name)
    return text


def _short(text: str, length: int) -> str:
    """Cut ``text``, but not within an escape."""
    if len(text) <= length:
        return text
    cut = text[: length - 1]
    start = cut.rfind("&", len(cut) - 5)
    return (cut[:start] if start >= 0 and ";" not in cut[start:] else cut) + "…"
