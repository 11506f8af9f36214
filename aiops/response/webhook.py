"""How does a page travel as a JSON POST? Signed as Standard Webhooks 1.0 says, where there is a secret."""

import base64
import binascii
import hashlib
import hmac

import httpx

from aiops.domain.channels import WebhookChannel
from aiops.response.message import Message, as_json
from aiops.response.posting import a_client, post

PREFIX = "whsec_"  # of a secret that is written in base64


class Webhook:
    """Posts each page to one URL; ``Idempotency-Key`` and ``webhook-id`` are the key."""

    def __init__(self, channel: WebhookChannel, transport: httpx.BaseTransport | None = None) -> None:
        self._channel = channel
        self._client = a_client(transport)

    def deliver(self, message: Message) -> str:
        """Post ``message`` as JSON; any 2xx is a receipt."""
        body = as_json(message)
        stamp = str(int(message.sent_at.timestamp()))
        headers = {"Idempotency-Key": message.key, "webhook-id": message.key, "webhook-timestamp": stamp}
        if self._channel.secret:
            headers["webhook-signature"] = sign(self._channel.secret, message.key, stamp, body)
        answer = post(self._client, self._channel.url, body, headers, f"the webhook {self._channel.name}")
        return f"answered {answer.status_code}"


def sign(secret: str, key: str, stamp: str, body: bytes) -> str:
    """Return the signature over id, time and body (Standard Webhooks, symmetric scheme v1)."""
    signed = hmac.new(_bytes_of(secret), f"{key}.{stamp}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(signed.digest()).decode()}"


def _bytes_of(secret: str) -> bytes:
    if not secret.startswith(PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        return secret.encode()
