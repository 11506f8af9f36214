from collections.abc import Iterable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.domain.acts import EndSignature, PutSignatures
from aiops.domain.entries import Delivery
from aiops.domain.errors import Conflict
from aiops.domain.events import Event, EventKind, Severity
from aiops.domain.signatures import All, Condition, How, Logsource, Not, OneOf, Says, Signature
from ingestion.sources import registry
from rules.conditions import compiled
from rules.logsources import seen
from rules.record import Record
from rules.signature_index import SignatureIndex
from rules.signatures import Signatures
from rules.trail import SignatureTrail
from tests.builders import an_event, at

GITHUB = Logsource(product="github", service="audit")


def a_signature(key: str, condition: Condition, logsource: Logsource = GITHUB) -> Signature:
    return Signature(id=key, title=key, severity=Severity.HIGH, logsource=logsource, condition=condition)


def says(field: str, *values: str, how: How = How.EQUALS) -> Says:
    return Says(field=field, values=values, how=how)


def events(source: str, body: dict[str, Any]) -> tuple[Event, ...]:
    delivery = Delivery(source=source, body=msgspec.json.encode(body), content_type="application/json")
    return registry.parse(delivery, at(0)).events


def audited(action: str) -> Event:
    (event,) = events(
        "github", {"action": action, "actor": "ana", "_document_id": "1", "@timestamp": 1_772_442_000_000}
    )
    return event


def holding(*signatures: Signature) -> Signatures:
    part = Signatures()
    part.act(PutSignatures(signatures=signatures), "ana", at(0))
    return part


def test_an_event_finds_the_signatures_of_its_log() -> None:
    part = holding(
        a_signature("gone", says("action", "repo.destroy")),
        a_signature("other", says("action", "repo.create")),
        a_signature("aws", says("action", "repo.destroy"), Logsource(product="aws")),
    )
    assert [one.signature.id for one in part.find(audited("repo.destroy"), at(1))] == ["gone"]
    assert part.in_force()["gone"].hits == 1
    assert part.in_force()["other"].hits == 0


def test_logs_that_no_signature_tells_apart_share_an_index(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[SignatureIndex] = []

    def make(about: Iterable[Signature]) -> SignatureIndex:
        made.append(SignatureIndex(about))
        return made[-1]

    monkeypatch.setattr("rules.signatures.SignatureIndex", make)
    part = holding(
        a_signature("sshd", says("message", "failed", how=How.CONTAINS), Logsource(product="linux", service="sshd")),
        a_signature("any", says("message", "failed", how=How.CONTAINS), Logsource(product="linux")),
    )
    services = [f"daemon-{number}" for number in range(300)]
    found = {}
    for service in (*services, "sshd", *services, "sshd"):
        line = an_event(kind=EventKind.LOG, labels={"service": service}, message="login failed")
        found[service] = [one.signature.id for one in part.find(line, at(0))]
    assert found == {**{key: ["any"] for key in services}, "sshd": ["any", "sshd"]}
    assert len(made) == 2


def test_what_has_ended_raises_no_more() -> None:
    part = holding(a_signature("gone", says("action", "repo.destroy")))
    part.find(audited("repo.destroy"), at(1))
    part.act(EndSignature(signature_id="gone"), "bo", at(2))
    assert part.find(audited("repo.destroy"), at(3)) == []
    with pytest.raises(Conflict):
        part.act(EndSignature(signature_id="gone"), "bo", at(4))


def test_a_snapshot_keeps_all() -> None:
    part = holding(a_signature("gone", says("action", "repo.destroy")))
    part.find(audited("repo.destroy"), at(1))
    again = Signatures()
    again.load(part.dump())
    assert again.dump() == part.dump()
    assert [one.signature.hits for one in again.find(audited("repo.destroy"), at(2))] == [2]


def test_who_changed_what_is_written_down() -> None:
    part = holding(a_signature("gone", says("action", "repo.destroy")))
    part.act(PutSignatures(signatures=(a_signature("gone", says("action", "x")),)), "bo", at(1))
    again = SignatureTrail()
    again.load(part.trail.dump())
    part.act(EndSignature(signature_id="gone", text="done"), "cy", at(2))
    lines = [document for _, document in part.trail.drain()]
    assert [(line.actor, line.text) for line in lines] == [
        ("ana", "signature gone put"),
        ("bo", "signature gone changed"),
        ("cy", "signature gone ended by cy: done"),
    ]
    assert [bool(line.before) for line in lines] == [False, True, True]
    assert "repo.destroy" in lines[1].before
    again.note(part.in_force().get("gone"), a_signature("gone", says("action", "y")), "di", at(3), "put")
    assert [document.change_id for _, document in again.drain()] == ["signature-0000000002"]


def test_putting_again_keeps_what_was_counted() -> None:
    part = holding(a_signature("gone", says("action", "repo.destroy")))
    part.find(audited("repo.destroy"), at(1))
    part.act(PutSignatures(signatures=(a_signature("gone", says("action", "x")),)), "ana", at(2))
    assert part.in_force()["gone"].hits == 1


@pytest.mark.parametrize(
    ("source", "body", "tag"),
    [
        ("cloudtrail", {"eventVersion": "1", "eventName": "X", "eventSource": "s"}, ("service", "cloudtrail")),
        ("okta", {"uuid": "1", "eventType": "x", "legacyEventType": "y"}, ("product", "okta")),
        (
            "windows",
            {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1, "Image": "x"},
            ("category", "process_creation"),
        ),
        (
            "windows",
            {"winlog": {"channel": "Security", "event_id": 4688, "event_data": {"NewProcessName": "x"}}},
            ("category", "process_creation"),
        ),
        (
            "windows",
            {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 12, "EventType": "DeleteKey"},
            ("category", "registry_delete"),
        ),
        ("logs", {"message": "x", "cs-method": "GET"}, ("category", "webserver")),
        ("logs", {"protoPayload": {"methodName": "x"}}, ("service", "gcp.audit")),
        ("logs", {"operationName": "x", "category": "AuditLogs", "resourceId": "r"}, ("service", "auditlogs")),
        ("logs", {"message": 'type=EXECVE msg=audit(1:2): a0="ls"'}, ("service", "auditd")),
        ("logs", {"message": "x", "_path": "dns", "query": "a.example"}, ("service", "dns")),
        ("logs", {"message": "x", "uid": "C1", "id": {"orig_h": "10.0.0.1"}, "qtype_name": "A"}, ("product", "zeek")),
        ("logs", {"message": "x", "logid": "0100", "devid": "F", "type": "event"}, ("service", "event")),
        ("logs", {"message": 'devname="fw" logid="0100" type="traffic" action="deny"'}, ("service", "traffic")),
        ("logs", {"message": "%PARSER-5-CFGLOG_LOGGEDCMD: User:eve  logged command:no logging"}, ("service", "aaa")),
        ("logs", {"message": "%TCP-6-BADAUTH: No MD5 digest from 10.0.0.1(179) to 10.0.0.2:179"}, ("service", "bgp")),
        ("logs", {"message": "x", "Image": "/bin/sh", "TargetFilename": "/etc/passwd"}, ("product", "linux")),
        ("logs", {"message": "x", "Image": "C:\\a.exe", "TargetFilename": "C:\\b"}, ("product", "windows")),
        ("logs", {"message": "java.lang.IllegalStateException: x"}, ("product", "jvm")),
        ("logs", {"message": "Traceback (most recent call last): x"}, ("category", "application")),
        (
            "windows",
            {"Channel": "Microsoft-Windows-Windows Defender/Operational", "EventID": 1116, "Threat Name": "x"},
            ("category", "antivirus"),
        ),
    ],
)
def test_a_log_is_known_by_its_source_and_fields(source: str, body: dict[str, Any], tag: tuple[str, str]) -> None:
    (event,) = events(source, body)
    assert tag in seen(event)[0]


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ('type=USER_LOGIN msg=audit(1:2): acct="a b" res=failed\'', "acct", "a b"),
        ('type=USER_LOGIN msg=audit(1:2): acct="a b" res=failed\'', "res", "failed"),
        ('devname="fw" logid=0100 cfgpath="system.admin" msg="Add x"', "cfgpath", "system.admin"),
    ],
)
def test_lines_of_named_values_have_them_as_fields(text: str, field: str, value: str) -> None:
    (event,) = events("logs", {"message": text})
    assert seen(event)[1].get(field) == (value,)


