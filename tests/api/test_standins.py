"""Do other tools' clients get from us what the original would have answered, and does what they sent arrive?"""

import gzip
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import cramjam
import pytest
from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from aiops.domain.documents import ALERTS
from aiops.domain.entries import Delivery, Payload, Position
from aiops.domain.errors import Overloaded
from aiops.domain.events import Status
from aiops.domain.queries import Query
from api.routes import journal
from api.routes.standins import DOORS
from api.settings import ApiSettings
from ingestion.reading.loki_push import PushRequest
from ingestion.sources.journald import EXPORT
from ingestion.sources.registry import parse
from tests.api.world import World
from tests.builders import at

JSON = "application/json"
PROTOBUF = "application/x-protobuf"
EVENT = {
    "routing_key": "R0",
    "event_action": "trigger",
    "dedup_key": "pump-3",
    "payload": {"summary": "pump 3 runs dry", "source": "plant-7", "severity": "critical", "component": "pump"},
}
HEC = {"time": 1772442000, "host": "till-4", "sourcetype": "app", "event": "receipt printer is jammed"}
PUSH = {"streams": [{"stream": {"app": "till", "level": "error"}, "values": [["1772442000000000000", "drawer stuck"]]}]}
GELF = {"version": "1.1", "host": "till-4", "short_message": "paper is out", "level": 3, "_app": "till"}
ENVELOPE = (
    b'{"event_id":"9ec79c33ec9942ab8353589fcb2e04dc","dsn":"https://k@example.com/4"}\n'
    b'{"type":"attachment","length":6,"filename":"a.bin"}\n\x00\x01\n{"\n\n'
    b'{"type":"session","length":16}\n{"status":"ok" }\n'
    b'{"type":"event"}\n{"event_id":"9ec79c33ec9942ab8353589fcb2e04dc","platform":"python","level":"error",'
    b'"exception":{"values":[{"type":"TillError","value":"no change left"}]}}\n'
)
BULK = (
    b'{"index":{"_index":"tills","_id":"7"}}\n{"@timestamp":"2026-03-02T09:00:00Z","message":"till 7 is offline"}\n'
    b'{"create":{}}\n{"index":"a field of this name","message":"till 8 is offline"}\n'
)


def lines(world: World) -> list[str]:
    """What the last delivery said; the engine has counted as much."""
    said = [event.title for event in parse(last(world), world.now).events]
    assert world.get("/api/ledger")["total"]["observed"] == len(said)
    return said


def states(world: World) -> dict[str, Status]:
    with world.store.view() as view:
        return {alert.title: alert.status for alert in view.find(ALERTS, Query(limit=100)).items}


def last(world: World) -> Delivery:
    position = world.journal.last()
    assert position is not None
    entry = world.journal.get(position)
    assert entry is not None
    assert isinstance(entry.payload, Delivery)
    return entry.payload


def export(text: str = "belt 2 slipped") -> ExportLogsServiceRequest:
    request = ExportLogsServiceRequest()
    scope = request.resource_logs.add().scope_logs.add()
    record = scope.log_records.add(severity_text="ERROR", time_unix_nano=1772442000 * 10**9)
    record.body.string_value = text
    return request


def test_pagerduty_answers_with_the_key_and_the_alert_fires_until_it_is_resolved(world: World) -> None:
    answer = world.client.post("/v2/enqueue", json=EVENT)
    assert answer.status_code == 202
    assert answer.content == b'{"status":"success","message":"Event processed","dedup_key":"pump-3"}'
    assert states(world) == {"pump 3 runs dry": Status.FIRING}
    world.now = at(660)
    world.post("/v2/enqueue", {"routing_key": "R0", "event_action": "resolve", "dedup_key": "pump-3"}, 202)
    assert list(states(world).values()) == [Status.RESOLVED]


def test_pagerduty_makes_a_key_where_none_was_given_and_it_resolves(world: World) -> None:
    keyless = {name: value for name, value in EVENT.items() if name != "dedup_key"}
    key = world.post("/v2/enqueue", keyless, 202)["dedup_key"]
    assert world.post("/v2/enqueue", keyless, 202)["dedup_key"] == key
    assert len(states(world)) == 1
    world.now = at(660)
    world.post("/v2/enqueue", {"routing_key": "R0", "event_action": "resolve", "dedup_key": key}, 202)
    assert list(states(world).values()) == [Status.RESOLVED]


