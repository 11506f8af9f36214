"""What does the condition of a Sigma rule say, in our words? From pySigma's tree to ours."""

from collections.abc import Iterable, Sequence

import re2
from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.types import (
    CompareOperators,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaRegularExpressionFlag,
    SigmaString,
    SigmaTimestampPart,
    SpecialChars,
)

from aiops.domain.errors import BadInput
from aiops.domain.signatures import All, Condition, How, Measures, Not, OneOf, Same, Says, Size, There, Within

DEEPEST = 60  # conditions within each other
_SIZES = {
    CompareOperators.LT: Size.BELOW,
    CompareOperators.LTE: Size.AT_MOST,
    CompareOperators.GT: Size.ABOVE,
    CompareOperators.GTE: Size.AT_LEAST,
    CompareOperators.NEQ: Size.OTHER,
}
_FLAGS = {
    SigmaRegularExpressionFlag.IGNORECASE: "i",
    SigmaRegularExpressionFlag.MULTILINE: "m",
    SigmaRegularExpressionFlag.DOTALL: "s",
}
_MANY, _ONE = SpecialChars.WILDCARD_MULTI, SpecialChars.WILDCARD_SINGLE


def translated(node: object, depth: int = 0) -> Condition:
    """Return the condition that a node of pySigma's tree is. BadInput names what we do not evaluate."""
    if depth > DEEPEST:
        raise BadInput("conditions too deep within each other", place="condition", fix=f"use up to {DEEPEST} levels")
    match node:
        case ConditionAND(args=args):
            return All(of=tuple(translated(arg, depth + 1) for arg in args))
        case ConditionOR(args=args):
            return one_of(translated(arg, depth + 1) for arg in args)
        case ConditionNOT(args=[arg]):
            return Not(of=translated(arg, depth + 1))
        case ConditionFieldEqualsValueExpression(field=field, value=value):
            return _value(field, value)
        case ConditionValueExpression(value=value):
            return _value("", value)
        case _:
            raise BadInput("there is nothing in it", place="condition", fix="name a selection that is there")


def one_of(conditions: Iterable[Condition]) -> Condition:
    """Return the alternative of conditions; texts that one field may say become one condition."""
    merged: dict[object, Condition] = {}
    for one in conditions:
        if not isinstance(one, Says):
            merged[len(merged), None] = one
            continue
        key = (one.field, one.how, one.cased)
        before = merged.get(key)
        values = (*before.values, *one.values) if isinstance(before, Says) else one.values
        merged[key] = Says(field=one.field, how=one.how, values=values, cased=one.cased)
    alternatives = tuple(merged.values())
    return alternatives[0] if len(alternatives) == 1 else OneOf(of=alternatives)


def _value(field: str, value: object) -> Condition:
    match value:
        case SigmaExpansion(values=values):
            return one_of(_value(field, one) for one in values)
        case SigmaString():
            return _text(field, value)
        case SigmaTimestampPart():
            raise BadInput("parts of times are not evaluated", place=f"field {field}", fix="compare the text")
        case SigmaNumber() | SigmaBool():
            how = How.EQUALS if field else How.CONTAINS
            return Says(field=field, how=how, values=(str(value).lower(),))
        case SigmaRegularExpression():
            flags = "".join(sorted(_FLAGS[flag] for flag in value.flags))
            pattern = f"(?{flags}){value.regexp}" if flags else str(value.regexp)
            return Says(field=field, how=How.REGEX, values=(pattern,), cased=True)
        case _ if field:
            return _of_field(field, value)
        case _:
            raise BadInput(f"{type(value).__name__} needs a field", place="keywords", fix="name the field")


def _of_field(field: str, value: object) -> Condition:
    match value:
        case SigmaNull():
            return There(field=field, wanted=False)
        case SigmaExists():
            return There(field=field, wanted=bool(value))
        case SigmaCIDRExpression(cidr=cidr):
            return Within(field=field, network=cidr)
        case SigmaCompareExpression(number=number, op=op) if not isinstance(number, SigmaTimestampPart):
            return Measures(field=field, size=_SIZES[op], number=number.number)
        case SigmaFieldReference(field=other, starts_with=begins, ends_with=ends):
            parts = {(True, True): How.CONTAINS, (True, False): How.BEGINS, (False, True): How.ENDS}
            return Same(field=field, other=other, how=parts.get((begins, ends), How.EQUALS))
        case _:
            name = type(value).__name__
            raise BadInput(f"{name} is not evaluated", place=f"field {field}", fix="say it with other modifiers")


def _text(field: str, value: SigmaString) -> Condition:
    """Wildcards at the ends become comparisons, others a regular expression; a keyword may stand anywhere."""
    parts = list(value.s)
    if strange := next((part for part in parts if not isinstance(part, str | SpecialChars)), None):
        raise BadInput(f"{strange} is a placeholder", place=f"field {field}", fix="write its values into the rule")
    begins = bool(parts) and parts[0] is _MANY
    ends = bool(parts) and parts[-1] is _MANY
    inner = [part for part in parts if part is not _MANY or part not in (parts[0], parts[-1])]
    cased = isinstance(value, SigmaCasedString)
    core = parts[begins : len(parts) - ends] if parts != [_MANY] else []
    if parts and not inner and all(part is _MANY for part in parts):
        return There(field=field) if field else Says(how=How.CONTAINS, values=("",))
    if all(isinstance(part, str) for part in core):
        text = "".join(part for part in core if isinstance(part, str))
        ways = {(False, False): How.EQUALS, (False, True): How.BEGINS, (True, False): How.ENDS}
        how = ways.get((begins, ends), How.CONTAINS) if field else How.CONTAINS
        return Says(field=field, how=how, values=(text,), cased=cased)
    return Says(field=field, how=How.REGEX, values=(_regex(core, begins, ends, field, cased),), cased=True)


def _regex(core: Sequence[object], begins: bool, ends: bool, field: str, cased: bool) -> str:
    middle = "".join(re2.escape(part) if isinstance(part, str) else ".*" if part is _MANY else "." for part in core)
    head = "" if begins or not field else r"\A"
    tail = "" if ends or not field else r"\z"
    return f"(?{'s' if cased else 'is'}){head}{middle}{tail}"
