"""How are rules written down? YAML packs: read, written, and proved by their own cases."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated

import msgspec
import yaml

from aiops.config import seconds
from aiops.domain.alerts import Verdict
from aiops.domain.errors import BadInput
from aiops.domain.events import Problem, Severity
from aiops.domain.matching import Matcher, Operator, parse_matcher
from aiops.domain.rules import Case, Cases, Envelope, Pack, Rule, RuleStatus, Threshold
from rules.check import normal, shape
from rules.cure import cure
from rules.files import files_of, items_of

_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class _Proof(msgspec.Struct, forbid_unknown_fields=True):
    match: list[dict[str, str]] = []
    no_match: list[dict[str, str]] = []


class _Head(msgspec.Struct, forbid_unknown_fields=True):
    """The first document of a pack, if it has no ``id``: what is true of all its rules."""

    pack: str = ""
    owner: str = ""
    origin: str = ""


class _Threshold(msgspec.Struct, forbid_unknown_fields=True):
    """``{times: 3, of: 5, within: 10m}``."""

    times: int
    of: int
    within: str


class _Written(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A rule as a person writes it. ``match`` is ``{service: db}`` or a list of ``service=~"db.*"``."""

    id: str
    verdict: Verdict
    owner: str
    reason: str
    match: dict[str, str] | list[str] = msgspec.field(default_factory=dict)
    any: list[dict[str, str] | list[str]] = []
    expires: _Moment | None = None
    review: _Moment | None = None
    ceiling: Severity | None = None
    priority: int = 0
    threshold: _Threshold | None = None
    envelope: Envelope | None = None
    any_shape: bool = False
    status: RuleStatus = RuleStatus.ACTIVE
    cases: _Proof = msgspec.field(default_factory=_Proof)


_FIELDS = {
    "": _Written.__struct_fields__,
    "cases": _Proof.__struct_fields__,
    "threshold": _Threshold.__struct_fields__,
    "envelope": Envelope.__struct_fields__,
}
_WORDS = {
    "verdict": (Verdict.KNOWN_GOOD, Verdict.KNOWN_BAD),
    "ceiling": tuple(Severity),
    "status": (RuleStatus.ACTIVE, RuleStatus.SHADOW, RuleStatus.PROPOSED),
}


def load_pack(text: str, place: str) -> tuple[list[Rule], list[Problem]]:
    """Read the rules of one pack, as ``read_pack`` does."""
    return read_pack(text, place)[1:]


def read_pack(text: str, place: str) -> tuple[Pack, list[Rule], list[Problem]]:
    """Read one pack (one rule a document, or a list of rules); ``place``, its file, names it unless its head does.

    Only rules of sound shape whose cases hold are returned; each other one is a problem with its line and its fix.
    Dates are not compared with today: putting the rule does that.
    """
    rules: dict[str, Rule] = {}
    problems: list[Problem] = []
    head = Pack(name=Path(place).stem)
    for number, (line, data) in enumerate(items_of(text, place, problems)):
        where = f"{place}:{line}"
        try:
            if number == 0 and isinstance(data, dict) and "id" not in data and data.keys() & {"pack", "origin"}:
                head = _head(data, where, head)
                continue
            rule = _rule(data, where, head)
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
    return head, list(rules.values()), problems


def _head(data: object, where: str, named: Pack) -> Pack:
    try:
        head = msgspec.convert(data, _Head)
    except msgspec.ValidationError as error:
        raise BadInput(str(error), place=where, fix="a pack's head has pack, owner and origin") from error
    return Pack(name=head.pack or named.name, owner=head.owner, origin=head.origin)


def dump_pack(rules: Iterable[Rule], head: Pack | None = None) -> str:
    """Write rules as a pack that ``read_pack`` reads back (all but what the engine counts and stamps)."""
    written: list[object] = []
    if head:
        said = {"pack": head.name, "owner": head.owner, "origin": head.origin}
        written.append({name: text for name, text in said.items() if text})
    written += [msgspec.to_builtins(_written(rule), builtin_types=(datetime,)) for rule in rules]
    return yaml.safe_dump_all(written, sort_keys=False, allow_unicode=True, width=120)


