"""Which of a storm's alerts are one incident? Simulated storms of bench/storms, made and scored by its own script.

Each firing is one JSON document of its tool, through the generic door; what has not fired for 15 minutes (the unit
that is scored) is sent as resolved, as a tool would. The graph that the script lets the engine know is imported.
"""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from runpy import run_path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from aiops.domain.acts import ImportTopology
from aiops.domain.graph import Edge, EntityKind, Relation, Service, Topology
from tests.benchmarks.quality.driving import Drive
from tests.benchmarks.quality.figures import Figure
from tests.benchmarks.quality.operators import put_right

T0 = 1_772_442_000.0  # 2026-03-02 09:00 UTC; firings are seconds from there
CALM = 900.0  # seconds without a firing: the episode is over
SEEDS = (10, 11, 12, 13)
PAST = (20, 21, 22)  # whose incidents people put right, in the supervised runs
DAY = 86_400.0
ORACLE = {"heavy": 0.73, "normal": 0.70}
FLOOR = {"heavy": 0.52, "normal": 0.62}  # the best of the simple ones: time + 1 hop; ALEC tuned
PUBLISHED = {"heavy": "ALEC .20, time + 1 hop .52", "normal": "ALEC .15, tuned .62"}


def run(shared: Path, predictions: Path | None) -> list[Figure]:
    """Pairwise F1 and groups shown, mean of the reporting seeds."""
    script = shared / "bench" / "storms" / "run.py"
    if not script.exists():
        return []
    figures = []
    for regime in ("heavy", "normal"):
        figures += _figures(regime, "no labels", [score(script, seed, regime, predictions) for seed in SEEDS])
        past, acts = worked_through(script, regime)
        labelled = [score(script, seed, regime, predictions, past) for seed in SEEDS]
        done = ", ".join(f"{number} {act}" for act, number in sorted(acts.items()))
        figures += _figures(regime, f"supervised: seeds {PAST[0]}-{PAST[-1]} put right, in all {done}", labelled)
    return figures


def _figures(regime: str, labels: str, scores: list[dict[str, float]]) -> list[Figure]:
    def mean(name: str) -> float:
        return sum(one[name] for one in scores) / len(scores)

    note = f"{labels}; seeds {SEEDS[0]}-{SEEDS[-1]}; P {mean('P'):.2f}, R {mean('R'):.2f}"
    name = f"storms/{regime}"
    return [
        Figure(
            set=name,
            measure="pairwise F1",
            ours=mean("F1"),
            floor=FLOOR[regime],
            published=PUBLISHED[regime],
            n=len(scores),
            note=note,
        ),
        Figure(set=name, measure="F1 / oracle's", ours=mean("F1") / ORACLE[regime], n=len(scores)),
        Figure(set=name, measure="groups shown / true", ours=mean("multi") / mean("multi_true"), n=len(scores)),
        Figure(set=name, measure="noise in groups", ours=mean("noise_in"), n=len(scores)),
    ]


def score(
    script: Path, seed: int, regime: str, predictions: Path | None = None, past: Drive | None = None
) -> dict[str, float]:
    """Return what the script says of our groups; ``past``: what an engine knows of the days before, left as it is."""
    with TemporaryDirectory() as folder:
        stream, graph = Path(folder) / "stream.jsonl", Path(folder) / "graph.json"
        kind = "supervised-" if past else ""
        answers = (predictions or Path(folder)) / f"storms-{kind}{regime}-{seed}.jsonl"
        options = ["--normal"] if regime == "normal" else []
        _script(script, "export", str(seed), str(stream), str(graph), *options)
        firings = [msgspec.json.decode(line) for line in stream.read_bytes().splitlines()]
        drive = past.branch() if past else Drive()
        drive.act(T0, ImportTopology(topology=topology(msgspec.json.decode(graph.read_bytes()))))
        ids = play(drive, firings)
        lines = (msgspec.json.encode({"i": i, "incident": group(drive, event_id)}) for i, event_id in ids.items())
        answers.write_bytes(b"\n".join(lines))
        found: dict[str, float] = msgspec.json.decode(_script(script, "score", str(seed), str(answers), *options))
        return found


