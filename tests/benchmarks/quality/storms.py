"""Which of a storm's alerts are one incident? Simulated storms of bench/storms, made and scored by its own script.

Each firing is one JSON document of its tool, through the generic door; what has not fired for 15 minutes (the unit
that is scored) is sent as resolved, as a tool would. The graph that the script lets the engine know is imported.
"""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from runpy import run_path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from aiops.domain.acts import ConfirmCause, ImportTopology, Merge
from aiops.domain.graph import Edge, EntityKind, Relation, Service, Topology
from tests.benchmarks.quality.driving import Drive
from tests.benchmarks.quality.figures import Figure

T0 = 1_772_442_000.0  # 2026-03-02 09:00 UTC; firings are seconds from there
CALM = 900.0  # seconds without a firing: the episode is over
SEEDS = (10, 11, 12, 13)
PAST = (20, 21, 22)  # whose incidents people confirmed, in the supervised runs
DAY = 86_400.0
PURE = 0.8  # share of one trouble in an incident whose cause is named
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
        labelled = [score(script, seed, regime, predictions, PAST) for seed in SEEDS]
        figures += _figures(regime, f"supervised: confirmed incidents of seeds {PAST[0]}-{PAST[-1]}", labelled)
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
    script: Path, seed: int, regime: str, predictions: Path | None = None, past: Sequence[int] = ()
) -> dict[str, float]:
    """Return what the script says of our groups; ``past``: seeds of storms that people worked on the days before."""
    with TemporaryDirectory() as folder:
        stream, graph = Path(folder) / "stream.jsonl", Path(folder) / "graph.json"
        kind = "supervised-" if past else ""
        answers = (predictions or Path(folder)) / f"storms-{kind}{regime}-{seed}.jsonl"
        options = ["--normal"] if regime == "normal" else []
        _script(script, "export", str(seed), str(stream), str(graph), *options)
        firings = [msgspec.json.decode(line) for line in stream.read_bytes().splitlines()]
        drive = Drive()
        for day, old in enumerate(past):
            work_through(drive, script, old, regime, T0 - (len(past) - day) * DAY)
        drive.act(T0, ImportTopology(topology=topology(msgspec.json.decode(graph.read_bytes()))))
        ids = play(drive, firings)
        lines = (msgspec.json.encode({"i": i, "incident": group(drive, event_id)}) for i, event_id in ids.items())
        answers.write_bytes(b"\n".join(lines))
        found: dict[str, float] = msgspec.json.decode(_script(script, "score", str(seed), str(answers), *options))
        return found


def work_through(drive: Drive, script: Path, seed: int, regime: str, start: float) -> None:
    """Play a storm of another estate, then do what its people did: merge what was one, name the causes.

    A cause is named only of incidents of which most alerts were of one trouble: nobody can take a single one out yet.
    """
    simulate = run_path(str(script.parent / "sim.py"))["simulate"]
    _, known, firings, troubles = simulate(
        seed, **({"inc_per_hour": 1.5, "noise_per_hour": 30} if regime == "normal" else {})
    )
    prefix = f"estate{seed}-"
    graph = {"depends_on": sorted(known.edges), "hosts": {name: known.nodes[name]["hosts"] for name in known}}
    drive.act(start, ImportTopology(topology=topology(graph, prefix)))
    ids = play(drive, firings, start, prefix)
    end = start + firings[-1]["t"] + 1000
    held: dict[str, Counter[str]] = {}
    for firing in firings:
        if incident := drive.incident(ids[firing["i"]]):
            held.setdefault(incident.incident_id, Counter())[firing["inc"]] += 1
    of: dict[str, list[str]] = {}
    for incident_id, troubled in held.items():
        trouble, number = troubled.most_common(1)[0]
        if number > PURE * troubled.total():
            of.setdefault(trouble, []).append(incident_id)
    for trouble, (first, *others) in of.items():
        cause = prefix + troubles[trouble]["root"] if trouble in troubles else ""
        for other in others if cause else ():
            drive.act(end, Merge(incident_id=first, other_id=other))
        drive.act(end, ConfirmCause(incident_id=first, entity=cause))


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
