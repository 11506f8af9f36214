"""TVDiag: alerts of one failure and a call graph -> the instance at fault. Without labels, and after 40 of them.

Every failure is told as an Alertmanager would tell it, and made one incident by an operator's merges, as the set says
that it is one. The order is that of a fixed shuffle: in the files failures of one cause stand together.
"""

import csv
import gzip
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from aiops.domain.acts import ConfirmCause, ImportTopology, Merge
from aiops.domain.graph import Edge, Relation, Service, Topology
from aiops.domain.incidents import Incident
from tests.benchmarks.quality.driving import Drive
from tests.benchmarks.quality.figures import Figure
from tests.benchmarks.quality.ranking import figures, write

NAME = "tvdiag-alerts"
SEED = 1
LABELLED = 40
APART = 6 * 3600.0  # seconds between two failures
FLOORS = {"gaia": 0.214, "hotel": 0.410, "sockshop": 0.361}
PUBLISHED = {"gaia": "supervised .759", "hotel": "supervised .821", "sockshop": "supervised .863"}

Json = Mapping[str, Any]


def run(shared: Path, predictions: Path | None) -> list[Figure]:
    """Return AC@1, 3 and 5 of each system: unsupervised, and after 40 confirmations."""
    found: list[Figure] = []
    for folder in sorted((shared / "data" / NAME).glob("*/")):
        if not (folder / "cases.jsonl.gz").exists():
            continue
        for labelled in (0, LABELLED):
            found += _system(folder, labelled, predictions)
    return found


def _system(folder: Path, labelled: int, predictions: Path | None) -> list[Figure]:
    cases = [json.loads(line) for line in gzip.decompress((folder / "cases.jsonl.gz").read_bytes()).splitlines()]
    truth = {one["case"]: one["root_cause_instance"] for one in _lines(folder / "truth.jsonl")}
    random.Random(SEED).shuffle(cases)  # fixed: a benchmark must say the same twice
    rankings = dict(answers(folder, cases, {case["case"]: truth[case["case"]] for case in cases[:labelled]}))
    asked = [case["case"] for case in cases[labelled:]]
    if not asked:
        return []
    if predictions:
        suffix = f"-after-{labelled}" if labelled else ""
        write(predictions / f"{folder.name}{suffix}.jsonl", {one: rankings[one][0] for one in asked})
        told = [json.dumps(one) for one in _lines(folder / "truth.jsonl") if one["case"] in set(asked)]
        (predictions / f"{folder.name}{suffix}-truth.jsonl").write_text("".join(f"{line}\n" for line in told))
    note = f"after {labelled} confirmed, which are not scored" if labelled else "unsupervised, online"
    return figures(
        f"{NAME}/{folder.name}",
        {one: (rankings[one][0], truth[one], rankings[one][1]) for one in asked},
        note=note,
        floor=FLOORS.get(folder.name),
        published=PUBLISHED.get(folder.name, ""),
    )


def answers(
    folder: Path, cases: Sequence[Json], known: Mapping[str, str]
) -> Iterator[tuple[str, tuple[list[str], float]]]:
    """Yield (case, (ranking, probability of its first)) while the engine lives through the cases."""
    drive = Drive()
    drive.act(0, ImportTopology(topology=_topology(folder, cases)))
    for number, case in enumerate(cases, start=1):
        incident = _live_through(drive, number * APART, case)
        if cause := known.get(case["case"]):
            drive.act(number * APART + 60, ConfirmCause(incident_id=incident.incident_id, entity=cause))
        drive.send(number * APART + 600, "alertmanager", _alerts(case, "resolved", number * APART))
        drive.wait(number * APART + 3600)
        first = incident.candidates[0].probability if incident.candidates else 0.0
        yield case["case"], ([one.entity for one in incident.candidates], first)


def _live_through(drive: Drive, at: float, case: Json) -> Incident:
    """Send the alerts of a failure, make them one incident, and return it."""
    first = drive.send(at, "alertmanager", _alerts(case, "firing", at))
    position = first.rsplit("-", 1)[0]
    incidents: dict[str, Incident] = {}
    for index in range(len(_distinct(case))):
        if incident := drive.incident(f"{position}-{index}"):
            incidents[incident.incident_id] = incident
    survivor, *others = incidents
    for other in others:
        drive.act(at + 1, Merge(incident_id=survivor, other_id=other))
    drive.wait(at + 30)
    return drive.incidents[survivor]


def _alerts(case: Json, status: str, at: float) -> Json:
    alerts = [{**one, "status": status} for one in _distinct(case)]
    return {"version": "4", "status": status, "alerts": alerts}


def _distinct(case: Json) -> list[Json]:
    found: dict[str, Json] = {}
    for alert in case["alerts"]:
        labels = {"alertname": _kind(alert), "service": alert["node"], "severity": "warning"}
        if alert["source"] == "trace":
            labels["caller"] = alert["caller"]
        found[json.dumps(labels)] = {"labels": labels, "annotations": {"summary": alert["text"]}}
    return list(found.values())


def _kind(alert: Json) -> str:
    """What an alerting rule for this would be called."""
    if alert["source"] == "metric":
        return f"{alert['signal']} {alert['direction']}"
    return f"{alert['signal']} {alert['kind']}" if alert["source"] == "trace" else f"log {alert['signal']}"


def _topology(folder: Path, cases: Sequence[Json]) -> Topology:
    names = sorted({node for case in cases for node in case["nodes"]})
    with (folder / "call_graph.csv").open(newline="") as lines:
        pairs = [(row["caller"], row["callee"]) for row in csv.DictReader(lines)]
    edges = [
        Edge(source=one, relation=Relation.DEPENDS_ON, target=two)
        for one, two in pairs
        if one != two and one in names and two in names
    ]
    return Topology(services=tuple(Service(name=name) for name in names), edges=tuple(edges))


def _lines(path: Path) -> list[Json]:
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
