"""How does what would have happened differ from what did? Incidents are matched by the episodes that they share."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from aiops.domain.alerts import Fate
from aiops.domain.base import Noun
from aiops.domain.documents import EPISODES, FATES, INCIDENTS, PAGES, TIMELINE
from aiops.domain.incidents import Incident, Page
from aiops.domain.words import plural, span
from aiops.ports import View
from aiops.walking import documents_of


class PageChange(Noun, frozen=True, kw_only=True):
    """One page that was told otherwise."""

    incident: str  # "#12 api: high latency", as it was, or as it would be where it was not
    event: str  # opened, escalated, ...
    route: str
    made_at: datetime
    text: str  # in one sentence
    worked_on: bool = False  # a person acted on that incident, or a rule knows it as bad: this page was wanted


class IncidentChange(Noun, frozen=True, kw_only=True):
    """Incidents that were put together, explained or judged otherwise."""

    kind: str  # merged, split, regrouped, recaused, muted, unmuted, severity, gone, new
    before: tuple[str, ...]  # "#12 title"
    after: tuple[str, ...]
    text: str


class Divergence(Noun, frozen=True, kw_only=True):
    """All that differs between two stores that the same entries led to."""

    pages_before: int = 0
    pages_after: int = 0
    removed: tuple[PageChange, ...] = ()  # pages that would not have been sent, and that nobody acted on
    lost: tuple[PageChange, ...] = ()  # pages that would not have been sent, though they were wanted
    added: tuple[PageChange, ...] = ()  # pages that nobody got then
    moved: tuple[PageChange, ...] = ()  # sent at another time, or to another route
    incidents_before: int = 0
    incidents_after: int = 0
    incidents: tuple[IncidentChange, ...] = ()

    @property
    def empty(self) -> bool:
        """Is nothing different that a person would have seen?"""
        return not (self.removed or self.lost or self.added or self.moved or self.incidents)


class _Side(NamedTuple):
    """What one of the two led to."""

    incidents: Mapping[str, Incident]  # those that live, by id
    episodes: Mapping[str, str]  # episode -> the incident it is in at the end
    muted: frozenset[str]  # episodes that something suppresses
    pages: Mapping[str, list[Page]]  # by incident, in order of time
    acted: frozenset[str]  # incidents that a person acted on


class _Group(NamedTuple):
    """Incidents of both sides that share episodes, directly or through each other."""

    before: list[Incident]
    after: list[Incident]


def diverge(before: View, after: View) -> Divergence:
    """Compare what was with what would have been."""
    was, would = _side(before), _side(after)
    removed: list[PageChange] = []
    lost: list[PageChange] = []
    added: list[PageChange] = []
    moved: list[PageChange] = []
    changes: list[IncidentChange] = []
    for group in _groups(was, would):
        wanted = any(one.incident_id in was.acted or one.known_bad for one in group.before)
        gone, new, other = _pages(group, was, would, wanted)
        (lost if wanted else removed).extend(gone)
        added += new
        moved += other
        changes += _incidents(group, was, would)
    return Divergence(
        pages_before=sum(map(len, was.pages.values())),
        pages_after=sum(map(len, would.pages.values())),
        removed=tuple(removed),
        lost=tuple(lost),
        added=tuple(added),
        moved=tuple(moved),
        incidents_before=len(was.incidents),
        incidents_after=len(would.incidents),
        incidents=tuple(changes),
    )


def _side(view: View) -> _Side:
    incidents = {one.incident_id: one for one in documents_of(view, INCIDENTS)}

    def lives(key: str) -> str:
        while key in incidents and incidents[key].merged_into:
            key = incidents[key].merged_into
        return key

    pages: defaultdict[str, list[Page]] = defaultdict(list)
    for page in sorted(documents_of(view, PAGES), key=lambda one: (one.made_at, one.page_id)):
        pages[lives(page.incident_id)].append(page)
    founders = {one.founder: lives(key) for key, one in incidents.items()}  # also of what began before the replay
    members = {one.episode_id: lives(one.incident_id) for one in documents_of(view, EPISODES) if one.incident_id}
    return _Side(
        incidents={key: one for key, one in incidents.items() if not one.merged_into},
        episodes=founders | members,
        muted=frozenset(one.episode_id for one in documents_of(view, FATES) if one.fate is Fate.SUPPRESSED),
        pages=pages,
        acted=frozenset(lives(item.incident_id) for item in documents_of(view, TIMELINE) if _by_hand(item.actor)),
    )


def _by_hand(actor: str) -> bool:
    return bool(actor) and not actor.startswith("system:")


def _groups(was: _Side, would: _Side) -> Iterator[_Group]:
    """Yield the incidents that belong together, oldest first; one without a counterpart is a group of its own."""
    links: defaultdict[tuple[int, str], dict[tuple[int, str], None]] = defaultdict(dict)
    for side, incidents in enumerate((was.incidents, would.incidents)):
        for key in sorted(incidents, key=lambda one: incidents[one].number):
            links[side, key] = {}
    for episode, key in was.episodes.items():
        other = would.episodes.get(episode)
        if other is not None and (0, key) in links and (1, other) in links:
            links[0, key][1, other] = None
            links[1, other][0, key] = None
    seen: set[tuple[int, str]] = set()
    for start in list(links):
        if start in seen:
            continue
        reached = [start]
        seen.add(start)
        for node in reached:  # grows while it is walked
            fresh = [one for one in links[node] if one not in seen]
            seen.update(fresh)
            reached += fresh
        yield _Group(
            before=[was.incidents[key] for side, key in reached if side == 0],
            after=[would.incidents[key] for side, key in reached if side == 1],
        )


def _pages(
    group: _Group, was: _Side, would: _Side, wanted: bool
) -> tuple[list[PageChange], list[PageChange], list[PageChange]]:
    """Return the pages of a group that would be missing, be new, and come otherwise; matched by what happened."""
    waiting: defaultdict[str, list[Page]] = defaultdict(list)
    for page in _in_time(would.pages[one.incident_id] for one in group.after if one.incident_id in would.pages):
        waiting[page.event].append(page)
    gone: list[PageChange] = []
    moved: list[PageChange] = []
    for page in _in_time(was.pages[one.incident_id] for one in group.before if one.incident_id in was.pages):
        if not waiting[page.event]:
            gone.append(_told(page, f"{_page(page)} would not have been sent", wanted))
            continue
        other = waiting[page.event].pop(0)
        if said := _otherwise(page, other):
            moved.append(_told(page, f"{_page(page)} would have come {said}", wanted))
    left = [page for pages in waiting.values() for page in pages]
    new = [_told(page, f"{_page(page)} would have been sent: {page.reason.text}", wanted) for page in left]
    return gone, new, moved


def _in_time(pages: Iterable[list[Page]]) -> list[Page]:
    return sorted((page for some in pages for page in some), key=lambda one: (one.made_at, one.page_id))


def _otherwise(page: Page, other: Page) -> str:
    later = (other.made_at - page.made_at).total_seconds()
    when = f"{span(abs(later))} {'later' if later > 0 else 'earlier'}" if later else ""
    route = f"to {other.route}" if other.route != page.route else ""
    return " ".join(filter(None, (when, route)))


def _page(page: Page) -> str:
    return f"the page “{page.event}” of #{page.incident_number} to {page.route}"


def _told(page: Page, text: str, wanted: bool) -> PageChange:
    return PageChange(
        incident=f"#{page.incident_number} {page.title}",
        event=page.event,
        route=page.route,
        made_at=page.made_at,
        text=text,
        worked_on=wanted,
    )


def _incidents(group: _Group, was: _Side, would: _Side) -> Iterator[IncidentChange]:
    names, others = tuple(map(_name, group.before)), tuple(map(_name, group.after))
    if len(names) == len(others) == 1:
        for kind, text in _changed(group.before[0], group.after[0]):
            yield IncidentChange(kind=kind, before=names, after=others, text=f"{names[0]}: {text}")
        return
    if not others:
        muted = _silent(group.before[0], was, would)
        kind, text = ("muted", "wholly muted") if muted else ("gone", "it would not exist")
        text = f"{names[0]}: {text}"
    elif not names:
        muted = _silent(group.after[0], would, was)
        kind, text = ("unmuted", "no longer muted") if muted else ("new", "it would have been opened")
        text = f"{others[0]}: {text}"
    elif len(others) == 1:
        kind, text = "merged", f"{', '.join(names)} would have been one incident"
    elif len(names) == 1:
        kind, text = "split", f"{names[0]} would have been {plural(len(others), 'incident')}"
    else:
        kind, text = "regrouped", f"{plural(len(names), 'incident')} would have been {len(others)} others"
    yield IncidentChange(kind=kind, before=names, after=others, text=text)


def _silent(incident: Incident, here: _Side, there: _Side) -> bool:
    """Is an incident of ``here`` none ``there`` because all its episodes are muted?"""
    members = [episode for episode, key in here.episodes.items() if key == incident.incident_id]
    return all(episode in there.muted for episode in members)


def _changed(was: Incident, would: Incident) -> Iterator[tuple[str, str]]:
    """Yield what else differs of one incident that is the same: its cause, whether it is muted, how bad it is."""
    if _cause(was) != _cause(would):
        yield "recaused", f"first candidate {_cause(would) or 'none'}, in place of {_cause(was) or 'none'}"
    if _muted(was) != _muted(would):
        yield ("muted", "wholly muted") if _muted(would) else ("unmuted", "no longer muted")
    if was.severity is not would.severity:
        yield "severity", f"{would.severity} in place of {was.severity}"


def _cause(incident: Incident) -> str:
    return incident.candidates[0].entity if incident.candidates else ""


def _muted(incident: Incident) -> bool:
    return incident.episodes > 0 and incident.suppressed == incident.episodes


def _name(incident: Incident) -> str:
    return f"#{incident.number} {incident.title}"
