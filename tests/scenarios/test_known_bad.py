"""An audit event that a signature fits becomes an alert whose verdict names the signature; replays see the same."""

from collections.abc import Iterable

import msgspec

from aiops.domain.acts import Act, EndSignature, PutSignatures
from aiops.domain.alerts import Alert, Verdict
from aiops.domain.changes import ALERTS
from aiops.domain.entries import Command, Delivery, Entry, Payload, Position
from aiops.domain.events import Severity
from aiops.domain.signatures import Logsource, Says, Signature
from aiops.engine import Engine
from tests.builders import at

GONE = Signature(
    id="repository-deleted",
    title="Repository deleted",
    severity=Severity.HIGH,
    logsource=Logsource(product="github"),
    condition=Says(field="action", values=("repo.destroy",)),
    pack="github",
)


def entries(*payloads: Payload) -> list[Entry]:
    return [
        Entry(position=Position(shard=0, offset=number), received_at=at(number), payload=payload)
        for number, payload in enumerate(payloads, 1)
    ]


def command(key: str, act: Act) -> Command:
    return Command(id=key, actor="ana", act=act)


def audited(action: str, key: str) -> Delivery:
    body = {"action": action, "actor": "eve", "repo": "acme/shop", "_document_id": key}
    return Delivery(source="github", body=msgspec.json.encode(body), content_type="application/json")


def alerts(engine: Engine, run: Iterable[Entry]) -> list[Alert]:
    return engine.run(run).of(ALERTS)


def test_a_fitting_audit_event_raises_a_known_bad_alert() -> None:
    engine = Engine()
    story = entries(
        command("put", PutSignatures(signatures=(GONE,))), audited("repo.create", "1"), audited("repo.destroy", "2")
    )
    (alert,) = alerts(engine, story)
    assert (alert.verdict, alert.verdict_rule) == (Verdict.KNOWN_BAD, "repository-deleted")
    assert alert.labels["actor"] == "eve"
    assert alert.severity is Severity.HIGH
    assert any("Repository deleted" in reason.text for reason in alert.reasons)
    assert engine.ledger.check() == []


def test_who_ends_the_signature_ends_its_verdict() -> None:
    engine = Engine()
    story = entries(
        command("put", PutSignatures(signatures=(GONE,))),
        audited("repo.destroy", "1"),
        command("end", EndSignature(signature_id="repository-deleted")),
        audited("repo.destroy", "2"),
    )
    (alert,) = alerts(engine, story)
    assert (alert.verdict, alert.verdict_rule, alert.count) == (Verdict.UNKNOWN, "", 1)


def test_a_snapshot_in_between_changes_nothing() -> None:
    story = entries(
        command("put", PutSignatures(signatures=(GONE,))), audited("repo.destroy", "1"), audited("repo.destroy", "2")
    )
    whole, half, rest = Engine(), Engine(), Engine()
    whole.run(story)
    half.run(story[:2])
    rest.load(half.dump())
    rest.run(story[2:])
    assert rest.dump() == whole.dump()
