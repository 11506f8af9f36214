"""Who is told of an incident, and why they? The first route that matches; where none does, its owner."""

from collections.abc import Iterator, Mapping

from aiops.domain.alerts import Alert
from aiops.domain.base import Noun
from aiops.domain.incidents import Incident
from aiops.domain.matching import Matcher, Operator, fields_of
from aiops.domain.settings import PagingSettings

OF_INCIDENTS = ("severity", "service", "owner", "business", "cause", "title", "known_bad")  # all others: of its alerts
MOST_VALUES = 50  # of one field that are remembered of an incident's alerts
Met = Mapping[str, tuple[str, ...]]  # field -> values that alerts of one incident had


class Chosen(Noun, frozen=True, kw_only=True):
    """One who is to be told."""

    route: str
    channels: tuple[str, ...]
    why: str
    written: bool = False  # by a route, not for want of one


class Routing:
    """The routes of the settings in force, read once."""

    def __init__(self, settings: PagingSettings) -> None:
        self._settings = settings
        self._routes = [(route, route.matchers(f"routes.{route.name}")) for route in settings.routes]
        named = {matcher.field for _, matchers in self._routes for matcher in matchers}
        self.asked = tuple(sorted(named.difference(OF_INCIDENTS)))  # fields that only alerts have

    def choose(self, incident: Incident, met: Met) -> list[Chosen]:
        """Return who is to be told, in the order of the routes; never nobody. ``met``: what its alerts had."""
        fields = {**met, **_fields(incident)}
        return list(self._written(fields)) or [self._unwritten(incident)]

    def channels(self, named: tuple[str, ...]) -> tuple[str, ...]:
        """Return those of ``named`` that there are (still); else the default ones, else all."""
        there = self._settings.channels
        for names in (named, self._settings.default_channels):
            if known := tuple(name for name in names if name in there):
                return known
        return there

    def of_alert(self, alert: Alert, known: Met) -> dict[str, tuple[str, ...]]:
        """Return ``known`` with the values of one more alert, as far as routes ask for them."""
        fields = fields_of(alert)
        values = {name: fields[name] for name in self.asked if fields.get(name)}
        return joined(known, {name: (value,) for name, value in values.items()})

    def _written(self, fields: Met) -> Iterator[Chosen]:
        for route, matchers in self._routes:
            if all(_holds(matcher, fields.get(matcher.field, ())) for matcher in matchers):
                said = ", ".join(map(str, matchers)) or "it takes every incident"
                why = f"route {route.name}: {said}"
                yield Chosen(route=route.name, channels=self.channels(route.channels), why=why, written=True)
                if not route.goes_on:
                    return

    def _unwritten(self, incident: Incident) -> Chosen:
        none = "no route matches" if self._routes else "no routes are written"
        if incident.owners:
            return Chosen(route=incident.owners[0], channels=self.channels(()), why=f"{none}: its owner is told")
        why = f"{none}, and nobody owns it: the default route"
        return Chosen(route=self._settings.default_route, channels=self.channels(()), why=why)


def joined(one: Met, other: Met) -> dict[str, tuple[str, ...]]:
    """Return the values of both, at most 50 a field, the earliest first."""
    both = dict(one)
    for name, values in other.items():
        both[name] = tuple(dict.fromkeys((*both.get(name, ()), *values)))[:MOST_VALUES]
    return both


def _fields(incident: Incident) -> dict[str, tuple[str, ...]]:
    cause = incident.candidates[0].entity if incident.candidates and not incident.abstained else ""
    return {
        "severity": (incident.severity.value,),
        "service": incident.services,
        "owner": incident.owners,
        "business": incident.impact.business_services,
        "cause": (cause,) if cause else (),
        "title": (incident.title,),
        "known_bad": ("yes" if incident.known_bad else "no",),
    }


def _holds(matcher: Matcher, values: tuple[str, ...]) -> bool:
    """Of many values one must satisfy ``=``, ``=~``, and all must satisfy ``!=`` and ``!~``; none: the empty text."""
    test = matcher.test()
    of = all if matcher.operator in (Operator.NOT_EQUAL, Operator.NOT_REGEX) else any
    return of(test(value) for value in values or ("",))
