"""Which incidents are the most alike, what was done then, and what does that suggest? And which patterns are alike?"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from aiops.domain.collection import Collection
from aiops.domain.documents import INCIDENT_VECTORS, INCIDENTS, PATTERN_VECTORS, PATTERNS, TIMELINE
from aiops.domain.incidents import Incident, TimelineItem
from aiops.domain.learned import Direction
from aiops.domain.queries import Query
from aiops.domain.words import plural, span
from aiops.ports import View
from api.errors import NotFound
from api.filters import Alike
from api.incident_schemas import Remedy, SimilarIncident, SimilarIncidents
from api.reading import incident
from api.schemas import SimilarPattern, SimilarPatterns
from correlation.similar import History, Known, Likeness, Threshold, ranked, similar, threshold

SPARE = 20  # asked for beyond what is wanted: merged incidents are not shown, and the nearest is not the most alike
MOST_HISTORY = 200  # incidents with a confirmed cause, the newest, that vote
MOST_TOLD = 500  # lines of the stories of those that are shown
TOLD = ("comment", "resolved", "cause")


def similar_incidents(view: View, key: str, asked: Alike) -> SimilarIncidents:
    """Return what is similar enough, the most alike first, with what was done then; none of the same lineage."""
    found = incident(view, key)
    kin = {found.incident_id, *found.merged_from}
    own = view.get(INCIDENT_VECTORS, found.incident_id)
    if own is None or not own.vector:
        return SimilarIncidents(items=(), placed=False)
    confirmed = Query(where={"confirmed": (True,)}, order=("-opened_at",), limit=MOST_HISTORY)
    history = [one for one in view.find(INCIDENTS, confirmed).items if one.incident_id not in kin]
    near = _near(view, INCIDENT_VECTORS, found.incident_id, asked.bounded + SPARE)
    alike = view.many(INCIDENTS, [key for key in near if key not in kin])
    documents = {one.incident_id: one for one in (*alike, *history) if not one.merged_into}
    known = _known(view, [found, *documents.values()])
    wanted = msgspec.structs.replace(known.pop(found.incident_id), cause="")
    past = tuple(known[one.incident_id] for one in history if one.incident_id in known)
    limit = threshold(past)
    best = ranked(wanted, list(known.values()), History([wanted, *known.values()]).weights())
    causes = {one.incident_id: one.cause for one in past}
    enough = similar(best, causes, limit)[: asked.bounded]
    done = _done(view, [documents[one.incident_id] for one in enough])
    items = (_item(one, documents[one.incident_id], near, done[one.incident_id]) for one in enough)
    cause = next((known[one.incident_id].cause for one in enough if known[one.incident_id].cause), "")
    return SimilarIncidents(items=tuple(items), placed=True, cause=cause, verdict=_verdict(limit, best, cause, enough))


def _verdict(limit: Threshold, best: Sequence[Likeness], cause: str, enough: Sequence[Likeness]) -> str:
    if not enough:
        nearest = f"the most alike is {best[0].score:.0%} alike; " if best else ""
        return f"nothing similar enough is known: {nearest}{limit.text}"
    return f"{f'it was {cause} then; ' if cause else ''}{limit.text}"


def similar_patterns(view: View, pattern_id: str, asked: Alike) -> SimilarPatterns:
    """Return the most alike patterns."""
    if view.get(PATTERNS, pattern_id) is None:
        raise NotFound(f"no pattern {pattern_id}")
    near = _near(view, PATTERN_VECTORS, pattern_id, asked.bounded + 1)
    documents = view.many(PATTERNS, [key for key in near if key != pattern_id])
    items = [SimilarPattern(similarity=near[one.pattern_id], pattern=one) for one in documents if not one.retired]
    return SimilarPatterns(items=tuple(items[: asked.bounded]))


def _near(view: View, collection: Collection[Direction], key: str, limit: int) -> dict[str, float]:
    """Return keys and similarity, the most alike first, by the same model alone; of itself too."""
    own = view.get(collection, key)
    if own is None or not own.vector:
        return {}
    found = view.nearest(collection, Query(where={"model": (own.model,)}, limit=limit), own.vector)
    return {one.document.key: one.similarity for one in found}


def _known(view: View, incidents: Sequence[Incident]) -> dict[str, Known]:
    placed = {one.key: one for one in view.many(INCIDENT_VECTORS, [one.incident_id for one in incidents])}
    return {
        one.incident_id: Known(
            incident_id=one.incident_id,
            opened_at=one.opened_at,
            traits=frozenset(placed[one.incident_id].traits),
            cause=_confirmed(one),
        )
        for one in incidents
        if one.incident_id in placed
    }


def _confirmed(found: Incident) -> str:
    return next((one.entity for one in found.candidates if one.confirmed), "")


def in_short(done: Remedy) -> str:
    """Say what was done in a line; empty where nobody said anything."""
    parts = [f"cause {done.cause}"] if done.cause else []
    if done.seconds is not None:
        by = f" by {done.resolved_by}" if done.resolved_by else " by itself"
        parts.append(f"resolved{by} after {span(done.seconds)}")
    parts += [f"{done.resolved_by}: {done.resolved}"] if done.resolved_by and done.resolved else []
    parts += [f"{line.actor}: {line.text}" for line in reversed(done.comments)]
    return "; ".join(parts)


def _item(likeness: Likeness, found: Incident, near: Mapping[str, float], done: Remedy) -> SimilarIncident:
    kinds = plural(likeness.traits, "kind")
    why = f"{likeness.shared} of {kinds} of alerts on the same services in both, the rare ones weigh more"
    cosine = near.get(found.incident_id, 0.0)
    return SimilarIncident(similarity=cosine, incident=found, score=likeness.score, why=why, done=done)


def _done(view: View, incidents: Sequence[Incident]) -> dict[str, Remedy]:
    """Return by incident what people did; what a merged one was told stays with its own id."""
    lives = {past: one.incident_id for one in incidents for past in (one.incident_id, *one.merged_from)}
    stories: dict[str, list[TimelineItem]] = {one.incident_id: [] for one in incidents}
    if lives:
        query = Query(where={"incident": tuple(lives), "kind": TOLD}, order=("-at",), limit=MOST_TOLD)
        for line in view.find(TIMELINE, query).items:
            stories[lives[line.incident_id]].append(line)
    return {one.incident_id: _remedy(one, stories[one.incident_id]) for one in incidents}


def _remedy(found: Incident, newest_first: Iterable[TimelineItem]) -> Remedy:
    lines = list(newest_first)
    resolved = next((line for line in lines if line.kind == "resolved"), None)
    return Remedy(
        cause=_confirmed(found),
        resolved_by=resolved.actor if resolved else "",
        resolved=resolved.text if resolved else "",
        seconds=(found.resolved_at - found.opened_at).total_seconds() if found.resolved_at else None,
        comments=tuple(line for line in lines if line.kind == "comment")[:5],
    )
