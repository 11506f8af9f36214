"""How are rules written down? YAML packs: read, written, and proved by their own cases."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated

import msgspec
import yaml

from aiops.domain.alerts import Verdict
from aiops.domain.errors import BadInput
from aiops.domain.events import Problem, Severity
from aiops.domain.matching import Matcher, Operator, parse_matcher
from aiops.domain.rules import Case, Cases, Rule, RuleStatus
from rules.check import normal, shape

_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class _Proof(msgspec.Struct, forbid_unknown_fields=True):
    match: list[dict[str, str]] = []
    no_match: list[dict[str, str]] = []


class _Written(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A rule as a person writes it. ``match`` is ``{service: db}`` or a list of ``service=~"db.*"``."""

    id: str
    verdict: Verdict
    owner: str
    reason: str
    match: dict[str, str] | list[str]
    expires: _Moment | None = None
    review: _Moment | None = None
    ceiling: Severity | None = None
    priority: int = 0
    status: RuleStatus = RuleStatus.ACTIVE
    cases: _Proof = msgspec.field(default_factory=_Proof)


def load_pack(text: str, place: str) -> tuple[list[Rule], list[Problem]]:
    """Read the rules of one pack (one rule a document, or a list of rules); ``place`` (its file) names it.

    Only rules of sound shape whose cases hold are returned; each other one is a problem with its line and its fix.
    Dates are not compared with today: putting the rule does that.
    """
    rules: dict[str, Rule] = {}
    problems: list[Problem] = []
    for line, data in _items(text, place, problems):
        where = f"{place}:{line}"
        try:
            rule = _rule(data, where, pack=Path(place).stem)
            found = [*shape(rule)]
        except BadInput as error:
            problems.append(Problem(place=error.place, problem=error.problem, fix=error.fix))
            continue
        if rule.id in rules:
            fix = "choose another id"
            found.append(Problem(place=f"rule {rule.id}", problem="there are two of this id", fix=fix))
        problems += [msgspec.structs.replace(one, place=f"{where}: {one.place}") for one in found]
        if not found:
            rules[rule.id] = rule
    return list(rules.values()), problems


def dump_pack(rules: Iterable[Rule]) -> str:
    """Write rules as a pack that ``load_pack`` reads back (all but what the engine counts and stamps)."""
    written = [msgspec.to_builtins(_written(rule), builtin_types=(datetime,)) for rule in rules]
    return yaml.safe_dump_all(written, sort_keys=False, allow_unicode=True, width=120)


def packs_of(folder: Path) -> list[Path]:
    """Return the packs of a folder (``*.yaml``, ``*.yml``, sorted); a file is one by itself."""
    return [folder] if folder.is_file() else sorted(p for p in folder.rglob("*") if p.suffix in (".yaml", ".yml"))


def test_packs(folder: Path) -> list[Problem]:
    """Prove every pack of a folder, or one: what is wrong, with file and line."""
    problems: list[Problem] = []
    paths = packs_of(folder)
    if not paths:
        problems.append(Problem(place=str(folder), problem="no pack in it", fix="name a folder with *.yaml files"))
    owners: dict[str, Path] = {}
    for path in paths:
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError as error:
            problems.append(Problem(place=str(path), problem=f"not UTF-8: {error.reason}", fix="save it as UTF-8"))
            continue
        rules, found = load_pack(text, str(path))
        problems += found
        for rule in rules:
            first = owners.setdefault(rule.id, path)
            if first != path:
                problem = f"rule {rule.id} is in {first} too"
                problems.append(Problem(place=str(path), problem=problem, fix="choose another id"))
            if not rule.cases.no_match:
                fix = "add one that it must leave alone"
                problems.append(Problem(place=f"{path}: rule {rule.id}", problem="no case under no_match", fix=fix))
    return problems


def _items(text: str, place: str, problems: list[Problem]) -> Iterator[tuple[int, object]]:
    """Yield each rule of the text as plain data, with its line; what is no YAML becomes a problem and ends it."""
    try:
        loader = yaml.SafeLoader(text)
        while loader.check_node():
            node = loader.get_node()
            for item in node.value if isinstance(node, yaml.SequenceNode) else [node]:
                if item is not None:
                    yield item.start_mark.line + 1, loader.construct_document(item)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # a date such as 2027-02-30; brackets without end
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        said = getattr(error, "problem", None) or str(error)
        problems.append(Problem(place=f"{place}{line}", problem=f"not YAML: {said}", fix="mend it; the rest is unread"))


def _rule(data: object, where: str, pack: str) -> Rule:
    if isinstance(data, dict):
        data = {key: _moment(value) if key in ("expires", "review") else value for key, value in data.items()}
    try:
        written = msgspec.convert(data, _Written)
    except msgspec.ValidationError as error:
        raise BadInput(str(error), place=where, fix="see CONTRIBUTING.md; put numbers and yes/no in quotes") from error
    if isinstance(written.match, dict):
        matchers = [Matcher(field=field, value=value) for field, value in written.match.items()]
    else:
        matchers = [parse_matcher(item, f"{where}: match[{index}]") for index, item in enumerate(written.match)]
    rule = Rule(
        id=written.id,
        verdict=written.verdict,
        matchers=tuple(matchers),
        owner=written.owner,
        reason=written.reason,
        expires=written.expires,
        review=written.review,
        ceiling=written.ceiling,
        priority=written.priority,
        status=written.status,
        cases=Cases(match=_cases(written.cases.match), no_match=_cases(written.cases.no_match)),
        pack=pack,
    )
    return normal(rule)


def _moment(value: object) -> object:
    """A date alone means its first moment, in UTC."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time(), UTC)
    return value


def _cases(written: list[dict[str, str]]) -> tuple[Case, ...]:
    return tuple(
        Case(labels={name: value for name, value in case.items() if name != "message"}, message=case.get("message", ""))
        for case in written
    )


def _written(rule: Rule) -> _Written:
    plain = all(matcher.operator is Operator.EQUAL for matcher in rule.matchers)
    short = {matcher.field: matcher.value for matcher in rule.matchers}
    proof = {
        name: [{**case.labels, **({"message": case.message} if case.message else {})} for case in cases]
        for name, cases in (("match", rule.cases.match), ("no_match", rule.cases.no_match))
    }
    return _Written(
        id=rule.id,
        verdict=rule.verdict,
        owner=rule.owner,
        reason=rule.reason,
        match=short if plain and len(short) == len(rule.matchers) else [str(matcher) for matcher in rule.matchers],
        expires=rule.expires,
        review=rule.review,
        ceiling=rule.ceiling,
        priority=rule.priority,
        status=rule.status,
        cases=_Proof(**proof),
    )
