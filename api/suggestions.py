"""What waits for a person's word, what speaks for it, what has it shown so far? And what shall a person look at?"""

from datetime import datetime

from aiops.domain.alerts import Verdict
from aiops.domain.documents import ALERTS, RULES, TIMELINE
from aiops.domain.incidents import Incident, TimelineItem
from aiops.domain.queries import Query
from aiops.domain.rules import Rule, RuleStatus
from aiops.domain.settings import SuggestSettings
from aiops.domain.words import clock, plural
from aiops.ports import View
from api.rule_schemas import Sampled, Suggestion
from rules.suggest import waits

MOST = 1_000
WAITING = (RuleStatus.SHADOW, RuleStatus.PROPOSED, RuleStatus.SUSPENDED)
AUDIT = "audit"  # kind of the lines of an incident's story that say what mutes hid of it


def suggestions(
    view: View, settings: SuggestSettings, now: datetime, statuses: tuple[RuleStatus, ...] = WAITING
) -> list[Suggestion]:
    """Return the rules that wait for a person, or those of ``statuses``: those that can be accepted first."""
    query = Query(where={"status": statuses or WAITING}, order=("-created_at",), limit=MOST)
    found = [_suggestion(rule, settings, now) for rule in view.find(RULES, query).items]
    return sorted(found, key=lambda one: (bool(one.waits), one.rule.status is RuleStatus.SUSPENDED))


def sample(view: View) -> list[Sampled]:
    """Return the alerts that rules hid and that were put aside for a person to look at, rule by rule."""
    query = Query(where={"status": (RuleStatus.ACTIVE,), "verdict": (Verdict.KNOWN_GOOD,)}, order=("-last_hit",))
    found = view.find(RULES, Query(where=query.where, order=query.order, limit=MOST)).items
    put_aside = ((rule, view.many(ALERTS, rule.audit[::-1])) for rule in found if rule.audit)
    return [Sampled(rule=rule, alerts=tuple(alerts)) for rule, alerts in put_aside if alerts]


def narrower(view: View, incident: Incident) -> tuple[Rule, ...]:
    """Return the rules that would have left this incident alone, and wait to take the place of those that did not."""
    ids = (incident.incident_id, *incident.merged_from)
    return tuple(view.find(RULES, Query(where={"status": WAITING, "offered_for": ids}, limit=MOST)).items)


def harm(view: View, incident: Incident) -> tuple[TimelineItem, ...]:
    """Return what an incident's story says that mutes hid of it, the newest audit's lines first."""
    where = {"incident": (incident.incident_id, *incident.merged_from), "kind": (AUDIT,)}
    return tuple(view.find(TIMELINE, Query(where=where, order=("-at",), limit=MOST)).items)


def _suggestion(rule: Rule, settings: SuggestSettings, now: datetime) -> Suggestion:
    return Suggestion(rule=rule, tested=_tested(rule), shadow=_shadow(rule), waits=waits(rule, settings, now))


def _tested(rule: Rule) -> str:
    """Say how the rule did on what was known when it was proposed."""
    grounds = rule.grounds
    if grounds is None:
        return ""
    if rule.verdict is Verdict.KNOWN_BAD:
        causes = plural(grounds.near, "confirmed incident")
        return f"its entity was the cause of {causes}; surely so in {grounds.bound:.0%} of its episodes"
    if not grounds.tested:
        return "not tested: no incident of the last 30 days has a confirmed cause"
    against = plural(grounds.tested, "confirmed incident")
    return f"tested on {against} of the last 30 days: none of them, and nothing near, would have been hidden"


def _shadow(rule: Rule) -> str:
    """Say what it has met since it decides nothing."""
    since = f" since {clock(rule.created_at.replace(microsecond=0))}" if rule.created_at else ""
    match rule.status:
        case RuleStatus.SHADOW:
            return f"in shadow{since}: would have met {plural(rule.hits, 'alert')}"
        case RuleStatus.SUSPENDED:
            return f"suspended: it met {plural(rule.hits, 'alert')}, and one of them mattered"
        case _:
            return f"{rule.status}{since}"
