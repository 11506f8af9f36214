"""Which alerts are there, and what keeps some of them quiet?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode

import msgspec

from aiops.domain.alerts import Alert
from aiops.domain.documents import ALERTS, INCIDENTS, RULES, SILENCES
from aiops.domain.errors import BadInput
from aiops.domain.events import Severity, Status
from aiops.domain.incidents import Incident
from aiops.ports import View
from api.filters import AlertFilter, is_matcher, split_words
from api.matched import asked as filtered

PAGE = 50
VIEWS: Mapping[str, tuple[str, AlertFilter]] = {  # what stands in the URL -> its title and filter
    "": ("Firing", AlertFilter(status=(Status.FIRING,))),
    "suppressed=true": ("Hidden", AlertFilter(status=(Status.FIRING,), suppressed=True)),
    "quiet=flapping": ("Flapping", AlertFilter(status=(Status.FIRING,), quiet=("flapping",))),
    "quiet=held": ("Held back", AlertFilter(status=(Status.FIRING,), quiet=("held",))),
    "quiet=shelved": ("Shelved", AlertFilter(status=(Status.FIRING,), quiet=("shelved",))),
    "status=resolved": ("Over", AlertFilter(status=(Status.RESOLVED,))),
    "status=all": ("All", AlertFilter()),
}
_TYPED = {"service": "entity", "svc": "entity", "sev": "severity", "team": "owner"}  # what people type for it
_KEYS = ("severity", "verdict", "entity", "owner", "source", "template", "pattern", "quiet")


@dataclass(frozen=True)
class Hides:
    """One thing that keeps an alert quiet."""

    kind: str  # as a suppression's: rule, silence, shelved, ...
    text: str
    owner: str  # empty: nobody's
    url: str  # where it can be ended; empty: nowhere
    until: datetime | None


@dataclass(frozen=True)
class AlertRow:
    """One line of the list."""

    alert: Alert
    hides: tuple[Hides, ...]
    incident: Incident | None


@dataclass(frozen=True)
class Tab:
    """One view over the list."""

    title: str
    url: str
    count: int
    exact: bool  # False: there are more
    current: bool


@dataclass(frozen=True)
class AlertsPage:
    """One page of alerts, the worst and newest first."""

    rows: tuple[AlertRow, ...]
    tabs: tuple[Tab, ...]
    view: str  # what stands in the URL
    q: str
    total: int
    exact: bool  # False: there are more
    seen: int  # rows on the pages before
    next_url: str
    problem: str  # with the filter; empty: none

    @property
    def hidden(self) -> bool:
        """Are these the alerts that something keeps quiet?"""
        return self.view == "suppressed=true" or self.view.startswith("quiet=")


def alerts(view: View, asked: Mapping[str, str]) -> AlertsPage:
    """Ask for one page; what is unknown or broken in the URL counts as not given."""
    name, q = _view_of(asked), asked.get("q", "")[:500]
    base, problem = VIEWS[name][1], ""
    try:
        query = filtered(view, ALERTS, narrowed(base, q))
    except BadInput as error:
        query, problem = base.query(), f"{error.problem}; {error.fix}"
    found = view.find(ALERTS, msgspec.structs.replace(query, cursor=asked.get("cursor", ""), limit=PAGE))
    digits = asked.get("seen", "")
    seen = int(digits) if digits.isdecimal() and len(digits) < 9 else 0
    paging = {"cursor": found.next, "seen": str(seen + len(found.items))}
    return AlertsPage(
        rows=tuple(_rows(view, found.items)),
        tabs=tuple(_tab(view, one, one == name) for one in VIEWS),
        view=name,
        q=q,
        total=found.total,
        exact=found.exact,
        seen=seen,
        next_url=_url(name, q=q, **paging) if found.next else "",
        problem=problem,
    )


def narrowed(base: AlertFilter, typed: str) -> AlertFilter:
    """Return ``base`` with what the filter box adds: ``service:db team=~pay.*`` and plain words."""
    more: dict[str, list[str]] = {}
    words = []
    for word in split_words(typed):
        if is_matcher(word):
            more.setdefault("match", []).append(word)
            continue
        name, _, value = word.partition(":")
        name = _TYPED.get(name, name)
        if name in _KEYS and value:
            more.setdefault(name, []).extend(value.split(","))
        else:
            words.append(word)
    try:
        added = msgspec.convert({**more, "text": " ".join(words)}, AlertFilter, strict=False)
    except msgspec.ValidationError as error:
        raise BadInput(str(error), place="filter", fix=f"severities are {', '.join(Severity)}") from error
    return msgspec.structs.replace(base, text=added.text, **{name: getattr(added, name) for name in more})


def _view_of(asked: Mapping[str, str]) -> str:
    named = (f"{name}={asked[name]}" for name in ("suppressed", "quiet", "status") if name in asked)
    return next((name for name in named if name in VIEWS), "")


def _url(view: str, **parameters: str) -> str:
    said = "&".join(part for part in (view, urlencode({k: v for k, v in parameters.items() if v})) if part)
    return f"/alerts?{said}" if said else "/alerts"


def _tab(view: View, name: str, current: bool) -> Tab:
    title, wanted = VIEWS[name]
    found = view.find(ALERTS, msgspec.structs.replace(wanted, limit=1).query())
    return Tab(title, _url(name), found.total, found.exact, current)


def _rows(view: View, found: Sequence[Alert]) -> list[AlertRow]:
    """Add who owns what hides them, and which incident they are in."""
    ids = sorted({one.id for alert in found for one in alert.suppressed_by})
    owners = {rule.id: rule.owner for rule in view.many(RULES, ids)}
    owners |= {silence.id: silence.owner for silence in view.many(SILENCES, ids)}
    incidents = {item.incident_id: item for item in view.many(INCIDENTS, sorted(_incident_ids(found)))}
    return [
        AlertRow(
            alert,
            tuple(
                Hides(one.kind, one.text, owners.get(one.id, ""), _ends(one.id, owners), one.until)
                for one in alert.suppressed_by
            ),
            incidents.get(alert.episode.incident_id),
        )
        for alert in found
    ]


def _ends(key: str, owners: Mapping[str, str]) -> str:
    return f"/rules#{quote(key, safe='')}" if key in owners else ""


def _incident_ids(found: Sequence[Alert]) -> set[str]:
    return {alert.episode.incident_id for alert in found if alert.episode.incident_id}
