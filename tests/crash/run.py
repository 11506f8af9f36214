"""How does one run go: start, load, kill, come back, and at the end judge?"""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.kills import Kind, Victim, schedule
from tests.crash.load import Load
from tests.crash.verdict import Verdict, judge, said

# Snapshots so often that many a kill meets one. What may wait is bounded, as the load does not wait for the engine.
SETTINGS = "[engine]\nsnapshot_entries = 40\nsnapshot_every = '2s'\n[server]\nmost_behind = 400\n"


@dataclass
class Report:
    """What one run did and found."""

    returns: dict[Kind, list[float]] = field(default_factory=lambda: defaultdict(list))  # seconds to come back
    deliveries: int = 0  # accepted
    alerts: int = 0  # in them
    acts: int = 0  # answered
    repeated: int = 0  # requests that had to be sent more than once
    torn: int = 0  # snapshots that a kill left half written
    entries: int = 0
    replay: str = ""
    findings: list[str] = field(default_factory=list)


def run(folder: Path, seed: int, kills: int) -> Report:
    """Run ``kills`` kills on a new data folder below ``folder``; AssertionError when the server does not come back."""
    report, data = Report(), folder / "data"
    (folder / "aiops.toml").write_text(SETTINGS, "utf-8")
    victim = Victim(data)
    try:
        victim.start()
        with Load(victim.address, seed) as load:
            for strike in schedule(seed, kills):
                report.returns[strike.kind].append(victim.strike(strike))
        code = victim.stop()
    finally:
        victim.abandon()
    _count(report, load, judge(data, load.deliveries, load.acts))
    report.torn = victim.torn
    report.findings += [*load.findings, *said(victim.lines())]
    report.findings += [f"the server ended with {code}"] if code else []
    return report


def _count(report: Report, load: Load, verdict: Verdict) -> None:
    accepted = [sent for sent in load.deliveries if sent.status == 202]
    report.deliveries, report.alerts = len(accepted), sum(sent.events for sent in accepted)
    report.acts = sum(sent.status in (200, 202, 409) for sent in load.acts)
    report.repeated = sum(sent.attempts > 1 for sent in (*load.deliveries, *load.acts))
    report.entries, report.replay, report.findings = verdict.entries, verdict.replay, verdict.findings
