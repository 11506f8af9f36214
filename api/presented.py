"""Which token came with a request, and how is it taken out of the URL before anybody else sees it?"""

import base64
import binascii
from urllib.parse import quote, unquote_plus

from starlette.requests import HTTPConnection
from starlette.types import Scope as AsgiScope

DOORS = "/webhooks/"
PATH_TOKEN = "/t/"
SCHEMES = ("bearer", "splunk", "geniekey", "apikey")  # whose value is the token itself


def presented(connection: HTTPConnection) -> str:
    """Return the token that came in a header, in a door's path or in its query; empty when none did."""
    said: str = connection.scope["state"].get("presented", "")
    return token_of(connection.headers.get("authorization", "")) or said


def without_secrets(scope: AsgiScope) -> AsgiScope:
    """Take the token out of a door's URL (``/webhooks/splunk/t/TOKEN``, ``?token=TOKEN``): nothing behind sees it.

    Neither a log nor the journal nor an answer can give away what is not there.
    """
    path, state = scope["path"], {**scope.get("state", {})}
    if path.startswith(DOORS):
        source, marked, token = path.removeprefix(DOORS).partition(PATH_TOKEN)
        query: bytes = scope.get("query_string", b"")
        pairs = [pair.partition(b"=") for pair in query.split(b"&") if pair]
        named = next((value for name, _, value in pairs if name == b"token"), b"")
        state["presented"] = (token if marked else "") or unquote_plus(named.decode("ascii", "replace"))
        kept = b"&".join(b"".join(pair) for pair in pairs if pair[0] != b"token")
        bare = f"{DOORS}{source}" if marked else path
        raw = quote(bare).encode() if marked else scope.get("raw_path")
        scope = {**scope, "path": bare, "raw_path": raw, "query_string": kept}
    return {**scope, "state": state}


def token_of(authorization: str) -> str:
    """Return the token that came as bearer or as basic password; empty when none did."""
    kind, _, value = authorization.partition(" ")
    if kind.lower() in SCHEMES:
        return value.strip()
    return _password(value) if kind.lower() == "basic" else ""


def _password(basic: str) -> str:
    try:
        return base64.b64decode(basic.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""
