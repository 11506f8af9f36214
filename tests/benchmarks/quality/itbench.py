"""ITBench: alerts of one failure and the demo shop's call graph -> the service at fault. No labels are used."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiops.domain.acts import ImportTopology, Merge
from aiops.domain.graph import Edge, Relation, Service, Topology
from aiops.domain.incidents import Incident
from tests.benchmarks.quality.driving import Drive
from tests.benchmarks.quality.figures import Figure
from tests.benchmarks.quality.ranking import figures, write

NAME = "itbench"
APART = 6 * 3600.0  # seconds between two failures
FLOOR = 0.731  # deepest error, latency or pod alert; of the cases of odd numbers

Json = Mapping[str, Any]


def run(shared: Path, predictions: Path | None) -> list[Figure]:
    """Return AC@k over the cases with one root service, in the order of the file.

    What the set calls unfit for this is answered too, as the scorer may ask for it, but is neither scored nor learned.
    """
    folder = shared / "data" / NAME
    if not (folder / "cases.jsonl").exists():
        return []
    cases = [case for case in _lines(folder / "cases.jsonl") if case["alerts"]]
    fit = {case["case"] for case in cases if case["usable_for_rca"]}
    truth = {one["case"]: one["root_cause_service"] for one in _lines(folder / "truth.jsonl") if one["case"] in fit}
    drive = Drive()
    drive.act(0, ImportTopology(topology=_topology(folder)))
    rankings: dict[str, tuple[list[str], float]] = {}
    for number, case in enumerate(cases, start=1):
        lived = drive if case["case"] in fit else drive.branch()
        found = _live_through(lived, number * APART, case).candidates
        rankings[case["case"]] = ([one.entity for one in found], found[0].probability if found else 0.0)
    if predictions:
        write(predictions / "itbench.jsonl", {case: ranking for case, (ranking, _) in rankings.items()})
    answers = {case: (ranking, truth[case], first) for case, (ranking, first) in rankings.items() if truth.get(case)}
    known = all(int(case.rpartition("-")[2]) % 2 for case in answers)
    return figures(NAME, answers, note="unsupervised, online", floor=FLOOR if known else None) if answers else []


def _live_through(drive: Drive, at: float, case: Json) -> Incident:
    """Send the alerts of a failure, make them one incident as the set says, and return it; then all is over."""
    sent = drive.send(at, "alertmanager", _alerts(case, "firing"))
    position = sent.rsplit("-", 1)[0]
    found = [drive.incident(f"{position}-{index}") for index in range(len(_distinct(case)))]
    incidents = list(dict.fromkeys(one.incident_id for one in found if one))
    survivor, *others = incidents
    for other in others:
        drive.act(at + 1, Merge(incident_id=survivor, other_id=other))
    drive.wait(at + 30)
    incident = drive.incidents[survivor]
    drive.send(at + 600, "alertmanager", _alerts(case, "resolved"))
    drive.wait(at + 3600)
    return incident


def _alerts(case: Json, status: str) -> Json:
    return {"version": "4", "status": status, "alerts": [{**one, "status": status} for one in _distinct(case)]}


def _distinct(case: Json) -> list[Json]:
    found: dict[str, Json] = {}
    for alert in case["alerts"]:
        labels = {"alertname": alert["name"], "severity": "warning"}
        if alert["service"]:
            labels["service"] = alert["service"]
        found[json.dumps(labels)] = {"labels": labels, "annotations": {"summary": alert["name"]}}
    return list(found.values())


def _topology(folder: Path) -> Topology:
    with (folder / "graph_edges.csv").open(newline="") as lines:
        pairs = [(row["caller"], row["callee"]) for row in csv.DictReader(lines)]
    names = sorted({name for pair in pairs for name in pair})
    edges = tuple(Edge(source=one, relation=Relation.DEPENDS_ON, target=two) for one, two in pairs)
    return Topology(services=tuple(Service(name=name) for name in names), edges=edges)


def _lines(path: Path) -> list[Json]:
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
