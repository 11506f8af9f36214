"""What would these matchers hide now, and what would they have hidden in the past days? Asked before a rule is made."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from aiops.domain.alerts import Alert, Episode, Verdict
from aiops.domain.collection import Collection
from aiops.domain.documents import ALERTS, EPISODES, INCIDENTS
from aiops.domain.errors import BadInput
from aiops.domain.events import Severity, Status
from aiops.domain.incidents import Incident
from aiops.domain.matching import Matcher
from aiops.domain.queries import Query, Range
from aiops.ports import View
from api.candidates import MOST_COUNTED, Count, Way, counted, matching, narrowed
from api.preview_schemas import Example, HiddenIncident, Past, Preview
from rules.check import masked

EXAMPLES = 5
MOST_DAYS = 366
SURE = 0.4  # seconds for each of what must not come from a sample; what is left then is said to be left
SHOWN = 0.1  # seconds for what is shown, and for how many fire
PAGE = 500  # documents read between two looks at the clock
BAD_PAGE = 1_000  # known bad alerts likewise
MOST_IDS = 1_000  # incidents of one question
_Ways = Sequence[Way]
T = TypeVar("T")


def preview(
    view: View,
    matchers: Sequence[Matcher],
    any_of: Sequence[Sequence[Matcher]] = (),
    past: tuple[datetime, int] | None = None,
) -> Preview:
    """Try ``matchers`` on what fires and nothing hides yet; ``past``: the time now, and how many days to look back."""
    ways = [narrowed(view, way) for way in ways_of(matchers, any_of)]
    now = matching(view, ways, Query(where={"status": (Status.FIRING,)}, order=("-rank", "-last_seen")))
    hits = [alert for alert in now.matched.values() if not alert.suppressed]
    looked_back = _past(view, ways, *past) if past else None
    heard = Query(where={"status": (Status.FIRING,), "suppressed": (False,)})
    found, critical = (Count(), Count()) if now.complete else counted(view, ways, heard, SHOWN)
    return Preview(
        alerts=max(found.about, len(hits)),
        incidents=_hidden_incidents(view, hits),
        critical=max(critical.about, sum(alert.severity is Severity.CRITICAL for alert in hits)),
        worst=max((alert.severity for alert in now.matched.values()), key=lambda one: one.rank, default=None),
        looked_at=now.tried,
        complete=now.complete,
        examples=_examples(hits),
        past=looked_back,
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
    base = Query(ranges={"last_seen": since})
    bad = msgspec.structs.replace(base, where={"verdict": (Verdict.KNOWN_BAD,)}, order=("-last_seen",))
    known_bad = matching(view, ways, bad, SURE, most=MOST_COUNTED, total=MOST_COUNTED, page=BAD_PAGE)
    incidents, left = _confirmed(view, ways, since)
    found, critical = counted(view, ways, base)
    shown = matching(view, ways, msgspec.structs.replace(base, order=("-last_seen",)), SHOWN, most=PAGE)
    return Past(
        days=days,
        alerts=found.about,
        alerts_between=found.between,
        critical=critical.about,
        critical_between=critical.between,
        looked_at=found.sample,
        candidates=found.candidates,
        complete=found.complete,
        known_bad=len(known_bad.matched),
        known_bad_left=max(0, known_bad.total - known_bad.tried),
        incidents=incidents,
        incidents_left=left,
        examples=_examples([*known_bad.matched.values(), *shown.matched.values()]),
    )


def _confirmed(view: View, ways: _Ways, since: Range) -> tuple[tuple[HiddenIncident, ...], int]:
    """Return the confirmed incidents of which something would have been hidden, the root or the whole first.

    Beside them how many could not be looked through in time. What is on the confirmed causes is looked at first.
    """
    until = time.monotonic() + SURE
    found: list[Incident] = []
    query = Query(where={"confirmed": (True,)}, ranges={"last_activity": since}, order=("-last_activity",), limit=PAGE)
    total = view.find(INCIDENTS, msgspec.structs.replace(query, limit=0)).total
    for read in _pages(view, INCIDENTS, query):
        found += read
        if time.monotonic() > until:
            break
    by_id = {key: incident for incident in found for key in (incident.incident_id, *incident.merged_from)}
    held: dict[str, bool] = {}  # fingerprint -> does it match?
    hidden: dict[str, dict[str, Episode]] = {}
    complete = len(found) >= total
    for page in _members(view, by_id):
        if time.monotonic() > until:
            complete = False
            break
        unknown = sorted({one.fingerprint for one in page} - held.keys())
        held |= {one.fingerprint: any(way.holds(one) for way in ways) for one in view.many(ALERTS, unknown)}
        for member in page:
            if held.get(member.fingerprint):
                hidden.setdefault(by_id[member.incident_id].incident_id, {})[member.episode_id] = member
    told = [_told(one, list(hidden[one.incident_id].values())) for one in found if one.incident_id in hidden]
    left = 0 if complete else total - sum(one.root for one in told)
    return tuple(sorted(told, key=lambda one: (not one.root, not one.whole))), left


def _members(view: View, incidents: Mapping[str, Incident]) -> Iterator[list[Episode]]:
    """Yield all episodes of these incidents in pages: those on the confirmed causes first, then all."""
    ids = tuple(incidents)
    for first in range(0, len(ids), MOST_IDS):
        some = ids[first : first + MOST_IDS]
        causes = tuple(sorted({_cause(incidents[key]) for key in some}))
        query = Query(where={"incident": some, "entity": causes}, order=("-started_at",), limit=PAGE)
        yield from _pages(view, EPISODES, query)
    for first in range(0, len(ids), MOST_IDS):
        query = Query(where={"incident": ids[first : first + MOST_IDS]}, order=("-started_at",), limit=PAGE)
        yield from _pages(view, EPISODES, query)


def _pages(view: View, collection: Collection[T], query: Query) -> Iterator[list[T]]:
    page = view.find(collection, query)
    yield page.items
    while page.next:
        page = view.find(collection, msgspec.structs.replace(query, cursor=page.next))
        yield page.items


def _cause(incident: Incident) -> str:
    return next((one.entity for one in incident.candidates if one.confirmed), "")


def _told(incident: Incident, members: Sequence[Episode]) -> HiddenIncident:
    root = _cause(incident)
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
