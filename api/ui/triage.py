"""What stands on the triage list for this URL?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from aiops.domain.documents import INCIDENTS, ROLLUPS
from aiops.domain.errors import BadInput
from aiops.domain.events import Severity
from aiops.domain.incidents import IncidentStatus
from aiops.domain.queries import Query, Range
from aiops.domain.records import Rollup
from aiops.ports import View
from api.filters import INCIDENT_SORTS, MOST, IncidentFilter, narrowed
from api.matched import asked
from api.presenting import IncidentRow, incident_row
from api.ui.charts import RANGES, Histogram, histogram, window

MOST_OPENED = 1_000_000  # incidents of the chart's time that are counted: an index tells
PAGE = 50
VIEWS: Mapping[str, tuple[str, IncidentFilter]] = {
    "on-call": ("On-call", IncidentFilter(active=True, muted=False, background=False)),
    "unacknowledged": (
        "Unacknowledged",
        IncidentFilter(status=(IncidentStatus.OPEN,), muted=False, background=False),
    ),
    "muted": ("Muted", IncidentFilter(active=True, muted=True)),
    "background": ("Background", IncidentFilter(active=True, background=True)),
    "done": ("Done", IncidentFilter(status=(IncidentStatus.RESOLVED, IncidentStatus.CLOSED), sort="newest")),
    "all": ("All", IncidentFilter(sort="newest")),
}


@dataclass(frozen=True)
class ListUrl:
    """The state of the list: all of it is in its URL."""

    view: str = "on-call"
    q: str = ""
    sev: tuple[str, ...] = ()
    range: str = "24h"
    at: int = 0  # Unix seconds of the histogram's bar that was chosen; 0: none
    sort: str = ""
    cursor: str = ""
    seen: int = 0  # rows on the pages before

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> "ListUrl":
        """Read a URL's parameters; what is unknown or broken counts as not given."""
        view, range_ = parameters.get("view", "on-call"), parameters.get("range", "24h")
        severities = [value for value in parameters.get("sev", "").split(",") if value in set(Severity)]
        return cls(
            view=view if view in VIEWS else "on-call",
            q=parameters.get("q", "")[:500],
            sev=tuple(severities),
            range=range_ if range_ in RANGES else "24h",
            at=_whole(parameters.get("at", "")),
            sort=parameters.get("sort", "") if parameters.get("sort", "") in INCIDENT_SORTS else "",
            cursor=parameters.get("cursor", ""),
            seen=_whole(parameters.get("seen", "")),
        )

    @classmethod
    def of(cls, url: str) -> "ListUrl":
        """Read a whole URL."""
        return cls.read(dict(parse_qsl(urlsplit(url).query)))

    def but(self, **changes: object) -> str:
        """Return the URL of the same list with ``changes``, from its first page unless they say which."""
        paging = {"cursor": "", "seen": 0}
        state = {**{name: getattr(self, name) for name in self.__dataclass_fields__}, **paging, **changes}
        default = ListUrl()
        said = {name: value for name, value in state.items() if value and value != getattr(default, name)}
        pairs = {name: ",".join(value) if isinstance(value, tuple | list) else value for name, value in said.items()}
        return f"/?{urlencode(pairs)}" if pairs else "/"

    def toggled(self, severity: str) -> str:
        """Return the URL with a severity chosen, or no longer."""
        chosen = set(self.sev) ^ {severity}
        return self.but(sev=tuple(one.value for one in Severity if one.value in chosen))

    def filter(self) -> IncidentFilter:
        """Say the list as a filter, without severity and paging. BadInput: the filter box is not understood."""
        wanted = narrowed(VIEWS[self.view][1], self.q)
        if self.at:
            _, _, step = window(datetime.fromtimestamp(self.at, UTC), self.range)
            since = datetime.fromtimestamp(self.at, UTC)
            wanted = msgspec.structs.replace(wanted, since=since, until=since + step)
        return msgspec.structs.replace(wanted, sort=self.sort or wanted.sort)


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 12 else 0


@dataclass(frozen=True)
class Tab:
    """One view over the list."""

    name: str
    title: str
    count: int
    exact: bool  # False: there are more
    current: bool
    url: str


