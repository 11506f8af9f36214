"""What somebody hostile would send: nothing is fetched for it, nothing runs long, nothing is shown that is not ours."""

import gzip
import itertools
import json
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from ingestion.sources import registry
from tests.api.world import World
from tests.golden.test_golden import CONTENT_TYPES, RECORDED

JSON = [path for path in RECORDED if path.suffix == ".json"]
SENDERS = sorted({path.parent.name for path in JSON})
INSIDE = "http://169.254.169.254/latest/meta-data/"  # what a cloud tells its machines alone
SOON = 2.0  # seconds of CPU time; what unfolds or goes back and forth would take years
MOST_LABELS = 500
DEEP = 3_000
BOMB = "(a+)+$"
VICTIM = "a" * 2_000 + "!"


def recorded_of(sender: str) -> list[Path]:
    return [path for path in JSON if path.parent.name == sender]


def changed(value: Any, change: Any) -> Any:
    """Return a document with every object, and every text, as ``change`` makes it."""
    if isinstance(value, dict):
        return change({name: changed(item, change) for name, item in value.items()})
    if isinstance(value, list):
        return [changed(item, change) for item in value]
    return change(value) if isinstance(value, str) else value


def sent(world: World, recorded: Path, body: bytes) -> Any:
    """Deliver it at its own door; return the answer, after a look at what became of it."""
    answer = world.client.post(
        f"/webhooks/{recorded.parent.name}", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code in (202, 400, 413), answer.text
    if answer.status_code == 202:
        entry = world.get(f"/api/ledger/{answer.json()['delivery_id']}")
        assert entry["delivery"] is not None
        problems = [problem["problem"] for problem in entry["delivery"]["problems"]]
        assert not [text for text in problems if "the parser of" in text or "the engine failed" in text]
    return answer


@pytest.mark.parametrize("sender", SENDERS)
def test_too_many_labels_are_cut_and_told_whoever_sends_them(world: World, sender: str) -> None:
    many = {f"zz{number:03}": "x" for number in range(MOST_LABELS + 100)}
    for recorded in recorded_of(sender):
        grown = changed(
            json.loads(recorded.read_bytes()), lambda value: value | many if isinstance(value, dict) else value
        )
        answer = sent(world, recorded, json.dumps(grown).encode())
        assert answer.status_code == 202
        delivery = world.get(f"/api/ledger/{answer.json()['delivery_id']}")
        counts = [len(event["event"]["labels"]) for event in delivery["events"]]
        assert max(counts, default=0) <= MOST_LABELS
        if MOST_LABELS in counts:
            told = [warning["problem"] for warning in delivery["delivery"]["warnings"]]
            assert any(f"the first {MOST_LABELS} by name are kept" in text for text in told)


def test_the_labels_of_an_alert_are_bounded_and_who_sent_them_is_told(world: World) -> None:
    labels = {f"zz{number:03}": "x" for number in range(MOST_LABELS + 100)}
    alert = {"status": "firing", "labels": {"alertname": "Down", **labels}, "startsAt": "2026-03-02T09:00:00Z"}
    answer = world.client.post("/webhooks/alertmanager", json={"version": "4", "alerts": [alert]})
    delivery = world.get(f"/api/ledger/{answer.json()['delivery_id']}")
    assert [len(event["event"]["labels"]) for event in delivery["events"]] == [MOST_LABELS]
    (warning,) = delivery["delivery"]["warnings"]
    assert f"the first {MOST_LABELS} by name are kept" in warning["problem"]


def nested(depth: int) -> Any:
    inner: Any = "x"
    for number in range(depth):
        inner = [inner] if number % 2 else {"a": inner}
    return inner


@pytest.mark.parametrize("sender", SENDERS)
def test_deep_json_at_any_place_breaks_nothing(world: World, sender: str) -> None:
    for recorded in recorded_of(sender):
        marked = changed(
            json.loads(recorded.read_bytes()), lambda value: value | {"zz": "@@"} if isinstance(value, dict) else value
        )
        for deep in (json.dumps(nested(90)), '{"a":[' * (DEEP // 2) + '"x"' + "]}" * (DEEP // 2)):
            sent(world, recorded, json.dumps(marked).replace('"@@"', deep).encode())


@pytest.mark.parametrize(
    "body",
    [
        b'{"title": NaN, "value": Infinity, "labels": {"service": -Infinity}}',
        b'{"title": "\\ud800", "labels": {"\\udfff": "\\ud83d"}}',
        b'{"title": "\xed\xa0\x80", "message": "\xff\xfe"}',
        b'{"title": "x", "value": 1e999999, "startsAt": 1e308}',
        b'{"title": "x", "value": ' + b"9" * 4_000 + b"}",
        b'{"title": "x", "title": "y", "": "", "\\u0000": "\\u0000"}',
        b'{"__proto__": {"x": 1}, "constructor": "x", "$where": "1", "title": "{{7*7}}${7*7}<%=7*7%>"}',
    ],
)
@pytest.mark.parametrize("source", ["acme", "alertmanager", "grafana", "prometheus", "datadog", "auto", "logs"])
def test_odd_values_are_kept_or_refused_and_shown(source: str, body: bytes) -> None:
    world = World()
    answer = world.client.post(f"/webhooks/{source}", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (202, 400)
    for path in ("/", "/?view=all", "/integrations", "/status"):
        assert "49${" not in world.page(path)
    assert world.get("/api/ledger")["balances"]


XML_BOMB = b"""<?xml version="1.0"?><!DOCTYPE bomb [<!ENTITY a "aaaaaaaaaa">%s]><testsuites name="&z;"/>""" % b"".join(
    b'<!ENTITY %c "%s">' % (98 + level, b"&%c;" % (97 + level) * 10) for level in range(25)
)
XML_FILE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><testsuites name="&f;"/>'
XML_FETCH = b'<?xml version="1.0"?><!DOCTYPE x SYSTEM "%s"><testsuites/>' % INSIDE.encode()


@pytest.mark.parametrize("body", [XML_BOMB, XML_FILE, XML_FETCH], ids=["bomb", "file", "fetch"])
@pytest.mark.parametrize("source", ["junit", "monit", "dotnet_tests", "windows", "auto"])
def test_entities_of_xml_are_neither_unfolded_nor_read_nor_fetched(source: str, body: bytes) -> None:
    world, began = World(), time.process_time()
    answer = world.client.post(f"/webhooks/{source}", content=body, headers={"content-type": "application/xml"})
    assert time.process_time() - began < SOON
    assert answer.status_code in (202, 400)
    if answer.status_code == 202:
        entry = world.client.get(f"/api/ledger/{answer.json()['delivery_id']}").text
        assert "root:" not in entry
        assert "aaaaaaaaaaaaaaaaaaaa" not in entry


def test_a_bomb_in_a_bomb_is_unpacked_once_and_no_further(world: World) -> None:
    inner = gzip.compress(b"0" * 5_000_000)
    answer = world.client.post("/webhooks/acme", content=gzip.compress(inner))
    assert answer.status_code in (400, 413)


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Return to whom a connection was tried, or whose name was asked for."""
    found: list[object] = []

    def connect(_: socket.socket, address: object) -> None:
        found.append(address)
        raise ConnectionRefusedError

    def asked(host: object, *_: object, **__: object) -> list[Any]:
        found.append(host)
        raise socket.gaierror

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket.socket, "connect_ex", connect)
    monkeypatch.setattr(socket, "getaddrinfo", asked)
    return found


@pytest.mark.parametrize("sender", SENDERS)
def test_nothing_is_fetched_from_what_a_payload_names(world: World, sender: str, reached: list[object]) -> None:
    def inside(value: Any) -> Any:
        return INSIDE if isinstance(value, str) and value.startswith("http") else value

    links = {"url": INSIDE, "SubscribeURL": INSIDE, "SigningCertURL": INSIDE, "image": INSIDE, "icon_url": INSIDE}
    for recorded in recorded_of(sender):
        document = changed(json.loads(recorded.read_bytes()), inside)
        for body in (document, {**document, **links} if isinstance(document, dict) else document):
            sent(world, recorded, json.dumps(body).encode())
            world.client.post(f"/webhooks/{sender}?check=1", content=json.dumps(body).encode())
    for path in ("/", "/?view=all", "/integrations"):
        world.page(path)
    assert reached == []


RULE = {"id": "bomb", "verdict": "known_good", "owner": "noc", "reason": "x", "expires": "2027-03-02T00:00:00Z"}
MAPPING = f"""source: acme
match: {{header: {{User-Agent: "{BOMB}"}}}}
events: "[@]"
fields:
  title: "title || 'x'"
  status: {{expr: state, default: firing}}
  service: "regex(title, '{BOMB}') || title"
"""


def test_a_pattern_that_would_backtrack_for_years_is_quick_in_rules_silences_and_mappings(world: World) -> None:
    matchers = [{"field": "title", "operator": "=~", "value": BOMB}]
    assert world.client.post("/api/rules", json={**RULE, "matchers": matchers}).status_code == 200
    mapped = world.client.post("/api/mappings", content=MAPPING.encode())
    assert mapped.status_code == 200, mapped.text
    silence = {"matchers": [{"name": "alertname", "value": BOMB, "isRegex": True}], "createdBy": "x", "comment": "x"}
    times = {"startsAt": "2026-03-02T09:00:00Z", "endsAt": "2026-03-03T09:00:00Z"}
    assert world.client.post("/api/v2/silences", json=silence | times).status_code == 200
    began = time.process_time()
    for source in ("acme", "alertmanager", "auto"):
        alert = {"title": VICTIM, "state": VICTIM, "labels": {"alertname": VICTIM, "service": VICTIM}}
        body = {"alerts": [alert], **alert}
        assert world.client.post(f"/webhooks/{source}", json=body, headers={"User-Agent": VICTIM}).status_code == 202
    world.get("/api/alerts", params={"match": f"service=~{BOMB}"})
    assert time.process_time() - began < SOON
    assert world.get("/api/ledger")["balances"]


FILES = ("etc/passwd", "pyproject.toml", "data/access.db")
UPWARDS = ("../", "..%2f", "%2e%2e/", "..%5c", "....//", "%252e%252e%252f", "/", "%00")


@pytest.mark.parametrize(
    "before",
    ["/static/", "/static/x/", "/mappings/", "/integrations/", "/services/", "/rules/", "/pages/", "/api/mappings/"],
)
def test_no_path_leads_out_of_what_is_served(world: World, before: str) -> None:
    for up, file in itertools.product(UPWARDS, FILES):
        answer = world.client.get(f"{before}{up * 8}{file}")
        assert answer.status_code in (200, 400, 404, 405), answer.text
        for text in ("root:", "[project]", "SQLite format"):
            assert text not in answer.text


def test_every_parser_was_asked() -> None:
    assert {path.parent.name for path in RECORDED} - {"acme"} <= registry.SOURCES.keys() | {"alertmanager_api"}
    assert CONTENT_TYPES[".json"] == "application/json"
