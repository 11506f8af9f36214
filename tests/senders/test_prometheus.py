"""Prometheus and Alertmanager as they are: whatever dies in between, at the end the true states stand."""

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from tests.senders.rig import Site, free_port, program

RULES = """
groups:
- name: shop
  interval: 500ms
  rules:
  - alert: Broken
    expr: broken == 1
    labels: {severity: critical}
    annotations: {summary: "{{ $labels.service }} is broken"}
"""
ALERTMANAGER = """
route:
  receiver: aiops
  group_by: [alertname]
  group_wait: 100ms
  group_interval: 300ms
  repeat_interval: 1h
receivers:
- name: aiops
  webhook_configs: [{{url: "{url}/webhooks/alertmanager", send_resolved: true}}]
"""


class Exporter:
    """What is broken, as Prometheus scrapes it."""

    def __init__(self) -> None:
        self.broken = dict.fromkeys(("a", "b", "c"), 0)
        exporter = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                lines = [f'broken{{service="{name}"}} {value}\n' for name, value in exporter.broken.items()]
                self.send_response(200)
                self.end_headers()
                with contextlib.suppress(BrokenPipeError):  # Prometheus has been killed
                    self.wfile.write("".join(lines).encode())

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def exporter() -> Iterator[Exporter]:
    exporter = Exporter()
    yield exporter
    exporter.server.shutdown()
    exporter.server.server_close()


def prometheus(here: Site, exporter: Exporter, *alertmanagers: int, resend: str = "2s", web: int = 0) -> Any:
    """Run one, its API at port ``web``; its alerts are leases of four times ``resend``."""
    targets = ", ".join(f'"127.0.0.1:{port}"' for port in alertmanagers)
    here.write("rules.yml", RULES)
    config = here.write(
        "prometheus.yml",
        f"""
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 500ms}}
rule_files: [rules.yml]
alerting: {{alertmanagers: [{{static_configs: [{{targets: [{targets}]}}]}}]}}
scrape_configs: [{{job_name: shop, static_configs: [{{targets: ["127.0.0.1:{exporter.port}"]}}]}}]
""",
    )
    return here.run(
        program("prometheus", "prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={here.folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{web or free_port()}",
        f"--rules.alert.resend-delay={resend}",
    )


def alertmanager(here: Site, port: int) -> Any:
    config = here.write("alertmanager.yml", ALERTMANAGER.format(url=here.url))
    return here.run(
        program("prometheus-alertmanager", "prometheus-alertmanager"),
        f"--config.file={config}",
        f"--storage.path={here.folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    )


def states(here: Site) -> dict[str, str]:
    return here.states(lambda alert: alert["labels"]["service"])


def test_through_alertmanager_and_directly_at_once_the_states_are_the_true_ones(here: Site, exporter: Exporter) -> None:
    here.serve()
    port = free_port()
    manager = alertmanager(here, port)
    prometheus(here, exporter, port, here.port)
    exporter.broken.update(a=1)
    here.comes(lambda: states(here) == {"a": "firing"}, "a fires")
    (alert,) = here.alerts()  # through two doors, and one alert
    assert (alert["title"], alert["severity"]) == ("a is broken", "critical")

    here.kill()
    exporter.broken.update(a=0, b=1)
    here.serve()
    here.comes(lambda: states(here) == {"a": "resolved", "b": "firing"}, "what changed while we were down")

    manager.kill()
    manager.wait()
    exporter.broken.update(b=0, c=1)
    here.comes(lambda: states(here) == {"a": "resolved", "b": "resolved", "c": "firing"}, "what changed without it")
    alertmanager(here, port)
    exporter.broken.update(c=0, a=1)
    here.comes(lambda: states(here) == {"a": "firing", "b": "resolved", "c": "resolved"}, "all as it is")
    assert len(here.alerts()) == 3


def test_alertmanager_alone_is_believed_though_we_were_down(here: Site, exporter: Exporter) -> None:
    here.serve()
    port = free_port()
    alertmanager(here, port)
    prometheus(here, exporter, port)
    exporter.broken.update(a=1, b=1)
    here.comes(lambda: states(here) == {"a": "firing", "b": "firing"}, "two fire")
    here.kill()
    exporter.broken.update(a=0, c=1)
    here.serve()
    here.comes(lambda: states(here) == {"a": "resolved", "b": "firing", "c": "firing"}, "the states behind the gap")


def test_when_prometheus_itself_is_gone_its_alerts_end_and_say_why(here: Site, exporter: Exporter) -> None:
    server = here.serve()
    sender = prometheus(here, exporter, here.port, resend="500ms")
    exporter.broken.update(a=1)
    here.comes(lambda: states(here) == {"a": "firing"}, "a fires")
    sender.kill()
    here.comes(lambda: states(here) == {"a": "resolved"}, "the lease runs out")
    (alert,) = here.alerts()
    assert "its sender's word holds no longer" in server.get(f"/api/explain/{alert['fingerprint']}").json()["text"]


def test_prometheus_is_asked_about_a_new_incident_and_its_answer_is_measured(here: Site, exporter: Exporter) -> None:
    port = free_port()
    prometheus(here, exporter, web=port)
    base = f"http://127.0.0.1:{port}"
    exporter.broken.update(a=1)
    queries = ["gauge=broken{service=~'$services'}", "wrong=(($services"]
    server = here.serve(f"[prometheus]\nurl = {base!r}\nqueries = {queries!r}\n")

    def scraped() -> bool:
        with contextlib.suppress(httpx.HTTPError):
            answer = httpx.get(f"{base}/api/v1/query", params={"query": "broken"}, trust_env=False)
            return len(answer.json()["data"]["result"]) == 3
        return False

    here.comes(scraped, "Prometheus has scraped")
    server.post(labels={"service": "a"})
    stands = here.comes(
        lambda: [one for one in server.get("/api/status").json().get("listeners", []) if one.get("received")],
        "an answer of Prometheus in the journal",
    )
    assert stands[0]["address"] == f"127.0.0.1:{port}"
    assert "prometheus.queries: wrong" in stands[0]["problem"]  # as Prometheus itself says: a parse error
    assert "parse error" in stands[0]["problem"]

    def observed() -> Any:
        lines = {line["source"]: line for line in server.get("/api/ledger").json()["sources"]}
        return lines.get("otlp", {}).get("observed")

    assert here.comes(observed, "the engine has taken it") == 1  # of a alone: nobody asked for b and c
