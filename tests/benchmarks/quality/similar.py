"""Similar incidents: had the most alike earlier one the same cause, and does the engine know when it had not?

TVDiag's failures are lived through one after the other; each is compared with the two hundred before it, whose causes a
person has confirmed by then, as the page of an incident does. Nothing is fitted to them.
"""

import gzip
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import structs

from aiops.domain.acts import ImportTopology
from correlation.similar import History, Known, ranked, similar, threshold
from tests.benchmarks.quality import tvdiag_alerts as tvdiag
from tests.benchmarks.quality.driving import Drive
from tests.benchmarks.quality.figures import Figure

NAME = "similar"
MOST = 300  # failures of one system
HISTORY = 200
LASTS = 1800.0  # seconds: longer than what ends by itself


def run(shared: Path, predictions: Path | None) -> list[Figure]:
    """Return how often the most alike has the same cause, at all and where it is said, and how often it is said."""
    found: list[Figure] = []
    for folder in sorted((shared / "data" / tvdiag.NAME).glob("*/")):
        if (folder / "cases.jsonl.gz").exists():
            found += judged(f"{NAME}/tvdiag-{folder.name}", list(_lived(folder)))
    return found


def judged(name: str, incidents: Sequence[Known]) -> list[Figure]:
    """Compare each incident with those before it; ``incidents`` in the order in which they began."""
    right: list[bool] = []
    said: list[bool] = []
    late: list[bool] = []
    for place in range(1, len(incidents)):
        wanted, past = incidents[place], tuple(incidents[max(0, place - HISTORY) : place])
        causes = {one.incident_id: one.cause for one in past}
        best = ranked(wanted, past, History([structs.replace(wanted, cause=""), *past]).weights())
        right.append(causes[best[0].incident_id] == wanted.cause)
        if similar(best, causes, threshold(past)):
            said.append(right[-1])
            late += [right[-1]] if 2 * place >= len(incidents) else []
    if not right:
        return []
    note = "most alike earlier one has the same cause; online, nothing fitted"
    share = sum(right) / len(right)
    figures = [Figure(set=name, measure="hit@1, whatever it is", ours=share, n=len(right), proportion=True, note=note)]
    for measure, answers in (("hit@1 where it is said", said), ("hit@1 where it is said, second half by time", late)):
        if answers:
            share = sum(answers) / len(answers)
            figures.append(Figure(set=name, measure=measure, ours=share, n=len(answers), proportion=True))
    spoken = len(said) / len(right)
    return [*figures, Figure(set=name, measure="said at all", ours=spoken, n=len(right), proportion=True)]


def _lived(folder: Path) -> Iterator[Known]:
    lines = gzip.decompress((folder / "cases.jsonl.gz").read_bytes()).splitlines()
    cases = [json.loads(line) for line in lines]
    random.Random(tvdiag.SEED).shuffle(cases)  # fixed: a benchmark must say the same twice
    truth = {one["case"]: one["root_cause_instance"] for one in tvdiag._lines(folder / "truth.jsonl")}
    drive = Drive()
    drive.act(0, ImportTopology(topology=tvdiag._topology(folder, cases)))
    for number, case in enumerate(cases[:MOST], start=1):
        at = number * tvdiag.APART
        incident = tvdiag._live_through(drive, at, case)
        ids = {incident.incident_id, *drive.incidents[incident.incident_id].merged_from}
        members = [one for one in drive.episodes.values() if one.incident_id in ids]
        traits = frozenset(f"{one.kind_key} @ {one.entity.name}" for one in members)
        yield Known(
            incident_id=incident.incident_id, opened_at=incident.opened_at, traits=traits, cause=truth[case["case"]]
        )
        drive.send(at + LASTS, "alertmanager", tvdiag._alerts(case, "resolved", at))
        drive.wait(at + 2 * LASTS)
        drive.episodes = {key: one for key, one in drive.episodes.items() if one.open}
