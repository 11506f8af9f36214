"""Which rules and silences need a person's eye? What has ended, what is of no use, what says too much or too little."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from aiops.domain.alerts import Verdict
from aiops.domain.base import Noun
from aiops.domain.matching import Matcher, Operator
from aiops.domain.rules import Rule, RuleStatus, Silence
from aiops.domain.words import clock, plural, span
from rules.overlap import MOST_LOOSE, Overlaps, is_dead

SHIFT = timedelta(hours=12)  # how long whoever is on call now may be
_DAY = timedelta(days=1)
_QUIET = timedelta(days=14)  # a rule that nothing met for this long after it was made
_STALE = timedelta(days=60)  # one that nothing has met any more for this long
_BROAD = ("source", "severity", "owner", "env", "environment", "region", "cluster", "namespace", "team", "tier", "job")
_ORDER = ("contradictory", "dead", "over_broad", "expiring_in_shift", "subsumed")  # what is told first
KINDS = (
    *_ORDER,
    *(
        "expired",
        "expiring",
        "review",
        "never_hit",
        "stale",
        "no_negative_case",
        "unseen_field",
        "costly",
        "not_compared",
    ),
)


class Finding(Noun, frozen=True, kw_only=True):
    """One thing to look at: ``kind`` for filters, ``text`` for people."""

    id: str  # of the rule or silence
    kind: str  # one of KINDS
    text: str


def lint(
    rules: Iterable[Rule],
    silences: Iterable[Silence],
    now: datetime,
    soon: timedelta = timedelta(days=7),
    shift: timedelta = SHIFT,
) -> list[Finding]:
    """Return the findings of all rules and silences, what does harm first, then in their order.

    ``soon``: how far ahead an end is worth a word; ``shift``: how long whoever is on call now stays at it.
    """
    kept = list(rules)
    found = [finding for rule in kept for finding in _of_rule(rule, now, soon, shift)]
    found += [finding for silence in silences for finding in _of_silence(silence, now, shift)]
    found += _of_overlaps([rule for rule in kept if rule.status is RuleStatus.ACTIVE and not _over(rule, now)])
    return sorted(found, key=lambda one: KINDS.index(one.kind) if one.kind in _ORDER else len(_ORDER))


def _over(rule: Rule, now: datetime) -> bool:
    return rule.status is RuleStatus.EXPIRED or bool(rule.expires and rule.expires <= now)


def _of_rule(rule: Rule, now: datetime, soon: timedelta, shift: timedelta) -> Iterator[Finding]:
    if _over(rule, now):
        when = f" since {clock(rule.expires)}" if rule.expires else ""
        yield Finding(id=rule.id, kind="expired", text=f"has not counted{when}: renew or delete it")
        return
    yield from _of_ends(rule, now, soon, shift)
    yield from _of_use(rule, now)
    if not rule.cases.no_match:
        yield Finding(id=rule.id, kind="no_negative_case", text="has no example of what it must leave alone")
    for field in rule.unseen:
        text = f"no alert has had a label {field!r} yet: is it spelt right?"
        yield Finding(id=rule.id, kind="unseen_field", text=text)
    if rule.verdict is Verdict.KNOWN_GOOD and (wide := next(filter(_is_broad, rule.ways), None)) is not None:
        said = ", ".join(map(str, wide))
        text = f"hides everything of {said}: say which alert it is, by template, alertname or title"
        yield Finding(id=rule.id, kind="over_broad", text=text)
    if not any(matcher.operator is Operator.EQUAL and matcher.value for matcher in rule.matchers):
        yield Finding(id=rule.id, kind="costly", text="is tried on every alert: add a matcher with =")


def _of_ends(rule: Rule, now: datetime, soon: timedelta, shift: timedelta) -> Iterator[Finding]:
    if rule.expires and rule.expires <= now + soon:
        text = f"ends {clock(rule.expires)}; hits so far: {rule.hits}"
        if rule.verdict is Verdict.KNOWN_GOOD and rule.status is RuleStatus.ACTIVE and rule.expires <= now + shift:
            yield Finding(id=rule.id, kind="expiring_in_shift", text=_in_shift(rule.expires, rule.hits, now))
        else:
            yield Finding(id=rule.id, kind="expiring", text=text)
    if rule.review and rule.review <= now + soon:
        yield Finding(id=rule.id, kind="review", text=f"is to be reviewed by {clock(rule.review)}")


def _of_use(rule: Rule, now: datetime) -> Iterator[Finding]:
    """Does anything ever meet it?"""
    if is_dead(rule):
        text = "nothing can match: its matchers exclude one another"
        yield Finding(id=rule.id, kind="dead", text=text)
    elif not rule.hits and rule.created_at and rule.created_at <= now - _QUIET:
        yield Finding(id=rule.id, kind="never_hit", text=f"nothing has matched since {clock(rule.created_at)}")
    elif rule.last_hit and rule.last_hit <= now - _STALE:
        text = f"nothing has matched for {span(now - rule.last_hit)}, since {clock(rule.last_hit)}"
        yield Finding(id=rule.id, kind="stale", text=text)


def _of_overlaps(rules: Sequence[Rule]) -> Iterator[Finding]:
    """Which rules never decide, because another says the same, or the opposite, of all that they match?"""
    overlaps = Overlaps(rules)
    for rule in rules:
        others = list(overlaps.over(rule))
        against = [one for one in others if _beats(one, rule)]
        same = [one for one in others if _does_as_much(one, rule)]
        if against:
            text = f"calls known good what rule {against[0].id} ({against[0].owner}) calls known bad, which counts"
            yield Finding(id=rule.id, kind="contradictory", text=f"{text}: end one of them")
        elif same:
            text = f"adds nothing to rule {same[0].id} ({same[0].owner}), which says the same of all that it matches"
            yield Finding(id=rule.id, kind="subsumed", text=text)
    for rule in overlaps.left_out:
        text = f"whether it takes in others is not looked at, as {MOST_LOOSE} rules like it are: add a matcher with ="
        yield Finding(id=rule.id, kind="not_compared", text=text)


def _beats(other: Rule, rule: Rule) -> bool:
    """Does ``other`` make ``rule`` void? Known bad beats known good, unless it waits for a threshold."""
    bad, good = other.verdict is Verdict.KNOWN_BAD, rule.verdict is Verdict.KNOWN_GOOD
    return bad and good and other.threshold is None


def _does_as_much(other: Rule, rule: Rule) -> bool:
    """Does ``other`` decide the same wherever ``rule`` does, and as long? Of two that are alike the older one does."""
    if other.verdict is not rule.verdict or other.threshold != rule.threshold:
        return False
    if other.envelope is not None and other.envelope != rule.envelope:
        return False
    if other.ceiling and (rule.ceiling is None or other.ceiling.rank < rule.ceiling.rank):
        return False
    if other.expires and (rule.expires is None or other.expires < rule.expires):
        return False
    alike = set(map(frozenset, other.ways)) == set(map(frozenset, rule.ways)) and other.expires == rule.expires
    return not alike or _age(other) < _age(rule)


def _age(rule: Rule) -> tuple[float, str]:
    return rule.created_at.timestamp() if rule.created_at else 0.0, rule.id


def _is_broad(way: tuple[Matcher, ...]) -> bool:
    """Does it say where, but not what? A negation says what it is not."""
    return not any(one.field not in _BROAD and _says_what(one) for one in way)


def _says_what(matcher: Matcher) -> bool:
    if matcher.operator in (Operator.NOT_EQUAL, Operator.NOT_REGEX) or not matcher.value:
        return False
    return matcher.operator is Operator.EQUAL or not matcher.value.startswith((".*", ".+"))


def _in_shift(end: datetime, hits: int, now: datetime) -> str:
    return (
        f"ends in this shift, in {span(end - now)} ({clock(end)}): what it hides ({plural(hits, 'hit')}) can page then"
    )


def _of_silence(silence: Silence, now: datetime, shift: timedelta) -> Iterator[Finding]:
    """What was silenced comes back when it ends: worth a word on the day before."""
    if not silence.starts_at <= now < silence.ends_at:
        return
    if silence.shelved:  # that it ends soon is what it is for
        return
    if silence.ends_at <= now + shift:
        text = _in_shift(silence.ends_at, silence.hits, now)
        yield Finding(id=silence.id, kind="expiring_in_shift", text=text)
    elif silence.ends_at <= now + _DAY:
        yield Finding(id=silence.id, kind="expiring", text=f"ends {clock(silence.ends_at)}; hits: {silence.hits}")
    if not silence.hits and silence.starts_at <= now - _DAY:
        yield Finding(id=silence.id, kind="never_hit", text=f"nothing has matched since {clock(silence.starts_at)}")
