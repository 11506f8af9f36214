"""What would these matchers hide now, and what would they have hidden in the past days? Asked before a rule is made."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from aiops.domain.alerts import Alert, Episode, Verdict
from aiops.domain.changes import ALERTS, EPISODES, INCIDENTS
from aiops.domain.errors import BadInput
from aiops.domain.events import Severity, Status
from aiops.domain.incidents import Incident
from aiops.domain.matching import Matcher
from aiops.domain.queries import Query, Range
from aiops.ports import View
from api.candidates import Tried, Way, matching, narrowed
from api.schemas import Example, HiddenIncident, Past, Preview
from rules.check import masked

EXAMPLES = 5
MOST_DAYS = 366
MOST_CONFIRMED = 100  # incidents whose cause a person confirmed, the newest, that are looked at
MOST_MEMBERS = 3_000  # of their episodes
_Ways = Sequence[Way]


def preview(
    view: View,
    matchers: Sequence[Matcher],
    any_of: Sequence[Sequence[Matcher]] = (),
    past: tuple[datetime, int] | None = None,
) -> Preview:
    """Try ``matchers`` on what fires and nothing hides yet; ``past``: the time now, and how many days to look back."""
    ways = [narrowed(view, way) for way in ways_of(matchers, any_of)]
    now = matching(view, ways, Query(where={"status": (Status.FIRING,)}, order=("-rank",)))
    hits = [alert for alert in now.matched.values() if not alert.suppressed]
    return Preview(
        alerts=len(hits),
        incidents=_hidden_incidents(view, hits),
        critical=sum(alert.severity is Severity.CRITICAL for alert in hits),
        worst=max((alert.severity for alert in now.matched.values()), key=lambda one: one.rank, default=None),
        looked_at=now.tried,
        complete=now.complete,
        examples=_examples(hits),
        past=_past(view, ways, *past) if past else None,
    )


def ways_of(matchers: Sequence[Matcher], any_of: Sequence[Sequence[Matcher]] = ()) -> list[tuple[Matcher, ...]]:
    """Return the lists of which one must hold, refusing what cannot work."""
    ways = [(*matchers, *more) for more in any_of] or [tuple(matchers)]
    for way in ways:
        check(way)
    return [masked(way) for way in ways]


def check(matchers: Sequence[Matcher]) -> None:
    """Refuse what cannot work, or what would match everything."""
    if not matchers:
        raise BadInput("nothing to match", place="matchers", fix="give at least one matcher")
    for number, matcher in enumerate(matchers):
        matcher.check(f"matchers[{number}]")
    if all(not matcher.value for matcher in matchers):
        raise BadInput("an empty value matches what lacks the label", place="matchers", fix="give one matcher a value")


def _past(view: View, ways: _Ways, now: datetime, days: int) -> Past:
    """Look back: what it would have hidden, and whether that mattered."""
    if not 1 <= days <= MOST_DAYS:
        raise BadInput(f"{days} days", place="days", fix=f"give 1 to {MOST_DAYS}")
    since = Range(at_least=now - timedelta(days=days))
    base = Query(ranges={"last_seen": since}, order=("-last_seen",))
    seen = matching(view, ways, base)
    bad = matching(view, ways, msgspec.structs.replace(base, where={"verdict": (Verdict.KNOWN_BAD,)}))
    return Past(
        days=days,
        alerts=seen.estimate,
        critical=_scaled(seen, sum(one.severity is Severity.CRITICAL for one in seen.matched.values())),
        known_bad=bad.estimate,
        looked_at=seen.tried,
        candidates=seen.total,
        complete=seen.complete and bad.complete,
        incidents=_confirmed(view, ways, since),
        examples=_examples([*bad.matched.values(), *seen.matched.values()]),
    )


def _scaled(seen: Tried, count: int) -> int:
    return round(count * seen.estimate / len(seen.matched)) if seen.matched else 0


def _confirmed(view: View, ways: _Ways, since: Range) -> tuple[HiddenIncident, ...]:
    """Return the confirmed incidents of which something would have been hidden, the root or the whole first."""
    query = Query(where={"confirmed": (True,)}, ranges={"last_activity": since}, order=("-last_activity",))
    found = view.find(INCIDENTS, msgspec.structs.replace(query, limit=MOST_CONFIRMED)).items
    by_id = {key: incident for incident in found for key in (incident.incident_id, *incident.merged_from)}
    members = _members(view, list(by_id))
    alerts = {one.fingerprint: one for one in _alerts(view, {member.fingerprint for member in members})}
    matched = {key for key, one in alerts.items() if any(way.holds(one) for way in ways)}
    hidden: dict[str, list[Episode]] = {}
    for member in members:
        if member.fingerprint in matched:
            hidden.setdefault(by_id[member.incident_id].incident_id, []).append(member)
    told = [_told(incident, hidden[incident.incident_id]) for incident in found if incident.incident_id in hidden]
    return tuple(sorted(told, key=lambda one: (not one.root, not one.whole)))


def _told(incident: Incident, members: Sequence[Episode]) -> HiddenIncident:
    root = next((one.entity for one in incident.candidates if one.confirmed), "")
    return HiddenIncident(
        incident_id=incident.incident_id,
        number=incident.number,
        title=incident.title,
        cause=root,
        root=any(member.entity.name == root for member in members),
        whole=len(members) >= incident.episodes,
        hidden=len(members),
        episodes=incident.episodes,
    )


def _members(view: View, incident_ids: Sequence[str]) -> list[Episode]:
    """Return the episodes of these incidents, up to MOST_MEMBERS."""
    members: list[Episode] = []
    query = Query(where={"incident": tuple(incident_ids)}, order=("-started_at",), limit=1_000)
    while incident_ids:
        page = view.find(EPISODES, query)
        members += page.items
        if not page.next or len(members) >= MOST_MEMBERS:
            break
        query = msgspec.structs.replace(query, cursor=page.next)
    return members


def _alerts(view: View, fingerprints: Collection[str]) -> list[Alert]:
    return view.many(ALERTS, sorted(fingerprints))


def _hidden_incidents(view: View, hits: Sequence[Alert]) -> int:
    """Count the incidents of which nothing that fires would be left to see."""
    by_incident = Counter(alert.episode.incident_id for alert in hits if alert.episode.incident_id)
    found = view.many(INCIDENTS, list(by_incident))
    return sum(1 for item in found if item.active and by_incident[item.incident_id] >= item.firing)


def _examples(alerts: Iterable[Alert]) -> tuple[Example, ...]:
    """Return the worst five: known bad first, then by severity; one of a kind each as far as there are several."""
    ranked = sorted(alerts, key=lambda one: (one.verdict is not Verdict.KNOWN_BAD, -one.severity.rank, one.fingerprint))
    kinds: dict[tuple[str, str], Alert] = {}
    for alert in ranked:
        kinds.setdefault((alert.episode.kind_key, alert.entity.name), alert)
    chosen = {one.fingerprint: one for one in (*kinds.values(), *ranked)}
    return tuple(_example(alert) for alert in list(chosen.values())[:EXAMPLES])


def _example(alert: Alert) -> Example:
    return Example(
        fingerprint=alert.fingerprint, title=alert.title, entity=alert.entity.name, severity=alert.severity.value
    )
