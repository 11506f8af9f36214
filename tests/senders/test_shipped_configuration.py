"""Do Prometheus and Alertmanager run on the files that we ship, and does what they say reach us?"""

import json
import subprocess
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.senders.rig import Site, free_port, program

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
SCRAPE = "scrape_interval: 15s\n  evaluation_interval: 15s"


@pytest.fixture
def managed(here: Site) -> int:
    """The port of an Alertmanager on the shipped file, but for the addresses in it."""
    text = (DEPLOY / "alertmanager/alertmanager.yml").read_text(encoding="utf-8")
    config = here.write("alertmanager.yml", _here(here, text))
    port = free_port()
    here.run(
        program("prometheus-alertmanager", "prometheus-alertmanager"),
        f"--config.file={config}",
        f"--storage.path={here.folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    )
    return port


def _here(here: Site, text: str) -> str:
    token = here.write("token", "whatever")
    return text.replace("aiops:8080", f"127.0.0.1:{here.port}").replace("/run/secrets/aiops_token", str(token))


def _asked(port: int, path: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.loads(answer.read() or "{}")
    except OSError:  # it has not begun to listen
        return None


def test_alertmanager_sends_us_all_but_what_is_about_ourselves(here: Site, managed: int) -> None:
    here.serve()
    now = datetime.now(UTC)
    alerts = [
        {
            "labels": {"alertname": "Broken", "service": service, "severity": "critical"},
            "startsAt": now.isoformat(),
            "endsAt": (now + timedelta(hours=1)).isoformat(),
        }
        for service in ("aiops", "shop")  # what is about ourselves comes first
    ]
    here.comes(lambda: _asked(managed, "/api/v2/alerts", alerts) is not None, "Alertmanager takes them")
    here.comes(lambda: [one["labels"]["service"] for one in here.alerts()] == ["shop"], "the one about the shop")
    said = _asked(managed, "/api/v2/alerts?filter=service%3Daiops")
    assert [receiver["name"] for receiver in said[0]["receivers"]] == ["somebody"]


def test_prometheus_scrapes_us_and_every_rule_can_be_evaluated(here: Site, managed: int) -> None:
    here.serve()
    rules = here.write("aiops.rules.yml", (DEPLOY / "prometheus/aiops.rules.yml").read_text(encoding="utf-8"))
    text = (DEPLOY / "prometheus/prometheus.yml").read_text(encoding="utf-8")
    assert SCRAPE in text
    text = text.replace(SCRAPE, "scrape_interval: 1s\n  scrape_timeout: 1s\n  evaluation_interval: 1s")
    text = text.replace("/etc/prometheus/aiops.rules.yml", str(rules)).replace(
        "alertmanager:9093", f"127.0.0.1:{managed}"
    )
    port = free_port()
    here.run(
        program("prometheus", "prometheus"),
        f"--config.file={here.write('prometheus.yml', _here(here, text))}",
        f"--storage.tsdb.path={here.folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
    )

    def up() -> bool:
        found = _asked(port, "/api/v1/query?query=up%7Bjob%3D%22aiops%22%7D")
        return bool(found and [one["value"][1] for one in found["data"]["result"]] == ["1"])

    def evaluated() -> list[dict[str, Any]]:
        found = [rule for group in _asked(port, "/api/v1/rules")["data"]["groups"] for rule in group["rules"]]
        return found if all(rule["health"] != "unknown" for rule in found) else []

    here.comes(up, "our metrics are scraped")
    found = here.comes(evaluated, "the rules are evaluated")
    assert [rule["name"] for rule in found if rule["health"] != "ok"] == []
    assert len(found) == rules.read_text().count("- alert:")
    here.comes(lambda: _asked(managed, "/api/v2/status"), "Alertmanager is there")
    assert [one["url"] for one in _asked(port, "/api/v1/alertmanagers")["data"]["activeAlertmanagers"]]


def test_what_we_tell_of_ourselves_is_written_as_prometheus_wants_it(here: Site) -> None:
    server = here.serve()
    server.post()
    text = server.get("/metrics").text
    found = subprocess.run(
        [program("promtool", "prometheus"), "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stdout + found.stderr) == (0, "")
