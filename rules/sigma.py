"""What do Sigma rules say, in our words? YAML in; signatures, their own cases, and what could not be read out."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from sigma.correlations import SigmaCorrelationRule
from sigma.rule import SigmaLevel, SigmaRule

from aiops.domain.base import Noun
from aiops.domain.errors import BadInput
from aiops.domain.events import Problem, Severity
from aiops.domain.signatures import Condition, Correlated, Detection, Logsource, Signature
from rules.conditions import compiled
from rules.files import files_of, items_of
from rules.sigma_conditions import one_of, translated
from rules.sigma_correlations import correlated
from rules.sigma_filters import Filter, filter_of, filtered, idle, log_of
from rules.sigma_problems import refusing
from rules.signature_links import astray

LONGEST_CONDITION = 5_000
MOST_VALUES = 50_000  # of one rule, its cases among them
_END = object()
IN_SIGHT = "name rules by the id or name that they have, and put them together"
_LEVELS = {
    SigmaLevel.CRITICAL: Severity.CRITICAL,
    SigmaLevel.HIGH: Severity.HIGH,
    SigmaLevel.MEDIUM: Severity.WARNING,
    SigmaLevel.LOW: Severity.INFO,
    SigmaLevel.INFORMATIONAL: Severity.INFO,
}
_OTHERS = {
    "filter": "put it beside the rules that it is about, in a file of theirs or of its own",
    "action": "global, repeat and reset are not read: write each rule whole",
}
_Object = dict[str, object]


class Proof(msgspec.Struct, forbid_unknown_fields=True):
    """Records, as their sender writes them, that a rule must fit and that it must leave alone.

    A case of a correlation is a list of records, a second apart.
    """

    match: list[_Object | list[_Object]] = []
    no_match: list[_Object | list[_Object]] = []


class Read(Noun, frozen=True, kw_only=True):
    """One rule that was read, with its proof and the place (file:line) where it is written."""

    signature: Signature
    proof: Proof
    place: str


def load(text: str, place: str) -> tuple[list[Read], list[Problem]]:
    """Read the rules of one file, as ``load_texts`` does."""
    return load_texts([(place, text)])


def load_folder(folder: Path) -> tuple[list[Read], list[Problem]]:
    """Read all files of a folder, or one, as ``load_texts`` does."""
    texts: list[tuple[str, str]] = []
    problems: list[Problem] = []
    for file in files_of(folder):
        try:
            texts.append((str(file), file.read_text("utf-8")))
        except (OSError, UnicodeDecodeError) as error:
            problems.append(Problem(place=str(file), problem=f"cannot be read: {error}", fix="save it as UTF-8"))
    read, more = load_texts(texts)
    return read, problems + more


def load_texts(
    texts: Iterable[tuple[str, str]], beside: Callable[[Sequence[Signature]], Iterable[Signature]] = lambda _: ()
) -> tuple[list[Read], list[Problem]]:
    """Read files (name and text; one rule a document, or a list); what cannot be used is a problem with its line.

    Of rules of the same id the first counts. Filters narrow the rules that are read with them. A correlation must be
    about what is among them, or in force: ``beside`` is given them all and returns what of that they may be about.
    """
    read: dict[str, Read] = {}
    filters: list[Filter] = []
    problems: list[Problem] = []
    for place, text in texts:
        for one in _each(text, place, problems):
            if isinstance(one, Filter):
                filters.append(one)
                continue
            first = read.setdefault(one.signature.id, one)
            if first is not one:
                said = f"rule {one.signature.id} is at {first.place} too"
                problems.append(Problem(place=one.place, problem=said, fix="choose another id or name"))
    signatures = [one.signature for one in read.values()]
    for key, why in astray(signatures, beside(signatures)).items():
        problems.append(Problem(place=read.pop(key).place, problem=why, fix=IN_SIGHT))
    for lost in idle(filters, signatures):
        problems.append(Problem(place=lost.place, problem="the filter is about no rule here", fix=IN_SIGHT))
    narrowed = (msgspec.structs.replace(one, signature=filtered(one.signature, filters)) for one in read.values())
    return list(narrowed), problems


def _each(text: str, place: str, problems: list[Problem]) -> Iterator[Read | Filter]:
    """Yield the rules and filters of one file; each that cannot be used becomes a problem with its line."""
    for line, data in items_of(text, place, problems):
        where = f"{place}:{line}"
        try:
            yield _read(data, where, Path(place).stem)
        except BadInput as error:
            at = f"{where}: {error.place}" if error.place and error.place != where else where
            problems.append(Problem(place=at, problem=error.problem, fix=error.fix))


def signature_of(data: Mapping[str, object], pack: str) -> Signature:
    """Return the signature that one rule (decoded YAML) is. BadInput says why not."""
    for key, fix in _OTHERS.items():
        if key in data:
            raise BadInput(f"a Sigma {key}", place=key, fix=fix)
    with refusing():
        rule, detection = _together(data) if "correlation" in data else _single(data)
    return _readable(_signature(rule, detection, pack))


def _readable(signature: Signature) -> Signature:
    """Return it as the journal will give it back. BadInput: something in it is of another type than it should be."""
    try:
        return msgspec.json.decode(msgspec.json.encode(signature), type=Signature)
    except (msgspec.MsgspecError, TypeError, ValueError) as error:
        raise BadInput(str(error), place="", fix="write texts; quote one that has a colon and a blank in it") from error


def _single(data: Mapping[str, object]) -> tuple[SigmaRule, Condition]:
    """Read a rule about single records."""
    detection = data.get("detection")
    said = detection.get("condition", "") if isinstance(detection, Mapping) else ""
    if len(str(said)) > LONGEST_CONDITION:
        raise BadInput("too long", place="condition", fix=f"use up to {LONGEST_CONDITION} characters")
    rule = SigmaRule.from_dict(dict(data), collect_errors=True)
    if rule.errors:
        raise rule.errors[0]
    condition = one_of(translated(one.parsed) for one in rule.detection.parsed_condition)
    compiled(condition)
    return rule, condition


def _together(data: Mapping[str, object]) -> tuple[SigmaCorrelationRule, Correlated]:
    """Read a rule about records that come together."""
    written = data.get("correlation")
    if isinstance(written, Mapping) and len(str(written.get("condition", ""))) > LONGEST_CONDITION:
        raise BadInput("too long", place="condition", fix=f"use up to {LONGEST_CONDITION} characters")
    rule = SigmaCorrelationRule.from_dict(dict(data), collect_errors=True)
    if rule.errors:
        raise rule.errors[0]
    return rule, correlated(rule)


def _signature(rule: SigmaRule | SigmaCorrelationRule, detection: Detection, pack: str) -> Signature:
    key = str(rule.id or rule.name or "")
    if not key:
        raise BadInput("neither id nor name", place="", fix="give it an id (UUID) or a name")
    return Signature(
        id=key,
        title=rule.title,
        severity=_LEVELS.get(rule.level, Severity.WARNING) if rule.level else Severity.WARNING,
        logsource=_logsource(rule),
        condition=detection,
        name=rule.name or "",
        owner=rule.custom_attributes.get("owner", ""),
        description=" ".join((rule.description or "").split()),
        author=rule.author or "",
        licence=rule.license or "",
        tags=tuple(str(tag) for tag in rule.tags),
        references=tuple(rule.references),
        false_positives=tuple(rule.falsepositives),
        pack=pack,
    )


def _logsource(rule: SigmaRule | SigmaCorrelationRule) -> Logsource:
    """Return which log a rule is about; of a correlation the signatures know it."""
    return Logsource() if isinstance(rule, SigmaCorrelationRule) else log_of(rule.logsource)


def _read(data: object, where: str, pack: str) -> Read | Filter:
    if not isinstance(data, Mapping):
        raise BadInput("no Sigma rule", place=where, fix="write title, logsource and detection")
    _bounded(data)
    if "filter" in data:
        with refusing():
            return filter_of(data, where)
    try:
        proof = msgspec.convert(data.get("cases", {}), Proof)
    except msgspec.ValidationError as error:
        raise BadInput(str(error), place="cases", fix="give lists of events under match and no_match") from error
    signature = signature_of({key: value for key, value in data.items() if key != "cases"}, pack)
    return Read(signature=signature, proof=proof, place=where)


def _bounded(data: Mapping[str, object]) -> None:
    """Refuse what aliases of YAML make large, or loop in, however short its text is."""
    waiting: list[Iterator[object]] = [iter(data.values())]
    for _ in range(MOST_VALUES):
        while waiting and (value := next(waiting[-1], _END)) is _END:
            waiting.pop()
        if not waiting:
            return
        if isinstance(value, Mapping | list):
            waiting.append(iter(value.values() if isinstance(value, Mapping) else value))
    raise BadInput(f"more than {MOST_VALUES:,} values", place="", fix="write several rules; use fewer aliases")
