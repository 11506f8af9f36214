"""How do we talk to Elasticsearch: connect, ask, and put its errors into words? The only file that knows the client."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aiops.domain.base import Noun
from aiops.domain.errors import BadConfiguration, Unavailable

try:
    import elasticsearch
except ImportError:  # an extra: who keeps all in SQLite needs none of it
    elasticsearch = None

logging.getLogger("elastic_transport").setLevel(logging.ERROR)  # else a line per request; what fails, we say

Json = dict[str, Any]
RETRY_AFTER = 2.0  # seconds until it is worth asking again
_BUSY = {429, 500, 502, 503, 504}
_HEADERS = {"accept": "application/json", "content-type": "application/json"}
_LINES = {"accept": "application/json", "content-type": "application/x-ndjson"}


class Address(Noun, frozen=True, kw_only=True):
    """Where the cluster is and who we are there. Secrets: never shown, never logged."""

    urls: tuple[str, ...]
    ca: Path | None = None  # the only authority that may vouch for it; None: those that the system trusts
    username: str = ""
    password: str = ""
    api_key: str = ""
    timeout: float = 30.0  # seconds of one request

    def __repr__(self) -> str:
        """Show no secret."""
        return f"Address(urls={self.urls!r}, username={self.username!r})"


class Refused(Unavailable):
    """Elasticsearch will not do this as things are: ``kind`` is its word for why.

    Who expects it handles it; else somebody must mend the cluster first (a limit of shards, a changed index).
    """

    def __init__(self, status: int, kind: str, reason: str) -> None:
        super().__init__(f"Elasticsearch refuses: {status} {kind}: {reason}", retry_after=5 * RETRY_AFTER)
        self.status, self.kind, self.reason = status, kind, reason


class Cluster:
    """The official client, asked with plain paths and answered with plain JSON."""

    def __init__(self, address: Address) -> None:
        if elasticsearch is None:
            fix = "install it: pip install 'aiops[elasticsearch]'"
            raise BadConfiguration("the client for Elasticsearch is not installed", place="store.url", fix=fix)
        self.name = ", ".join(address.urls)
        options: Json = {"request_timeout": address.timeout, "max_retries": 2 * len(address.urls)}
        if address.ca is not None:
            options["ca_certs"] = str(_readable(address.ca))
        if address.api_key:
            options["api_key"] = address.api_key
        elif address.username:
            options["basic_auth"] = (address.username, address.password)
        try:
            self._client = elasticsearch.Elasticsearch(list(address.urls), retry_on_status=(502, 504), **options)
        except (ValueError, OSError) as error:
            raise BadConfiguration(str(error), place="store.url", fix="write it as https://host:9200") from error

    def ask(self, method: str, path: str, body: Json | None = None, params: Mapping[str, object] | None = None) -> Json:
        """Return the answer. Unavailable: it may do so later. Refused: not as things are."""
        return self._send(method, path, body, params, _HEADERS)

    def bulk(self, lines: Sequence[bytes], params: Mapping[str, object]) -> Json:
        """Write ``lines`` of JSON. As ``ask``."""
        return self._send("POST", "/_bulk", lines, params, _LINES)

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def _send(
        self, method: str, path: str, body: object, params: Mapping[str, object] | None, headers: Mapping[str, str]
    ) -> Json:
        try:
            response = self._client.perform_request(method, path, params=params, headers=headers, body=body)
        except elasticsearch.ApiError as error:
            raise self._spoken(error) from error
        except elasticsearch.TransportError as error:
            problem = f"Elasticsearch at {self.name} cannot be reached: {error.message}"
            raise Unavailable(problem, retry_after=RETRY_AFTER) from error
        body = response.body
        return body if isinstance(body, dict) else {}

    def _spoken(self, error: Any) -> Exception:
        status, body = int(error.status_code), error.body
        what = body.get("error", {}) if isinstance(body, dict) else {}
        kind = str(what.get("type", "")) if isinstance(what, dict) else str(what)
        reason = str(what.get("reason", "")) if isinstance(what, dict) else ""
        if is_passing(status, kind):
            text = f"Elasticsearch at {self.name}: {words_for(status, kind)} ({status} {kind}: {reason[:300]})"
            return Unavailable(text, retry_after=RETRY_AFTER)
        return Refused(status, kind, reason[:300])


def is_passing(status: int, kind: str) -> bool:
    """May the same request succeed later, once the cluster, or its operator, did something?"""
    return status in _BUSY or status in (401, 403) or kind in ("cluster_block_exception", "search_context_missing")


def words_for(status: int, kind: str) -> str:
    """Say what is the matter, and what mends it."""
    if kind == "cluster_block_exception":
        return "its indices may only be read: free disk space below its flood-stage watermark"
    if status in (401, 403):
        return "it refuses us: check user, password or key, and the role of docs/elasticsearch.md"
    if status == 429:
        return "it has too much to do"
    return "it is not well: look at _cluster/health"


def _readable(path: Path) -> Path:
    try:
        path.read_bytes()
    except OSError as error:
        raise BadConfiguration(
            f"cannot read {path}: {error.strerror}", place="store.ca", fix="name the certificate of its authority"
        ) from error
    return path
