"""Would the rules that the engine proposes hide harm? Every proposal is accepted as soon as it may be; truth is known.

The engine learns from the first half of each stream only (of an intrusion detection stream: until shortly before the
first attack) and proposes nothing after it; what accepted rules hide is counted in the rest. An alert is muted if a
rule hid it when it came. An incident is hidden if all of its alerts were, and none was let through within a quarter of
an hour, as when it lasts too long; its root, if that is so of those that the set calls its beginning.
"""

import csv
import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from runpy import run_path

import msgspec

from aiops.domain.acts import AcceptRule, ApplySettings, ImportTopology
from aiops.domain.documents import ALERTS, RULES
from aiops.domain.rules import Rule, RuleStatus
from aiops.domain.settings import Settings, SuggestSettings
from tests.benchmarks.quality import ait_ads, storms
from tests.benchmarks.quality.driving import Drive
from tests.benchmarks.quality.figures import Figure

SHARE = 0.30  # of all alerts that is to be muted
STORM_HOURS = 48
SOON = 900.0  # seconds
Truth = Mapping[str, Sequence[tuple[str, bool]]]  # incident -> event ids of its alerts, and whether they are its root


class Accepting(Drive):
    """A drive whose operator accepts every proposal that has proved itself, until ``until``."""

    def __init__(self, until: float, settings: SuggestSettings) -> None:
        super().__init__()
        self.until = until
        self.muted: dict[str, bool] = {}  # event id -> did a rule hide it when it came?
        self.hidden: dict[str, bool] = {}  # the same of those that were not let through soon
        self.of: dict[str, list[tuple[str, float]]] = {}  # episode -> its events, and when they came
        self.waiting: dict[str, Rule] = {}
        self.accepted: list[str] = []
        self.settings = settings
        self.learning = True
        self.act(0, ApplySettings(settings=Settings(suggest=settings)))

    def send(self, at: float, source: str, document: object) -> str:
        """Deliver a document, note whether it was hidden, and accept what may be accepted."""
        if self.learning and at >= self.until:
            self.learning = False
            off = msgspec.structs.replace(self.settings, propose=False)
            self.act(at, ApplySettings(settings=Settings(suggest=off)))
        event_id = super().send(at, source, document)
        self._note(event_id, at)
        for rule in self.changes.of(RULES):
            if rule.status is RuleStatus.SHADOW:
                self.waiting[rule.id] = rule
            else:
                self.waiting.pop(rule.id, None)
        if self.learning:
            for rule in list(self.waiting.values()):
                if rule.hits >= self.settings.least and not self.act(at, AcceptRule(rule_id=rule.id)):
                    self.accepted.append(rule.id)
                    self.waiting.pop(rule.id, None)
        return event_id

    def _note(self, event_id: str, at: float) -> None:
        """Note whether a rule hides the event, and which earlier ones it lets through."""
        self.of.setdefault(self.episode_of.get(event_id, ""), []).append((event_id, at))
        for alert in self.changes.of(ALERTS):
            muted = any(one.kind == "rule" for one in alert.suppressed_by)
            if alert.event_id == event_id:
                self.muted[event_id] = self.hidden[event_id] = muted
            if alert.episode.open and not muted:
                for key, came in self.of.get(alert.episode.episode_id, ()):
                    self.hidden[key] = self.hidden.get(key, False) and at - came > SOON


def run(shared: Path, predictions: Path | None) -> list[Figure]:
    """Share muted, and what true incidents and roots were hidden."""
    figures: list[Figure] = []
    for network in sorted((shared / "data" / "ait-ads").glob("*/")):
        if (network / "alerts.csv.gz").exists() and json.loads((network / "truth.json").read_text())["incidents"]:
            figures += figures_of(f"suggestions/ait-ads/{network.name}", *_network(network), predictions)
    script = shared / "bench" / "storms" / "sim.py"
    for seed in storms.SEEDS if script.exists() else ():
        figures += figures_of(f"suggestions/storms/{seed}", *_storm(script, seed), predictions)
    return figures


def figures_of(
    name: str, drive: Accepting, asked: Sequence[str], truth: Truth, predictions: Path | None
) -> list[Figure]:
    muted = [event_id for event_id in asked if drive.muted.get(event_id)]
    whole = [one for one, alerts in truth.items() if all(drive.hidden.get(event_id) for event_id, _ in alerts)]
    roots = [one for one, alerts in truth.items() if _all_hidden(drive, [key for key, root in alerts if root])]
    if predictions:
        (predictions / f"{name.replace('/', '-')}.txt").write_text("".join(f"{key}\n" for key in muted))
    note = f"{len(drive.accepted)} proposals accepted in the time before"
    return [
        Figure(set=name, measure="alerts muted", ours=len(muted) / len(asked), floor=SHARE, n=len(asked), note=note),
        Figure(set=name, measure="true incidents hidden", ours=len(whole), n=len(truth)),
        Figure(set=name, measure="roots hidden", ours=len(roots), n=len(truth)),
    ]


def _all_hidden(drive: Accepting, event_ids: Sequence[str]) -> bool:
    return bool(event_ids) and all(drive.hidden.get(event_id) for event_id in event_ids)


def _network(folder: Path) -> tuple[Accepting, list[str], Truth]:
    """Play a network; the root of an incident is the first phase of which an alert is known to be of the attack.

    Alerts that only fall into the time of an attack are background: they do not count as its alerts.
    """
    truth = json.loads((folder / "truth.json").read_text())
    first = min(incident["start"] for incident in truth["incidents"])
    drive = Accepting(first - 3600, SuggestSettings())
    with gzip.open(folder / "alerts.csv.gz", "rt", newline="") as lines:
        rows = list(csv.DictReader(lines))
    with gzip.open(folder / "labels.csv.gz", "rt", newline="") as lines:
        labels = list(csv.DictReader(lines))
    ids = [ait_ads.send(drive, row) for row in rows]
    found: dict[str, list[tuple[str, str]]] = {}
    for event_id, label in zip(ids, labels, strict=True):
        if label["incident"] and label["event_label"] != "-":
            found.setdefault(label["incident"], []).append((event_id, label["time_label"]))
    return (
        drive,
        [event_id for event_id, row in zip(ids, rows, strict=True) if float(row["time"]) >= drive.until],
        {one: [(key, phase == alerts[0][1]) for key, phase in alerts] for one, alerts in found.items()},
    )


def _storm(script: Path, seed: int) -> tuple[Accepting, list[str], Truth]:
    """Play a storm of two days; the root of an incident is the service where it began."""
    simulate: Callable[..., tuple] = run_path(str(script))["simulate"]  # type: ignore[type-arg]
    _, known, firings, _ = simulate(seed, hours=STORM_HOURS, inc_per_hour=1.5, noise_per_hour=30)
    split = STORM_HOURS * 1800.0
    drive = Accepting(storms.T0 + split + 1000, SuggestSettings())
    graph = {"depends_on": sorted(known.edges), "hosts": {name: known.nodes[name]["hosts"] for name in known}}
    drive.act(storms.T0, ImportTopology(topology=storms.topology(graph)))
    ids = storms.play(drive, firings)
    late = [firing for firing in firings if firing["t"] >= split]
    found: dict[str, list[tuple[str, bool]]] = {}
    for firing in late:
        if firing["inc"].startswith("inc"):
            found.setdefault(firing["inc"], []).append((ids[firing["i"]], firing["root"]))
    return drive, [ids[firing["i"]] for firing in late], found