@dataclass(frozen=True)
class Chip:
    """One severity with how many there are in this view and filter."""

    severity: str
    count: int
    chosen: bool
    url: str


@dataclass(frozen=True)
class Triage:
    """The whole list page; all numbers come from one view."""

    url: ListUrl
    rows: tuple[IncidentRow, ...]
    total: int
    exact: bool  # False: there are more
    next_url: str
    tabs: tuple[Tab, ...]
    chips: tuple[Chip, ...]
    chart: Histogram
    opened: int  # incidents that began in the chart's time
    problem: str  # with the filter; empty: none


def triage(view: View, url: ListUrl, now: datetime) -> Triage:
    """Ask for everything on the page."""
    try:
        base, problem = url.filter(), ""
        every = asked(view, INCIDENTS, base)
    except BadInput as error:
        base, problem = VIEWS[url.view][1], f"{error.problem}; {error.fix}"
        every = base.query()
    severities = tuple(Severity(value) for value in url.sev) or base.severity
    wanted = msgspec.structs.replace(base, severity=severities, cursor=url.cursor, limit=PAGE)
    query = msgspec.structs.replace(wanted.query(), every=every.every, unless=every.unless)
    found = view.find(INCIDENTS, query)
    counts = view.facets(INCIDENTS, every, ("severity",)).get("severity", {})
    since, until, step = window(now, url.range)
    began = msgspec.structs.replace(IncidentFilter(), since=since, until=until, limit=1)
    return Triage(
        url=url,
        rows=tuple(incident_row(item, now) for item in found.items),
        total=found.total,
        exact=found.exact,
        next_url=url.but(cursor=found.next, seen=url.seen + len(found.items)) if found.next else "",
        tabs=tuple(_tab(view, url, name) for name in VIEWS),
        chips=tuple(
            Chip(one.value, counts.get(one.value, 0), one.value in url.sev, url.toggled(one.value)) for one in Severity
        ),
        chart=histogram(alert_counts(view, since, until), since, until, step),
        opened=view.find(INCIDENTS, msgspec.structs.replace(began.query(), most=MOST_OPENED)).total,
        problem=problem,
    )


def _tab(view: View, url: ListUrl, name: str) -> Tab:
    title, wanted = VIEWS[name]
    found = view.find(INCIDENTS, msgspec.structs.replace(wanted, limit=1).query())
    return Tab(name, title, found.total, found.exact, name == url.view, ListUrl(view=name, range=url.range).but())


def alert_counts(view: View, since: datetime, until: datetime, most: int = 20_000) -> list[Rollup]:
    """Return the counts of alert events, bin by bin."""
    counts: list[Rollup] = []
    between = {"bin": Range(at_least=since - timedelta(seconds=1), below=until)}
    query = Query(where={"name": ("alerts",)}, ranges=between, order=("-bin",), limit=1_000)
    while len(counts) < most:
        found = view.find(ROLLUPS, query)
        counts.extend(found.items)
        if not found.next:
            break
        query = msgspec.structs.replace(query, cursor=found.next)
    return counts


def _wanted(url: ListUrl) -> IncidentFilter:
    base = url.filter()
    chosen = tuple(Severity(value) for value in url.sev)
    return msgspec.structs.replace(base, severity=chosen or base.severity, limit=MOST)


def matching(view: View, url: ListUrl, numbers: tuple[int, ...]) -> list[int]:
    """Return which of these incidents belong on the list."""
    wanted = msgspec.structs.replace(_wanted(url), number=numbers)
    return [item.number for item in view.find(INCIDENTS, asked(view, INCIDENTS, wanted)).items]


def chosen_ids(view: View, ids: Sequence[str], everything: ListUrl | None) -> list[str]:
    """Return the ids that were ticked, or those of all that the list of ``everything`` matches (at most 1,000)."""
    if everything is None:
        return list(dict.fromkeys(ids))[:MOST]
    return [item.incident_id for item in view.find(INCIDENTS, asked(view, INCIDENTS, _wanted(everything))).items]