@pytest.mark.parametrize("body", [b"", b"{}", b"nonsense", b'{"event_action":"trigger","payload":{}}', b"[1]"])
def test_pagerduty_refuses_what_is_no_event_in_its_own_words(world: World, body: bytes) -> None:
    answer = world.client.post("/v2/enqueue", content=body, headers={"content-type": JSON})
    assert answer.status_code == 400
    assert answer.json()["status"] == "invalid event"
    assert answer.json()["errors"]


def test_pagerduty_takes_changes(world: World) -> None:
    change = {"routing_key": "R0", "payload": {"summary": "till 2.4 is out", "timestamp": "2026-03-02T09:00:00Z"}}
    answer = world.client.post("/v2/change/enqueue", json=change)
    assert answer.status_code == 202
    assert answer.content == b'{"status":"success","message":"Change event processed"}'
    assert lines(world) == ["till 2.4 is out"]


def test_opsgenie_answers_with_an_id_that_the_ledger_knows_and_close_resolves(world: World) -> None:
    answer = world.client.post("/v2/alerts", json={"message": "gate 9 is open", "alias": "gate/9", "priority": "P1"})
    assert answer.status_code == 202
    assert answer.content == b'{"result":"Request will be processed","took":0.0,"requestId":"0-1"}'
    world.get("/api/ledger/0-1")
    world.now = at(660)
    closed = world.client.post("/v2/alerts/gate%2F9/close?identifierType=alias")
    assert closed.status_code == 202
    assert last(world).body == b"{}"
    assert list(states(world).values()) == [Status.RESOLVED]


def test_opsgenie_acknowledging_leaves_the_alert_firing(world: World) -> None:
    world.post("/v2/alerts", {"message": "gate 9 is open", "alias": "gate-9"}, 202)
    world.post("/v2/alerts/gate-9/acknowledge", {"user": "ana"}, 202)
    assert list(states(world).values()) == [Status.FIRING]


