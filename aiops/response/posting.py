"""How is something posted to an address that the operator gave, and what does the answer mean?

Only addresses of the configuration are called: redirects are not followed, proxies of the environment not used.
"""

import httpx

from aiops.domain.errors import BadConfiguration, Unavailable

TIMEOUT = 10.0  # seconds for each of: connect, send, receive
LONGEST_ANSWER = 64 << 10  # bytes that are read of an answer
LONGEST_PAUSE = 300.0  # seconds that a receiver may ask us to wait
TRY_AGAIN = (408, 425, 429)  # of the 4xx: the request was fine, the moment was not


def a_client(transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """Return a client that goes where it is told and nowhere else."""
    return httpx.Client(timeout=TIMEOUT, transport=transport, follow_redirects=False, trust_env=False)


def post(client: httpx.Client, url: str, body: bytes, headers: dict[str, str], who: str) -> httpx.Response:
    """Post ``body`` and return a 2xx answer. Unavailable: worth another try. BadConfiguration: it is not.

    ``who`` names the receiver in messages; its URL, which may be secret, is never said.
    """
    request = {"Content-Type": "application/json", **headers}
    try:
        with client.stream("POST", url, content=body, headers=request) as response:
            content = _start_of(response)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        raise Unavailable(f"{who} is out of reach: {type(error).__name__}") from error
    answer = httpx.Response(response.status_code, headers=_plain(response.headers), content=content)
    code = answer.status_code
    if answer.is_success:
        return answer
    if answer.is_server_error or code in TRY_AGAIN:
        raise Unavailable(f"{who} answered {code}", retry_after=_retry_after(answer))
    if answer.is_redirect:
        raise BadConfiguration(
            f"{who} answered {code}: redirects are not followed", place=who, fix="give the final URL"
        )
    raise BadConfiguration(f"{who} answered {code}{_said(answer)}", place=who, fix="check its address and secrets")


def _start_of(response: httpx.Response) -> bytes:
    """Read the beginning of the answer: a receiver that goes on and on is not listened to."""
    content = b""
    for piece in response.iter_bytes():
        content += piece
        if len(content) >= LONGEST_ANSWER:
            break
    return content[:LONGEST_ANSWER]


def _plain(headers: httpx.Headers) -> dict[str, str]:
    """Return the headers without what described the answer's encoding, which is undone."""
    return {name: value for name, value in headers.items() if name not in ("content-encoding", "content-length")}


def _said(answer: httpx.Response) -> str:
    """Return the first words of a refusal, printable."""
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in answer.text[:400]).split())
    return f" ({text[:200]})" if text else ""


def _retry_after(answer: httpx.Response) -> float:
    """Read ``Retry-After`` in seconds, at most five minutes; a date counts as one second."""
    text = answer.headers.get("Retry-After", "")
    return min(float(text), LONGEST_PAUSE) if text.isascii() and text.isdigit() else 1.0
