"""Huawei alarms: alarms of a telecom network -> which kind of alarm brings about which. No labels, no number of edges.

Each kind of alarm is told as a component, and each device as the place where it is; what the engine then proposes as
edges of the service graph ("the effect depends on the cause") is the answer.
"""

import csv
import gzip
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiops.domain.edges import EdgeRecord, EdgeStatus
from tests.benchmarks.quality.driving import Drive
from tests.benchmarks.quality.figures import Figure

NAME = "huawei-alarms"
FIRST = 1_700_000_000  # seconds since 1970 that the sets' own zero is moved to
LATE = 7_200  # seconds until all that came has been weighed
PUBLISHED = {
    "18V_55N_Wireless": "THP .577, PCMCI .423",
    "24V_439N_Microwave": "THP .372, PCMCI .327",
    "25V_474N_Microwave": "THP .339, PCMCI .292",
}
FLOORS = {
    "18V_55N_Wireless": 0.58,
    "24V_439N_Microwave": 0.336,
    "25V_474N_Microwave": 0.358,
    "neurips2023_sample": 0.633,
}

Pairs = set[tuple[str, str]]


def run(shared: Path, predictions: Path | None) -> list[Figure]:
    """Return F1, precision and recall of directed edges of each set that the folder holds."""
    found: list[Figure] = []
    for folder in sorted((shared / "data" / NAME).glob("*/")):
        if (folder / "alarms.csv.gz").exists() and (folder / "truth_causal_edges.csv").exists():
            edges = {(one.edge.target, one.edge.source) for one in proposals(folder / "alarms.csv.gz")}
            if predictions:
                lines = (json.dumps({"cause": cause, "effect": effect}) for cause, effect in sorted(edges))
                (predictions / f"{folder.name}.jsonl").write_text("".join(f"{line}\n" for line in lines))
            found += _figures(folder.name, edges, _truth(folder / "truth_causal_edges.csv"))
    return found


def proposals(alarms: Path) -> Iterable[EdgeRecord]:
    """Let the engine live through the alarms; return the edges that it proposes."""
    drive = Drive()
    with gzip.open(alarms, "rt", newline="") as lines:
        rows = [
            (int(float(row["start_timestamp"])), int(float(row["end_timestamp"])), row) for row in csv.DictReader(lines)
        ]
    moves = [(start, "firing", start, row) for start, _, row in rows]
    moves += [(max(end, start + 1), "resolved", start, row) for start, end, row in rows]
    for at, status, start, row in sorted(moves, key=lambda move: move[0]):
        drive.send(FIRST + at, "alertmanager", _alert(row, status, start, at))
    drive.wait(FIRST + max(move[0] for move in moves) + LATE)
    return [one for one in drive.edges.values() if one.status is EdgeStatus.PROPOSED]


def _alert(row: dict[str, str], status: str, start: int, at: int) -> dict[str, Any]:
    labels = {"alertname": f"alarm {row['alarm_id']}", "service": row["alarm_id"], "device": row["device_id"]}
    times = {"startsAt": _written(start), "endsAt": _written(at) if status == "resolved" else "0001-01-01T00:00:00Z"}
    return {"version": "4", "status": status, "alerts": [{"status": status, "labels": labels, **times}]}


def _written(at: int) -> str:
    return datetime.fromtimestamp(FIRST + at, UTC).isoformat()


def _truth(path: Path) -> Pairs:
    with path.open(newline="") as lines:
        pairs = [(row["cause"], row["effect"]) for row in csv.DictReader(lines)]
    return {(cause, effect) for cause, effect in pairs if cause != effect}


def _figures(system: str, edges: Pairs, truth: Pairs) -> list[Figure]:
    right, n = len(edges & truth), len(truth)
    note = f"{len(edges)} edges proposed, unsupervised, the number of edges is not given"
    note += " (the floor has it)" if system in FLOORS else ""
    return [
        Figure(
            set=f"{NAME}/{system}",
            measure="F1",
            ours=2 * right / max(1, len(edges) + n),
            floor=FLOORS.get(system),
            published=PUBLISHED.get(system, ""),
            n=n,
            note=note,
        ),
        Figure(
            set=f"{NAME}/{system}", measure="precision", ours=right / max(1, len(edges)), n=len(edges), proportion=True
        ),
        Figure(set=f"{NAME}/{system}", measure="recall", ours=right / max(1, n), n=n, proportion=True),
    ]
