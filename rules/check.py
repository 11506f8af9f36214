"""May this rule or silence stand? Its shape, its dates, and its own cases."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from aiops.domain.alerts import Verdict
from aiops.domain.errors import BadInput
from aiops.domain.events import Problem
from aiops.domain.masking import mask
from aiops.domain.matching import Matcher, Operator
from aiops.domain.rules import Case, Cases, Rule, Silence
from aiops.domain.words import span
from rules.profiles import WEEK

LONGEST = timedelta(days=366)  # the usual bound: what hides ends within it, what raises is looked at again within it
MOST_WAYS = 50  # lists under any_of
MOST_MATCHERS = 50
LONGEST_VALUE = 4_000  # characters
NODES = ("entity", "service", "host", "instance")  # fields whose value is one node
_PROBES = ("a", "0", "zq-7 probe of nothing")  # a matcher that takes all of them selects nothing


def normal(rule: Rule) -> Rule:
    """Return the rule with its token patterns masked as messages are, so that a pasted message matches itself."""
    any_of = tuple(masked(more) for more in rule.any_of)
    return msgspec.structs.replace(rule, matchers=masked(rule.matchers), any_of=any_of)


def masked(matchers: tuple[Matcher, ...]) -> tuple[Matcher, ...]:
    """Return the matchers with token patterns masked as messages are."""
    tokens = (Operator.EQUAL, Operator.NOT_EQUAL)
    return tuple(
        msgspec.structs.replace(matcher, value=mask(matcher.value))
        if matcher.field == "template" and matcher.operator in tokens
        else matcher
        for matcher in matchers
    )


def check_rule(rule: Rule, now: datetime, longest: timedelta = LONGEST) -> None:
    """Refuse a rule that cannot stand at ``now``: BadInput names the place and the fix."""
    for problem in (*shape(rule), *_dates(rule, now, longest)):
        raise BadInput(problem.problem, place=problem.place, fix=problem.fix)


def proof(rule: Rule) -> Cases:
    """Return the cases that follow from the matchers of a rule of one node: what it hides, and the same elsewhere.

    Empty where there are none: it names no node, or matches by more than equality.
    """
    fields = {matcher.field: matcher.value for matcher in rule.matchers}
    node = next((name for name in NODES if fields.get(name)), "")
    if not node or rule.any_of or any(matcher.operator is not Operator.EQUAL for matcher in rule.matchers):
        return Cases()
    message = fields.pop("template", "")
    here = Case(labels=fields, message=message)
    elsewhere = Case(labels={**fields, node: f"another than {fields[node]}"}, message=message)
    cases = Cases(match=(here,), no_match=(elsewhere,))
    return Cases() if any(_cases("", msgspec.structs.replace(rule, cases=cases))) else cases


def check_silence(silence: Silence, now: datetime, longest: timedelta = LONGEST) -> None:
    """Refuse a silence that cannot stand at ``now``: BadInput names the place and the fix."""
    place = f"silence {silence.id}"
    for problem in check_common(place, silence.id, silence.owner, silence.reason, silence.matchers):
        raise BadInput(problem.problem, place=problem.place, fix=problem.fix)
    if silence.ends_at <= silence.starts_at:
        raise BadInput("it ends before it starts", place=f"{place}, ends_at", fix="give a later end")
    if silence.ends_at <= now:
        raise BadInput("it is over already", place=f"{place}, ends_at", fix="give an end in the future")
    if silence.ends_at > now + longest:
        fix = f"let it end within {_days(longest)}"
        raise BadInput("it hides for too long", place=f"{place}, ends_at", fix=fix)


def shape(rule: Rule) -> Iterator[Problem]:
    """Yield what is wrong with a rule whatever the time, its own cases included."""
    place = f"rule {rule.id}"
    problems = list(check_common(place, rule.id, rule.owner, rule.reason, rule.ways[0]))
    for index, way in enumerate(rule.ways[1:], 1):
        problems += check_matchers(f"{place}, any_of[{index}]", way)
    if len(rule.any_of) > MOST_WAYS:
        problems.append(Problem(place=place, problem="any_of is too long", fix=f"give up to {MOST_WAYS} lists"))
    if rule.verdict is Verdict.UNKNOWN:
        problems.append(Problem(place=place, problem="unknown is no verdict", fix="say known_good or known_bad"))
    if rule.verdict is Verdict.KNOWN_GOOD and rule.expires is None:
        problems.append(Problem(place=place, problem="it hides without end", fix="give expires"))
    if rule.verdict is Verdict.KNOWN_BAD and rule.review is None:
        fix = "give review, the day on which somebody asks whether it is still true"
        problems.append(Problem(place=place, problem="it raises without a review", fix=fix))
    problems += _bounds(place, rule)
    if rule.ceiling and rule.verdict is not Verdict.KNOWN_GOOD:
        fix = "leave it out: only what hides has a severity above which it hides no more"
        problems.append(Problem(place=f"{place}, ceiling", problem=f"{rule.verdict} has no ceiling", fix=fix))
    yield from problems
    if not problems:
        yield from _cases(place, rule)


def _bounds(place: str, rule: Rule) -> Iterator[Problem]:
    """Yield what keeps its threshold from being counted, or its envelope from being kept to."""
    limit, envelope = rule.threshold, rule.envelope
    if limit and not (1 <= limit.times <= limit.of <= 50 and limit.within > timedelta(0)):
        fix = "give times, of and within, with 1 <= times <= of <= 50"
        yield Problem(place=f"{place}, threshold", problem="it cannot be counted", fix=fix)
    if envelope and len(envelope.by_hour) not in (0, WEEK):
        fix = f"give {WEEK} numbers, from Monday 00:00 UTC on, or none"
        yield Problem(place=f"{place}, envelope, by_hour", problem=f"{len(envelope.by_hour)} hours", fix=fix)
    lasts = envelope.longest if envelope else None
    if envelope and (min(envelope.per_hour, *envelope.by_hour, 0) < 0 or (lasts is not None and lasts <= timedelta(0))):
        yield Problem(place=f"{place}, envelope", problem="nothing can keep to it", fix="give bounds above 0")


def _dates(rule: Rule, now: datetime, longest: timedelta) -> Iterator[Problem]:
    for name, date in (("expires", rule.expires), ("review", rule.review)):
        place = f"rule {rule.id}, {name}"
        if date is not None and date <= now:
            yield Problem(place=place, problem=f"{date:%Y-%m-%d} has passed", fix="give a date in the future")
        if date is not None and date > now + longest:
            fix = f"give one within {_days(longest)} and renew it then"
            yield Problem(place=place, problem=f"{date:%Y-%m-%d} is too far off", fix=fix)


def check_common(place: str, key: str, owner: str, reason: str, matchers: tuple[Matcher, ...]) -> Iterator[Problem]:
    """Yield what is wrong with what rules, silences, windows and inhibitions share."""
    if not key or len(key) > 200 or not key.isprintable() or key != key.strip():
        yield Problem(place=place, problem=f"{key!r} is no id", fix="name it in up to 200 characters: nightly-backup")
    for name, text in (("owner", owner), ("reason", reason)):
        if not text.strip():
            yield Problem(place=f"{place}, {name}", problem="it is missing", fix=f"give the {name}")
    yield from check_matchers(place, matchers)


def check_matchers(place: str, matchers: tuple[Matcher, ...]) -> Iterator[Problem]:
    """Yield what is wrong with matchers of which all must hold."""
    if not matchers or len(matchers) > MOST_MATCHERS:
        fix = f"give 1 to {MOST_MATCHERS}, e.g. service=db"
        yield Problem(place=f"{place}, matchers", problem=f"{len(matchers)} matchers", fix=fix)
        return
    broken = list(_broken(place, matchers))
    yield from broken
    if not broken and not any(_selects(matcher) for matcher in matchers):
        fix = "add a matcher that does not hold for every alert, e.g. service=db"
        yield Problem(place=f"{place}, matchers", problem="together they match everything", fix=fix)


def _days(longest: timedelta) -> str:
    return f"{longest.days} days" if longest.days else span(longest)


def _broken(place: str, matchers: tuple[Matcher, ...]) -> Iterator[Problem]:
    for index, matcher in enumerate(matchers):
        where = f"{place}, matchers[{index}]"
        if len(matcher.value) > LONGEST_VALUE:
            yield Problem(place=where, problem="it is too long", fix=f"use up to {LONGEST_VALUE} characters")
            continue
        try:
            matcher.check(where)
        except BadInput as error:
            yield Problem(place=error.place, problem=error.problem, fix=error.fix)


def _selects(matcher: Matcher) -> bool:
    """Does it leave anything out? One that takes an alert without the field, or every text there is, does not."""
    if matcher.field == "template" and matcher.operator is Operator.EQUAL:
        return any(token not in ("<*>", "<**>") for token in matcher.value.split())
    taken = [matcher.matches({matcher.field: text}) for text in ("", *_PROBES)]
    return not taken[0] and not all(taken[1:])


def _cases(place: str, rule: Rule) -> Iterator[Problem]:
    """Run the rule's own proof."""
    rule = normal(rule)
    for name, cases, expected in (("match", rule.cases.match, True), ("no_match", rule.cases.no_match, False)):
        for index, case in enumerate(cases):
            if rule.matches(_fields(case)) is not expected:
                problem = "the rule does not match this case" if expected else "the rule matches this case"
                fix = f"change the matchers or the case ({_said(case)})"
                yield Problem(place=f"{place}, cases.{name}[{index}]", problem=problem, fix=fix)


def _fields(case: Case) -> dict[str, str]:
    """Return what matchers see of a case: its labels may stand for the alert's own fields too (severity, title)."""
    return {**case.labels, "template": mask(case.message)}


def _said(case: Case) -> str:
    said = [f"{name}={value}" for name, value in case.labels.items()]
    return ", ".join([*said, f"message={case.message!r}"] if case.message else said)