def test_netdatas_way_to_opsgenie_is_answered_with_200(world: World) -> None:
    body = {"alarm": "disk_full", "chart": "disk.sda", "status": "CRITICAL", "old_status": "CLEAR", "host": "till-4"}
    assert world.post("/v1/json/integrations/webhooks/netdata?apiKey=s3cr3t", body)["requestId"] == "0-1"
    assert "s3cr3t" not in str(last(world))


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_otlp_in_protobuf_is_answered_in_protobuf(world: World, pack: Any) -> None:
    headers = {"content-type": PROTOBUF, "content-encoding": "gzip" if pack is gzip.compress else "identity"}
    answer = world.client.post("/v1/logs", content=pack(export().SerializeToString()), headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == PROTOBUF
    assert ExportLogsServiceResponse.FromString(answer.content) == ExportLogsServiceResponse()
    assert answer.content == b""
    assert lines(world) == ["belt 2 slipped"]


def test_otlp_in_json_is_answered_in_json(world: World) -> None:
    record = {"severityNumber": 17, "timeUnixNano": "1772442000000000000", "body": {"stringValue": "belt 3 slipped"}}
    answer = world.client.post("/v1/logs", json={"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]})
    assert answer.status_code == 200
    assert answer.content == b'{"partialSuccess":{}}'
    assert lines(world) == ["belt 3 slipped"]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_metrics_and_spans_in_protobuf_are_taken_and_counted(world: World, pack: Any) -> None:
    point = {"timeUnixNano": "1772442000000000000", "asDouble": 2.5}
    where = {"attributes": [{"key": "service.name", "value": {"stringValue": "till"}}]}
    metric = {"name": "cpu", "gauge": {"dataPoints": [point]}}
    sent = {"resourceMetrics": [{"resource": where, "scopeMetrics": [{"metrics": [metric]}]}]}
    body = ParseDict(sent, ExportMetricsServiceRequest()).SerializeToString()
    headers = {"content-type": PROTOBUF, "content-encoding": "gzip" if pack is gzip.compress else "identity"}
    answer = world.client.post("/v1/metrics", content=pack(body), headers=headers)
    assert (answer.status_code, answer.content) == (200, b"")
    (event,) = parse(last(world), world.now).events
    assert (event.title, event.points, event.labels) == ("cpu", ((1772442000.0, 2.5),), {"service": "till"})
    assert world.client.post("/v1/traces", json={"resourceSpans": []}).status_code == 200


def test_secrets_in_protobuf_do_not_reach_the_journal_and_the_line_is_still_read(world: World) -> None:
    body = export("login with password=correct-horse-battery failed").SerializeToString()
    assert world.client.post("/v1/logs", content=body, headers={"content-type": PROTOBUF}).status_code == 200
    assert b"correct-horse" not in last(world).body
    assert lines(world) == ["login with password=[redacted] failed"]


def test_loki_answers_204(world: World) -> None:
    answer = world.client.post("/loki/api/v1/push", json=PUSH)
    assert (answer.status_code, answer.content) == (204, b"")
    assert lines(world) == ["drawer stuck"]


def test_gelf_answers_202(world: World) -> None:
    answer = world.client.post("/gelf", content=json.dumps(GELF))
    assert (answer.status_code, answer.content) == (202, b"")
    assert lines(world) == ["paper is out"]


@pytest.mark.parametrize("path", ["/services/collector", "/services/collector/event", "/services/collector/event/1.0"])
def test_splunk_takes_events(world: World, path: str) -> None:
    twice = json.dumps(HEC) + json.dumps(HEC | {"event": "printer works again"})
    answer = world.client.post(path, content=twice, headers={"content-type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 200
    assert answer.content == b'{"text":"Success","code":0}'
    assert lines(world) == ["receipt printer is jammed", "printer works again"]


def test_splunk_takes_raw_lines(world: World) -> None:
    answer = world.client.post("/services/collector/raw", content=b"till=4 is slow\ntill=5 is slow\n")
    assert answer.content == b'{"text":"Success","code":0}'
    assert lines(world) == ["till=4 is slow", "till=5 is slow"]


@pytest.mark.parametrize(
    ("body", "said"),
    [(b"", b'{"text":"No data","code":5}'), (b"{broken", b'{"text":"Invalid data format","code":6}')],
)
def test_splunk_refuses_in_its_own_words(world: World, body: bytes, said: bytes) -> None:
    answer = world.client.post("/services/collector", content=body)
    assert (answer.status_code, answer.content) == (400, said)


def test_splunk_says_that_it_is_well(world: World) -> None:
    answer = world.client.get("/services/collector/health")
    assert (answer.status_code, answer.content) == (200, b'{"text":"HEC is healthy","code":17}')


def test_sentry_answers_with_the_events_id_whatever_is_attached(world: World) -> None:
    answer = world.client.post("/api/4/envelope/", content=ENVELOPE)
    assert answer.status_code == 200
    assert answer.content == b'{"id":"9ec79c33ec9942ab8353589fcb2e04dc"}'  # pragma: allowlist secret
    assert list(states(world)) == ["TillError"]


@pytest.mark.parametrize(("path", "second"), [("/_bulk", ""), ("/shops/_bulk", "shops")])
def test_elasticsearch_says_of_each_document_what_became_of_it(world: World, path: str, second: str) -> None:
    answer = world.client.post(path, content=BULK, headers={"content-type": "application/x-ndjson"})
    assert answer.status_code == 200
    assert answer.headers["x-elastic-product"] == "Elasticsearch"
    done = (
        '"_version":1,"result":"created","_shards":{"total":1,"successful":1,"failed":0},"_seq_no":0,'
        '"_primary_term":1,"status":201'
    )
    assert answer.text == (
        '{"took":0,"errors":false,"items":['
        f'{{"index":{{"_index":"tills","_id":"7",{done}}}}},{{"create":{{"_index":"{second}","_id":"0-1-1",{done}}}}}]}}'
    )
    assert lines(world) == ["till 7 is offline", "till 8 is offline"]


def test_elasticsearch_refuses_in_its_own_words(world: World) -> None:
    answer = world.client.post("/_bulk", content=b"{broken")
    assert answer.status_code == 400
    assert answer.json()["status"] == 400
    assert answer.json()["error"]["type"] == "illegal_argument_exception"


def test_slacks_door_says_ok_and_keeps_its_path_to_itself(world: World) -> None:
    message = {"attachments": [{"title": "fridge 2 is warm", "color": "danger", "text": "9 degrees"}]}
    answer = world.client.post("/services/T0AB/B0CD/verysecretpart", data={"payload": json.dumps(message)})
    assert (answer.status_code, answer.content) == (200, b"ok")
    assert list(states(world)) == ["fridge 2 is warm"]
    assert "verysecretpart" not in str(last(world))


ONE_OF_EACH: dict[str, Any] = {path: EVENT if "enqueue" in path else {"message": "x"} for path in DOORS}


@pytest.mark.parametrize("path", [*ONE_OF_EACH, "/api/v2/alerts", "/api/v1/alerts"])
def test_a_full_journal_is_429_to_all_but_prometheus(world: World, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    def full(payloads: Sequence[Payload], at: datetime | None = None) -> list[Position]:
        raise Overloaded("full", retry_after=2.5)

    monkeypatch.setattr(world.journal, "append", full)
    answer = world.client.post(path, json=ONE_OF_EACH.get(path, []))
    assert answer.status_code == (503 if path.endswith(("v2/alerts", "v1/alerts")) and "api" in path else 429)
    assert answer.headers["retry-after"] == "3"


@pytest.mark.parametrize("path", [*DOORS, "/api/v2/alerts", "/api/v1/alerts", "/api/v2/silences"])
def test_no_stand_in_takes_anything_from_a_stranger(locked: World, path: str) -> None:
    assert locked.client.post(path, json=EVENT).status_code == 401
    assert locked.journal.last() is None


@pytest.mark.parametrize("path", [*DOORS, "/api/v2/alerts", "/api/v1/alerts", "/api/v2/silences"])
def test_every_stand_in_is_bounded(path: str) -> None:
    small = World(ApiSettings(max_body_bytes=1_000, command_wait=0.0))
    assert small.client.post(path, content=b'{"message":"' + b"x" * 2_000 + b'"}').status_code == 413


@pytest.mark.parametrize("path", [*ONE_OF_EACH, "/api/v2/alerts", "/api/v1/alerts"])
def test_an_ingest_token_is_enough_for_a_stand_in(locked: World, path: str) -> None:
    token = locked.app.state.desk.access.create_token("till", ["ingest"], locked.now)
    answer = locked.client.post(path, json=EVENT, headers={"authorization": f"Bearer {token}"})
    assert answer.status_code not in (401, 403)


@pytest.mark.parametrize("path", ["/api/v2/silences", "/services/import", "/api/services", "/api/rules"])
def test_an_ingest_token_is_good_for_nothing_else(locked: World, path: str) -> None:
    token = locked.app.state.desk.access.create_token("till", ["ingest"], locked.now)
    headers = {"authorization": f"Bearer {token}"}
    assert locked.client.post(path, json={}, headers=headers).status_code == 403
    assert locked.client.get("/api/v2/alerts", headers=headers).status_code == 403


@pytest.mark.parametrize("scheme", ["Splunk", "GenieKey", "ApiKey"])
def test_a_token_comes_in_the_tools_own_scheme(locked: World, scheme: str) -> None:
    token = locked.app.state.desk.access.create_token("till", ["ingest"], locked.now)
    headers = {"authorization": f"{scheme} {token}"}
    assert locked.client.post("/services/collector", json=HEC, headers=headers).status_code == 200


def test_a_stand_in_takes_a_token_as_basic_password(locked: World) -> None:
    token = locked.app.state.desk.access.create_token("prometheus", ["ingest"], locked.now)
    assert locked.client.post("/api/v2/alerts", json=[], auth=("any", token)).status_code == 200


def a_push(labels: str, *lines: str) -> bytes:
    request: Any = PushRequest()
    stream = request.streams.add(labels=labels)
    for number, text in enumerate(lines):
        entry = stream.entries.add(line=text)
        entry.timestamp.seconds, entry.timestamp.nanos = 1_772_442_000 + number, 5
    return bytes(cramjam.snappy.compress_raw(request.SerializeToString()))


def test_loki_takes_protobuf_in_snappy_as_its_clients_push_it(world: World) -> None:
    body = a_push('{app="till", level="error", path="C:\\\\log"}', "drawer stuck", "token=abcdefgh1234 refused")
    answer = world.client.post("/loki/api/v1/push", content=body, headers={"content-type": PROTOBUF})
    assert (answer.status_code, answer.content) == (204, b"")
    assert lines(world) == ["drawer stuck", "token=[redacted] refused"]
    (first, _) = parse(last(world), world.now).events
    assert first.labels == {"app": "till", "level": "error", "path": "C:\\log", "service": "till"}
    assert first.occurred_at == at(0)


@pytest.mark.parametrize(
    "body", [b"\xff\xfe no snappy", bytes(cramjam.snappy.compress_raw(b"\x0a\xff")), b"\x80\x80\x80\x80\x08"]
)
def test_loki_refuses_what_is_neither_of_its_formats(world: World, body: bytes) -> None:
    answer = world.client.post("/loki/api/v1/push", content=body, headers={"content-type": PROTOBUF})
    assert answer.status_code == 400
    assert world.journal.last() is None


@pytest.mark.parametrize("act", ["notes", "tags", "assign"])
def test_what_opsgenie_is_told_beside_the_state_makes_no_alert(world: World, act: str) -> None:
    world.post("/v2/alerts", {"message": "pump runs dry", "alias": "pump-3"}, 202)
    before = states(world)
    answer = world.post(f"/v2/alerts/pump-3/{act}?identifierType=alias", {"note": "looking", "user": "ana"}, 202)
    assert answer["result"] == "Request will be processed"
    assert states(world) == before == {"pump runs dry": Status.FIRING}


def test_an_elasticsearch_client_is_told_who_is_there(world: World, locked: World) -> None:
    answer = world.client.get("/elastic/")
    assert answer.headers["x-elastic-product"] == "Elasticsearch"
    assert answer.json()["tagline"] == "You Know, for Search"
    assert world.get("/elastic/_license")["license"]["status"] == "active"
    assert world.client.head("/elastic").status_code == 200
    sent = {"content-type": "application/x-ndjson"}
    assert (
        world.client.post("/elastic/tills/_bulk", content=BULK, headers=sent).json()["items"][0]["index"]["_index"]
        == "tills"
    )
    assert locked.client.get("/elastic/").status_code == 401


def test_alerts_come_in_groups_by_name(world: World) -> None:
    for service, name in (("db", "Down"), ("web", "Down"), ("web", "Slow")):
        world.client.post("/api/v2/alerts", json=[{"labels": {"alertname": name, "service": service}}])
    groups = world.get("/api/v2/alerts/groups")
    assert [(one["labels"], len(one["alerts"])) for one in groups] == [
        ({"alertname": "Down"}, 2),
        ({"alertname": "Slow"}, 1),
    ]
    assert {one["receiver"]["name"] for one in groups} == {"aiops"}
    (only,) = world.get("/api/v2/alerts/groups?filter=service%3Ddb")
    assert [alert["labels"]["service"] for alert in only["alerts"]] == ["db"]


def test_a_journal_that_flows_in_becomes_deliveries_between_entries(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "BATCH", 500)
    entries = b"".join(b"__CURSOR=s=%d\nMESSAGE=line %d\nTOKEN=token=abcdefgh1234\n\n" % (n, n) for n in range(50))

    def pieces() -> Iterator[bytes]:
        yield from (entries[start : start + 77] for start in range(0, len(entries), 77))

    for _ in range(2):
        answer = world.client.post("/upload", content=pieces(), headers={"content-type": EXPORT})
        assert (answer.status_code, answer.text) == (202, "OK.\n")
    total = world.get("/api/ledger")["total"]
    assert (total["observed"], total["duplicate"], total["rejected"]) == (50, 50, 0)
    assert b"abcdefgh1234" not in last(world).body


def test_a_journal_in_json_is_taken_by_the_same_door(world: World) -> None:
    answer = world.client.post("/upload", json={"MESSAGE": "a line", "__CURSOR": "s=1"})
    assert (answer.status_code, answer.text) == (202, "OK.\n")
    assert lines(world) == ["a line"]
