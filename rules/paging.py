"""Who is to be told what of an incident now? A function of the incident and of what people know of it."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

import msgspec

from aiops.domain.base import Noun
from aiops.domain.events import Severity
from aiops.domain.incidents import Incident, IncidentStatus
from aiops.domain.settings import PagingSettings
from aiops.domain.words import plural
from rules.routing import Chosen

GROWING = "growing"
INHERITED = "inherited"  # what is known came with another incident: merged into this one, or split into it
TOLD_WITH = "told with "  # a page about another incident said it; the sentence goes on
GREW = 5  # so many times as many services, and at least so many, are worth one more page


class Heard(Noun, frozen=True, kw_only=True):
    """What one route was told so far."""

    severity: Severity  # the worst that it was paged for
    services: int  # the most that it was paged with
    grew: bool = False  # it was told that there are many more
    over: bool = False  # it was told that it is over
    named: bool = False  # only in a page about another incident, which said what had been held back

    def and_of(self, other: "Heard") -> "Heard":
        """Return what it heard of two incidents that became one."""
        return Heard(
            severity=max(self.severity, other.severity, key=lambda severity: severity.rank),
            services=max(self.services, other.services),
            grew=self.grew or other.grew,
            over=self.over and other.over,
            named=self.named and other.named,
        )


class Known(Noun, frozen=True, kw_only=True):
    """What people know of one incident so far."""

    due: datetime  # end of the hold: before it no first page, and none of growth
    heard: dict[str, Heard] = {}  # by route, who was paged first stands first
    back: tuple[str, ...] = ()  # routes that heard that it is over, before it came back: they hear of that too
    since: int = 0  # lines its timeline had when this round of pages began; 0: the first round
    decision: str = ""  # the last one that paged nobody, by its key
    via: dict[str, tuple[str, ...]] = {}  # by route, the channels over which it was paged last
    sent: dict[str, tuple[datetime, ...]] = {}  # by route, its newest pages of this incident, oldest first

    @property
    def awake(self) -> list[str]:
        """Who is to hear how it goes on, and ends?"""
        return [route for route, heard in self.heard.items() if not heard.over]

    def joined(self, other: "Known", lines: int) -> "Known":
        """Return what people know once ``other`` lives on in this one, whose timeline has ``lines`` lines."""
        heard = dict(self.heard)
        for route, theirs in other.heard.items():
            heard[route] = heard[route].and_of(theirs) if route in heard else theirs
        ended = any(mine.over for mine in self.heard.values())  # that page's key is used up
        return msgspec.structs.replace(
            self,
            heard=heard,
            since=lines if ended else self.since,
            decision=INHERITED,
            via={**other.via, **self.via},
            sent={**other.sent, **self.sent},
        )


class Decision(Noun, frozen=True, kw_only=True):
    """One thing that follows: a page to one route, or a reason for none."""

    text: str
    event: str = ""  # of the page; empty: none is made
    route: str = ""
    channels: tuple[str, ...] = ()
    why_route: str = ""
    key: str = ""  # of a decision without a page: the same one is told once
    due: datetime | None = None  # decide again then


def decide(
    incident: Incident,
    known: Known,
    settings: PagingSettings,
    wanted: Sequence[Chosen],
    held: Collection[str],
    now: datetime,
) -> Iterator[Decision]:
    """Yield what follows now for an incident as it stands; nothing where all is said.

    ``wanted``: who is to be told of it, by the routes. ``held``: routes for which a page about it is held back.
    """
    if known.decision.startswith(TOLD_WITH):
        yield Decision(key="known", text=known.decision)
    if not incident.active:
        yield from _over(incident, known, settings, now)
    elif known.awake:
        yield from _goes_on(incident, known, settings, now)
        yield from _further(incident, known, settings, wanted, held)
    else:
        yield from _first(incident, known, settings, _again(known, wanted), now)


def told_again(known: Known, route: str, event: str, text: str) -> Decision:
    """Return a page to a route that was paged before, over the channels of then."""
    why = f"{route} was paged of it before"
    return Decision(event=event, route=route, text=text, channels=known.via.get(route, ()), why_route=why)


def services_of(incident: Incident) -> int:
    """Return how many services alert."""
    return incident.services_total or len(incident.services)


def _again(known: Known, wanted: Sequence[Chosen]) -> list[Chosen]:
    """Return those who heard that it was over, then whom the routes name."""
    why = "it was told that it was over"
    back = [Chosen(route=route, channels=known.via.get(route, ()), why=f"{route}: {why}") for route in known.back]
    return [*back, *(one for one in wanted if one.route not in known.back)]


def _first(
    incident: Incident, known: Known, settings: PagingSettings, wanted: Sequence[Chosen], now: datetime
) -> Iterator[Decision]:
    """Nobody knows of it, or all heard that it was over: whom the routes name is told, and those who heard that."""
    if refusal := _refusal(incident, settings.least):
        yield refusal
    elif now < known.due:
        who = f"{' and '.join(one.route for one in wanted)} {'is' if len(wanted) == 1 else 'are'} paged"
        yield Decision(key="hold", text=f"{who} at {known.due:%H:%M:%S} UTC: what joins until then is one page")
    else:
        why = ""
        if incident.severity.rank < settings.least.rank:
            why = f"; {incident.known_bad} known bad, which pages whatever the severity"
        event = "reopened" if known.since else "opened"
        for one in wanted:
            yield _page_to(one, event, f"paged {one.route}: {_size(incident)}{why}")


def _further(
    incident: Incident, known: Known, settings: PagingSettings, wanted: Sequence[Chosen], held: Collection[str]
) -> Iterator[Decision]:
    """Others know of it; routes that match only now are told too, and those whose page was held back.

    Of what was split off, others know that were told of the whole; whose it is by itself is told too.
    """
    worst = max(heard.severity.rank for heard in known.heard.values())
    if not incident.audible or (incident.status is IncidentStatus.ACKNOWLEDGED and incident.severity.rank <= worst):
        return
    apart = incident.split_from and _refusal(incident, settings.least) is None
    of = f"; split off what {_names(known.heard)} of" if apart else ""
    for one in _again(known, wanted):
        if one.route not in known.heard and (one.written or one.route in held or apart):
            yield _page_to(one, "opened", f"paged {one.route} too: {_size(incident)}{of}")


def _page_to(one: Chosen, event: str, text: str) -> Decision:
    by = f" ({one.why})" if one.written else ""
    return Decision(event=event, route=one.route, channels=one.channels, why_route=one.why, text=text + by)


def _refusal(incident: Incident, least: Severity) -> Decision | None:
    """Return why nobody is to be told, whatever the time; None when somebody is."""
    if not incident.audible and (quiet := _muted_whole(incident)):
        return quiet
    if incident.background and not incident.known_bad:
        text = f"not paged: a background incident (score {incident.score:.2f}), nothing in it is unusual"
        return Decision(key="background", text=text)
    if incident.status is IncidentStatus.ACKNOWLEDGED:
        return Decision(key="acknowledged", text="not paged: somebody has acknowledged it already")
    if incident.severity.rank < least.rank and not incident.known_bad:
        text = f"not paged: severity {incident.severity} is below {least}"
        return Decision(key=f"severity {incident.severity} {least}", text=text)
    if not incident.firing and not incident.known_bad and not incident.flapping:  # these are told even when over
        return Decision(key="ended", text="not paged: nothing of it fires any more")
    return None


def _muted_whole(incident: Incident) -> Decision | None:
    """Nothing of it both fires and may be heard: is that because it is suppressed?"""
    if incident.suppressed >= incident.episodes > 0:
        number = "its alert is" if incident.episodes == 1 else f"all {incident.episodes} alerts are"
        even = f", {incident.known_bad} known bad: a silence hides even what is known bad" if incident.known_bad else ""
        return Decision(key=f"suppressed {bool(even)}", text=f"not paged: {number} suppressed{even}")
    if incident.firing:
        return Decision(key="suppressed firing", text=f"not paged: {_still(incident)}")
    return None


def _goes_on(incident: Incident, known: Known, settings: PagingSettings, now: datetime) -> Iterator[Decision]:
    """A rise of the severity and much growth are told to whoever was paged, also when they have acknowledged."""
    if known.decision == INHERITED:
        text = f"{_names(known.awake)} of it already"
        yield Decision(key="known", text=text)
    if not incident.audible:
        if incident.firing:
            yield _muted(incident, known)
        return
    if known.decision.startswith("muted"):
        text = f"follow-ups are paged again: {plural(incident.audible, 'alert')} of it may be heard again"
        yield Decision(key="audible", text=text)
    for route in known.awake:
        heard = known.heard[route]
        if incident.severity.rank > heard.severity.rank:
            text = f"paged {route} again: {heard.severity} became {_size(incident)}"
            yield told_again(known, route, "escalated", text)
        elif _grown(incident, heard) and known.decision != GROWING:
            due = now + settings.hold
            text = f"it grows: {route} is paged again at {due:%H:%M:%S} UTC, what joins until then is in it"
            yield Decision(key=GROWING, text=text, due=due)
        elif _grown(incident, heard) and now >= known.due:
            text = f"paged {route} again: grew from {heard.services} to {plural(services_of(incident), 'service')}"
            yield told_again(known, route, "grew", text + _cause(incident))


def _muted(incident: Incident, known: Known) -> Decision:
    """Those who were paged hear no more of it while all that fires is suppressed; when it gets worse, neither."""
    quiet = _still(incident)
    worst = max((known.heard[route].severity for route in known.awake), key=lambda severity: severity.rank)
    if incident.severity.rank > worst.rank:
        text = f"nobody is paged again, though {worst} became {incident.severity}: {quiet}"
        return Decision(key=f"muted {incident.severity}", text=text)
    return Decision(key="muted", text=f"nobody is paged again while {quiet}")


def _over(incident: Incident, known: Known, settings: PagingSettings, now: datetime) -> Iterator[Decision]:
    """Everybody who was paged hears that it is over, once: when a person or quietness has ended it."""
    if incident.status is IncidentStatus.CLOSED and (known.awake or known.decision == "hold"):
        who = f"{' and '.join(known.awake)} {'is' if len(known.awake) == 1 else 'are'} not told that it is over"
        what = who if known.awake else "not paged, though a page was due"
        yield Decision(key="forced", text=f"{what}: it was closed to make room, nothing ended it")
        return  # whatever a person or quietness ends is seen resolved first
    still = ""
    if incident.audible:
        verb = "fires" if incident.audible == 1 else "fire"
        still = f", though {plural(incident.audible, 'alert')} of it still {verb}"
    for route in known.awake:
        yield told_again(known, route, "resolved", f"told {route} that it is over{still}")
    if not known.heard and now < known.due:
        held = settings.hold.total_seconds()
        yield Decision(key="brief", text=f"not paged: it was over within the {held:.0f} s that a page waits")


def _grown(incident: Incident, heard: Heard) -> bool:
    """Are there many more services than this route knows of? What is suppressed does not count."""
    at_most = min(services_of(incident), incident.episodes - incident.suppressed)
    return not heard.grew and at_most >= GREW * max(1, heard.services)


def _size(incident: Incident) -> str:
    flaps = f"; {plural(incident.flapping, 'firing')} of it flapped" if incident.flapping else ""
    return f"{incident.severity}, {plural(services_of(incident), 'service')}{flaps}"


def _cause(incident: Incident) -> str:
    if not incident.candidates or incident.abstained:
        return ""
    first = incident.candidates[0]
    return f"; {'root' if first.confirmed else 'likely'} cause {first.entity}"


def _names(routes: Collection[str]) -> str:
    return f"{' and '.join(routes)} {'knows' if len(routes) == 1 else 'know'}"


def _still(incident: Incident) -> str:
    one = incident.firing == 1
    return (
        "the alert that still fires is suppressed" if one else f"all {incident.firing} that still fire are suppressed"
    )
