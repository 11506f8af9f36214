"""What do the routes of an Alertmanager come to here? Our routes in their order, and what is otherwise than it was.

Alertmanager descends into the first child that matches, and the deepest route tells its receiver; here the first route
of one list that matches does. So each route stands behind its children, with the matchers of all above it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from aiops.domain.errors import BadInput
from aiops.domain.events import Problem, Severity
from aiops.domain.matching import Matcher, Operator, parse_matcher
from aiops.domain.routes import LONGEST_NAME, MOST_ROUTES, NAME, Route

DEEPEST = 30
_OURS = {  # what routes ask of an incident; a label of that name is not looked at
    "owner": "the owner of its services",
    "service": "the services of the incident",
    "business": "business services that are hurt",
    "cause": "the first root-cause candidate",
    "title": "the title of the incident",
}
_TIMING = ("group_by", "group_wait", "group_interval", "repeat_interval")
_INTERVALS = ("mute_time_intervals", "active_time_intervals")


@dataclass(frozen=True)
class _Above:
    """What a route has from those above it."""

    receiver: str = ""
    matchers: tuple[Matcher, ...] = ()
    goes_on: bool = False
    depth: int = 0


@dataclass
class _Reading:
    """What was read so far."""

    routes: list[Route] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def say(self, place: str, problem: str, fix: str) -> None:
        self.problems.append(Problem(place=place, problem=problem, fix=fix))


def routes_of(document: Mapping[str, object], place: str) -> tuple[list[Route], list[Problem]]:
    """Read ``route`` of a configuration, with all below it; what cannot come over, or is otherwise here, is said."""
    reading = _Reading()
    if isinstance(top := document.get("route"), Mapping):
        _descend(top, f"{place}: route", _Above(), reading)
        for receiver in dict.fromkeys(route.name for route in reading.routes):
            kinds = _kinds(document.get("receivers"), receiver)
            fix = f"add channels to pages.channels, and name them in the route {receiver}"
            reading.say(f"{place}: receivers", f"how {receiver} is reached ({kinds}) does not come over", fix)
    if len(reading.routes) > MOST_ROUTES:
        fix = "join some of them with regular expressions"
        reading.say(f"{place}: route", f"only the first {MOST_ROUTES} of {len(reading.routes)} routes came over", fix)
    return _named(reading.routes[:MOST_ROUTES]), reading.problems


def written(routes: Sequence[Route]) -> str:
    """Write routes as they stand in ``aiops.toml``."""
    parts = []
    for route in routes:
        lines = ["[[decisions.paging.routes]]", f"name = {json.dumps(route.name)}"]
        lines += [f"match = {json.dumps(list(route.match), ensure_ascii=False)}"] if route.match else []
        lines += ["continue = true"] if route.goes_on else []
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _descend(route: Mapping[str, object], where: str, above: _Above, reading: _Reading) -> None:
    if above.depth > DEEPEST:
        reading.say(where, "routes too deep within each other", f"use up to {DEEPEST} levels")
        return
    try:
        own = tuple(_matchers(route, where))
    except BadInput as error:
        reading.say(error.place, f"{error.problem}: this route and those below it do not come over", error.fix)
        return
    for matcher in own:
        _compare(matcher, where, reading)
    goes_on = bool(route.get("continue", False)) and above.depth > 0
    receiver = str(route.get("receiver") or above.receiver)
    here = _Above(receiver, (*above.matchers, *own), above.goes_on or goes_on, above.depth + 1)
    inner = route.get("routes")
    for index, one in enumerate(inner if isinstance(inner, list) else ()):
        if isinstance(one, Mapping):
            _descend(one, f"{where}.routes[{index}]", here, reading)
        else:
            reading.say(f"{where}.routes[{index}]", "no object", "write name: value pairs")
    _differences(route, where, here, reading)
    match = tuple(dict.fromkeys(map(str, here.matchers)))
    reading.routes.append(Route(name=receiver, match=match, goes_on=here.goes_on))


def _differences(route: Mapping[str, object], where: str, here: _Above, reading: _Reading) -> None:
    """Say what a route asked for that our routes do not do."""
    if timing := [name for name in _TIMING if name in route]:
        fix = "what belongs together is one incident here, and told once; see decisions.paging for how often"
        reading.say(where, f"{', '.join(timing)}: not carried over", fix)
    for name in _INTERVALS:
        if route.get(name):
            fix = "plan a maintenance window with an RRULE and the matchers of this route"
            reading.say(f"{where}.{name}", "when a route is on does not come over: it is always on", fix)
    if route.get("continue") and here.depth > 1:
        fix = "take `continue` out, or add matchers that leave these out to the routes behind it"
        reading.say(f"{where}.continue", "the routes above it are told too, where none beside it matches", fix)


def _compare(matcher: Matcher, where: str, reading: _Reading) -> None:
    """Say where a label means something else here."""
    place = f"{where}: {matcher}"
    if matcher.field == "severity":
        named = (
            matcher.value.split("|") if matcher.operator in (Operator.REGEX, Operator.NOT_REGEX) else [matcher.value]
        )
        known = {severity.value for severity in Severity}
        if strange := [one for one in named if one.isalnum() and one not in known]:
            fix = f"name one of {', '.join(Severity)}: it is what the sender's own word is read as"
            reading.say(place, f"no incident has the severity {', '.join(strange)}", fix)
    elif matcher.field in _OURS:
        fix = "see that it says the same, or let the senders use another label"
        reading.say(place, f"{matcher.field} is {_OURS[matcher.field]} here, not a label", fix)


def _matchers(route: Mapping[str, object], where: str) -> Iterator[Matcher]:
    """Read ``matchers`` and the older ``match`` and ``match_re``. BadInput."""
    listed = route.get("matchers") or []
    for index, text in enumerate(listed if isinstance(listed, list) else [listed]):
        yield parse_matcher(str(text), f"{where}.matchers[{index}]")
    for name, operator in (("match", Operator.EQUAL), ("match_re", Operator.REGEX)):
        older = route.get(name)
        for label, value in older.items() if isinstance(older, Mapping) else ():
            matcher = Matcher(field=str(label), operator=operator, value=str(value))
            matcher.check(f"{where}.{name}")
            yield matcher


def _kinds(receivers: object, name: str) -> str:
    """Say how a receiver is reached: "slack, webhook"."""
    for one in receivers if isinstance(receivers, list) else ():
        if isinstance(one, Mapping) and one.get("name") == name:
            kinds = [str(key).removesuffix("_configs") for key, value in one.items() if value and key != "name"]
            return ", ".join(kinds) or "nothing"
    return "not in the file"


def _named(routes: Sequence[Route]) -> list[Route]:
    """Give each route a name of its own, such as a route may have: the receiver's, numbered where it has several."""
    taken: set[str] = set()
    named: list[Route] = []
    for route in routes:
        plain = "".join(sign if sign in NAME else "-" for sign in route.name)[: LONGEST_NAME - 4] or "receiver"
        name, number = plain, 1
        while name in taken:
            number += 1
            name = f"{plain}-{number}"
        taken.add(name)
        named.append(Route(name=name, match=route.match, goes_on=route.goes_on))
    return named
