"""What would mend a Sigma rule that pySigma refuses? A place in the rule and a fix for each of its errors."""

from collections.abc import Iterator
from contextlib import contextmanager

from pyparsing.exceptions import ParseBaseException
from sigma import exceptions as of_sigma

from aiops.domain.errors import BadInput
from aiops.domain.signatures import Counted

_FIXES: tuple[tuple[type[Exception], str, str], ...] = (  # the first row that fits counts
    (
        of_sigma.SigmaRegularExpressionError,
        "detection",
        "RE2 has no look-around and no back-references: say it with more conditions",
    ),
    (of_sigma.SigmaTimespanError, "correlation.timespan", "write 30s, 10m, 2h or 7d"),
    (of_sigma.SigmaCorrelationTypeError, "correlation.type", f"use {', '.join(Counted)}"),
    (
        of_sigma.SigmaCorrelationConditionError,
        "correlation.condition",
        "write {gte: 5}, with field where values are counted",
    ),
    (of_sigma.SigmaCorrelationRuleError, "correlation", "give type, rules, timespan and condition"),
    (of_sigma.SigmaFilterError, "filter", "give rules (any, or a list of ids or names), selections and a condition"),
    (
        of_sigma.SigmaConditionError,
        "detection.condition",
        "name selections that are there, joined by and, or, not, 1 of, all of",
    ),
    (of_sigma.SigmaTypeError, "", "give a value of the sort that is asked for: text, number, list, address"),
    (of_sigma.SigmaModifierError, "detection", "use modifiers that go with the value: text, number, list"),
    (of_sigma.SigmaValueError, "", "give a value of the form that is asked for"),
    (of_sigma.SigmaDetectionError, "detection", "give selections (maps or lists) and a condition"),
    (of_sigma.SigmaLogsourceError, "logsource", "give product, service or category"),
    (of_sigma.SigmaLevelError, "level", "use informational, low, medium, high or critical"),
    (of_sigma.SigmaStatusError, "status", "use stable, test, experimental, deprecated or unsupported"),
    (of_sigma.SigmaIdentifierError, "id", "give a UUID, or leave it out and give a name"),
    (of_sigma.SigmaTitleError, "title", "give a title of up to 256 characters"),
    (of_sigma.SigmaNameError, "name", "give a text without blanks at its ends"),
    (of_sigma.SigmaTagError, "tags", "give a list such as attack.t1098"),
    (of_sigma.SigmaFalsePositivesError, "falsepositives", "give a list of texts"),
    (of_sigma.SigmaReferencesError, "references", "give a list of texts"),
    (of_sigma.SigmaRelatedError, "related", "give a list of id and type"),
    (of_sigma.SigmaDateError, "date", "write 2027-03-31"),
    (of_sigma.SigmaModifiedError, "modified", "write 2027-03-31"),
    (ParseBaseException, "detection.condition", "join selections by and, or, not, 1 of, all of, and brackets"),
)
_SHAPE = "write title, logsource and detection (or correlation, or filter) as maps: https://sigmahq.io/docs"


@contextmanager
def refusing() -> Iterator[None]:
    """Let what pySigma finds wrong, or stumbles over, be a BadInput."""
    try:
        yield
    except (of_sigma.SigmaError, ParseBaseException) as error:
        place, fix = next(((place, fix) for kind, place, fix in _FIXES if isinstance(error, kind)), ("", _SHAPE))
        raise BadInput(str(error), place=place, fix=fix) from error
    except (TypeError, ValueError, AttributeError, RecursionError) as error:  # what pySigma does not look at first
        raise BadInput(f"no Sigma rule: {error}", place="", fix=_SHAPE) from error
