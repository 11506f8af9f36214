"""The same app and engine in this process: requests come through whole, and the folder is let go."""

import asyncio
import contextlib
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from aiops.bootstrap import local
from aiops.bootstrap.local import Bridge, app_in_process
from aiops.bootstrap.setups import EngineSetup
from aiops.domain.entries import Position
from aiops.domain.errors import BadConfiguration, Unavailable
from aiops.storage.filelock import EngineLock
from aiops.storage.folder import open_store

ALERT = {"title": "disk full", "severity": "critical", "labels": {"service": "db1"}}
Message = MutableMapping[str, Any]


async def echo(scope: Message, receive: Any, send: Any) -> None:
    """An app that answers with what it was sent, in two parts."""
    if scope["path"] == "/fail":
        raise LookupError("a mistake of the app")
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    if scope["path"] == "/slow":
        await asyncio.sleep(0)
    query = scope["query_string"]
    header = dict(scope["headers"]).get(b"x-mark", b"")
    await send({"type": "http.response.start", "status": 201, "headers": [(b"x-mark", header), (b"x-query", query)]})
    await send({"type": "http.response.body", "body": scope["method"].encode() + b" ", "more_body": True})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with (
        contextlib.closing(Bridge(httpx.ASGITransport(echo))) as bridge,
        httpx.Client(transport=bridge, base_url="http://localhost") as client,
    ):
        yield client


def test_a_request_comes_through_whole_and_so_does_its_answer(client: httpx.Client) -> None:
    answer = client.post("/", content=b"x" * 200_000, params={"a": "b c"}, headers={"X-Mark": "here"})
    assert answer.status_code == 201
    assert answer.content == b"POST " + b"x" * 200_000
    assert (answer.headers["x-mark"], answer.headers["x-query"]) == ("here", "a=b+c")


def test_requests_follow_each_other(client: httpx.Client) -> None:
    assert [client.put(path, content=path).text for path in ("/one", "/slow", "/three")] == [
        "PUT /one",
        "PUT /slow",
        "PUT /three",
    ]


def test_what_the_app_fails_with_is_raised_here(client: httpx.Client) -> None:
    with pytest.raises(LookupError, match="a mistake of the app"):
        client.get("/fail")
    assert client.get("/after").status_code == 201


def test_a_bridge_is_closed_once_however_often() -> None:
    bridge = Bridge(httpx.ASGITransport(echo))
    bridge.close()
    bridge.close()


def test_an_alert_that_is_sent_is_folded_and_kept(tmp_path: Path) -> None:
    setup = EngineSetup(data=tmp_path)
    for number in (1, 2):
        with app_in_process(setup, "light") as transport, httpx.Client(transport=transport) as client:
            assert client.get("http://localhost/readyz").status_code == 200
            sent = client.post("http://localhost/webhooks/test", json=ALERT | {"title": f"disk {number} full"})
            assert sent.status_code == 202
    with contextlib.closing(open_store(tmp_path, readonly=True)) as store:
        assert store.wait(Position(0, 1), 1)
    with app_in_process(setup, "light") as transport, httpx.Client(transport=transport) as client:
        assert client.get("http://localhost/api/alerts").json()["total"] == 2


def test_the_folder_is_let_go_also_after_a_failure(tmp_path: Path) -> None:
    with contextlib.suppress(LookupError), app_in_process(EngineSetup(data=tmp_path), "light"):
        with pytest.raises(BadConfiguration):
            EngineLock(tmp_path)
        raise LookupError
    EngineLock(tmp_path).release()


def test_a_folder_that_is_taken_is_refused_with_who_has_it(tmp_path: Path) -> None:
    with (
        EngineLock(tmp_path),
        pytest.raises(BadConfiguration, match="another engine"),
        app_in_process(EngineSetup(data=tmp_path), "light"),
    ):
        pytest.fail("it must not come this far")


def test_files_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    setup = EngineSetup(data=tmp_path / "data", services=tmp_path / "none.yaml")
    with pytest.raises(BadConfiguration, match=r"none\.yaml"), app_in_process(setup, "light"):
        pytest.fail("it must not come this far")
    EngineLock(tmp_path / "data").release()


def test_an_engine_that_does_not_catch_up_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "PATIENCE", 0.05)
    monkeypatch.setattr(local, "run", lambda setup, stop, ready: stop.wait(10))
    with (
        pytest.raises(Unavailable, match="run `aiops serve` and ask that"),
        app_in_process(EngineSetup(data=tmp_path), "light"),
    ):
        pytest.fail("it must not come this far")
