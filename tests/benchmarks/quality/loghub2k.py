"""Does a line get the template that people gave it? Loghub-2k with corrected labels, by the shipped engine.

The engine takes a system's lines through its log door, chooses templates from them, as it does after the first 2,000
of any service, and then says of every line which template it has. No label is read before that. Measures as in the
Loghub-2.0 study (Jiang et al., ISSTA 2024). Beside it: Drain3 with one generic setting, and Drain as published, whose
settings were made by hand for each system.
"""

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

import msgspec
from drain3 import TemplateMiner
from drain3.template_miner_config import TemplateMinerConfig

from aiops.domain.changes import Changes
from aiops.domain.documents import SCOPES
from aiops.domain.entries import Delivery, Entry, Learned, Position
from aiops.domain.masking import MASKS
from aiops.engine import Engine
from ingestion.sources import registry
from ingestion.templates_choice import choose
from tests.benchmarks.quality.figures import Figure
from tests.builders import T0

MEASURES = ("GA", "FGA", "PA", "FTA")
PUBLISHED_TOOL = "Drain"
GENERIC = (
    r"(?<![\w.])/?(\d{1,3}\.){3}\d{1,3}(:\d+)?(?![\w.])",
    r"(?<![A-Za-z0-9])0x[0-9a-fA-F]+",
    r"(?<![A-Za-z0-9])[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}(?![A-Za-z0-9])",
    r"(?<![A-Za-z0-9.])[-+]?\d+(\.\d+)?(?![A-Za-z0-9])",
)
_MASK = re.compile("|".join(MASKS))


def run(shared: Path, predictions: Path | None) -> list[Figure]:
    """Score every system that ``shared/data/loghub2k`` holds, and their mean."""
    folder = shared / "data" / "loghub2k"
    published = _published(folder / "published" / "loghub2.0_effectiveness_results.csv")
    ours: dict[str, dict[str, float]] = {}
    generic: dict[str, dict[str, float]] = {}
    for table in sorted(folder.glob("*/*structured_corrected*.csv")):
        system = table.parent.name
        lines, truth = read(table)
        found = templates_of(lines, system)
        ours[system], generic[system] = score(truth, found), score(truth, drain3(lines))
        if predictions:
            predictions.mkdir(parents=True, exist_ok=True)
            (predictions / f"{system}.txt").write_text("".join(f"{text}\n" for text in found))
    figures = [
        Figure(
            set=f"loghub2k/{system}",
            measure=measure,
            ours=ours[system][measure],
            floor=generic[system][measure],
            published=published.get((system, measure), ""),
            n=int(ours[system]["lines"]),
        )
        for system in ours
        for measure in MEASURES
    ]
    return figures + [_mean(measure, ours, generic, published) for measure in MEASURES if ours]


def read(table: Path) -> tuple[list[str], list[str]]:
    """Return the messages and the templates that people gave them."""
    with table.open(errors="replace", newline="") as opened:
        rows = list(csv.DictReader(opened))
    return [row["Content"] for row in rows], [row["EventTemplate"] for row in rows]


def templates_of(lines: Sequence[str], system: str) -> list[str]:
    """Return the engine's template of each line once it has seen them all; masks are written as ``<*>``."""
    engine = Engine()
    body = b"\n".join(msgspec.json.encode({"message": line}) for line in lines)
    delivery = Delivery(source="logs", body=body, content_type="application/x-ndjson", query={"service": system})
    _choose(engine, engine.run([Entry(position=Position(0, 1), received_at=T0, payload=delivery)]))
    events = registry.parse(delivery, T0).events
    assert len(events) == len(lines)
    placed = [(event, engine.entities.place(event, engine.graph.view()).entity) for event in events]
    return [_MASK.sub("<*>", engine.templates.learn(event, entity).text) for event, entity in placed]


def _choose(engine: Engine, changes: Changes) -> None:
    """Do what the learner does with a sample that waits."""
    waiting = [record for record in changes.of(SCOPES) if record.sample]
    for offset, record in enumerate(waiting, start=2):
        learned = Learned(based_on=Position(0, 1), result=choose(record))
        engine.run([Entry(position=Position(0, offset), received_at=T0, payload=learned)])


def drain3(lines: Sequence[str]) -> list[str]:
    """Return the templates of Drain3 with its own settings and a few general masks."""
    config = TemplateMinerConfig()
    config.drain_sim_th, config.drain_depth, config.profiling_enabled = 0.4, 4, False
    miner, ids = TemplateMiner(config=config), []
    for line in lines:
        for mask in GENERIC:
            line = re.sub(mask, "<*>", line)
        ids.append(miner.add_log_message(line)["cluster_id"])
    texts = {cluster.cluster_id: cluster.get_template() for cluster in miner.drain.clusters}
    return [texts[one] for one in ids]


def score(truth: Sequence[str], found: Sequence[str]) -> dict[str, float]:
    """Return grouping accuracy, F1 of groups, parsing accuracy and F1 of templates, and the number of lines."""
    wanted, got = Counter(truth), Counter(found)
    inside: dict[str, set[str]] = defaultdict(set)
    for right, text in zip(truth, found, strict=True):
        inside[text].add(right)
    exact = [text for text, of in inside.items() if len(of) == 1 and got[text] == wanted[next(iter(of))]]
    named = [text for text, of in inside.items() if of == {text}]
    return {
        "GA": sum(got[text] for text in exact) / len(truth),
        "FGA": 2 * len(exact) / (len(got) + len(wanted)),
        "PA": sum(map(str.__eq__, truth, found)) / len(truth),
        "FTA": 2 * len(named) / (len(got) + len(wanted)),
        "lines": len(truth),
    }


def _published(table: Path) -> dict[tuple[str, str], str]:
    """Read the study's figures on 2k lines by (system, measure); none where the folder has no such table."""
    if not table.exists():
        return {}
    with table.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    named = [(*row["dataset+metrics"].rsplit(" ", 1), row[PUBLISHED_TOOL].partition(" ")[0]) for row in rows]
    return {(system, measure): value for system, measure, value in named}


def _mean(
    measure: str,
    ours: dict[str, dict[str, float]],
    generic: dict[str, dict[str, float]],
    published: dict[tuple[str, str], str],
) -> Figure:
    known = [float(value) for system in ours if (value := published.get((system, measure), "-")).strip("-")]
    return Figure(
        set="loghub2k",
        measure=f"mean {measure}",
        ours=mean(one[measure] for one in ours.values()),
        floor=mean(one[measure] for one in generic.values()),
        published=f"{PUBLISHED_TOOL} {mean(known):.3f} of {len(known)} systems" if known else "",
        n=len(ours),
        note="nothing learned from labels; one configuration",
    )
