"""What do the silences, inhibit rules and routes of an Alertmanager, and the rules of Keep, come to here?

Each reader returns what it could carry over, and a problem (place, reason, fix) for everything that it could not.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec
import yaml

from aiops.domain.alerts import Verdict
from aiops.domain.base import Noun, aware, stable_hash
from aiops.domain.errors import BadInput
from aiops.domain.events import Problem
from aiops.domain.matching import Matcher, Operator, parse_matcher
from aiops.domain.routes import Route
from aiops.domain.rules import Inhibition, Rule, RuleStatus, Silence
from rules import cel
from rules.migration_routes import routes_of

T = TypeVar("T")

YEAR = timedelta(days=365)
MOST = 10_000  # items of one file
_KEEP = {  # names of Keep's alert fields -> ours
    "name": "title",
    "severity": "severity",
    "source": "source",
    "service": "service",
    "environment": "environment",
    "message": "annotation.description",
    "description": "annotation.description",
    "host": "host",
}


class Carried(Noun, frozen=True, kw_only=True):
    """What came over, and what did not."""

    silences: tuple[Silence, ...] = ()
    inhibitions: tuple[Inhibition, ...] = ()
    rules: tuple[Rule, ...] = ()
    routes: tuple[Route, ...] = ()  # for the operator's configuration
    problems: tuple[Problem, ...] = ()


def from_alertmanager(text: str, place: str, owner: str, now: datetime) -> Carried:
    """Read silences (JSON of amtool or the API) or a configuration (YAML: inhibit_rules, route)."""
    document = _document(text, place)
    problems: list[Problem] = []
    if isinstance(document, list):
        silences = _each(document, f"{place}: [{{}}]", problems, lambda item, where: _silence(item, where, now))
        return Carried(silences=tuple(silences), problems=tuple(problems))
    if not isinstance(document, Mapping):
        fix = "give the JSON of `amtool silence query -o json`, or alertmanager.yml"
        raise BadInput("neither silences nor a configuration", place=place, fix=fix)
    written = document.get("inhibit_rules") or []
    inhibitions = _each(
        written if isinstance(written, list) else [written],
        f"{place}: inhibit_rules[{{}}]",
        problems,
        lambda item, where: _inhibition(item, where, owner, now),
    )
    routes, unlike = routes_of(document, place)
    problems += unlike
    for name in ("mute_time_intervals", "time_intervals"):
        for index, _ in enumerate(document.get(name) or ()):
            fix = "plan it as a maintenance window with an RRULE"
            where = f"{place}: {name}[{index}]"
            problems.append(Problem(place=where, problem="a time interval does not come over", fix=fix))
    return Carried(inhibitions=tuple(inhibitions), routes=tuple(routes), problems=tuple(problems))


def from_keep(text: str, place: str, owner: str, now: datetime) -> Carried:
    """Read maintenance rules and deduplication-like CEL rules of Keep (JSON or YAML): a list, or one under "rules".

    A rule becomes a silence where it has start and end (Keep's maintenance), else a known_good rule in shadow for 30
    days: what it would hide is seen before it hides anything.
    """
    document = _document(text, place)
    if isinstance(document, Mapping):
        document = next((document[name] for name in ("rules", "maintenance", "items") if name in document), [document])
    if not isinstance(document, list):
        raise BadInput("no list of rules", place=place, fix="give what Keep's API answers at /rules or /maintenance")
    problems: list[Problem] = []
    found = _each(document, f"{place}: [{{}}]", problems, lambda item, where: _keep(item, where, owner, now))
    flat = [one for some in found for one in some]
    return Carried(
        silences=tuple(one for one in flat if isinstance(one, Silence)),
        rules=tuple(one for one in flat if isinstance(one, Rule)),
        problems=tuple(problems),
    )


def _document(text: str, place: str) -> object:
    try:
        return yaml.safe_load(text)  # JSON is YAML
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BadInput(f"neither JSON nor YAML: {error}", place=place, fix="mend the file") from error


def _each(
    items: list[object], place: str, problems: list[Problem], read: Callable[[Mapping[str, object], str], T | None]
) -> list[T]:
    """Read the items one by one; what is refused becomes a problem and stops nothing else."""
    found = []
    for index, item in enumerate(items[:MOST]):
        where = place.format(index)
        try:
            if not isinstance(item, Mapping):
                raise BadInput("no object", place=where, fix="write name: value pairs")
            if (one := read(item, where)) is not None:
                found.append(one)
        except BadInput as error:
            problems.append(Problem(place=error.place, problem=error.problem, fix=error.fix))
    return found


def _silence(item: Mapping[str, object], where: str, now: datetime) -> Silence | None:
    """Return a silence of Alertmanager; None where it is over already."""
    ends = _moment(item.get("endsAt"), f"{where}.endsAt")
    if ends <= now:
        return None
    written = item.get("matchers")
    matchers = [
        _posted(one, f"{where}.matchers[{index}]")
        for index, one in enumerate(written if isinstance(written, list) else ())
    ]
    comment = str(item.get("comment") or "").strip()
    return Silence(
        id=str(item.get("id") or f"silence-{stable_hash(str(item))}"),
        matchers=tuple(matchers),
        owner=str(item.get("createdBy") or "").strip() or "alertmanager",
        reason=comment or "came from Alertmanager without a comment",
        starts_at=_moment(item.get("startsAt"), f"{where}.startsAt"),
        ends_at=ends,
    )


def _posted(one: object, where: str) -> Matcher:
    if not isinstance(one, Mapping):
        raise BadInput("no matcher", place=where, fix="give name, value, isRegex and isEqual")
    regex, equal = bool(one.get("isRegex", False)), bool(one.get("isEqual", True))
    operators = {(False, True): Operator.EQUAL, (False, False): Operator.NOT_EQUAL, (True, True): Operator.REGEX}
    operator = operators.get((regex, equal), Operator.NOT_REGEX)
    matcher = Matcher(field=str(one.get("name") or ""), operator=operator, value=str(one.get("value") or ""))
    matcher.check(where)
    return matcher


def _inhibition(item: Mapping[str, object], where: str, owner: str, now: datetime) -> Inhibition:
    source, target = (_side(item, side, where) for side in ("source", "target"))
    equal = item.get("equal") or []
    return Inhibition(
        id=str(item.get("name") or f"inhibition-{stable_hash(str(source) + str(target) + str(equal))}"),
        source=source,
        target=target,
        equal=tuple(map(str, equal)) if isinstance(equal, list) else (str(equal),),
        owner=owner,
        reason="came from Alertmanager's inhibit_rules",
        expires=now + YEAR,
    )


def _side(item: Mapping[str, object], side: str, where: str) -> tuple[Matcher, ...]:
    """Read ``source_matchers`` and the older ``source_match`` and ``source_match_re``."""
    listed = item.get(f"{side}_matchers") or []
    matchers = [
        parse_matcher(str(text), f"{where}.{side}_matchers[{index}]")
        for index, text in enumerate(listed if isinstance(listed, list) else [listed])
    ]
    for name, operator in ((f"{side}_match", Operator.EQUAL), (f"{side}_match_re", Operator.REGEX)):
        older = item.get(name)
        for field, value in older.items() if isinstance(older, Mapping) else ():
            matcher = Matcher(field=str(field), operator=operator, value=str(value))
            matcher.check(f"{where}.{name}")
            matchers.append(matcher)
    if not matchers:
        fix = f"give {side}_matchers; without them it would concern every alert"
        raise BadInput(f"it has no {side} matchers", place=where, fix=fix)
    return tuple(matchers)


def _keep(item: Mapping[str, object], where: str, owner: str, now: datetime) -> list[Silence | Rule]:
    condition = str(item.get("cel_query") or item.get("definition_cel") or item.get("cel") or "").strip()
    if not condition:
        raise BadInput("it has no CEL condition", place=where, fix="only rules with cel_query are carried over")
    name = str(item.get("name") or item.get("id") or stable_hash(condition))
    ways = cel.ways_of(condition, f"{where}.cel_query", _keep_field)
    who = str(item.get("created_by") or owner)
    reason = str(item.get("description") or name)
    if item.get("end_time"):
        starts, ends = (_moment(item.get(key), f"{where}.{key}") for key in ("start_time", "end_time"))
        if ends <= now:
            return []
        return [
            Silence(
                id=f"keep-{name}" if len(ways) == 1 else f"keep-{name}-{number}",
                matchers=way,
                owner=who,
                reason=reason,
                starts_at=starts,
                ends_at=ends,
            )
            for number, way in enumerate(ways)
        ]
    rule = Rule(
        id=f"keep-{name}",
        verdict=Verdict.KNOWN_GOOD,
        matchers=ways[0] if len(ways) == 1 else (),
        any_of=() if len(ways) == 1 else tuple(ways),
        owner=who,
        reason=reason,
        expires=now + timedelta(days=30),
        status=RuleStatus.SHADOW,
    )
    return [rule]


def _keep_field(name: str) -> str:
    """Name our field for one of Keep's: its own, or a label."""
    if name.startswith("labels."):
        return name.removeprefix("labels.")
    return _KEEP.get(name, "")


def _moment(value: object, where: str) -> datetime:
    if isinstance(value, datetime):
        return aware(value if value.tzinfo else value.replace(tzinfo=UTC))
    try:
        return aware(msgspec.convert(value, datetime))
    except (msgspec.ValidationError, ValueError) as error:
        raise BadInput(f"{value!r} is no time", place=where, fix="write 2027-03-31T04:00:00Z") from error
