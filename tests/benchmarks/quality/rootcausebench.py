"""RootCauseBench: alert, metrics, deploys and flags -> the commit that did it, or none. No labels are used.

Deploys and flags go in as PagerDuty change events, metrics over OTLP. What is answered is the change that the engine
names for its first candidate: the commit of a deploy; none where it names no change, or a flag.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.benchmarks.quality.driving import Drive
from tests.benchmarks.quality.figures import Figure
from tests.benchmarks.quality.otlp import gauges

NAME = "rootcausebench"
BLOCK = 900.0  # seconds of metrics in one delivery
PUBLISHED = {  # for these cases
    tuple(f"rcb-{number:02}" for number in (2, 4, 5, 6, 8, 10, 11, 12, 14, 16, 19, 21)): "22 LLMs .847 on average"
}

Json = Mapping[str, Any]


def run(shared: Path, predictions: Path | None) -> list[Figure]:
    """Return how many commits are named rightly, and how many of the decoys are named."""
    folder = shared / "data" / NAME
    if not (folder / "truth.jsonl").exists():
        return []
    truth = [json.loads(line) for line in (folder / "truth.jsonl").read_text().splitlines() if line.strip()]
    answers = {one["case"]: _asked(folder / one["case"]) for one in truth}
    if predictions:
        lines = (json.dumps({"case": case, **answer}) for case, answer in answers.items())
        (predictions / "rootcausebench.jsonl").write_text("".join(f"{line}\n" for line in lines))
    named = {case: answer["root_cause_commit"] for case, answer in answers.items()}
    passed = sum(named[one["case"]] == one["root_cause_commit"] for one in truth)
    decoys = sum(named[one["case"]] in (one["decoy_deploy_commits"] or ()) for one in truth)
    simple = sum(_newest(folder / one["case"]) == one["root_cause_commit"] for one in truth)
    published = PUBLISHED.get(tuple(sorted(answers)), "")
    n = len(truth)
    if not n:
        return []
    note = "floor: the newest deploy of the service that alerts"
    return [
        Figure(
            set=NAME,
            measure="pass rate",
            ours=passed / n,
            floor=simple / n,
            published=published,
            n=n,
            proportion=True,
            note=note,
        ),
        Figure(set=NAME, measure="decoys named", ours=decoys, n=n),
    ]


def _asked(folder: Path) -> dict[str, Any]:
    alert = json.loads((folder / "alert.json").read_text())
    fired = _seconds(alert["fired_at"])
    drive, sent = Drive(), ""
    for at, kind, document in sorted(_told(folder, fired), key=lambda one: one[:2]):
        if kind == "alert":
            sent = drive.send(at, "alertmanager", document)
        else:
            drive.send(at, "pagerduty" if kind == "change" else "otlp", document)
    drive.wait(fired + 60)
    incident = drive.incident(sent)
    first = incident.candidates[0] if incident and incident.candidates else None
    said = [str(reason.evidence.get("change", "")) for reason in first.evidence] if first else []
    change = next(filter(None, said), "none")
    commits = {deploy["commit_sha"] for deploy in _listed(folder / "deploys.json")}
    return {
        "root_cause_commit": change if change in commits else "none",
        "first_failing_service": first.entity if first else "",
        "blast_radius": [one for one in (incident.services if incident else ()) if first and one != first.entity],
        "remediation": "",
    }


def _told(folder: Path, fired: float) -> Iterator[tuple[float, str, Json]]:
    """Yield (time, kind, document) of all that was known when the alert fired."""
    alert = json.loads((folder / "alert.json").read_text())
    labels = {"alertname": alert["metric"], "service": alert["service"], "severity": alert["severity"]}
    yield fired, "alert", {"version": "4", "alerts": [{"status": "firing", "labels": labels}]}
    for deploy in _listed(folder / "deploys.json"):
        yield _change(deploy["timestamp"], deploy["service"], f"deploy {deploy['version']}", deploy["commit_sha"])
    for flag in _listed(folder / "flags.json"):
        yield _change(flag["timestamp"], flag["service"], f"flag {flag['flag']} {flag['change']}", "")
    blocks: dict[float, list[tuple[str, str, float, float]]] = {}
    with (folder / "metrics.csv").open(newline="") as lines:
        for row in csv.DictReader(lines):
            at = _seconds(row["timestamp"])
            if at <= fired:
                point = (row["service"], row["metric"], at, float(row["value"]))
                blocks.setdefault(at // BLOCK, []).append(point)
    for points in blocks.values():
        yield max(at for _, _, at, _ in points), "metrics", gauges(points)


def _newest(folder: Path) -> str:
    """Return the commit of the last deploy of the alerting service before the alert; none where there is none."""
    alert = json.loads((folder / "alert.json").read_text())
    fired = _seconds(alert["fired_at"])
    deploys = [one for one in _listed(folder / "deploys.json") if one["service"] == alert["service"]]
    before = [(at, one["commit_sha"]) for one in deploys if (at := _seconds(one["timestamp"])) <= fired]
    return str(max(before, default=(0.0, "none"))[1])


def _listed(path: Path) -> list[Json]:
    """Return what a file lists; a case need not have every file."""
    return list(json.loads(path.read_text())) if path.exists() else []


def _change(at: str, service: str, what: str, commit: str) -> tuple[float, str, Json]:
    details = {"service": service, **({"commit": commit} if commit else {})}
    payload = {"summary": what, "timestamp": at, "source": service, "custom_details": details}
    return _seconds(at), "change", {"routing_key": "x", "payload": payload}


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
