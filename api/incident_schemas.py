"""What do programs get of incidents: lists, one with its story, what is alike, what to do about it?"""

from collections.abc import Mapping

from aiops.domain.alerts import Episode
from aiops.domain.base import Noun
from aiops.domain.incidents import Incident, TimelineItem
from aiops.domain.pins import Lesson, Pin
from aiops.domain.runbooks import Runbook
from api.schemas import Facets


class IncidentList(Noun, frozen=True, kw_only=True):
    """One page; total, items and facets come from one read."""

    items: tuple[Incident, ...]
    total: int
    next: str  # cursor of the next page; empty: this was the last
    facets: Facets = {}
    exact: bool = True  # False: there are more than ``total``
    sampled: Mapping[str, int] = {}  # facets that were counted over only so many, the last made


class IncidentDetail(Noun, frozen=True, kw_only=True):
    """One incident with a page of its members and its story."""

    incident: Incident
    members: tuple[Episode, ...]
    members_total: int
    members_next: str
    timeline: tuple[TimelineItem, ...]
    templates: tuple["TemplateCount", ...] = ()  # of all members, or the last 10,000, most frequent first


class Remedy(Noun, frozen=True, kw_only=True):
    """What people did about an incident, as far as they said."""

    cause: str = ""  # that a person confirmed
    resolved_by: str = ""  # empty: it resolved by itself, or is not resolved
    resolved: str = ""  # what was said then
    seconds: float | None = None  # from its beginning until it was resolved; None: it is not
    comments: tuple[TimelineItem, ...] = ()  # the newest five


class SimilarIncident(Noun, frozen=True, kw_only=True):
    """Another incident, and how alike it is."""

    similarity: float  # cosine of the mean embeddings of their members' templates; 1: the same mix of templates
    incident: Incident
    score: float = 0.0  # 0..1: how much of what fires where they have in common; the order goes by it
    why: str = ""
    done: Remedy = Remedy()


class SimilarIncidents(Noun, frozen=True, kw_only=True):
    """The most alike first."""

    items: tuple[SimilarIncident, ...]
    placed: bool  # False: the learner has not looked at this incident yet, so nothing can be said
    cause: str = ""  # confirmed of the most alike; empty: nobody confirmed one, or nothing is similar enough
    verdict: str = ""  # from how much on incidents are similar here, and why none is


class RunbookList(Noun, frozen=True, kw_only=True):
    """One page of runbooks, each without its text."""

    items: tuple[Runbook, ...]
    total: int
    next: str
    exact: bool = True  # False: there are more than ``total``


class Advice(Noun, frozen=True, kw_only=True):
    """One runbook for an incident, or a link to one."""

    title: str
    why: str
    url: str = ""  # where it is written; empty: ``text`` says it
    runbook_id: str = ""  # empty: it is only a link that an alert or a service bears
    text: str = ""  # Markdown
    by_text: bool = False  # found by what it says, where none is for its alerts


class AdviceList(Noun, frozen=True, kw_only=True):
    """What there is to do: links that alerts and services bear, then runbooks by name, then by text."""

    items: tuple[Advice, ...]


class TemplateCount(Noun, frozen=True, kw_only=True):
    """How many members have this shape."""

    template_id: str
    text: str
    episodes: int


class PinList(Noun, frozen=True, kw_only=True):
    """One page of pins."""

    items: tuple[Pin, ...]
    total: int
    next: str
    exact: bool = True  # False: there are more than ``total``


class LessonList(Noun, frozen=True, kw_only=True):
    """What people taught of what follows from what: one for each relation between nodes."""

    items: tuple[Lesson, ...]
