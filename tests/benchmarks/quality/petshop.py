"""PetShop: five-minute metrics and a call graph -> the component that was disturbed. No labels are used.

Metrics go in over OTLP; the alert is raised at the end of each window. The recorded times have lost their last digits,
so rows are told five minutes apart. In windows of normal data the same alert must end in an abstention.
"""

import csv
import gzip
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from aiops.domain.acts import ImportTopology
from aiops.domain.base import stable_hash
from aiops.domain.graph import Edge, Relation, Service, Topology
from tests.benchmarks.quality.driving import Drive
from tests.benchmarks.quality.figures import Figure
from tests.benchmarks.quality.otlp import gauges
from tests.benchmarks.quality.ranking import figures, write

NAME = "petshop"
STEP = 300.0  # seconds between two rows
START = 1_700_000_100.0
WINDOW = 5  # rows of one case
HISTORY = 150  # rows before a normal window
SEED = 1
PUBLISHED = {  # as the set's authors write; of the other scenarios there is nothing that could be compared
    "low_traffic": "traversal .692, ranked correlation .577",
    "high_traffic": "traversal .615",
}
SPECIFICITY = {"low_traffic": ".167 (latency)", "high_traffic": ".333 (latency)"}

Row = Mapping[str, str]


def run(shared: Path, predictions: Path | None) -> list[Figure]:
    """Return AC@k of each scenario: with the graph, with 30 % of its edges missing, with none; and specificity."""
    folder = shared / "data" / NAME
    if not (folder / "cases.jsonl").exists():
        return []
    told = [json.loads(line) for line in (folder / "cases.jsonl").read_text().splitlines()]
    cases = [case for case in told if case["normal"] and (folder / case["normal"]).exists()]
    truth = [json.loads(line) for line in (folder / "truth.jsonl").read_text().splitlines()]
    found: list[Figure] = []
    for scenario in sorted({case["scenario"] for case in cases}):
        mine = [case for case in cases if case["scenario"] == scenario]
        found += _scenario(folder, scenario, mine, {one["case"]: one["root_cause_node"] for one in truth}, predictions)
    return found


def _scenario(
    folder: Path, scenario: str, cases: Sequence[Mapping[str, Any]], truth: Mapping[str, str], predictions: Path | None
) -> list[Figure]:
    normal = _rows(folder / cases[0]["normal"])
    found: list[Figure] = []
    for dropped, note in ((0.0, "unsupervised"), (0.3, "30 % of edges missing"), (1.0, "no graph")):
        graph = _topology(folder / cases[0]["graph"], normal[0], dropped)
        base = Drive()
        base.act(START - 10, ImportTopology(topology=graph))
        at = _measure(base, normal, START)
        answers = {}
        for case in cases:
            drive = base.branch()
            ranking, first, _ = _asked(drive, _rows(folder / case["abnormal"]), at, case)
            answers[case["case"]] = (ranking, truth[case["case"]], first)
        found += figures(
            f"{NAME}/{scenario}", answers, note=note, published="" if dropped else PUBLISHED.get(scenario, "")
        )
        if predictions and not dropped:
            write(predictions / f"{scenario}.jsonl", {case: ranking for case, (ranking, _, _) in answers.items()})
    return found + _specificity(folder, scenario, normal, cases[0])


def _specificity(folder: Path, scenario: str, normal: Sequence[Row], case: Mapping[str, Any]) -> list[Figure]:
    """In which share of normal windows is nobody blamed?"""
    graph = _topology(folder / case["graph"], normal[0], 0.0)
    starts = range(HISTORY, len(normal) - WINDOW, WINDOW * 3)
    quiet = 0
    for start in starts:
        drive = Drive()
        drive.act(START - 10, ImportTopology(topology=graph))
        at = _measure(drive, normal[start - HISTORY : start], START)
        _, _, abstained = _asked(drive, normal[start : start + WINDOW], at, case)
        quiet += abstained
    figure = Figure(
        set=f"{NAME}/{scenario}",
        measure="specificity",
        ours=quiet / max(1, len(starts)),
        published=SPECIFICITY.get(scenario, ""),
        n=len(starts),
        proportion=True,
        note="normal windows",
    )
    return [figure] if starts else []


def _asked(drive: Drive, rows: Sequence[Row], at: float, case: Mapping[str, Any]) -> tuple[list[str], float, bool]:
    """Let the rows come in and an alert fire; return the ranking, the first's probability, and whether it abstains."""
    end = _measure(drive, rows, at) - STEP
    labels = {"alertname": f"{case['target_metric']} of {case['target_node']}", "service": _id(case["target_node"])}
    sent = drive.send(end, "alertmanager", {"version": "4", "alerts": [{"status": "firing", "labels": labels}]})
    drive.wait(end + 60)
    incident = drive.incident(sent)
    names = {_id(name): name for name in _nodes(rows[0])}
    found = incident.candidates if incident else ()
    ranking = [names.get(one.entity, one.entity) for one in found]
    return ranking, found[0].probability if found else 0.0, bool(incident and incident.abstained)


def _measure(drive: Drive, rows: Sequence[Row], start: float) -> float:
    """Send the rows, fifty in a delivery, each delivery when its last row is known; return the time of the next row."""
    for first in range(0, len(rows), 50):
        block = rows[first : first + 50]
        at = start + (first + len(block) - 1) * STEP
        drive.send(at, "otlp", gauges(_points(block, start + first * STEP)))
    return start + len(rows) * STEP


def _points(rows: Sequence[Row], start: float) -> Iterator[tuple[str, str, float, float]]:
    for column in rows[0]:
        if column != "time":
            node, metric, statistic = column.split("|")
            for index, row in enumerate(rows):
                if row[column] != "":
                    yield _id(node), f"{metric}.{statistic}".lower(), start + index * STEP, float(row[column])


def _id(name: str) -> str:
    """A name that survives the mapping of entities: no ports, domains or pods to be seen in it, and lower case.

    Some names of the set differ in their case alone, so a hash of the name is part of it.
    """
    return "".join(letter if letter.isalnum() else "_" for letter in name.lower()) + f"_{stable_hash(name)[:6]}"


def _nodes(row: Row) -> list[str]:
    return sorted({column.split("|")[0] for column in row if column != "time"})


def _topology(path: Path, row: Row, dropped: float) -> Topology:
    chance = random.Random(SEED)  # fixed: a benchmark must say the same twice
    with path.open(newline="") as lines:
        pairs = [(_id(one["caller"]), _id(one["callee"])) for one in csv.DictReader(lines)]
    kept = [pair for pair in pairs if chance.random() >= dropped]
    services = tuple(Service(name=_id(name)) for name in _nodes(row))
    return Topology(
        services=services,
        edges=tuple(Edge(source=one, relation=Relation.DEPENDS_ON, target=two) for one, two in kept),
    )


def _rows(path: Path) -> list[Row]:
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
    return list(csv.DictReader(text.splitlines()))
