"""Nezha: logs, calls and metrics of two shops -> the service at fault. No labels are used.

Metrics go in over OTLP, calls of each minute as a collector's service graph tells them, logs as OTLP logs: one stream a
day, which is never told of earlier faults. At each case the entry service alerts, at the end of the minute of the
evaluation (two after the fault was injected). The fault-free minute is told before the day, as its only calm history.
"""

import csv
import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiops.domain.acts import ImportTopology
from aiops.domain.graph import Edge, Relation, Service, Topology
from tests.benchmarks.quality.driving import Drive
from tests.benchmarks.quality.figures import Figure
from tests.benchmarks.quality.otlp import gauges, log_lines, service_graph
from tests.benchmarks.quality.ranking import figures, write

NAME = "nezha"
MINUTE = 60.0
CALM = 600.0  # seconds before the first row of a day at which its fault-free minute is told
SOURCE = "otlp"
FLOORS = {("onlineboutique", "2022-08-22"): 0.458, ("trainticket", "2023-01-29"): 0.12}  # robust z of metrics alone
PUBLISHED = {  # with ties counted as rank 1
    ("trainticket", "2023-01-29"): "Nezha .893/1/1",
    ("trainticket", "2023-01-30"): "Nezha .824/.941/.941",
    ("onlineboutique", "2022-08-22"): "Nezha .958/1/1",
    ("onlineboutique", "2022-08-23"): "Nezha .906/.938/.938",
}

Told = tuple[float, str, Any]  # when, what for the order of equal times, document
Row = Mapping[str, str]
Answer = tuple[list[str], float, bool]  # ranking, probability of the first, is nobody named?


def run(shared: Path, predictions: Path | None) -> list[Figure]:
    """Return AC@k of each system and day that the folder holds."""
    found: list[Figure] = []
    for folder in sorted(path.parent for path in (shared / "data" / NAME).glob("*/cases.jsonl")):
        cases = _lines(folder / "cases.jsonl")
        faults = {one["case"]: one for one in _lines(folder / "truth.jsonl")}
        truth = {case: one["root_cause_service"] for case, one in faults.items()}
        for day in sorted({case["day"] for case in cases}):
            mine = [case for case in cases if case["day"] == day and case["case"] in truth]
            if not mine:
                continue
            calm = {f"calm {case['case']}": _calm(faults[case["case"]]) for case in mine}
            asked = _day(folder, day, mine, calm)
            answers = {
                case: (ranking, truth[case], first) for case, (ranking, first, _) in asked.items() if case in truth
            }
            quiet = sum(abstained for case, (_, _, abstained) in asked.items() if case in calm)
            system, key = folder.name, (folder.name, day)
            found += figures(
                f"{NAME}/{system}", answers, note=day, floor=FLOORS.get(key), published=PUBLISHED.get(key, "")
            )
            found.append(
                Figure(
                    set=f"{NAME}/{system}",
                    measure="specificity",
                    ours=quiet / len(calm),
                    n=len(calm),
                    proportion=True,
                    note=f"{day}, the minute before each fault",
                )
            )
            if predictions:
                rankings = {case: ranking for case, (ranking, _, _) in answers.items()}
                write(predictions / f"{system}-{day}.jsonl", rankings)
    return found


def _calm(fault: Mapping[str, Any]) -> float:
    """Return the end of the last whole minute before the fault."""
    return _seconds(fault["inject_time"]) // MINUTE * MINUTE - 1


