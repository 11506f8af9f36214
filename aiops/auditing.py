"""What did mutes hide of an incident whose cause a person confirmed? It is told, and what did harm is held in check."""

from collections.abc import Iterable

from aiops.domain.acts import PutRule
from aiops.domain.alerts import Alert
from aiops.domain.errors import AiopsError
from aiops.domain.incidents import Incident
from aiops.domain.matching import fields_of
from aiops.domain.rules import Rule, RuleStatus
from aiops.parts import Parts
from rules.harm import Harm, fired_in, harms
from rules.making import narrower, narrower_id
from rules.profiles import key_of
from rules.trail import ENGINE


def audit(parts: Parts, incident_id: str, cause: str) -> list[Alert]:
    """Look at what fired in the incident and near its services, and at the rules over that.

    What each of them cost is told in the incident's story, and narrower rules wait to be accepted. A rule that hid the
    cause itself is suspended, and so is a proposal that would have hidden any of it, or what fired near its cause.
    Without a ``cause`` (none of the candidates was it) proposals are tested against this incident no longer. Return the
    alerts to be considered again.
    """
    if not cause:
        parts.harms.take_back(incident_id)
        return []
    doc, members = parts.correlator.history(incident_id)
    ids, near = {doc.incident_id, *doc.merged_from}, parts.settings.suggest.near
    lasted = (doc.opened_at - near, (doc.resolved_at or parts.now) + near)
    members |= {alert.fingerprint for alert in parts.dedup.all() if alert.episode.incident_id in ids}
    keys = {key_of(alert) for alert in filter(None, map(parts.dedup.current, sorted(members)))}
    by_cause = _around(parts, [cause])
    parts.harms.confirm(incident_id, cause, keys, by_cause, lasted, parts.now)
    around = _around(parts, [cause, *doc.services])
    close = [one for one in parts.dedup.all() if one.fingerprint in members or one.entity.name in around]
    fired = {one.fingerprint: (one, at) for one in close if (at := fired_in(one, *lasted))}
    hiding = {key: parts.book.hiding(alert) for key, (alert, _) in fired.items()}
    again: list[Alert] = []
    for harm in harms(fired, hiding, members, cause):
        again += _harmed(parts, doc, harm, by_cause)
    return again


def _harmed(parts: Parts, incident: Incident, harm: Harm, by_cause: set[str]) -> list[Alert]:
    """Tell what a rule hid, suspend it where it must not go on, and offer one that hides less."""
    rule, text, number = harm.rule, harm.text, f"#{incident.number}"
    origin = parts.book.rule(rule.replaces) if rule.status is RuleStatus.SHADOW else None
    if origin and origin.status is RuleStatus.ACTIVE:
        return []  # the one whose place it may take answers for both
    proposal = rule.grounds is not None
    untried = proposal and rule.status is RuleStatus.SHADOW and (harm.members or not by_cause.isdisjoint(harm.nodes))
    if untried or (harm.root and (harm.hid or proposal)):
        parts.book.suspend(rule.id, f"{number} is confirmed, and it {harm.deed} of it", parts.now)
        text = f"{text}; it is suspended"
    if offered := _offer(parts, origin or rule, harm.nodes, incident):
        text = f"{text}; {offered}, which leaves out {', '.join(harm.nodes)}, waits to be accepted in its place"
    parts.correlator.remark(incident.incident_id, text, parts.now)
    return list(parts.book.concerned(rule.id, parts.dedup.firing()))


def _offer(parts: Parts, rule: Rule, nodes: tuple[str, ...], incident: Incident) -> str:
    """Put a rule before people that hides less; return its id, or "" where there is none that would hide anything."""
    present = parts.book.rule(narrower_id(rule))
    if present and present.status is not RuleStatus.SHADOW:
        return ""
    less = narrower(rule, present, nodes, incident)
    if less is None or parts.suggest.rejected(less.id) or not _leaves_some(parts, less):
        return ""
    try:
        parts.book.act(PutRule(rule=less), ENGINE, parts.now, {})
    except AiopsError:  # it would not stand; what is confirmed stands all the same
        return ""
    return less.id


def _leaves_some(parts: Parts, rule: Rule) -> bool:
    """Is there anything left that it would hide?"""
    return any(rule.matches(fields_of(alert)) for alert in parts.dedup.all())


def _around(parts: Parts, nodes: Iterable[str]) -> set[str]:
    """Return the nodes within so many hops of these that what fires there counts as near."""
    hops = parts.settings.suggest.hops
    return {name for node in nodes for name, one in parts.graph.near(node).items() if name and one.hops <= hops}
