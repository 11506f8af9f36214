"""What does known bad look like in one record of a log? Signatures: conditions on its fields, and where they hold."""

from datetime import datetime
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


class Logsource(Noun, frozen=True, kw_only=True):
    """Which logs a signature is about; what is empty is left open."""

    product: str = ""
    service: str = ""
    category: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.product, self.service, self.category) if part) or "any log"


class Signature(Noun, frozen=True, kw_only=True):
    """What known bad looks like: it raises an alert for every record that it fits, with the verdict known bad."""

    id: str
    title: str
    severity: Severity
    logsource: Logsource
    condition: Condition
    description: str = ""
    author: str = ""
    licence: str = ""
    tags: tuple[str, ...] = ()  # attack.t1098, ...
    references: tuple[str, ...] = ()
    false_positives: tuple[str, ...] = ()
    pack: str = ""  # the file or folder it came with
    put_by: str = ""
    put_at: datetime | None = None
    ended_by: str = ""
    ended_at: datetime | None = None  # it no longer raises
    hits: int = 0
    last_hit: datetime | None = None
    revision: int = 0
