"""Lines go out in bounded chunks, each once, however busy the server is."""

import io

import httpx
import pytest

from aiops.cli import ingest
from aiops.cli.ingest import MOST_BYTES, MOST_LINES, chunks
from aiops.client import Client
from aiops.domain.errors import Overloaded, Unavailable


def cut(text: bytes) -> list[list[bytes]]:
    return list(chunks(io.BytesIO(text)))


def test_lines_are_sent_by_at_most_five_hundred() -> None:
    assert [len(chunk) for chunk in cut(b"line\n" * 1_201)] == [500, 500, 201]


def test_a_chunk_is_at_most_one_megabyte() -> None:
    found = cut((b"x" * 9_999 + b"\n") * 250)
    assert [sum(map(len, chunk)) <= MOST_BYTES for chunk in found] == [True] * 3
    assert sum(map(len, found)) == 250


def test_blank_lines_are_left_out_and_the_last_line_needs_no_newline() -> None:
    assert cut(b"a\n\n  \nb") == [[b"a\n", b"b\n"]]


def test_a_line_without_end_is_sent_in_pieces() -> None:
    found = [line for chunk in cut(b"x" * 300_000) for line in chunk]
    assert max(map(len, found)) <= ingest.LONGEST_LINE + 1
    assert sum(len(line) - 1 for line in found) == 300_000


def test_nothing_is_no_delivery() -> None:
    assert cut(b"") == cut(b"\n\n") == []


class Server:
    """Answers with the given statuses, then 202; remembers what came."""

    def __init__(self, *statuses: int) -> None:
        self.statuses, self.requests, self.slept = list(statuses), list[httpx.Request](), list[float]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.statuses:
            return httpx.Response(self.statuses.pop(0), headers={"Retry-After": "3"}, json={"detail": "busy"})
        return httpx.Response(202, json={"delivery_id": "0-1"})

    def client(self, monkeypatch: pytest.MonkeyPatch) -> Client:
        monkeypatch.setattr("time.sleep", self.slept.append)
        return Client("http://localhost", transport=httpx.MockTransport(self))


def test_a_busy_server_is_asked_again_when_it_says_and_knows_the_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(503, 429)
    ingest.deliver(server.client(monkeypatch), b"a\n", "db", "key-1")
    assert server.slept == [3, 3]
    assert [request.headers["Idempotency-Key"] for request in server.requests] == ["key-1"] * 3
    assert server.requests[0].url.path == "/webhooks/logs"
    assert server.requests[0].url.params["service"] == "db"


def test_a_server_that_stays_busy_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(*[503] * 50)
    with pytest.raises(Overloaded):
        ingest.deliver(server.client(monkeypatch), b"a\n", "", "key")
    assert len(server.requests) == ingest.TRIES


def test_no_server_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(Unavailable, match="is `aiops serve` running there"):
        ingest.deliver(Client("http://localhost", transport=httpx.MockTransport(gone)), b"a\n", "", "key")


def test_a_chunk_is_as_large_as_the_door_takes() -> None:
    assert MOST_LINES == 500
    assert MOST_BYTES <= 1_000_000