def test_fields_of_zeek_have_the_names_that_rules_know() -> None:
    (event,) = events("logs", {"message": "x", "_path": "http", "uri": "/a.exe", "user_agent": "WebDAV"})
    record = seen(event)[1]
    assert (record.get("c-uri"), record.get("c-useragent")) == (("/a.exe",), ("WebDAV",))


def test_what_is_typed_on_a_switch_is_told_from_what_it_says_of_itself() -> None:
    (event,) = events("logs", {"message": "%LINK-3-UPDOWN: Interface up, copy of the directory"})
    assert ("service", "aaa") not in seen(event)[0]
    assert ("product", "cisco") in seen(event)[0]


def test_fields_of_winlogbeat_have_the_names_that_rules_know() -> None:
    body = {"winlog": {"channel": "Security", "event_id": 4688, "event_data": {"NewProcessName": "C:\\x.exe"}}}
    (event,) = events("windows", body)
    record = seen(event)[1]
    assert (record.get("image"), record.get("eventid")) == (("C:\\x.exe",), ("4688",))


def test_a_resend_is_stored_without_its_record() -> None:
    event = audited("repo.destroy")
    assert event.raw
    assert event.bare == msgspec.structs.replace(event, raw={})


def test_alerts_are_not_looked_at() -> None:
    part = holding(a_signature("all", Not(of=says("absent", "x")), Logsource()))
    alert = msgspec.structs.replace(audited("x"), kind=EventKind.ALERT)
    assert part.find(alert, at(0)) == []
    assert len(part.find(audited("x"), at(0))) == 1


FIELDS = st.sampled_from(["a", "b", ""])
WORDS = st.text(alphabet="abcABCİſ*", max_size=6)
LEAVES = st.builds(
    lambda field, how, values, cased: Says(field=field, how=how, values=tuple(values), cased=cased),
    FIELDS,
    st.sampled_from([How.EQUALS, How.CONTAINS, How.BEGINS, How.ENDS]),
    st.lists(WORDS, min_size=1, max_size=3),
    st.booleans(),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(lambda of: All(of=tuple(of)), st.lists(inner, min_size=1, max_size=3))
        | st.builds(lambda of: OneOf(of=tuple(of)), st.lists(inner, min_size=1, max_size=3))
        | st.builds(lambda of: Not(of=of), inner)
    ),
    max_leaves=6,
)


@settings(deadline=None, max_examples=300)
@given(st.lists(CONDITIONS, max_size=40), st.dictionaries(st.sampled_from(["a", "b"]), WORDS))
def test_the_index_finds_what_asking_every_signature_finds(conditions: list[Condition], fields: dict[str, str]) -> None:
    signatures = [a_signature(f"s{number:02d}", condition) for number, condition in enumerate(conditions)]
    wanted = [f"s{number:02d}" for number, one in enumerate(conditions) if compiled(one)(Record.of(fields))]
    assert [one.id for one in SignatureIndex(signatures).find(Record.of(fields))] == wanted
