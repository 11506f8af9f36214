"""What do rules and silences say of one alert, and how is it told?"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from aiops.domain.alerts import Alert, Suppression, Verdict
from aiops.domain.events import Status
from aiops.domain.matching import Matcher
from aiops.domain.reasons import Evidence, Reason, told
from aiops.domain.rules import Rule, RuleStatus, Silence
from aiops.domain.words import clock, span
from rules.envelope import lifted_by
from rules.profiles import Seen

_WORDS = {Verdict.KNOWN_GOOD: "known good", Verdict.KNOWN_BAD: "known bad", Verdict.UNKNOWN: "unknown"}
YIELDS = ("inhibition", "held")  # kinds of suppressions that never hide what is known bad
_STRENGTH = {Verdict.KNOWN_BAD: 2, Verdict.KNOWN_GOOD: 1, Verdict.UNKNOWN: 0}


def judged(
    alert: Alert,
    rules: Sequence[Rule],
    quiet: Sequence[Suppression],
    lifts: Mapping[str, str] = {},
    *,
    late: Sequence[Rule] = (),
    new: bool,
) -> Alert:
    """Return the alert with the verdict of these rules and what suppresses it; all of them match and are in force.

    ``lifts``: why some of them do not count for this alert, by their ids. ``quiet``: silences, maintenance and what
    else there is; some of it (YIELDS) never hides what is known bad. ``late``: rules that would have hidden it, had
    they not expired. Reasons tell what is different from what the alert says already; of a ``new`` episode, everything
    that holds.
    """
    rule = strongest([rule for rule in rules if within(rule, alert) and rule.id not in lifts])
    verdict, named = (rule.verdict, rule.id) if rule else (Verdict.UNKNOWN, "")
    suppressions = tuple(one for one in quiet if one.kind not in YIELDS or verdict is not Verdict.KNOWN_BAD)
    reasons = [_too_late(one) for one in late if verdict is not Verdict.KNOWN_GOOD]
    reasons += _of_quiet(alert, rule, suppressions, new=new)
    if rule and verdict is Verdict.KNOWN_GOOD:
        suppressions = (_muted(rule), *suppressions)
    worse = [*_of_ceilings(alert, rules, new=new), *_of_lifts(alert, rules, lifts, new=new)]
    reasons = [*worse, *_of_verdict(alert, rule, worse=bool(worse), new=new), *reasons]
    lifted = None if suppressions or new else next(iter(alert.suppressed_by), alert.lifted)
    present = (alert.verdict, alert.verdict_rule, alert.suppressed_by, alert.lifted)
    if not reasons and (verdict, named, suppressions, lifted) == present:
        return alert
    trail = alert.reasons
    for reason in reasons:
        trail = told(trail, reason)
    return msgspec.structs.replace(
        alert, verdict=verdict, verdict_rule=named, suppressed_by=suppressions, lifted=lifted, reasons=trail
    )


def within(rule: Rule, alert: Alert) -> bool:
    """Does the rule reach as far as this alert is bad?"""
    return rule.ceiling is None or alert.severity.rank <= rule.ceiling.rank


def strongest(rules: Sequence[Rule]) -> Rule | None:
    """Return the rule whose verdict counts: known_bad before known_good, then the highest priority, then the id."""
    active = [rule for rule in rules if rule.status is RuleStatus.ACTIVE]
    return min(active, key=lambda rule: (-_STRENGTH[rule.verdict], -rule.priority, rule.id), default=None)


def said(rule: Rule) -> str:
    """Return what a rule says, in words: "known good by rule nightly-backup-io (noc): nightly backup; until .."."""
    text = f"{_WORDS[rule.verdict]} by rule {rule.id} ({rule.owner}): {rule.reason}"
    if rule.expires:
        return f"{text}; until {clock(rule.expires)}"
    return f"{text}; review {clock(rule.review)}" if rule.review else text


def where(ways: Sequence[Sequence[Matcher]]) -> str:
    """Return what matchers ask for, in words."""
    return "where " + " or ".join(", ".join(map(str, way)) for way in ways)


def _muted(rule: Rule) -> Suppression:
    until = f" until {clock(rule.expires)}" if rule.expires else ""
    text = f"muted by {rule.owner}{until}: {rule.reason}"
    return Suppression(kind="rule", id=rule.id, text=text, until=rule.expires)


def silenced(silence: Silence) -> Suppression:
    """Return what a silence in force does."""
    kind, how = ("shelved", "shelved") if silence.shelved else ("silence", "silenced")
    text = f"{how} by {silence.owner} until {clock(silence.ends_at)}: {silence.reason}"
    return Suppression(kind=kind, id=silence.id, text=text, until=silence.ends_at)


def _of_ceilings(alert: Alert, rules: Sequence[Rule], *, new: bool) -> Iterator[Reason]:
    """Tell of rules that would hide the alert, were it no worse than what they were made for."""
    for rule in rules:
        if rule.status is RuleStatus.ACTIVE and rule.ceiling and not within(rule, alert):
            worse = f"worse than when it was muted: {alert.severity} > {rule.ceiling}"
            text = f"not muted by rule {rule.id} ({rule.owner}): {worse}"
            if new or alert.verdict_rule == rule.id or not any(reason.text == text for reason in alert.reasons):
                yield Reason(step="verdict", text=text, evidence={"rule": rule.id, "ceiling": rule.ceiling.value})


def lifted(rule: Rule, alert: Alert, seen: Seen | None, now: datetime) -> str:
    """Say why a rule that matches does not count for this alert; empty: it counts. What raises keeps silent on it."""
    if limit := rule.threshold:
        newest = [one for one in alert.history[-limit.of :] if now - one.at <= limit.within]
        fired = sum(one.status is Status.FIRING for one in newest)
        if (fired >= limit.times) is (rule.verdict is Verdict.KNOWN_GOOD):
            return f"its threshold: {fired} of its last {limit.of} states within {span(limit.within)} fired"
    if rule.envelope and seen and rule.verdict is Verdict.KNOWN_GOOD:
        return lifted_by(rule, rule.envelope, alert, seen, now)
    return ""


def _of_lifts(alert: Alert, rules: Sequence[Rule], lifts: Mapping[str, str], *, new: bool) -> Iterator[Reason]:
    """Tell which mutes are lifted, each bound once an episode."""
    for rule in rules:
        why = lifts.get(rule.id)
        if not why or rule.status is not RuleStatus.ACTIVE or rule.verdict is not Verdict.KNOWN_GOOD:
            continue
        evidence: dict[str, Evidence] = {"rule": rule.id, "bound": why.partition(":")[0]}
        if new or alert.verdict_rule == rule.id or not any(reason.evidence == evidence for reason in alert.reasons):
            text = f"not muted by rule {rule.id} ({rule.owner}): {why}"
            yield Reason(step="verdict", text=text, evidence=evidence)


def _of_verdict(alert: Alert, rule: Rule | None, *, worse: bool, new: bool) -> list[Reason]:
    """Tell the verdict; that there is none any more, unless it is told already that the alert is ``worse``."""
    if rule:
        text = said(rule)
        same = (alert.verdict, alert.verdict_rule) == (rule.verdict, rule.id)
        told_already = any(reason.step == "verdict" and reason.text == text for reason in alert.reasons)
        if same and told_already and not new:
            return []
        return [Reason(step="verdict", text=text, evidence={"rule": rule.id, "verdict": rule.verdict.value})]
    if new or worse or alert.verdict is Verdict.UNKNOWN:
        return []
    text = f"no longer {_WORDS[alert.verdict]}: rule {alert.verdict_rule} has ended or does not match any more"
    return [Reason(step="verdict", text=text, evidence={"rule": alert.verdict_rule, "verdict": "unknown"})]


def _of_quiet(alert: Alert, rule: Rule | None, quiet: Sequence[Suppression], *, new: bool) -> list[Reason]:
    """Tell what came and went; that something hides even what is known bad is said plainly."""
    bad = rule is not None and rule.verdict is Verdict.KNOWN_BAD
    even = f"; it hides this, though it is known bad by rule {rule.id}" if rule and bad else ""
    before = () if new else tuple(item for item in alert.suppressed_by if item.kind != "rule")
    turned_bad = bad and alert.verdict is not Verdict.KNOWN_BAD
    reasons = [
        Reason(step="suppress", text=one.text + even, evidence={one.kind: one.id})
        for one in quiet
        if one not in before or turned_bad
    ]
    held = {(one.kind, one.id) for one in quiet}
    gone = sorted({(one.kind, one.id) for one in before} - held)
    return reasons + [Reason(step="suppress", text=_gone(kind, key), evidence={kind: key}) for kind, key in gone]


def _gone(kind: str, key: str) -> str:
    """Tell that something hides it no longer."""
    if kind == "held":
        return "held back no longer: it lasts longer than its kind usually does, got worse, or is not alone"
    if kind == "flapping":
        return "flapping hides it no longer: it stays on, is calm, or got worse"
    if kind == "shelved":
        return "shelved no longer: its time has ended, or somebody took it back"
    return f"{kind} {key} has ended or does not match any more"


def _too_late(rule: Rule) -> Reason:
    """Tell that the alert would have been hidden, were its rule still in force."""
    until = clock(rule.expires) if rule.expires else "lately"
    text = f"rule {rule.id} ({rule.owner}) hid such alerts until {until} and has expired: {rule.reason}"
    return Reason(step="verdict", text=f"{text}; renew it if that is still so", evidence={"rule": rule.id})
