"""How does a page travel as a JSON POST?"""

import httpx
import msgspec

from aiops.domain.errors import BadConfiguration, Unavailable
from aiops.domain.incidents import Page

TIMEOUT = 10.0  # seconds
TRY_AGAIN = (408, 425, 429)  # of the 4xx: the request was fine, the moment was not


class Webhook:
    """Posts each page to one URL; ``Idempotency-Key`` is the page's id."""

    def __init__(self, url: str, transport: httpx.BaseTransport | None = None) -> None:
        self._url = url
        self._client = httpx.Client(timeout=TIMEOUT, transport=transport)

    def deliver(self, page: Page) -> str:
        """Post ``page`` as JSON; any 2xx is a receipt."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": page.page_id}
        try:
            response = self._client.post(self._url, content=msgspec.json.encode(page), headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable(f"the webhook is out of reach: {type(error).__name__}") from error
        code = response.status_code
        if response.is_success:
            return f"the webhook answered {code}"
        if response.is_server_error or code in TRY_AGAIN:
            raise Unavailable(f"the webhook answered {code}", retry_after=_retry_after(response))
        raise BadConfiguration(
            f"the webhook answered {code}", place="pages.webhook_url", fix="check the URL and what it accepts"
        )


def _retry_after(response: httpx.Response) -> float:
    """Read ``Retry-After`` in seconds, at most five minutes; a date counts as one second."""
    text = response.headers.get("Retry-After", "")
    return min(float(text), 300.0) if text.isascii() and text.isdigit() else 1.0
