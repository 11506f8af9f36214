"""How does a noun look on a page? Pure functions from nouns to what templates print."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aiops.domain.alerts import Alert, Verdict
from aiops.domain.incidents import Candidate, Incident, IncidentStatus
from aiops.domain.matching import Operator, token_match
from aiops.domain.records import Template
from aiops.domain.rules import Envelope, Rule, RuleStatus, Silence
from aiops.domain.words import plural
from aiops.domain.words import span as long_span

SOON = timedelta(hours=24)  # what expires within it is marked
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))


def span(seconds: float) -> str:
    """Say a length of time in its largest unit, whole: "4m", "3d"; two of a small count: "1h 20m"."""
    left = max(0, int(seconds))
    for size, unit in _UNITS:
        if left >= size or size == 1:
            count, rest = divmod(left, size)
            smaller = {"d": (3_600, "h"), "h": (60, "m")}.get(unit)
            if smaller and count < 3 and rest >= smaller[0]:
                return f"{count}{unit} {rest // smaller[0]}{smaller[1]}"
            return f"{count}{unit}"
    return "0s"


def ago(when: datetime, now: datetime) -> str:
    """Say how long ago: "4m"."""
    return span((now - when).total_seconds())


def due(when: datetime, now: datetime) -> str:
    """Say when it is due: "in 2h", or that it is over."""
    return f"in {span((when - now).total_seconds())}" if when > now else f"{ago(when, now)} ago"


def clock(when: datetime, now: datetime) -> str:
    """Write a time of today as 14:03:20, another as "Nov 24 14:03"; always UTC."""
    when, now = when.astimezone(UTC), now.astimezone(UTC)
    return f"{when:%H:%M:%S}" if when.date() == now.date() else f"{when:%b} {when.day} {when:%H:%M}"


@dataclass(frozen=True)
class IncidentRow:
    """One line of the triage list."""

    id: str
    number: int
    title: str
    severity: str
    status: str
    cause: str
    confirmed: bool
    path: str
    probability: str  # empty: the cause is not to be trusted that far
    unclear: str  # why no cause is named, or it is not to be trusted
    alerts: int
    services: int
    impact: str
    opened_at: datetime
    age: str
    owner: str
    assigned: bool
    muted: bool
    active: bool


def incident_row(incident: Incident, now: datetime) -> IncidentRow:
    """Lay an incident out as a line."""
    first = incident.candidates[0] if incident.candidates else None
    return IncidentRow(
        id=incident.incident_id,
        number=incident.number,
        title=incident.title,
        severity=incident.severity.value,
        status=incident.status.value,
        cause=first.entity if first else "",
        confirmed=first.confirmed if first else False,
        path=" → ".join(first.path) if first else "",
        probability=likelihood(incident),
        unclear=incident.abstained,
        alerts=incident.alerts,
        services=services_of(incident),
        impact=impact_in_short(incident),
        opened_at=incident.opened_at,
        age=ago(incident.opened_at, now),
        owner=incident.assignee or ", ".join(incident.owners[:2]),
        assigned=bool(incident.assignee),
        muted=is_muted(incident),
        active=incident.active,
    )


def likelihood(incident: Incident) -> str:
    """Say how likely the first candidate is the cause; nothing where the engine itself abstains."""
    if not incident.candidates or (incident.abstained and not incident.candidates[0].confirmed):
        return ""
    return incident.candidates[0].likely


def is_muted(incident: Incident) -> bool:
    """Does something keep all of its members quiet?"""
    return 0 < incident.episodes == incident.suppressed


def impact_in_short(incident: Incident) -> str:
    """Name what customers would notice, else how many services lie downstream; and how many requests it meets."""
    impact = incident.impact
    downstream = f"{impact.dependents_total} downstream" if impact.dependents_total else ""
    met = f"{impact.traffic.affected:,.0f} req/min" if impact.traffic else ""
    return " · ".join(filter(None, (", ".join(impact.business_services[:2]) or downstream, met)))


def facts(incident: Incident, now: datetime) -> list[str]:
    """Say an incident in numbers: "open 4m", "1,204 alerts", "11 services"."""
    age = ago(incident.opened_at, incident.resolved_at or now)
    state = "acknowledged, open" if incident.status is IncidentStatus.ACKNOWLEDGED else incident.status.value
    lasted = f"{state} {age}" if incident.active else f"{state} after {age}"
    counted = f"{plural(incident.alerts, 'alert')} in {plural(incident.episodes, 'episode')}"
    firing = f"{incident.firing:,} of {incident.episodes:,} firing"
    return [lasted, counted, plural(services_of(incident), "service"), firing]


def services_of(incident: Incident) -> int:
    """Return how many services alert."""
    return max(incident.services_total, len(incident.services))


def rest_probability(candidates: Sequence[Candidate]) -> float:
    """Return what is left for "none of these"."""
    return max(0.0, 1 - sum(candidate.probability for candidate in candidates))


@dataclass(frozen=True)
class TemplateRow:
    """One line of the templates' table, with the rule that judges it."""

    template: Template
    verdict: str
    rule: str


