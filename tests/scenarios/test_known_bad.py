"""An audit event that a signature fits becomes an alert whose verdict names the signature; replays see the same."""

from collections.abc import Iterable
from datetime import timedelta

import msgspec
import pytest

from aiops.domain.acts import Act, EndSignature, PutSignatures
from aiops.domain.alerts import Alert, Verdict
from aiops.domain.documents import ALERTS, PAGES
from aiops.domain.entries import Command, Delivery, Entry, Payload, Position, Tick
from aiops.domain.events import Severity
from aiops.domain.signatures import Correlated, Counted, Logsource, Says, Signature
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

MANY = Signature(
    id="many-deleted",
    title="Many repositories deleted",
    severity=Severity.CRITICAL,
    logsource=Logsource(),
    owner="security",
    condition=Correlated(
        counted=Counted.VALUES,
        of=("repository-deleted",),
        within=timedelta(minutes=5),
        number=3,
        values=("repo",),
        group_by=("actor",),
    ),
)


def entries(*payloads: Payload) -> list[Entry]:
    return [
        Entry(position=Position(shard=0, offset=number), received_at=at(number), payload=payload)
        for number, payload in enumerate(payloads, 1)
    ]


def command(key: str, act: Act) -> Command:
    return Command(id=key, actor="ana", act=act)


def audited(action: str, key: str, repo: str = "acme/shop", actor: str = "eve") -> Delivery:
    body = {"action": action, "actor": actor, "repo": repo, "_document_id": key}
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


@pytest.mark.parametrize(("severity", "pages"), [(Severity.WARNING, 1), (Severity.INFO, 0)])
def test_what_is_known_bad_pages_unless_its_signature_is_mild(severity: Severity, pages: int) -> None:
    engine = Engine()
    signature = msgspec.structs.replace(GONE, severity=severity)
    story = entries(command("put", PutSignatures(signatures=(signature,))), audited("repo.destroy", "1"), Tick())
    late = msgspec.structs.replace(story[-1], received_at=at(600))
    changes = engine.run([*story[:-1], late])
    assert len(changes.of(PAGES)) == pages
    (alert,) = changes.of(ALERTS)
    assert alert.verdict is Verdict.KNOWN_BAD
    said = " ".join(reason.text for reason in alert.reasons)
    assert ("mild, so it pages nobody by itself" in said) is (pages == 0)


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


def deleting(*names: str) -> list[Entry]:
    """Eve deletes these repositories, one a second, and bob one in between."""
    acts = [command("put", PutSignatures(signatures=(GONE, MANY)))]
    gone = [audited("repo.destroy", f"{number}", repo) for number, repo in enumerate(names)]
    return entries(*acts, audited("repo.destroy", "b", "acme/old", "bob"), *gone)


def test_what_comes_together_is_one_known_bad_alert_that_says_what_came() -> None:
    engine = Engine()
    (alert,) = alerts(engine, deleting("a", "b", "b", "c", "d"))
    assert (alert.verdict, alert.verdict_rule, alert.count) == (Verdict.KNOWN_BAD, "many-deleted", 2)
    assert (alert.title, alert.severity) == ("Many repositories deleted for eve", Severity.CRITICAL)
    assert alert.message.startswith("Many repositories deleted: 4 values of repo in records of repository-deleted")
    said = [reason.text for reason in alert.reasons]
    assert any("3 values of repo in records of repository-deleted in 3 s for actor eve" in text for text in said)
    assert any("known bad by rule many-deleted (security)" in text for text in said)
    assert engine.ledger.check() == []


def test_a_correlation_survives_a_snapshot_anywhere_and_is_the_same_however_entries_are_cut() -> None:
    story = deleting("a", "b", "c", "d")
    whole = Engine()
    whole.run(story)
    for cut in range(1, len(story)):
        half, rest = Engine(), Engine()
        half.run(story[:cut])
        rest.load(half.dump())
        for entry in story[cut:]:
            rest.run([entry])
        assert rest.dump() == whole.dump()
