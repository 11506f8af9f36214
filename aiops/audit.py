"""Do the documents of a store agree with each other? The ledger is counted anew, and so is every incident."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from aiops import audit_events
from aiops.domain.alerts import Fate
from aiops.domain.base import Noun
from aiops.domain.documents import ALERTS, EPISODES, FATES, INCIDENTS, SOURCES
from aiops.domain.incidents import IncidentStatus
from aiops.ports import View
from aiops.walking import documents_of

NAMED = 100  # findings that are named; all are counted
HANGING = (Fate.SUPPRESSED, Fate.GROUPED, Fate.STANDALONE)  # fates that hang on an episode


class Audit(Noun, frozen=True, kw_only=True):
    """What an audit found."""

    position: str  # of the documents
    lines: int = 0  # of the ledger
    episodes: int = 0
    incidents: int = 0
    wrong: int = 0
    findings: tuple[str, ...] = ()  # the first of them, each with what is there and what should be

    @property
    def text(self) -> str:
        """Say it in one sentence."""
        what = f"{self.lines} lines, {self.episodes:,} episodes and {self.incidents:,} incidents counted anew"
        return f"{what}: {'all agree' if not self.wrong else f'{self.wrong} do not agree'}"


def audit(view: View) -> Audit:
    """Count everything of one consistent read anew; what retention dropped (events, deliveries) is not missed."""
    lines = list(documents_of(view, SOURCES))
    fates: Counter[tuple[str, str]] = Counter()
    for fate in documents_of(view, FATES):
        for line, number in fate.events.items():
            fates[line, fate.fate] += number
    members: Counter[str] = Counter()
    firing: Counter[str] = Counter()
    episodes = 0
    for episode in documents_of(view, EPISODES):
        episodes += 1
        if episode.incident_id:
            members[episode.incident_id] += 1
            firing[episode.incident_id] += episode.open
    incidents = list(documents_of(view, INCIDENTS))
    findings = [
        *_ledger(lines, fates),
        *audit_events.findings(view, lines),
        *_counts(incidents, members, firing),
        *_places(members, {one.incident_id for one in incidents}),
        *_alerts(view),
    ]
    position = view.position()
    return Audit(
        position=str(position or ""),
        lines=len(lines),
        episodes=episodes,
        incidents=len(incidents),
        wrong=len(findings),
        findings=tuple(findings[:NAMED]),
    )


def _ledger(lines: list[Any], fates: Counter[tuple[str, str]]) -> Iterator[str]:
    for line in lines:
        parts = sum(getattr(line, fate.value) for fate in Fate)
        if line.received != parts:
            yield f"ledger {line.source}: received {line.received}, its fates sum up to {parts}"
        for fate in HANGING:
            said, counted = getattr(line, fate.value), fates[line.source, fate]
            if said != counted:
                yield f"ledger {line.source}: {fate} {said}, its episodes have {counted}"


def _counts(incidents: list[Any], members: Counter[str], firing: Counter[str]) -> Iterator[str]:
    for one in incidents:
        if one.status is IncidentStatus.MERGED:
            continue
        ids = (one.incident_id, *one.merged_from)
        held, open_ones = sum(members[key] for key in ids), sum(firing[key] for key in ids)
        if (one.episodes, one.firing) != (held, open_ones):
            yield f"incident #{one.number}: {one.episodes} episodes, {one.firing} fire; it has {held}, {open_ones} fire"
        if one.status is IncidentStatus.CLOSED and not one.closed_at:
            yield f"incident #{one.number}: it is closed, and nobody knows since when"


def _places(members: Counter[str], incidents: set[str]) -> Iterator[str]:
    for key in members:
        if key not in incidents:
            yield f"incident {key}: {members[key]} episodes are said to be of it, and there is none"


def _alerts(view: View) -> Iterator[str]:
    for alert in documents_of(view, ALERTS):
        if alert.episode.open is not (alert.status == "firing"):
            state = "open" if alert.episode.open else "over"
            yield f"alert {alert.fingerprint}: it is {alert.status}, its episode is {state}"
        if alert.verdict != "unknown" and not alert.verdict_rule:
            yield f"alert {alert.fingerprint}: it is {alert.verdict}, and no rule says so"