def _day(folder: Path, day: str, cases: Sequence[Mapping[str, Any]], calm: Mapping[str, float]) -> dict[str, Answer]:
    """Let one day go by; at each case, and when it is ``calm``, a branch, which alone hears the alert, is asked."""
    rows = _rows(folder / f"metrics_{day}.csv.gz")
    graph = _topology(folder, rows[0])
    told = sorted(_told(folder, day, cases, rows), key=lambda one: one[:2])
    base = Drive()
    base.act(told[0][0] - 10, ImportTopology(topology=graph))
    answers: dict[str, Answer] = {}
    heard = 0
    ends = {**{str(case["case"]): _seconds(case["alert_time"]) + MINUTE - 1 for case in cases}, **calm}
    for case, end in sorted(ends.items(), key=lambda one: (one[1], one[0])):
        while heard < len(told) and told[heard][0] <= end:
            base.send(told[heard][0], SOURCE, told[heard][2])
            heard += 1
        drive = base.branch()
        sent = drive.send(end, "alertmanager", _alert(graph))
        incident = drive.incident(sent)
        found = incident.candidates if incident else ()
        abstained = incident is None or bool(incident.abstained)
        answers[case] = [one.entity for one in found], found[0].probability if found else 0.0, abstained
    return answers


def _told(folder: Path, day: str, cases: Sequence[Mapping[str, Any]], rows: Sequence[Row]) -> Iterator[Told]:
    """Yield all that the systems say on the day: a document a minute of each kind, at the end of the minute."""
    for row in rows:
        at = _seconds(row["time"])
        points = ((*_named(column), at, float(text)) for column, text in row.items() if column != "time" and text)
        yield at + MINUTE - 1, "metrics", gauges(points)
    normal = folder / f"normal_{day}"
    if normal.exists():
        first = min(_seconds(case["alert_time"]) for case in cases)
        starts = [_seconds(f"{day} {row['minute']}") for row in _rows(normal / "calls.csv.gz")]
        yield from _spoken(normal, day, first - CALM - min(starts))
    for case in cases:
        if (folder / case["case"]).exists():
            yield from _spoken(folder / case["case"], day, 0.0)


def _spoken(folder: Path, day: str, shift: float) -> Iterator[Told]:
    calls: dict[float, list[tuple[str, str, float, float]]] = {}
    for row in _rows(folder / "calls.csv.gz"):
        if row["caller"] != row["callee"]:  # else it is a step inside of a service
            caller = "user" if row["caller"] == "root" else row["caller"]
            number = float(row["n"])
            told = (caller, row["callee"], number, number * float(row["mean_us"]) / 1e6)
            calls.setdefault(_seconds(f"{day} {row['minute']}") + shift, []).append(told)
    for at, pairs in calls.items():
        yield at + MINUTE - 1, "calls", service_graph(at, pairs)
    logs: dict[float, list[tuple[str, str, str, float]]] = {}
    for row in _rows(folder / "logs.csv.gz"):
        at = _seconds(row["time"]) + shift
        logs.setdefault(at // MINUTE * MINUTE, []).append((row["service"], row["level"], row["message"], at))
    for at, lines in logs.items():
        yield at + MINUTE - 1, "logs", log_lines(lines)


def _named(column: str) -> tuple[str, str]:
    service, metric = column.split("|")
    return service, metric


def _alert(graph: Topology) -> Mapping[str, Any]:
    """The service that nobody calls and that needs most of the others complains."""
    called = {edge.target for edge in graph.edges}
    needs: dict[str, set[str]] = {}
    for edge in graph.edges:
        needs.setdefault(edge.source, set()).add(edge.target)
    entry = max((one for one in needs if one not in called), key=lambda one: (len(needs[one]), one))
    labels = {"alertname": "the shop fails or is slow", "service": entry}
    return {"version": "4", "alerts": [{"status": "firing", "labels": labels}]}


def _topology(folder: Path, row: Row) -> Topology:
    pairs = [(one["caller"], one["callee"]) for one in _rows(folder / "graph_edges.csv")]
    names = {name for pair in pairs for name in pair} | {_named(column)[0] for column in row if column != "time"}
    edges = tuple(Edge(source=one, relation=Relation.DEPENDS_ON, target=two) for one, two in pairs)
    return Topology(services=tuple(Service(name=name) for name in sorted(names)), edges=edges)


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def _rows(path: Path) -> list[Row]:
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
    return list(csv.DictReader(text.splitlines(keepends=True)))


def _lines(path: Path) -> list[Mapping[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
