"""Do senders get the answers that they understand, and is what they send on disk first?"""

import asyncio
import gzip
import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import httpx
import pytest
import structlog
from anyio import fail_after, run, to_thread
from starlette.types import Message

from aiops.domain.entries import Delivery, Payload, Position
from aiops.domain.errors import Overloaded, Unavailable
from api.bodies import SMALL as SMALL_BODY
from api.routes import doors
from api.settings import ApiSettings
from ingestion.sources.registry import HEADERS
from tests.api.world import BASE, World, alertmanager

SMALL = ApiSettings(max_body_bytes=1_000, command_wait=0.0)


def delivered(world: World, delivery_id: str) -> Delivery:
    position = Position.parse(delivery_id)
    entry = world.journal.get(position) if position else None
    assert entry is not None
    assert isinstance(entry.payload, Delivery)
    return entry.payload


def test_a_delivery_is_in_the_journal_when_it_is_answered(world: World) -> None:
    world.engine_runs = False
    answer = world.post("/webhooks/alertmanager", {"version": "4", "alerts": []}, 202)
    assert delivered(world, answer["delivery_id"]).source == "alertmanager"


def test_an_alert_that_came_in_is_an_incident_on_the_list(world: World) -> None:
    world.client.post("/webhooks/alertmanager", content=alertmanager("db").body)
    assert world.first_incident()["services"] == ["db"]


def test_any_other_name_takes_any_json(world: World) -> None:
    answer = world.post("/webhooks/acme-monitor", {"anything": [1, 2]}, 202)
    assert delivered(world, answer["delivery_id"]).body == b'{"anything":[1,2]}'


def test_secrets_do_not_reach_the_journal(world: World) -> None:
    answer = world.post("/webhooks/acme", {"title": "x", "password": "hunter2-correct-horse"}, 202)
    assert b"hunter2" not in delivered(world, answer["delivery_id"]).body


def test_the_senders_idempotency_key_and_the_headers_that_matter_are_kept_and_no_other(world: World) -> None:
    headers = {"X-GitHub-Delivery": "abc", "User-Agent": "hook", "Authorization": "Bearer secret", "Cookie": "a=b"}
    answer = world.post("/webhooks/github?service=web&token=secret", {"a": 1}, 202, headers=headers)
    kept = delivered(world, answer["delivery_id"])
    assert kept.idempotency_key == "abc"
    assert kept.headers == {"user-agent": "hook"}
    assert kept.query == {"path": "/webhooks/github", "service": "web"}


@pytest.mark.parametrize("body", [b"", b"   ", b"\x00\x01\x02binary"])
def test_bytes_that_are_no_document_are_refused_with_place_and_fix(world: World, body: bytes) -> None:
    answer = world.client.post("/webhooks/acme", content=body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["place"]
    assert answer.json()["fix"]
    assert world.journal.last() is None


@pytest.mark.parametrize("name", ["a b", "x" * 65, "näme", "a%2Fb", "%00"])
def test_a_name_that_is_none_is_refused(world: World, name: str) -> None:
    assert world.client.post(f"/webhooks/{name}", json={}).status_code in (400, 404)
    assert world.journal.last() is None


def test_a_body_over_the_bound_is_refused_before_it_is_read(world: World) -> None:
    small = World(SMALL)
    assert small.client.post("/webhooks/acme", content=b'{"a":"' + b"x" * 2_000 + b'"}').status_code == 413


def test_a_body_without_a_length_is_bounded_too() -> None:
    chunks = (b"x" * 100 for _ in range(100))
    answer = World(SMALL).client.post("/webhooks/acme", content=chunks)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda body: zlib.compress(body)[2:-4]),
        ("", gzip.compress),
        ("gzip", lambda body: body),
        ("gzip,deflate", lambda body: body),
        ("gzip,deflate", gzip.compress),
        ("GZIP, Deflate", zlib.compress),
        ("gzip;q=1.0, deflate;q=0.6", lambda body: body),
    ],
    ids=[
        "gzip",
        "zlib",
        "raw deflate",
        "gzip without a word",
        "not packed at all",
        "both named, none done",
        "both named, gzip done",
        "both named, zlib done",
        "what it would accept, none done",
    ],
)
def test_packed_bodies_are_unpacked_whatever_the_header_says(world: World, encoding: str, pack: Any) -> None:
    headers = {"content-encoding": encoding} if encoding else {}
    answer = world.client.post("/webhooks/acme", content=pack(b'{"title": "x"}'), headers=headers)
    assert answer.status_code == 202
    assert delivered(world, answer.json()["delivery_id"]).body == b'{"title": "x"}'


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "gzip,deflate"])
def test_a_form_that_is_called_packed_and_is_not_is_taken_as_it_is(world: World, encoding: str) -> None:
    headers = {"content-encoding": encoding, "content-type": "application/x-www-form-urlencoded"}
    answer = world.client.post("/webhooks/acme", content=b"title=door+open&host=gate-9", headers=headers)
    assert delivered(world, answer.json()["delivery_id"]).body == b"title=door+open&host=gate-9"


