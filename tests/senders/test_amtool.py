"""amtool works against us as against an Alertmanager."""

import json
import subprocess
from typing import Any

import pytest

from aiops.bootstrap.clock import now
from tests.senders.rig import Site, program


class Amtool:
    """The command line of Alertmanager, pointed at us."""

    def __init__(self, here: Site) -> None:
        self._program, self._url = program("amtool", "prometheus-alertmanager"), here.url

    def __call__(self, *words: str) -> str:
        command = [self._program, f"--alertmanager.url={self._url}", *words]
        run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
        assert run.returncode == 0, run.stderr
        return run.stdout

    def json(self, *words: str) -> Any:
        return json.loads(self(*words, "--output=json"))


@pytest.fixture
def amtool(here: Site) -> Amtool:
    tool = Amtool(here)
    here.serve()
    return tool


def test_alerts_are_added_and_found_by_matchers(here: Site, amtool: Amtool) -> None:
    amtool("alert", "add", "alertname=DiskFull", "service=db", "severity=critical", "--annotation=summary=disk is full")
    amtool("alert", "add", "alertname=Slow", "service=web")
    here.comes(lambda: len(amtool.json("alert", "query")) == 2, "two alerts")
    (found,) = amtool.json("alert", "query", "service=db")
    assert found["labels"]["alertname"] == "DiskFull"
    assert found["annotations"] == {"summary": "disk is full"}
    assert found["status"]["state"] == "active"
    assert amtool.json("alert", "query", "service=~w.*", "alertname!=DiskFull")[0]["labels"]["service"] == "web"
    assert "DiskFull" in amtool("alert")


def test_an_alert_that_is_added_with_an_end_that_has_come_is_over(here: Site, amtool: Amtool) -> None:
    amtool("alert", "add", "alertname=DiskFull", "service=db")
    here.comes(lambda: amtool.json("alert", "query"), "it fires")
    amtool("alert", "add", "alertname=DiskFull", "service=db", f"--end={now().isoformat()}")
    here.comes(lambda: amtool.json("alert", "query") == [], "it is over")


def test_a_silence_is_added_found_updated_and_expired(here: Site, amtool: Amtool) -> None:
    amtool("alert", "add", "alertname=DiskFull", "service=db")
    here.comes(lambda: amtool.json("alert", "query"), "an alert")
    words = ("--author=ana", "--comment=new disks", "--duration=1h")
    silence = amtool("silence", "add", "service=db", *words).strip()
    (found,) = amtool.json("silence", "query")
    assert (found["id"], found["createdBy"], found["comment"]) == (silence, "ana", "new disks")
    here.comes(lambda: amtool.json("alert", "query") == [], "it is hidden")
    (hidden,) = amtool.json("alert", "query", "--silenced")
    assert hidden["status"]["silencedBy"] == [silence]
    amtool("silence", "update", "--comment=newer disks", silence)
    (found,) = amtool.json("silence", "query", "service=db")
    assert found["comment"] == "newer disks"
    amtool("silence", "expire", silence)
    here.comes(lambda: amtool.json("alert", "query"), "it is heard again")
    assert amtool.json("silence", "query") == []
    (over,) = amtool.json("silence", "query", "--expired")
    assert over["status"]["state"] == "expired"


def test_status_and_routes_are_shown(amtool: Amtool) -> None:
    assert "receiver: aiops" in amtool("config", "show")
    assert "aiops" in amtool("config", "routes", "show")
    assert amtool("config", "routes", "test", "service=db").strip() == "aiops"
    assert "Cluster Status:" in amtool("cluster", "show")