def worked_through(script: Path, regime: str) -> tuple[Drive, Counter[str]]:
    """Play the storms of other estates, a day each, and after each do what its people would; return the acts too."""
    drive, acts = Drive(), Counter[str]()
    for day, seed in enumerate(PAST):
        start, prefix = T0 - (len(PAST) - day) * DAY, f"estate{seed}-"
        options = {"inc_per_hour": 1.5, "noise_per_hour": 30} if regime == "normal" else {}
        _, known, firings, troubles = run_path(str(script.parent / "sim.py"))["simulate"](seed, **options)
        graph = {"depends_on": sorted(known.edges), "hosts": {name: known.nodes[name]["hosts"] for name in known}}
        drive.act(start, ImportTopology(topology=topology(graph, prefix)))
        ids = play(drive, firings, start, prefix)
        told = ((ids[firing["i"]], firing["inc"]) for firing in firings)
        causes = {trouble: prefix + what["root"] for trouble, what in troubles.items()}
        acts += put_right(drive, start + firings[-1]["t"] + 1000, told, causes)
    return drive, acts


def group(drive: Drive, event_id: str) -> str | None:
    """Return the id of the incident that people are shown for a firing; None: it waits in the background queue."""
    incident = drive.incident(event_id)
    return incident.incident_id if incident and not incident.background else None


def topology(graph: dict[str, Any], prefix: str = "") -> Topology:
    """Return the script's graph as ours."""
    hosts = sorted({host for names in graph["hosts"].values() for host in names})
    return Topology(
        services=(
            *(Service(name=prefix + name) for name in graph["hosts"]),
            *(Service(name=prefix + name, kind=EntityKind.HOST) for name in hosts),
        ),
        edges=(
            *(
                Edge(source=prefix + caller, relation=Relation.DEPENDS_ON, target=prefix + callee)
                for caller, callee in graph["depends_on"]
            ),
            *(
                Edge(source=prefix + name, relation=Relation.RUNS_ON, target=prefix + host)
                for name, names in graph["hosts"].items()
                for host in names
            ),
        ),
    )


def play(drive: Drive, firings: list[dict[str, Any]], start: float = T0, prefix: str = "") -> dict[int, str]:
    """Send all firings, and the ends of what fires no more, in order of time; return firing -> event id."""
    ids = {}
    for at, firing in _with_ends(firings):
        fires = "i" in firing
        event_id = drive.send(
            start + at + 1000, f"{prefix}{firing['tool']}-alerts", _document(firing, start + at + 1000, prefix, fires)
        )
        if fires:
            ids[firing["i"]] = event_id
    return ids


def _with_ends(firings: list[dict[str, Any]]) -> Iterator[tuple[float, dict[str, Any]]]:
    last: dict[str, tuple[float, dict[str, Any]]] = {}  # key -> its last firing, the longest silent first
    for firing in firings:
        while last and next(iter(last.values()))[0] + CALM < firing["t"]:
            at, over = last.pop(next(iter(last)))
            yield at + CALM, {name: value for name, value in over.items() if name != "i"}
        last.pop(_key(firing), None)
        last[_key(firing)] = (firing["t"], firing)
        yield firing["t"], firing


def _key(firing: dict[str, Any]) -> str:
    return "|".join(firing[name] for name in ("service", "check", "tool", "host"))


def _document(firing: dict[str, Any], at: float, prefix: str, fires: bool) -> dict[str, Any]:
    service = prefix + (firing["service"] if firing["mapped"] else f"x-{firing['service']}")
    where = {"host": prefix + firing["host"]}
    if firing["check"] != "hostdown" or not firing["mapped"]:  # a host's alert names no service
        where["service"] = service
    return {
        "alertname": firing["check"],
        "fingerprint": prefix + _key(firing),
        "status": "firing" if fires else "resolved",
        "timestamp": at,
        "message": firing["text"],
        "labels": {"alertname": firing["check"], **where},
    }


def _script(script: Path, *arguments: str) -> bytes:
    return subprocess.run([sys.executable, str(script), *arguments], check=True, capture_output=True).stdout