def test_a_packed_bomb_is_refused_at_the_bound() -> None:
    bomb = gzip.compress(b"0" * 10_000_000)
    answer = World(ApiSettings(max_body_bytes=100_000)).client.post("/webhooks/acme", content=bomb)
    assert answer.status_code == 413


@pytest.mark.parametrize("body", [gzip.compress(b'{"title": "x"}', mtime=0)[:-6], b"\x1f\x8bnot gzip at all"])
def test_a_broken_packed_body_is_refused(world: World, body: bytes) -> None:
    assert world.client.post("/webhooks/acme", content=body).status_code == 400


class FullJournal:
    """Fails every append."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __call__(self, payloads: Sequence[Payload], at: datetime | None = None) -> list[Position]:
        raise self._error


@pytest.mark.parametrize(
    ("source", "error", "status"),
    [
        ("alertmanager", Overloaded("full", retry_after=2.5), 503),
        ("prometheus", Overloaded("full", retry_after=2.5), 503),
        ("acme", Overloaded("full", retry_after=2.5), 429),
        ("acme", Unavailable("disk is full", retry_after=3), 503),
    ],
)
def test_a_full_journal_says_when_to_come_again_in_the_senders_words(
    world: World, monkeypatch: pytest.MonkeyPatch, source: str, error: Exception, status: int
) -> None:
    monkeypatch.setattr(world.journal, "append", FullJournal(error))
    answer = world.client.post(f"/webhooks/{source}", json={"a": 1})
    assert answer.status_code == status
    assert answer.headers["retry-after"] == "3"


def test_an_unforeseen_failure_is_a_503_and_counted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.journal, "append", FullJournal(ZeroDivisionError("oops")))
    answer = world.client.post("/webhooks/acme", json={"a": 1})
    assert answer.status_code == 503
    assert "oops" not in answer.text
    assert "aiops_request_failures_total 1.0" in world.client.get("/metrics").text


@pytest.mark.parametrize("path", ["/webhooks/acme", "/api/rules", "/api/v2/alerts"])
def test_a_caller_that_hangs_up_halfway_is_no_failure_of_ours(world: World, path: str) -> None:
    """A sender whose patience ends sooner than its request: it comes again with all of it."""
    coming: list[Message] = [{"type": "http.request", "body": b'{"a"', "more_body": True}, {"type": "http.disconnect"}]
    answered: list[Message] = []

    async def receive() -> Message:
        return coming.pop(0)

    async def send(message: Message) -> None:
        answered.append(message)

    headers = [(b"host", b"127.0.0.1:8080"), (b"content-type", b"application/json")]
    about = {"query_string": b"", "headers": headers, "client": ("127.0.0.1", 5), "server": ("127.0.0.1", 8080)}
    scope = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "scheme": "http", **about}
    with structlog.testing.capture_logs() as lines:
        run(world.app, scope, receive, send)
    assert (answered, lines) == ([], [])
    assert world.journal.last() is None
    assert "aiops_request_failures_total 0.0" in world.client.get("/metrics").text


def where_it_runs(seen: list[bool]) -> Any:
    """Return a stand-in for ``redacted`` that notes whether it runs in the event loop."""

    def noted(body: bytes, content_type: str) -> bytes:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            seen.append(False)
        else:
            seen.append(True)
        return body

    return noted


@pytest.mark.parametrize(("size", "in_loop"), [(10, True), (SMALL_BODY + 1, False)])
def test_a_large_body_is_looked_at_beside_the_event_loop(
    world: World, monkeypatch: pytest.MonkeyPatch, size: int, in_loop: bool
) -> None:
    seen: list[bool] = []
    monkeypatch.setattr(doors, "redacted", where_it_runs(seen))
    assert world.client.post("/webhooks/acme", json={"title": "x" * size}).status_code == 202
    assert seen == [in_loop]


def test_what_is_no_document_is_refused_also_beside_the_event_loop(world: World) -> None:
    answer = world.client.post("/webhooks/acme", content=b"{" + b"x" * SMALL_BODY)
    assert answer.status_code == 400
    assert answer.json()["fix"]


def test_a_sender_waits_for_no_thread_that_acts_hold(world: World) -> None:
    async def deliver() -> int:
        to_thread.current_default_thread_limiter().total_tokens = 0  # each of them waits for an outcome
        async with httpx.AsyncClient(transport=httpx.ASGITransport(world.app), base_url=BASE) as client:
            with fail_after(5):
                return (await client.post("/webhooks/acme", json={"title": "x"})).status_code

    assert run(deliver) == 202


@pytest.mark.parametrize("name", sorted(HEADERS))
def test_every_header_that_a_source_looks_at_is_kept(world: World, name: str) -> None:
    answer = world.post("/webhooks/auto", {"title": "x"}, 202, headers={name: "value"})
    assert delivered(world, answer["delivery_id"]).headers[name] == "value"


def test_the_path_is_kept_with_its_escapes_and_without_its_query(world: World) -> None:
    answer = world.client.post("/v2/alerts/a%2Fb/close?path=/forged&key=secret", json={})
    assert delivered(world, answer.json()["requestId"]).query == {"path": "/v2/alerts/a%2Fb/close"}


@pytest.mark.parametrize("body", [b"", b" \r\n"])
def test_what_stands_in_the_url_alone_is_a_form(world: World, body: bytes) -> None:
    query = "monitorID=77&alertType=1&monitorFriendlyName=till%20door&alertDetails=timed%20out"
    answer = world.client.post(f"/webhooks/uptimerobot?{query}", content=body, headers={"content-type": "text/plain"})
    kept = delivered(world, answer.json()["delivery_id"])
    assert (kept.body.decode(), kept.content_type) == (query, "application/x-www-form-urlencoded")
    assert world.get("/api/alerts")["items"][0]["title"] == "till door"


def test_a_secret_in_the_url_alone_does_not_reach_the_journal(world: World) -> None:
    answer = world.client.post("/webhooks/acme?title=x&token=correct-horse")
    assert b"correct-horse" not in delivered(world, answer.json()["delivery_id"]).body


def test_an_empty_body_is_refused_where_the_url_says_no_more_than_the_service(world: World) -> None:
    assert world.client.post("/webhooks/acme?service=web").status_code == 400


def test_nothing_is_taken_by_asking(world: World) -> None:
    assert world.client.get("/webhooks/acme?title=x").status_code == 405
    assert world.journal.last() is None


@pytest.mark.parametrize(
    ("body", "agent", "source"),
    [
        ({"alerts": [{"labels": {"alertname": "Hot"}}], "groupLabels": {}}, "Alertmanager/0.27", "alertmanager"),
        ({"routing_key": "R0", "event_action": "trigger", "payload": {"summary": "dry"}}, "", "pagerduty"),
    ],
)
def test_the_door_for_all_recognises_who_sends(world: World, body: Any, agent: str, source: str) -> None:
    world.post("/webhooks/auto", body, 202, headers={"user-agent": agent})
    assert [alert["source"] for alert in world.get("/api/alerts")["items"]] == [source]
