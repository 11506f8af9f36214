"""What does a Sigma correlation rule say, in our words? From pySigma's classes to ours."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from sigma.correlations import (
    CorrelationConditionAND,
    CorrelationConditionOR,
    SigmaCorrelationCondition,
    SigmaCorrelationConditionOperator,
    SigmaCorrelationRule,
    SigmaCorrelationType,
    SigmaExtendedCorrelationCondition,
    SigmaRuleReference,
)

from aiops.domain.errors import BadInput
from aiops.domain.signatures import Alias, All, Condition, Correlated, Counted, OneOf, Size, There

MOST = 1_000  # records or values that are counted
MOST_OF = 50  # signatures of one correlation
LONGEST = timedelta(days=31)
DEEPEST = 20  # brackets within each other
_COUNTED: Mapping[SigmaCorrelationType, Counted] = {
    SigmaCorrelationType.EVENT_COUNT: Counted.RECORDS,
    SigmaCorrelationType.VALUE_COUNT: Counted.VALUES,
    SigmaCorrelationType.TEMPORAL: Counted.SIGNATURES,
    SigmaCorrelationType.TEMPORAL_ORDERED: Counted.STEPS,
}
_SIZES: Mapping[SigmaCorrelationConditionOperator, Size] = {
    SigmaCorrelationConditionOperator.GTE: Size.AT_LEAST,
    SigmaCorrelationConditionOperator.GT: Size.ABOVE,
    SigmaCorrelationConditionOperator.EQ: Size.SAME,
}


def correlated(rule: SigmaCorrelationRule) -> Correlated:
    """Return the correlation that a rule without errors is. BadInput names what we do not evaluate."""
    counted = _COUNTED.get(rule.type)
    if counted is None:
        kind = rule.type.name.lower()
        raise BadInput(f"{kind} is not evaluated", place="correlation.type", fix=f"use {', '.join(Counted)}")
    within = timedelta(seconds=min(rule.timespan.seconds, 10**9))
    if within > LONGEST:
        raise BadInput("too long", place="correlation.timespan", fix=f"use up to {LONGEST.days} days")
    of = tuple(dict.fromkeys(_names(rule)))
    if not 1 <= len(of) <= MOST_OF:
        raise BadInput(f"{len(of)} rules", place="correlation.rules", fix=f"name 1 to {MOST_OF}")
    size, number, values, expression = _condition(rule.condition, counted, len(of))
    return Correlated(
        counted=counted,
        of=of,
        within=within,
        size=size,
        number=number,
        values=values,
        group_by=tuple(rule.group_by or ()),
        aliases=tuple(
            Alias(name=alias.alias, signature=reference.reference, field=field)
            for alias in rule.aliases
            for reference, field in alias.mapping.items()
        ),
        expression=expression,
        generate=rule.generate,
    )


def _names(rule: SigmaCorrelationRule) -> Iterator[str]:
    if rule.rules:
        yield from (reference.reference for reference in rule.rules)
    elif isinstance(rule.condition, SigmaExtendedCorrelationCondition):
        yield from rule.condition.get_referenced_rules()


def _condition(
    condition: SigmaCorrelationCondition | SigmaExtendedCorrelationCondition, counted: Counted, rules: int
) -> tuple[Size, int, tuple[str, ...], Condition | None]:
    """Return size, number, fields whose values are counted, and the expression that stands for a number."""
    if isinstance(condition, SigmaExtendedCorrelationCondition):
        if counted is Counted.STEPS:
            raise BadInput("names in an order", place="condition", fix="list them under rules, in their order")
        return Size.AT_LEAST, rules, (), _expression(condition.parsed)
    size = _SIZES.get(condition.op)
    if size is None:
        fix = "use gte, gt or eq: that few came is only known when the time is over"
        raise BadInput(f"{condition.op.name.lower()} is not evaluated", place="condition", fix=fix)
    if not isinstance(condition.count, int) or not 0 < condition.count + (size is Size.ABOVE) <= MOST:
        raise BadInput(f"{condition.count} cannot be counted", place="condition", fix=f"use 1 to {MOST}")
    fields = condition.fieldref or ()
    return size, condition.count, (fields,) if isinstance(fields, str) else tuple(fields), None


def _expression(node: object, depth: int = 0) -> Condition:
    if depth > DEEPEST:
        raise BadInput("brackets too deep within each other", place="condition", fix=f"use up to {DEEPEST} levels")
    match node:
        case SigmaRuleReference(reference=name):
            return There(field=name)
        case CorrelationConditionAND(args=args):
            return All(of=tuple(_expression(arg, depth + 1) for arg in args))
        case CorrelationConditionOR(args=args):
            return OneOf(of=tuple(_expression(arg, depth + 1) for arg in args))
        case _:
            fix = "say what comes together: that something did not come is only known when the time is over"
            raise BadInput("not is not evaluated", place="condition", fix=fix)
