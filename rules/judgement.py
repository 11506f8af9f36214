"""What do rules and silences say of one alert, and how is it told?"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from aiops.domain.alerts import Alert, Suppression, Verdict
from aiops.domain.reasons import Reason
from aiops.domain.rules import Rule, RuleStatus, Silence

MOST_REASONS = 40
_WORDS = {Verdict.KNOWN_GOOD: "known good", Verdict.KNOWN_BAD: "known bad", Verdict.UNKNOWN: "unknown"}
_STRENGTH = {Verdict.KNOWN_BAD: 2, Verdict.KNOWN_GOOD: 1, Verdict.UNKNOWN: 0}


def judged(alert: Alert, rules: Sequence[Rule], silences: Sequence[Silence], *, new: bool) -> Alert:
    """Return the alert with the verdict of these rules and what suppresses it; all of them match and are in force.

    Reasons tell what is different from what the alert says already; of a ``new`` episode, everything that holds.
    """
    rule = strongest(rules)
    verdict = rule.verdict if rule else Verdict.UNKNOWN
    named = rule.id if rule else ""
    suppressions = tuple(_silenced(silence) for silence in silences)
    if rule and verdict is Verdict.KNOWN_GOOD:
        suppressions = (_muted(rule), *suppressions)
    if not new and (verdict, named, suppressions) == (alert.verdict, alert.verdict_rule, alert.suppressed_by):
        return alert
    reasons = (*_of_verdict(alert, rule, new=new), *_of_silences(alert, silences, new=new))
    return msgspec.structs.replace(
        alert,
        verdict=verdict,
        verdict_rule=named,
        suppressed_by=suppressions,
        reasons=(*alert.reasons, *reasons)[-MOST_REASONS:],
    )


def strongest(rules: Sequence[Rule]) -> Rule | None:
    """Return the rule whose verdict counts: known_bad before known_good, then the highest priority, then the id."""
    active = [rule for rule in rules if rule.status is RuleStatus.ACTIVE]
    return min(active, key=lambda rule: (-_STRENGTH[rule.verdict], -rule.priority, rule.id), default=None)


def said(rule: Rule) -> str:
    """Return what a rule says, in words: "known good by rule nightly-backup-io (noc): nightly backup; until .."."""
    text = f"{_WORDS[rule.verdict]} by rule {rule.id} ({rule.owner}): {rule.reason}"
    if rule.expires:
        return f"{text}; until {written(rule.expires)}"
    return f"{text}; review {written(rule.review)}" if rule.review else text


def written(when: datetime) -> str:
    """Return a time as people write it: the day alone where it is midnight (UTC)."""
    return f"{when:%Y-%m-%d}" if (when.hour, when.minute) == (0, 0) else f"{when:%Y-%m-%d %H:%M} UTC"


def _muted(rule: Rule) -> Suppression:
    until = f" until {written(rule.expires)}" if rule.expires else ""
    text = f"muted by {rule.owner}{until}: {rule.reason}"
    return Suppression(kind="rule", id=rule.id, text=text, until=rule.expires)


def _silenced(silence: Silence) -> Suppression:
    text = f"silenced by {silence.owner} until {written(silence.ends_at)}: {silence.reason}"
    return Suppression(kind="silence", id=silence.id, text=text, until=silence.ends_at)


def _of_verdict(alert: Alert, rule: Rule | None, *, new: bool) -> list[Reason]:
    if rule:
        text = said(rule)
        same = (alert.verdict, alert.verdict_rule) == (rule.verdict, rule.id)
        told = any(reason.step == "verdict" and reason.text == text for reason in alert.reasons)
        if same and told and not new:
            return []
        return [Reason(step="verdict", text=text, evidence={"rule": rule.id, "verdict": rule.verdict.value})]
    if new or alert.verdict is Verdict.UNKNOWN:
        return []
    text = f"no longer {_WORDS[alert.verdict]}: rule {alert.verdict_rule} has ended or does not match any more"
    return [Reason(step="verdict", text=text, evidence={"rule": alert.verdict_rule, "verdict": "unknown"})]


def _of_silences(alert: Alert, silences: Sequence[Silence], *, new: bool) -> list[Reason]:
    present = [_silenced(silence) for silence in silences]
    before = [suppression for suppression in alert.suppressed_by if suppression.kind == "silence"]
    reasons = [
        Reason(step="suppress", text=suppression.text, evidence={"silence": suppression.id})
        for suppression in present
        if new or suppression not in before
    ]
    gone = [] if new else sorted({item.id for item in before} - {item.id for item in present})
    text = "silence {} has ended or does not match any more"
    reasons += [Reason(step="suppress", text=text.format(key), evidence={"silence": key}) for key in gone]
    return reasons
