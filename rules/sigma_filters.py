"""What do Sigma filters say, and which signatures do they narrow? An exception beside rules that others wrote."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from sigma.filters import SigmaFilter
from sigma.rule import SigmaLogSource

from aiops.domain.base import Noun
from aiops.domain.signatures import All, Condition, Correlated, Logsource, Signature
from rules.conditions import compiled
from rules.sigma_conditions import translated


class Filter(Noun, frozen=True, kw_only=True):
    """A condition that must hold too, of all rules about this log, or of some of them."""

    title: str
    place: str  # file:line
    logsource: Logsource
    rules: tuple[str, ...] = ()  # ids or names; none: all
    condition: Condition


def log_of(named: SigmaLogSource) -> Logsource:
    """Return a log source in our words."""
    return Logsource(
        product=(named.product or "").lower(),
        service=(named.service or "").lower(),
        category=(named.category or "").lower(),
    )


def filter_of(data: Mapping[str, object], place: str) -> Filter:
    """Return the filter that decoded YAML is. BadInput, and what pySigma raises, say why not."""
    read = SigmaFilter.from_dict(dict(data), collect_errors=True)
    if read.errors:
        raise read.errors[0]
    conditions = [translated(one.parsed) for one in read.filter.parsed_condition]
    named = read.filter.rules
    condition = conditions[0] if len(conditions) == 1 else All(of=tuple(conditions))
    compiled(condition)
    return Filter(
        title=str(read.title),
        place=place,
        logsource=log_of(read.logsource),
        rules=() if isinstance(named, str) else tuple(one.reference for one in named),
        condition=condition,
    )


def filtered(signature: Signature, filters: Sequence[Filter]) -> Signature:
    """Return the signature narrowed by those of ``filters`` that concern it, each named in it."""
    condition, found = signature.condition, [one for one in filters if concerns(one, signature)]
    if not found or isinstance(condition, Correlated):
        return signature
    narrowed = All(of=(condition, *(one.condition for one in found)))
    return msgspec.structs.replace(signature, condition=narrowed, filters=tuple(one.title for one in found))


def concerns(one: Filter, signature: Signature) -> bool:
    """Is the signature one that the filter is about? What the filter's log source leaves open is any; of rules too."""
    if isinstance(signature.condition, Correlated):
        return False
    asked, log = one.logsource, signature.logsource
    fits = all(
        not wanted or wanted == given
        for wanted, given in (
            (asked.product, log.product),
            (asked.service, log.service),
            (asked.category, log.category),
        )
    )
    return fits and (not one.rules or signature.id in one.rules or signature.name in one.rules)


def idle(filters: Iterable[Filter], signatures: Sequence[Signature]) -> list[Filter]:
    """Return the filters that concern none of the signatures."""
    return [one for one in filters if not any(concerns(one, signature) for signature in signatures)]
