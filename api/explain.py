"""Why? The trail of Reasons of an alert or incident, in one text for the API, the command line and the pages."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from aiops.domain.alerts import Alert, Episode, EpisodeFate, Fate, Link
from aiops.domain.documents import FATES, INCIDENTS
from aiops.domain.incidents import Candidate, Incident
from aiops.domain.reasons import Reason
from aiops.domain.words import percent, plural, span, times
from aiops.ports import View
from aiops.response.runbooks import Library
from api.advice import advice
from api.errors import NotFound
from api.filters import Alike
from api.outside import why_outside
from api.reading import alert as find_alert
from api.reading import episodes_of
from api.reading import incident as find_incident
from api.schemas import Explanation, LedgerEntry, Step
from api.similar import in_short, similar_incidents

HEADINGS = {
    "parse": "How it was read",
    "entity": "Which service it is about",
    "template": "Which shape its message has",
    "dedup": "Is it new, or known already",
    "verdict": "What is known of it",
    "suppress": "What keeps it quiet",
    "group": "Why it belongs together",
    "merge": "Why it belongs together",
    "cause": "Why this cause",
    "impact": "Who is hurt",
    "score": "How unusual it is",
    "page": "Who was told",
    "operator": "What people did",
    "expire": "What ended",
    "advice": "What to do",
    "similar": "What was done before",
}
MOST_MEMBERS = 300
MOST_ALIKE = 8  # members that joined in one way and are each told of; of more, the first and the others together


def explain(view: View, key: str, library: Library) -> Explanation:
    """Explain the alert or incident that ``key`` names (id, fingerprint, episode id or ``#number``)."""
    try:
        return explain_incident(view, find_incident(view, key), library)
    except NotFound:
        pass
    try:
        return explain_alert(view, find_alert(view, key))
    except NotFound:
        raise NotFound(f"neither an incident nor an alert: {key}") from None


def explain_alert(view: View, alert: Alert) -> Explanation:
    """Tell an alert's way, step by step, and its present fate."""
    fate = view.get(FATES, alert.episode.episode_id)
    steps = [_step(reason) for reason in alert.reasons]
    if alert.episode.link:
        steps.append(Step(heading=HEADINGS["group"], reason=Reason(step="group", text=alert.episode.link.text)))
    if alone := view.get(INCIDENTS, alert.episode.incident_id):
        steps.extend(_step(reason) for reason in why_outside(view, alone))
    steps.extend(_fate_steps(fate))
    title = f"{alert.title} on {alert.entity.name or 'no known service'} ({alert.status}, {alert.severity})"
    return explanation(alert.fingerprint, "alert", title, steps)


def explain_incident(view: View, incident: Incident, library: Library) -> Explanation:
    """Tell why these alerts are one incident, why the cause is what it is, who was told, and what to do."""
    members = episodes_of(view, incident, MOST_MEMBERS)
    links = {episode.link.text for episode in members if episode.link}
    steps = [*_cause_steps(incident), *(_step(reason) for reason in incident.reasons if reason.text not in links)]
    steps.extend(_step(reason) for reason in why_outside(view, incident))
    steps.extend(_member_steps(members))
    if len(members) == MOST_MEMBERS < incident.episodes:
        text = f"{plural(incident.episodes - MOST_MEMBERS, 'later alert')} in it: each says on its page why it joined"
        steps.append(Step(heading=HEADINGS["group"], reason=Reason(step="group", text=text)))
    if incident.weakest_link:
        text = f"weakest link: {incident.weakest_link}"
        steps.append(Step(heading=HEADINGS["group"], reason=Reason(step="group", text=text)))
    if incident.runner_up:
        text = f"runner-up: {incident.runner_up}"
        steps.append(Step(heading=HEADINGS["group"], reason=Reason(step="group", text=text)))
    if incident.impact.text:
        steps.append(Step(heading=HEADINGS["impact"], reason=Reason(step="impact", text=incident.impact.text)))
    steps.extend(_what_to_do(view, incident, library))
    title = f"#{incident.number} {incident.title} ({incident.status}, {incident.severity})"
    return explanation(incident.incident_id, "incident", title, steps)


def _what_to_do(view: View, incident: Incident, library: Library) -> Iterator[Step]:
    for one in advice(view, incident, library):
        yield _step(Reason(step="advice", text=f"{one.title}: {one.url or one.runbook_id} ({one.why})"))
    found = similar_incidents(view, incident.incident_id, Alike(limit=3))
    if found.verdict and found.items:
        yield _step(Reason(step="similar", text=found.verdict))
    for alike in found.items:
        text = f"#{alike.incident.number} {alike.incident.title}: {in_short(alike.done) or 'nothing was noted'}"
        yield _step(Reason(step="similar", text=text))


def explain_fate(entry: LedgerEntry) -> str:
    """Say in words what became of a delivery's events."""
    if entry.pending:
        return "taken and on disk; the engine has not come to it yet"
    present = {fate.episode_id: fate for fate in entry.fates}
    lines = []
    if entry.delivery:
        record = entry.delivery
        lines.append(f"delivery {record.delivery_id} from {record.source}: {plural(record.events, 'event')}")
        lines.extend(f"  rejected {problem.place}: {problem.problem}; {problem.fix}" for problem in record.problems)
    for event in entry.events:
        fate = None if event.fate is Fate.SUPERSEDED else present.get(event.episode_id)
        lines.append(f"  {event.event.event_id} {fate.fate if fate else event.fate}: {event.event.title}")
        lines.extend(f"    {reason.text}" for reason in (*event.reasons, *(fate.reasons if fate else ())))
    observed = entry.delivery.observed if entry.delivery else 0
    if observed:
        lines.append(f"  {observed} observed: counted, not stored one by one")
    return "\n".join(lines)


def _step(reason: Reason) -> Step:
    return Step(heading=HEADINGS.get(reason.step, reason.step.capitalize()), reason=reason)


def _cause_steps(incident: Incident) -> Iterator[Step]:
    if incident.abstained:
        yield _step(Reason(step="cause", text=incident.abstained))
    comparable = len(incident.candidates) > 1 or not incident.abstained
    for number, candidate in enumerate(incident.candidates, 1):
        yield _step(Reason(step="cause", text=_candidate_text(number, candidate, comparable)))
        yield from (msgspec.structs.replace(_step(reason), under=1) for reason in candidate.evidence)


def _candidate_text(number: int, candidate: Candidate, comparable: bool) -> str:
    likely = f", {candidate.likely}" if comparable else ""
    covers = f", explains {percent(candidate.share)} of the services" if comparable else ""
    confirmed = ", confirmed by a person" if candidate.confirmed else ""
    return f"candidate {number}: {candidate.entity}{likely}{covers}{confirmed}"


def _member_steps(members: Iterable[Episode]) -> Iterator[Step]:
    """Tell why each joined; of many that joined in one way, because of one entity or each of another, the first."""
    linked = [(episode, episode.link) for episode in members if episode.link]
    common = Counter((link.parent_entity, link.relation) for _, link in linked)
    ways: dict[tuple[str, str], list[tuple[Episode, Link]]] = {}
    for episode, link in linked:
        way = (link.parent_entity, link.relation)
        ways.setdefault(way if common[way] > MOST_ALIKE else ("", link.relation), []).append((episode, link))
    for (parent, relation), joined in ways.items():
        told = joined if len(joined) <= MOST_ALIKE or not relation else joined[:1]
        for episode, link in told:
            yield _step(Reason(step="group", text=link.text, evidence={"episode": episode.episode_id}))
        if others := joined[len(told) :]:
            text = _alike(parent or "another of them", others)
            yield _step(Reason(step="group", text=text, evidence={"alerts": len(others)}))


def _alike(parent: str, others: Sequence[tuple[Episode, Link]]) -> str:
    names = list(dict.fromkeys(episode.entity.name or episode.name for episode, _ in others))
    more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    least, *_, most = sorted(link.ratio for _, link in others)
    apart = span(max(1.0, *(abs(link.seconds) for _, link in others)))
    return (
        f"so did {plural(len(others), 'more alert')}, of {', '.join(names[:3])}{more}: within {apart} of {parent},"
        f" {least:.2g} to {times(most)} than chance"
    )


def _fate_steps(fate: EpisodeFate | None) -> Iterator[Step]:
    if fate is not None:
        heading = f"What became of it: {fate.fate}"
        yield from (Step(heading=heading, reason=reason) for reason in fate.reasons)


def explanation(key: str, kind: str, title: str, steps: Iterable[Step]) -> Explanation:
    """Bring the steps under their headings, each reason once (evidence: once for each candidate); write the text."""
    by_heading: dict[str, list[Step]] = {}
    for step in steps:
        there = by_heading.setdefault(step.heading, [])
        if step.under or all(step.reason.text != known.reason.text for known in there):
            there.append(step)
    lines = [title]
    for heading, under in by_heading.items():
        lines.extend(("", heading, *(f"  {'    ' * step.under}- {step.reason.text}" for step in under)))
    ordered = tuple(step for under in by_heading.values() for step in under)
    return Explanation(id=key, kind=kind, title=title, steps=ordered, text="\n".join(lines))
