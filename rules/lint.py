"""Which rules and silences need a person's eye? Ended, ending, never hit, unproved, too broad to be cheap."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from aiops.domain.base import Noun
from aiops.domain.matching import Operator
from aiops.domain.rules import Rule, RuleStatus, Silence
from aiops.domain.words import clock

_DAY = timedelta(days=1)
_QUIET = timedelta(days=14)  # a rule that nothing met for this long after it was made


class Finding(Noun, frozen=True, kw_only=True):
    """One thing to look at: ``kind`` for filters, ``text`` for people."""

    id: str  # of the rule or silence
    kind: str  # expired, expiring, review, never_hit, no_negative_case, unseen_field, costly
    text: str


def lint(
    rules: Iterable[Rule], silences: Iterable[Silence], now: datetime, soon: timedelta = timedelta(days=7)
) -> list[Finding]:
    """Return the findings of all rules and silences, in their order; ``soon``: how far ahead an end is worth a word."""
    found = [finding for rule in rules for finding in _of_rule(rule, now, soon)]
    return found + [finding for silence in silences for finding in _of_silence(silence, now)]


def _of_rule(rule: Rule, now: datetime, soon: timedelta) -> Iterator[Finding]:
    if rule.status is RuleStatus.EXPIRED or (rule.expires and rule.expires <= now):
        when = f" since {clock(rule.expires)}" if rule.expires else ""
        yield Finding(id=rule.id, kind="expired", text=f"has not counted{when}: renew or delete it")
        return
    if rule.expires and rule.expires <= now + soon:
        yield Finding(id=rule.id, kind="expiring", text=f"ends {clock(rule.expires)}; hits so far: {rule.hits}")
    if rule.review and rule.review <= now + soon:
        yield Finding(id=rule.id, kind="review", text=f"is to be reviewed by {clock(rule.review)}")
    if not rule.hits and rule.created_at and rule.created_at <= now - _QUIET:
        yield Finding(id=rule.id, kind="never_hit", text=f"nothing has matched since {clock(rule.created_at)}")
    if not rule.cases.no_match:
        yield Finding(id=rule.id, kind="no_negative_case", text="has no example of what it must leave alone")
    for field in rule.unseen:
        yield Finding(
            id=rule.id, kind="unseen_field", text=f"no alert has had a label {field!r} yet: is it spelt right?"
        )
    if not any(matcher.operator is Operator.EQUAL and matcher.value for matcher in rule.matchers):
        yield Finding(id=rule.id, kind="costly", text="is tried on every alert: add a matcher with =")


def _of_silence(silence: Silence, now: datetime) -> Iterator[Finding]:
    """What was silenced comes back when it ends: worth a word on the day before."""
    if not silence.starts_at <= now < silence.ends_at:
        return
    if silence.ends_at <= now + _DAY:
        yield Finding(id=silence.id, kind="expiring", text=f"ends {clock(silence.ends_at)}; hits: {silence.hits}")
    if not silence.hits and silence.starts_at <= now - _DAY:
        yield Finding(id=silence.id, kind="never_hit", text=f"nothing has matched since {clock(silence.starts_at)}")
