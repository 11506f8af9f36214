"""RCD sock shop: metrics of a second each and a call graph -> the stressed service. No labels are used.

Metrics go in over OTLP, and an alert on the entry service fires at the onset, or 60 s after it. Avg@5 is over services.
"""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import structs

from aiops.domain.acts import ImportTopology
from aiops.domain.graph import Edge, Relation, Service, Topology
from tests.benchmarks.quality.driving import Drive
from tests.benchmarks.quality.figures import Figure
from tests.benchmarks.quality.otlp import gauges
from tests.benchmarks.quality.ranking import average_at_5, figures, write

NAME = "rcd-sockshop"
PUBLISHED = {0: "BARO .99", 60: "BARO .98"}
SAMPLES = 60  # rows of one delivery
MEASURES = {"lat": "latency", "lod": "load", "cpu": "cpu", "mem": "memory"}

Row = Mapping[str, str]


def run(shared: Path, predictions: Path | None) -> list[Figure]:
    """Return AC@k and Avg@5 with the onset known, and 60 s late."""
    folder = shared / "data" / NAME
    if not (folder / "cases.jsonl").exists():
        return []
    truth = {one["case"]: one["root_cause_service"] for one in _lines(folder / "truth.jsonl")}
    found: list[Figure] = []
    for late in PUBLISHED:
        answers = {}
        for case in _lines(folder / "cases.jsonl"):
            ranking, first = _asked(folder, case, late)
            answers[case["case"]] = (ranking, truth[case["case"]], first)
        note = f"onset {late} s late" if late else "onset known"
        found += figures(NAME, answers, note=note)
        found.append(structs.replace(average_at_5(NAME, answers, note=note), published=PUBLISHED[late]))
        if predictions:
            write(predictions / f"late-{late}.jsonl", {case: ranking for case, (ranking, _, _) in answers.items()})
    return found


def _asked(folder: Path, case: Mapping[str, Any], late: float) -> tuple[list[str], float]:
    drive = Drive()
    with (folder / case["file"]).open(newline="") as lines:
        rows = _in_order(list(csv.DictReader(lines)))
    graph = _topology(folder, rows[0])
    drive.act(float(rows[0]["time"]) - 10, ImportTopology(topology=graph))
    onset = next(float(row["time"]) for row in rows if row["phase"] != "normal") + late
    sent = ""
    for first in range(0, len(rows), SAMPLES):
        block = rows[first : first + SAMPLES]
        at = float(block[-1]["time"])
        if not sent and at >= onset:
            sent = drive.send(onset, "alertmanager", _alert(graph))
        drive.send(at, "otlp", gauges(_points(block)))
    drive.wait(float(rows[-1]["time"]) + 30)
    incident = drive.incident(sent)
    found = incident.candidates if incident else ()
    return [one.entity for one in found], found[0].probability if found else 0.0


def _in_order(rows: Sequence[Row]) -> list[Row]:
    """Return the normal rows, then the others, a second apart: in some files the normal ones were recorded later."""
    ordered = sorted(rows, key=lambda row: (row["phase"] != "normal", float(row["time"])))
    start = min(float(row["time"]) for row in rows)
    return [{**row, "time": str(start + index)} for index, row in enumerate(ordered)]


def _alert(graph: Topology) -> Mapping[str, Any]:
    """The entry service, which nobody calls, complains."""
    called = {edge.target for edge in graph.edges}
    entry = next(edge.source for edge in graph.edges if edge.source not in called)
    labels = {"alertname": "the shop is slow", "service": entry}
    return {"version": "4", "alerts": [{"status": "firing", "labels": labels}]}


def _points(rows: Sequence[Row]) -> Iterator[tuple[str, str, float, float]]:
    for column in rows[0]:
        if column not in ("time", "phase"):
            service, measure, *rest = column.split("_")
            name = ".".join((MEASURES.get(measure, measure), *rest))
            for row in rows:
                if row[column] != "":
                    yield service, name, float(row["time"]), float(row[column])


def _topology(folder: Path, row: Row) -> Topology:
    with (folder / "graph_edges.csv").open(newline="") as lines:
        pairs = [(one["caller"], one["callee"]) for one in csv.DictReader(lines)]
    names = {name for pair in pairs for name in pair}
    names |= {column.split("_")[0] for column in row if column not in ("time", "phase")}
    edges = tuple(Edge(source=one, relation=Relation.DEPENDS_ON, target=two) for one, two in pairs)
    return Topology(services=tuple(Service(name=name) for name in sorted(names)), edges=edges)


def _lines(path: Path) -> list[Mapping[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
