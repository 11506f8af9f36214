"""`aiops serve` with channels and a heartbeat: somebody is woken, and somebody watches."""

from pathlib import Path

import httpx
from standardwebhooks import Webhook

from tests.aiops.response.receivers import http_receiver
from tests.aiops.served import PATIENCE, Server, until

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # pragma: allowlist secret


def test_an_alert_wakes_somebody_a_test_arrives_and_the_heartbeat_goes_on(tmp_path: Path) -> None:
    with http_receiver() as pager, http_receiver() as watcher:
        (tmp_path / "secret").write_text(SECRET, "utf-8")
        (tmp_path / "aiops.toml").write_text(
            f"""
            [server]
            public_url = "https://aiops.example.org"
            [pages]
            heartbeat_url = "{watcher.url}"
            heartbeat_every = "0.2s"
            [[pages.channels]]
            name = "hook"
            kind = "webhook"
            url = "{pager.url}"
            secret_file = "{tmp_path / "secret"}"
            [decisions.paging]
            hold = "0s"
            [[decisions.paging.routes]]
            name = "dba"
            match = ['service="db1"']
            channels = ["hook"]
            """,
            "utf-8",
        )
        server = Server(tmp_path / "data").ready()
        try:
            server.post()
            until(lambda: pager.got, "a page")
            until(lambda: server.get("/api/pages?status=delivered").json()["total"] == 1, "the engine to hear of it")
            answer = httpx.post(f"{server.url}/api/paging/channels/hook/test", timeout=PATIENCE, trust_env=False)
            assert answer.is_success
            until(lambda: len(pager.got) == 2, "a test page")
            until(lambda: len(watcher.got) >= 3, "heartbeats")
            status = until(lambda: server.get("/api/status").json().get("heartbeat"), "the heartbeat to be told")
        finally:
            server.end()
    assert status["well"]
    first, test = pager.got
    Webhook(SECRET).verify(first.body, first.headers)
    assert first.json["data"]["page"]["route"] == "dba"
    assert first.json["data"]["facts"]["link"].startswith("https://aiops.example.org/incidents/")
    assert test.json["type"] == "page.test"
    assert SECRET not in server.log.read_text()
    assert pager.url not in server.log.read_text()


def test_a_stopped_engine_is_noticed_by_the_one_who_watches(tmp_path: Path) -> None:
    with http_receiver() as watcher:
        text = f'[pages]\nheartbeat_url = "{watcher.url}"\nheartbeat_every = "0.2s"\n'
        (tmp_path / "aiops.toml").write_text(text, "utf-8")
        server = Server(tmp_path / "data").ready()
        try:
            until(lambda: len(watcher.got) >= 2, "heartbeats")
            engine = until(lambda: server.child("engine"), "the engine")
            engine.suspend()
            until(lambda: "the heartbeat is withheld" in server.log.read_text(), "the silence to be said")
            silent = len(watcher.got)
            assert server.child("responder") is not None
            engine.resume()
            until(lambda: len(watcher.got) > silent, "heartbeats again")
        finally:
            server.end()
