"""Which rule or silence is meant where less than all is said? Of a label, of a shelf, of a rule but for some nodes."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from aiops.domain.acts import LabelTemplate, Shelve
from aiops.domain.alerts import Verdict
from aiops.domain.errors import BadInput, Conflict
from aiops.domain.incidents import Incident
from aiops.domain.matching import Matcher, Operator, any_text
from aiops.domain.records import Template
from aiops.domain.rules import Case, Cases, Rule, RuleStatus, Silence

SHELF = "shelf-"
NARROWER = "-narrower"
MOST_LEFT_OUT = 50  # nodes that a narrower rule leaves out; more of them are no noise at all
MOST_OFFERED_FOR = 50  # incidents that one narrower rule is offered for


def label_id(act: LabelTemplate) -> str:
    """Return the id of the rule of a template."""
    return f"template-{act.template_id}"


def labelled(act: LabelTemplate, template: Template | None, actor: str, now: datetime, longest: timedelta) -> Rule:
    """Return the rule of a template that a person gave a verdict. Raises BadInput | Conflict."""
    if template is None:
        raise Conflict(f"there is no template {act.template_id!r}, or it was forgotten")
    if not 1 <= act.days <= longest.days:
        raise BadInput(f"{act.days} days", place="days", fix=f"give 1 to {longest.days}")
    until = now + timedelta(days=act.days)
    good = act.verdict is Verdict.KNOWN_GOOD
    return Rule(
        id=label_id(act),
        verdict=act.verdict,
        matchers=(Matcher(field="template", value=template.text),),
        owner=actor,
        reason=act.reason,
        expires=until if good else None,
        review=None if good else until,
        threshold=act.threshold,
        cases=Cases(match=(Case(message=template.example),) if template.example else ()),
    )


def shelved(act: Shelve, actor: str, now: datetime, longest: timedelta) -> Silence:
    """Return the silence of one alert that a person puts aside. Raises BadInput."""
    if act.minutes < 1:
        raise BadInput(f"{act.minutes} minutes", place="minutes", fix="give at least 1")
    minutes = min(act.minutes, longest // timedelta(minutes=1) + 1)  # what is too long is so by a minute: check_silence
    return Silence(
        id=SHELF + act.fingerprint,
        matchers=(Matcher(field="fingerprint", value=act.fingerprint),),
        owner=actor,
        reason=act.text or "put aside for a while",
        starts_at=now,
        ends_at=now + timedelta(minutes=minutes),
        shelved=True,
    )


def narrower(rule: Rule, waiting: Rule | None, nodes: Sequence[str], incident: Incident) -> Rule | None:
    """Return ``rule`` without what it says of these nodes, in shadow; accepting it ends the other one.

    ``waiting``: the one of ``narrower_id`` that nobody accepted yet, which is narrowed further, or offered for this
    ``incident`` too where it leaves these nodes out already. None: that is so, or the nodes are too many.
    """
    base = waiting or rule
    offered_for = base.offered_for if waiting else ()
    if incident.incident_id not in offered_for:
        offered_for = (*offered_for, incident.incident_id)[-MOST_OFFERED_FOR:]
    more = [name for name in nodes if not any(_leaves_out(matcher, name) for matcher in base.matchers)]
    if waiting and nodes and not more and offered_for != waiting.offered_for:
        return msgspec.structs.replace(waiting, offered_for=offered_for)
    nodes = more
    if not 0 < len(nodes) <= MOST_LEFT_OUT:
        return None
    but = Matcher(field="entity", operator=Operator.NOT_REGEX, value=any_text(nodes))
    envelope = rule.envelope
    if envelope and envelope.entities is not None:
        left = tuple(name for name in envelope.entities if name not in nodes)
        envelope = msgspec.structs.replace(envelope, entities=left)
    return Rule(
        id=narrower_id(rule),
        verdict=rule.verdict,
        matchers=(*base.matchers, but),
        any_of=rule.any_of,
        owner=rule.owner,
        reason=f"{base.reason}; without {', '.join(nodes)}: #{incident.number}"[:2_000],
        expires=rule.expires,
        ceiling=rule.ceiling,
        priority=rule.priority,
        status=RuleStatus.SHADOW,
        threshold=rule.threshold,
        envelope=envelope,
        any_shape=rule.any_shape,
        replaces=rule.id,
        offered_for=offered_for,
        cases=Cases(no_match=rule.cases.no_match),
        created_by="engine",
    )


def narrower_id(rule: Rule) -> str:
    """Return the id of the rule that may take the place of this one: io, io-narrower, io-narrower-2, ..."""
    stem, found, number = rule.id.partition(NARROWER)
    return f"{stem}{NARROWER}-{int(number[1:] or 1) + 1}" if found and _counts(number) else f"{rule.id}{NARROWER}"


def _counts(text: str) -> bool:
    return not text or (text[0] == "-" and text[1:].isascii() and text[1:].isdigit() and len(text) < 10)


def _leaves_out(matcher: Matcher, node: str) -> bool:
    excludes = matcher.field == "entity" and matcher.operator is Operator.NOT_REGEX
    return excludes and not matcher.matches({"entity": node})