def test_packs(folder: Path) -> list[Problem]:
    """Prove every pack of a folder, or one: what is wrong, with file and line."""
    problems: list[Problem] = []
    paths = files_of(folder)
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
            for name, cases, fix in (
                ("match", rule.cases.match, "add one that it must match"),
                ("no_match", rule.cases.no_match, "add one that it must leave alone"),
            ):
                if not cases:
                    place, problem = f"{path}: rule {rule.id}", f"no case under {name}"
                    problems.append(Problem(place=place, problem=problem, fix=fix))
    return problems


def _rule(data: object, where: str, pack: Pack) -> Rule:
    if isinstance(data, dict):
        data = {**({"owner": pack.owner} if pack.owner else {}), **data}
        data = {key: _moment(value) if key in ("expires", "review") else value for key, value in data.items()}
    try:
        written = msgspec.convert(data, _Written)
    except msgspec.ValidationError as error:
        raise BadInput(str(error), place=where, fix=cure(str(error), _FIELDS, _WORDS)) from error
    any_of = (matchers_of(some, f"{where}: any[{index}]") for index, some in enumerate(written.any))
    rule = Rule(
        id=written.id,
        verdict=written.verdict,
        matchers=matchers_of(written.match, f"{where}: match"),
        any_of=tuple(any_of),
        owner=written.owner,
        reason=written.reason,
        expires=written.expires,
        review=written.review,
        ceiling=written.ceiling,
        priority=written.priority,
        threshold=_threshold(written.threshold, f"{where}: threshold"),
        envelope=written.envelope,
        any_shape=written.any_shape,
        status=written.status,
        cases=Cases(match=_cases(written.cases.match), no_match=_cases(written.cases.no_match)),
        pack=pack.name,
    )
    return normal(rule)


def _threshold(written: _Threshold | None, where: str) -> Threshold | None:
    if written is None:
        return None
    try:
        within = timedelta(seconds=seconds(written.within))
    except (ValueError, OverflowError) as error:
        raise BadInput(str(error), place=where, fix="write within: 10m") from error
    return Threshold(times=written.times, of=written.of, within=within)


def _as_written(threshold: Threshold | None) -> _Threshold | None:
    if threshold is None:
        return None
    within = threshold.within
    whole = within >= timedelta() and not within.microseconds
    written = f"{within // timedelta(seconds=1)}s" if whole else str(msgspec.to_builtins(within))
    return _Threshold(threshold.times, threshold.of, written)


def matchers_of(written: dict[str, str] | list[str], where: str) -> tuple[Matcher, ...]:
    if isinstance(written, dict):
        return tuple(Matcher(field=field, value=value) for field, value in written.items())
    return tuple(parse_matcher(item, f"{where}[{index}]") for index, item in enumerate(written))


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
    proof = {
        name: [{**case.labels, **({"message": case.message} if case.message else {})} for case in cases]
        for name, cases in (("match", rule.cases.match), ("no_match", rule.cases.no_match))
    }
    return _Written(
        id=rule.id,
        verdict=rule.verdict,
        owner=rule.owner,
        reason=rule.reason,
        match=_short(rule.matchers),
        any=[_short(more) for more in rule.any_of],
        expires=rule.expires,
        review=rule.review,
        ceiling=rule.ceiling,
        priority=rule.priority,
        threshold=_as_written(rule.threshold),
        envelope=rule.envelope,
        any_shape=rule.any_shape,
        status=rule.status,
        cases=_Proof(**proof),
    )


def _short(matchers: tuple[Matcher, ...]) -> dict[str, str] | list[str]:
    """Return ``{service: db}`` where that says it all."""
    plain = all(matcher.operator is Operator.EQUAL for matcher in matchers)
    short = {matcher.field: matcher.value for matcher in matchers}
    return short if plain and len(short) == len(matchers) else [str(matcher) for matcher in matchers]
