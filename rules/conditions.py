"""Does a condition hold of a record? Compiled once to closures; linear in the record, whatever it says."""

import operator
from collections.abc import Callable
from ipaddress import ip_address, ip_network

import re2

from aiops.domain.errors import BadInput
from aiops.domain.signatures import All, Condition, How, Measures, Not, OneOf, Same, Says, Size, There, Within
from rules.record import Record

Test = Callable[[Record], bool]
_Holds = Callable[[str], bool]
SIZES = {
    Size.BELOW: operator.lt,
    Size.AT_MOST: operator.le,
    Size.ABOVE: operator.gt,
    Size.AT_LEAST: operator.ge,
    Size.SAME: operator.eq,
    Size.OTHER: operator.ne,
}
LONGEST_REGEX = 10_000


def compiled(condition: Condition) -> Test:
    """Return the test of a condition. BadInput: a regular expression or network that cannot be."""
    match condition:
        case All(of=of):
            tests = [compiled(one) for one in of]
            return lambda record: all(test(record) for test in tests)
        case OneOf(of=of):
            tests = [compiled(one) for one in of]
            return lambda record: any(test(record) for test in tests)
        case Not(of=one):
            test = compiled(one)
            return lambda record: not test(record)
        case Says():
            return _says(condition)
        case There(field=field, wanted=wanted):
            name = field.lower()
            return lambda record: (name in record.fields) is wanted
        case Same():
            return _same(condition)
        case Within():
            return _within(condition)
        case Measures():
            return _measures(condition)


def _says(condition: Says) -> Test:
    name, cased = condition.field.lower(), condition.cased or condition.how is How.REGEX
    values = condition.values if cased else tuple(value.lower() for value in condition.values)
    holds = _holds(condition.how, values)
    if cased:
        return lambda record: any(map(holds, record.get(name)))
    return lambda record: any(map(holds, record.lower(name)))


def _holds(how: How, values: tuple[str, ...]) -> _Holds:
    match how:
        case How.EQUALS:
            return frozenset(values).__contains__
        case How.BEGINS:
            return lambda text: text.startswith(values)
        case How.ENDS:
            return lambda text: text.endswith(values)
        case How.CONTAINS if len(values) == 1:
            (value,) = values
            return lambda text: value in text
        case How.CONTAINS:
            return lambda text: any(value in text for value in values)
        case How.REGEX:
            tests = [searching(value) for value in values]
            return lambda text: any(test(text) for test in tests)


def searching(pattern: str) -> _Holds:
    """Return a test whether RE2 finds ``pattern`` in a text. BadInput where RE2 cannot."""
    options = re2.Options()
    options.max_mem = 8 << 20
    options.log_errors = False
    if len(pattern) > LONGEST_REGEX:
        raise BadInput(f"{len(pattern)} characters", place="regular expression", fix=f"use up to {LONGEST_REGEX}")
    try:
        search = re2.compile(pattern.encode("utf-8", "surrogatepass"), options).search
    except re2.error as error:
        fix = "RE2 has no look-around and no back-references: say it with more conditions"
        raise BadInput(f"not for RE2: {error}", place="regular expression", fix=fix) from error
    return lambda text: search(text.encode("utf-8", "surrogatepass")) is not None


def _same(condition: Same) -> Test:
    name, other, how = condition.field.lower(), condition.other.lower(), condition.how

    def test(record: Record) -> bool:
        values = record.lower(other)
        return bool(values) and any(map(_holds(how, values), record.lower(name)))

    return test


def _within(condition: Within) -> Test:
    name = condition.field.lower()
    try:
        network = ip_network(condition.network, strict=False)
    except ValueError as error:
        raise BadInput(str(error), place="cidr", fix="write 10.0.0.0/8") from error

    def inside(text: str) -> bool:
        try:
            return ip_address(text) in network
        except ValueError:
            return False

    return lambda record: any(map(inside, record.get(name)))


def _measures(condition: Measures) -> Test:
    name, compare, number = condition.field.lower(), SIZES[condition.size], condition.number

    def fits(text: str) -> bool:
        try:
            return bool(compare(float(text), number))
        except ValueError:
            return False

    return lambda record: any(map(fits, record.get(name)))