def template_row(template: Template, rules: Sequence[Rule]) -> TemplateRow:
    """Find the verdict of a template: known_bad beats known_good, as it does for alerts."""
    hits = [rule for rule in rules if rule.status is RuleStatus.ACTIVE and _judges(rule, template)]
    first = min(hits, key=_weight, default=None)
    if first is None:
        return TemplateRow(template, Verdict.UNKNOWN.value, "")
    partly = "" if len(first.matchers) == 1 else "partly "  # the other matchers ask for more than the shape
    return TemplateRow(template, partly + first.verdict.value, first.id)


def _weight(rule: Rule) -> tuple[bool, bool, int, str]:
    return len(rule.matchers) > 1, rule.verdict is not Verdict.KNOWN_BAD, -rule.priority, rule.id


def _judges(rule: Rule, template: Template) -> bool:
    """Does the rule name this shape, or its pattern?"""
    shapes = (template.example, template.text)
    for matcher in rule.matchers:
        if matcher.operator is not Operator.EQUAL:
            continue
        if matcher.field == "template" and any(token_match(matcher.value, shape) for shape in shapes if shape):
            return True
        if matcher.field == "pattern" and matcher.value == template.pattern_id != "":
            return True
    return False


def rule_state(rule: Rule, now: datetime) -> str:
    """Say where a rule stands: active, "expires soon", or its status."""
    if rule.status is not RuleStatus.ACTIVE:
        return rule.status.value
    end = rule.expires or rule.review
    return "expires soon" if end and end - now < SOON else "active"


def bounds(rule: Rule) -> list[str]:
    """Say within which bounds a rule holds: how many of its states, and what its alerts were like when it was made."""
    limit, shape = rule.threshold, rule.envelope
    said = []
    if limit:
        which = f"{limit.times} of an alert's last {limit.of} states within {long_span(limit.within)} fire"
        said.append(f"until {which}" if rule.verdict is Verdict.KNOWN_GOOD else f"once {which}")
    return [*said, *_shape(shape)] if shape else said


def _shape(shape: Envelope) -> Iterator[str]:
    if shape.by_hour:
        least, most = min(shape.by_hour), max(shape.by_hour)
        yield f"at most {least:,} to {most:,} an hour on each node, by the hour of the week"
    else:
        yield f"at most {shape.per_hour:,} an hour on each node"
    if shape.longest:
        yield f"over within {long_span(shape.longest)}"
    for number, values in enumerate(shape.parameters, 1):
        if values:
            yield f"parameter {number} is {' or '.join(values)}"
    if shape.beside is not None:
        yield f"beside it at most {', '.join(shape.beside)}" if shape.beside else "nothing else fires on its node"
    if shape.entities is not None:
        first = ", ".join(shape.entities[:3])
        more = f" and {len(shape.entities) - 3} more" if len(shape.entities) > 3 else ""
        yield f"only on {first}{more}"


def broken(alert: Alert) -> list[str]:
    """Say which mutes do not hold for an alert as it is unlike what they were made for, and which bound broke."""
    hiding = {one.id for one in alert.suppressed_by}
    found = {
        str(reason.evidence["rule"]): reason.text
        for reason in alert.reasons
        if "bound" in reason.evidence and reason.evidence["rule"] not in hiding
    }
    return list(found.values())


def silence_state(silence: Silence, now: datetime) -> str:
    """Say whether a silence holds now."""
    if silence.ends_at <= now:
        return "ended"
    if silence.starts_at > now:
        return "to come"
    return "expires soon" if silence.ends_at - now < SOON / 12 else "active"


def matchers_text(matchers: Sequence[object]) -> str:
    """Write matchers on one line."""
    return ", ".join(str(matcher) for matcher in matchers)
