"""What does a URL ask for? Its parameters as a Query, the same for the API, the pages and the live updates."""

import shlex
from datetime import datetime, timedelta
from difflib import get_close_matches

import msgspec

from aiops.domain.base import Noun, aware
from aiops.domain.edges import EdgeStatus
from aiops.domain.errors import BadInput
from aiops.domain.events import Severity, Status
from aiops.domain.incidents import IncidentStatus, PageStatus
from aiops.domain.matching import Matcher, parse_matcher
from aiops.domain.queries import Query, Range
from aiops.domain.rules import RuleStatus

MOST = 1_000  # documents of one page


class Paged(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every list takes."""

    cursor: str = ""  # `next` of the page before
    limit: int = 50  # 1 to 1,000

    @property
    def bounded(self) -> int:
        """The limit, within its bounds."""
        return max(1, min(self.limit, MOST))


class Matched(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What lists take that can be narrowed by matchers."""

    match: tuple[str, ...] = ()  # matchers as in rules: service=~"db.*", env!=test; every one must hold

    def query(self) -> Query:
        """Say all but the matchers in the store's words."""
        raise NotImplementedError

    def matchers(self) -> list[Matcher]:
        """Read them. BadInput names the one that is none."""
        return [parse_matcher(text, "match") for text in self.match]


class Alike(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many of the most alike."""

    limit: int = 5  # 1 to 50

    @property
    def bounded(self) -> int:
        """The limit, within its bounds."""
        return max(1, min(self.limit, 50))


class RunbookFilter(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which runbooks."""

    text: str = ""  # words of name, alerts and text, by their beginning
    whole: bool = False  # each with its text, then at most 100 a page


INCIDENT_SORTS = {
    "impact": ("-weight", "-opened_at"),
    "severity": ("-rank", "-opened_at"),
    "newest": ("-opened_at",),
    "oldest": ("opened_at",),
    "updated": ("-last_activity",),
    "alerts": ("-alerts",),
    "score": ("-score",),
    "number": ("number",),
    "-number": ("-number",),
}


class IncidentFilter(Matched, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which incidents; several values of one parameter mean "any of them"."""

    status: tuple[IncidentStatus, ...] = ()
    severity: tuple[Severity, ...] = ()
    service: tuple[str, ...] = ()
    owner: tuple[str, ...] = ()
    business: tuple[str, ...] = ()
    assignee: tuple[str, ...] = ()
    cause: tuple[str, ...] = ()
    number: tuple[int, ...] = ()
    active: bool | None = None  # open or acknowledged
    muted: bool | None = None  # all members suppressed
    background: bool | None = None
    text: str = ""  # words of title and services, by their beginning
    since: datetime | None = None  # opened at or after
    until: datetime | None = None  # opened before
    sort: str = "impact"
    facets: tuple[str, ...] = ()  # fields to count by: status, severity, service, owner, ...

    def query(self) -> Query:
        """Say it in the store's words."""
        if self.sort not in INCIDENT_SORTS:
            raise BadInput(f"no such order: {self.sort}", place="sort", fix=f"use one of {', '.join(INCIDENT_SORTS)}")
        many = ("status", "severity", "service", "owner", "business", "assignee", "cause", "number")
        where = {name: tuple(getattr(self, name)) for name in many if getattr(self, name)}
        flags = {name: (getattr(self, name),) for name in ("active", "muted", "background")}
        opened = between(self.since, self.until)
        return Query(
            where={**where, **{name: value for name, value in flags.items() if value[0] is not None}},
            ranges={"opened_at": opened} if self.since or self.until else {},
            text=self.text,
            order=INCIDENT_SORTS[self.sort],
            cursor=self.cursor,
            limit=self.bounded,
        )


class AlertFilter(Matched, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which alerts; several values of one parameter mean "any of them"."""

    status: tuple[Status, ...] = ()
    severity: tuple[Severity, ...] = ()
    verdict: tuple[str, ...] = ()
    entity: tuple[str, ...] = ()
    owner: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    template: tuple[str, ...] = ()
    pattern: tuple[str, ...] = ()
    incident: tuple[str, ...] = ()
    label: tuple[str, ...] = ()  # "name=value"
    quiet: tuple[str, ...] = ()  # what keeps it so: rule, silence, shelved, maintenance, inhibition, flapping, held
    suppressed: bool | None = None
    text: str = ""
    facets: tuple[str, ...] = ()

    def query(self) -> Query:
        """Say it in the store's words; the worst and newest first."""
        many = (
            "status",
            "severity",
            "verdict",
            "entity",
            "owner",
            "source",
            "template",
            "pattern",
            "incident",
            "label",
            "quiet",
        )
        where = {name: tuple(getattr(self, name)) for name in many if getattr(self, name)}
        if self.suppressed is not None:
            where["suppressed"] = (self.suppressed,)
        return Query(where=where, text=self.text, order=("-rank", "-last_seen"), cursor=self.cursor, limit=self.bounded)


class PageFilter(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which pages; several values of one parameter mean "any of them"."""

    status: tuple[PageStatus, ...] = ()
    route: tuple[str, ...] = ()
    incident: tuple[str, ...] = ()  # ids

    def query(self) -> Query:
        """Say it in the store's words; the newest first."""
        many = ("status", "route", "incident")
        where = {name: tuple(getattr(self, name)) for name in many if getattr(self, name)}
        return Query(where=where, order=("-made_at",), cursor=self.cursor, limit=self.bounded)


class SilenceFilter(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which silences."""

    expiring: str = ""  # in force now, and over within so long: 24h

    def query(self, now: datetime) -> Query:
        """Say it in the store's words; those that end last first, of expiring ones those that end first."""
        query = Query(order=("-ends_at",), cursor=self.cursor, limit=self.bounded)
        if not self.expiring:
            return query
        ends = Range(at_least=now, below=now + span_of(self.expiring, "expiring"))
        return msgspec.structs.replace(
            query,
            order=("ends_at",),
            ranges={"ends_at": ends, "starts_at": Range(below=now + timedelta(microseconds=1))},
        )


class WindowFilter(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which maintenance windows."""

    status: tuple[RuleStatus, ...] = ()
    within: str = ""  # open, or opening within so long: 7d

    def query(self, now: datetime) -> Query:
        """Say it in the store's words; those to come in the order in which they open."""
        where = {"status": tuple(self.status)} if self.status else {}
        query = Query(where=where, order=("-closes",), cursor=self.cursor, limit=self.bounded)
        if not self.within:
            return query
        soon = {"closes": Range(at_least=now), "opens": Range(below=now + span_of(self.within, "within"))}
        return msgspec.structs.replace(query, order=("opens",), ranges=soon)


class PinFilter(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which pins."""

    status: tuple[str, ...] = ()  # active, overridden, ended
    incident: str = ""  # number of one from which, or to which, alerts were moved

    def query(self) -> Query:
        """Say it in the store's words, the newest first."""
        status: dict[str, tuple[str, ...]] = {"status": self.status} if self.status else {}
        about: dict[str, tuple[str, ...]] = {"incident": (self.incident.removeprefix("#"),)} if self.incident else {}
        return Query(where={**status, **about}, order=("-number",), cursor=self.cursor, limit=self.bounded)


class EdgeFilter(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which edges; without a word: what waits for a person, proposals and doubts."""

    status: tuple[EdgeStatus, ...] = ()

    def query(self, doubted: bool = False) -> Query:
        """Say it in the store's words, the surest first; ``doubted``: those of the graph that are."""
        order = ("indirect", "-confidence")
        if doubted:
            where = {"stale": (True,), "status": (EdgeStatus.DECLARED, EdgeStatus.ACCEPTED)}
            return Query(where=where, order=order, limit=self.bounded)
        status = tuple(self.status) or (EdgeStatus.PROPOSED,)
        return Query(where={"status": status}, order=order, cursor=self.cursor, limit=self.bounded)


class ServiceFilter(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which services, of which graph."""

    at: datetime | None = None  # the graph as of then; without health


class ChangeFilter(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which lines of the audit log."""

    concerns: tuple[str, ...] = ()  # ids
    kind: tuple[str, ...] = ()  # rule, silence, window, inhibition
    actor: tuple[str, ...] = ()

    def query(self) -> Query:
        """Say it in the store's words, newest first."""
        where = {name: tuple(getattr(self, name)) for name in ("concerns", "kind", "actor") if getattr(self, name)}
        return Query(where=where, order=("-at", "-change"), cursor=self.cursor, limit=self.bounded)


class EndedRule(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a rule ends."""

    gone: bool = False  # its pack has it no longer, with which it would come back; else it stays ended


_SPAN = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def span_of(text: str, place: str) -> timedelta:
    """Read a length of time as it is written in URLs: 30m, 24h, 7d. BadInput names ``place``."""
    number, unit = text[:-1], text[-1:]
    if unit not in _SPAN or not number.isascii() or not number.isdecimal() or len(number) > 5:
        raise BadInput(f"{text!r} is no length of time", place=place, fix="write 30m, 24h or 7d")
    return int(number) * _SPAN[unit]


_TYPED = {"team": "owner", "sev": "severity", "svc": "service"}  # what people type for it
_KEYS = ("status", "severity", "service", "owner", "business", "assignee", "cause", "number", "muted", "background")


def parse_box(typed: str) -> dict[str, str | list[str]]:
    """Read what was typed into the filter box: ``status:open team:payments disk full`` -> parameters by name."""
    found: dict[str, list[str]] = {}
    words = []
    for word in split_words(typed):
        if is_matcher(word):
            parse_matcher(word, "filter")  # what is none is said at once
            found.setdefault("match", []).append(word)
            continue
        name, colon, value = word.partition(":")
        name = _TYPED.get(name, name)
        if not colon or not value:
            words.append(word)
        elif name in _KEYS:
            found.setdefault(name, []).extend(value.split(","))
        else:
            close = get_close_matches(name, (*_KEYS, *_TYPED), 1)
            fix = f"did you mean {close[0]}:{value}?" if close else f"filter by {', '.join(_KEYS)}, or by plain words"
            raise BadInput(f"{name}: is not a filter", place="filter", fix=fix)
    flags = {name: values[-1] for name, values in found.items() if name in ("muted", "background")}
    return {**found, **flags, "text": " ".join(words)}


def narrowed(base: IncidentFilter, typed: str) -> IncidentFilter:
    """Return ``base`` with what the filter box adds; a typed parameter replaces the view's."""
    try:
        more = msgspec.convert(parse_box(typed), IncidentFilter, strict=False)
    except msgspec.ValidationError as error:
        text, _, place = str(error).partition(" - at ")
        raise BadInput(text, place=place.strip("`$.") or "filter", fix="mend the filter") from error
    default = IncidentFilter()
    changed = {
        name: getattr(more, name)
        for name in IncidentFilter.__struct_fields__
        if getattr(more, name) != getattr(default, name)
    }
    if more.status:
        changed["active"] = None  # "status:resolved" says itself what is wanted
    return msgspec.structs.replace(base, **changed)


def is_matcher(word: str) -> bool:
    """Is a word of the filter box a matcher (``service=~db.*``), and no text that has such a sign in it?"""
    name = word.partition("=")[0].removesuffix("!") if "=" in word else word.partition("!~")[0]
    return name != word and bool(name) and all(sign.isalnum() or sign in "_.-/" for sign in name)


def split_words(typed: str) -> list[str]:
    """Cut what was typed into words; quotation marks keep what is between them together."""
    try:
        return shlex.split(typed)
    except ValueError:  # an open quotation mark: somebody is still typing
        return typed.split()


def between(since: datetime | None, until: datetime | None) -> Range:
    """Return the times from ``since`` on and before ``until``; None: no bound."""
    return Range(at_least=zoned(since, "since") if since else None, below=zoned(until, "until") if until else None)


def zoned(when: datetime, place: str) -> datetime:
    """Return ``when`` in UTC. BadInput names ``place`` where it has no time zone, or is no time in UTC."""
    if when.tzinfo is None:
        raise BadInput(f"{when} has no time zone", place=place, fix="add Z or an offset such as +02:00")
    try:
        return aware(when)
    except OverflowError as error:
        raise BadInput(f"{when} is out of range", place=place, fix="give a time of this century") from error
