"""What does another server answer? Asked within a bound of bytes and seconds, and never followed elsewhere."""

import time
from collections.abc import Mapping

import httpx

from aiops.domain.errors import Unavailable

TIMEOUT = 5.0  # seconds, for the whole answer


def fetch(
    url: str, most: int, what: str, data: Mapping[str, str] | None = None, auth: httpx.BasicAuth | None = None
) -> bytes:
    """Return what stands at ``url``, or what it answers to the form ``data``. Unavailable says why there is none.

    ``what`` says in its words what it is.
    """
    until, found = time.monotonic() + TIMEOUT, b""
    try:
        with (
            httpx.Client(timeout=TIMEOUT, follow_redirects=False) as client,
            client.stream("POST" if data else "GET", url, data=data, auth=auth) as answer,
        ):
            answer.raise_for_status()
            for chunk in answer.iter_bytes():
                found += chunk
                if len(found) > most:
                    raise Unavailable(f"{what} is larger than the {most} bytes that are taken")
                if time.monotonic() > until:
                    raise Unavailable(f"{what} did not come within {TIMEOUT:.0f} s")
            return found
    except httpx.HTTPStatusError as error:
        raise Unavailable(f"{what} cannot be fetched: HTTP {error.response.status_code}") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unavailable(f"{what} cannot be fetched: {type(error).__name__}") from error
