"""Do Sigma rules fire on the events that they were written for? Read, evaluated and matched as the engine does."""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiops.domain.acts import PutSignatures
from aiops.domain.entries import Delivery
from aiops.domain.errors import BadInput
from aiops.domain.signatures import Signature
from ingestion.sources import registry
from rules.sigma import signature_of
from rules.signatures import Signatures
from tests.benchmarks.quality.figures import Figure

SET = "sigma-regression"
AT = datetime(2026, 8, 1, tzinfo=UTC)
EVERY = "every event of every capture"
UNFIT = {  # rules of which some events do not fit
    "0b9ad457-2554-44c1-82c2-d56a99c42377",
    "47e4bab7-c626-47dc-967b-255608c9a920",
    "8fbf3271-1ef6-4e94-8210-03c2317947f6",
}


def run(shared: Path, predictions: Path | None) -> list[Figure]:
    """Return the share of rules that load, and recall over pairs, over captures, and over what can fire."""
    folder = shared / "data" / SET
    if not (folder / "truth.jsonl").exists():
        return []
    rules, events, truth = (list(lines(folder / f"{name}.jsonl")) for name in ("rules", "events", "truth"))
    loaded = [signature for rule in rules if (signature := _loaded(rule))]
    fired = fired_by_event(loaded, {event["id"]: ("auto", event["event"]) for event in events})
    pairs = [(one, one["rule_id"] in fired[one["event"]]) for one in truth]
    if predictions:
        write(predictions, [{"id": one["event"], "rule_id": one["rule_id"], "fired": hit} for one, hit in pairs])
    present = [(one, hit) for one, hit in pairs if one.get("rule_present", True)]
    captures: dict[tuple[str, str], bool] = defaultdict(bool)
    for one, hit in present:
        captures[one["rule_id"], one.get("file", one["event"])] |= hit
    missed = {one["rule_id"] for one, hit in present if not hit}
    why = "; those that are missed do not fit their rule: pySigma with SQLite misses them too"
    note = EVERY + (why if missed and missed <= UNFIT else "")
    shares = (
        ("rules that load", len(loaded), len(rules), ""),
        ("recall, captures", sum(captures.values()), len(captures), "a capture of several events: one of them fires"),
        ("recall, events", sum(hit for _, hit in present), len(present), note),
    )
    return [
        Figure(
            set=SET, measure=name, ours=part / max(1, n), n=n, proportion=True, published="1.0 is the bar", note=note
        )
        for name, part, n, note in shares
    ]


def lines(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file of JSON lines."""
    with file.open() as opened:
        yield from (json.loads(line) for line in opened if line.strip())


def write(folder: Path, answers: list[dict[str, object]]) -> None:
    """Write answers in the scorer's form."""
    (folder / "predictions.jsonl").write_text("".join(json.dumps(answer) + "\n" for answer in answers))


def fired_by_event(signatures: list[Signature], events: dict[str, tuple[str, dict[str, Any]]]) -> dict[str, set[str]]:
    """Return the ids of the signatures that each event (its door and its object) fits."""
    part = Signatures()
    part.act(PutSignatures(signatures=tuple(signatures)), "benchmark", AT)
    fired: dict[str, set[str]] = {}
    for key, (source, event) in events.items():
        delivery = Delivery(source=source, body=json.dumps(event).encode(), content_type="application/json")
        parsed = registry.parse(delivery, AT)
        fired[key] = {found.signature.id for one in parsed.events for found in part.find(one, AT)}
    return fired


def _loaded(rule: dict[str, Any]) -> Signature | None:
    try:
        return signature_of({name: value for name, value in rule.items() if name != "path"}, SET)
    except BadInput:
        return None
