"""What does known bad look like in the records of a log? Signatures: conditions on fields, and what comes together."""

from datetime import datetime, timedelta
from enum import StrEnum

from aiops.domain.base import Noun
from aiops.domain.events import Severity


class How(StrEnum):
    """How a value is compared with what a field says."""

    EQUALS = "equals"
    CONTAINS = "contains"
    BEGINS = "begins"
    ENDS = "ends"
    REGEX = "regex"  # RE2, found anywhere in it


class Size(StrEnum):
    """How a number is compared."""

    BELOW = "<"
    AT_MOST = "<="
    ABOVE = ">"
    AT_LEAST = ">="
    SAME = "=="
    OTHER = "!="


class Says(Noun, frozen=True, kw_only=True, tag="says"):
    """One of ``values`` is what the field says; no field: what any field says. Case counts only where ``cased``."""

    field: str = ""
    how: How = How.EQUALS
    values: tuple[str, ...]
    cased: bool = False


class Measures(Noun, frozen=True, kw_only=True, tag="measures"):
    """The field says a number of that size."""

    field: str
    size: Size
    number: float


class Within(Noun, frozen=True, kw_only=True, tag="within"):
    """The field says an address of that network."""

    field: str
    network: str


class There(Noun, frozen=True, kw_only=True, tag="there"):
    """The record has the field (or, where not ``wanted``, has not)."""

    field: str
    wanted: bool = True


class Same(Noun, frozen=True, kw_only=True, tag="same"):
    """The field says (contains, begins or ends with) what the other field says."""

    field: str
    other: str
    how: How = How.EQUALS


class All(Noun, frozen=True, kw_only=True, tag="all"):
    """Every one holds."""

    of: tuple["Condition", ...]


class OneOf(Noun, frozen=True, kw_only=True, tag="one_of"):
    """At least one holds."""

    of: tuple["Condition", ...]


class Not(Noun, frozen=True, kw_only=True, tag="not"):
    """It does not hold."""

    of: "Condition"


Condition = Says | Measures | Within | There | Same | All | OneOf | Not


class Counted(StrEnum):
    """What is counted of records that come together."""

    RECORDS = "event_count"
    VALUES = "value_count"  # different ones of some fields
    SIGNATURES = "temporal"  # that fit, in whatever order
    STEPS = "temporal_ordered"  # signatures that fit, one after the other


class Alias(Noun, frozen=True, kw_only=True):
    """The records of this signature call a field of the group otherwise."""

    name: str
    signature: str  # as it is named in ``of``
    field: str


class Correlated(Noun, frozen=True, kw_only=True, tag="correlated"):
    """Records that signatures fit come together: within ``within`` by their own time, alike in ``group_by``."""

    counted: Counted
    of: tuple[str, ...]  # signatures, by id or name
    within: timedelta
    size: Size = Size.AT_LEAST
    number: int = 1
    values: tuple[str, ...] = ()  # the fields whose values are counted
    group_by: tuple[str, ...] = ()
    aliases: tuple[Alias, ...] = ()
    expression: Condition | None = None  # instead of a number: on fields named as in ``of``, there once one fitted
    generate: bool = False  # each of ``of`` raises by itself too


Detection = Condition | Correlated


class Logsource(Noun, frozen=True, kw_only=True):
    """Which logs a signature is about; what is empty is left open."""

    product: str = ""
    service: str = ""
    category: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.product, self.service, self.category) if part) or "any log"


class Signature(Noun, frozen=True, kw_only=True):
    """What known bad looks like: it raises an alert for what it fits, with the verdict known bad.

    One that a correlation is about raises nothing by itself, unless the correlation says that it does.
    """

    id: str
    title: str
    severity: Severity
    logsource: Logsource
    condition: Detection
    name: str = ""  # by which correlations may refer to it
    owner: str = ""  # who answers for it
    description: str = ""
    author: str = ""
    licence: str = ""
    tags: tuple[str, ...] = ()  # attack.t1098, ...
    references: tuple[str, ...] = ()
    false_positives: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()  # titles of the Sigma filters that narrow it; they are part of its condition
    pack: str = ""  # the file or folder it came with
    put_by: str = ""
    put_at: datetime | None = None
    ended_by: str = ""
    ended_at: datetime | None = None  # it no longer raises
    hits: int = 0
    last_hit: datetime | None = None
    left_out: int = 0  # hits that a correlation did not count: they lacked a field of its group, or came too late
    revision: int = 0


class Found(Noun, frozen=True, kw_only=True):
    """A signature fits an event: by itself, or (``text``) together with earlier ones that are alike in ``group``."""

    signature: Signature
    text: str = ""
    group: tuple[tuple[str, str], ...] = ()
    events: tuple[str, ...] = ()  # ids of the newest that came together
