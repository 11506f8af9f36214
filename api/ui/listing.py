"""What stands on the pages of patterns, rules and the API's description?"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiops.domain.alerts import Verdict
from aiops.domain.documents import ALERTS, IN_USE, PACKS, PATTERNS, RULES, SILENCES, TEMPLATES
from aiops.domain.queries import Query
from aiops.domain.records import Pattern
from aiops.domain.rules import Pack, Rule, RuleStatus, Silence
from aiops.ports import View
from api.errors import NotFound
from api.filters import Paged
from api.presenting import SOON, TemplateRow, rule_state, silence_state, template_row
from api.reading import everything, scope_list
from api.schemas import ScopeList
from rules.lint import lint
from rules.sync import in_place_of

_SHOWN_ANYWAY = ("expired", "expiring", "review")  # by the columns of the table


@dataclass(frozen=True)
class PatternsPage:
    """Templates with their verdicts, and the families that clustering found."""

    templates: tuple["TemplateLine", ...]
    total: int
    exact: bool  # False: there are more
    next: str
    patterns: tuple[Pattern, ...]
    patterns_total: int
    q: str
    of: Pattern | None  # the pattern whose templates these are; None: all templates
    scopes: ScopeList  # the largest


@dataclass(frozen=True)
class TemplateLine:
    """One template, with what its alerts got: a rule may judge them by something else than their shape."""

    row: TemplateRow
    got: tuple[tuple[str, int], ...]  # verdict, how many alerts; none without alerts
    origin: str = ""  # what its messages' template said before the scope's settings changed


def patterns(view: View, asked: Mapping[str, str]) -> PatternsPage:
    """Ask for a page of templates, most frequent first, and the largest patterns."""
    q = asked.get("q", "")[:200]
    of = view.get(PATTERNS, asked["pattern"]) if asked.get("pattern") else None
    where = {**IN_USE, "pattern": (of.pattern_id,)} if of else IN_USE
    cursor = asked.get("cursor", "")
    found = view.find(TEMPLATES, Query(text=q, where=where, order=("-count",), cursor=cursor, limit=50))
    families = view.find(PATTERNS, Query(text=q, where={"retired": (False,)}, order=("-count",), limit=30))
    active, got = active_rules(view), verdicts_of(view, [template.template_id for template in found.items])
    origins = view.many(TEMPLATES, sorted({template.origin for template in found.items if template.origin}))
    said = {origin.template_id: origin.text for origin in origins}
    lines = tuple(
        TemplateLine(
            template_row(template, active),
            tuple(got.get(template.template_id, {}).items()),
            said.get(template.origin, template.origin),  # what is forgotten is known by its id
        )
        for template in found.items
    )
    scopes = scope_list(view, Paged(limit=30))
    return PatternsPage(
        lines, found.total, found.exact, found.next, tuple(families.items), families.total, q, of, scopes
    )


def verdicts_of(view: View, template_ids: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
    """Count the alerts of each template by the verdict they got."""
    got: dict[str, dict[str, int]] = {}
    for verdict in Verdict:
        query = Query(where={"template": tuple(template_ids), "verdict": (verdict,)})
        counts = view.facets(ALERTS, query, ("template",)).get("template", {}) if template_ids else {}
        for template_id, count in counts.items():
            got.setdefault(template_id, {})[verdict.value] = count
    return got


def active_rules(view: View) -> Sequence[Rule]:
    """Return the rules in force, at most 1,000."""
    return view.find(RULES, Query(where={"status": (RuleStatus.ACTIVE,)}, limit=1_000)).items


def template(view: View, template_id: str) -> TemplateRow:
    """Return one template with its verdict."""
    found = view.get(TEMPLATES, template_id)
    if found is None:
        raise NotFound(f"no template {template_id}")
    return template_row(found, active_rules(view))


@dataclass(frozen=True)
class RulesPage:
    """Rules and silences with where they stand."""

    rules: tuple[tuple[Rule, str], ...]  # with its state
    silences: tuple[tuple[Silence, str], ...]
    soon: int  # how many expire soon
    expiring: tuple[tuple[str, datetime, str], ...]  # rules and silences in force: id, end within a day, what they are
    packs: tuple[Pack, ...]
    lint: Mapping[str, list[str]]  # by rule or silence: what needs a person's eye
    overrides: Mapping[str, Rule]  # by rule: that of a pack in whose place it was accepted


def rules(view: View, now: datetime) -> RulesPage:
    """Ask for all rules and silences: in force first, then by how soon they end."""
    found = [(rule, rule_state(rule, now)) for rule in everything(view, RULES)]
    quiet = [(silence, silence_state(silence, now)) for silence in everything(view, SILENCES)]
    far = datetime.max.replace(tzinfo=now.tzinfo)
    found.sort(key=lambda pair: (pair[0].status is not RuleStatus.ACTIVE, pair[0].expires or far, pair[0].id))
    quiet.sort(key=lambda pair: (pair[1] == "ended", pair[0].ends_at, pair[0].id))
    soon = sum(state == "expires soon" for _, state in (*found, *quiet))
    findings: dict[str, list[str]] = {}
    kept = [rule for rule, _ in found if rule.status is RuleStatus.ACTIVE]
    for finding in lint(kept, [silence for silence, _ in quiet], now):
        if finding.kind not in _SHOWN_ANYWAY:
            findings.setdefault(finding.id, []).append(f"{finding.kind.replace('_', ' ')}: {finding.text}")
    ends = [(rule.id, rule.expires, f"{rule.owner}: {rule.reason}") for rule, _ in found if _holds(rule)]
    ends += [(one.id, one.ends_at, f"{one.owner}: {one.reason}") for one, _ in quiet if one.starts_at <= now]
    expiring = sorted((key, end, text) for key, end, text in ends if end is not None and now < end <= now + SOON)
    expiring.sort(key=lambda one: one[1])
    packs = tuple(everything(view, PACKS))
    return RulesPage(tuple(found), tuple(quiet), soon, tuple(expiring), packs, findings, _overrides(found))


def _overrides(found: Iterable[tuple[Rule, str]]) -> dict[str, Rule]:
    kept = {rule.id: rule for rule, _ in found}
    return {by: kept[key] for key, by in in_place_of(kept).items() if kept[key].pack}


def _holds(rule: Rule) -> bool:
    return rule.status is RuleStatus.ACTIVE and rule.verdict is Verdict.KNOWN_GOOD


@dataclass(frozen=True)
class Operation:
    """One method on one path of the API."""

    method: str
    path: str
    summary: str
    text: str
    parameters: tuple[tuple[str, str], ...]  # name, where and type
    example: str
    answers: tuple[tuple[str, str], ...]  # status, meaning


def operations(document: Mapping[str, Any]) -> Mapping[str, list[Operation]]:
    """Lay the OpenAPI document out for people, by tag."""
    by_tag: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method, spec in methods.items():
            by_tag.setdefault(spec.get("tags", ["Other"])[0], []).append(_operation(path, method, spec))
    return by_tag


def _operation(path: str, method: str, spec: Mapping[str, Any]) -> Operation:
    return Operation(
        method=method.upper(),
        path=path,
        summary=spec.get("summary", ""),
        text=spec.get("description", ""),
        parameters=tuple(_parameters(spec)),
        example=_example(spec),
        answers=tuple((status, answer.get("description", "")) for status, answer in sorted(spec["responses"].items())),
    )


def _parameters(spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for parameter in spec.get("parameters", ()):
        schema = parameter.get("schema", {})
        kind = schema.get("type") or "/".join(one.get("type", "") for one in schema.get("anyOf", ())) or "text"
        yield parameter["name"], f"{parameter['in']}, {kind}"


def _example(spec: Mapping[str, Any]) -> str:
    for content in spec.get("requestBody", {}).get("content", {}).values():
        example = content.get("example", "")
        return example if isinstance(example, str) else json.dumps(example, indent=2)
    return ""
