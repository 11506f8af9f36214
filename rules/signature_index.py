"""Which signatures may fit a record? Each is found by the rarest literals that it cannot hold without."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from aiops.domain.signatures import All, Condition, Correlated, How, OneOf, Says, Signature
from rules.conditions import Test, compiled
from rules.record import Record

GRAM = 3  # letters by which literals inside of texts are found
FEW = 24  # so many are searched for one by one


class Anchor(NamedTuple):
    """A field says this as a whole, or (``part``) somewhere in it; in lower case."""

    field: str
    part: bool
    text: str


Anchors = frozenset[Anchor]


class SignatureIndex:
    """Signatures of one kind of log. What it costs depends on the record and on what nearly fits, not on how many."""

    def __init__(self, signatures: Iterable[Signature]) -> None:
        self._signatures: list[Signature] = []
        conditions: list[Condition] = []
        for signature in sorted(signatures, key=lambda signature: signature.id):
            if not isinstance(signature.condition, Correlated):  # these are about signatures, not about records
                self._signatures.append(signature)
                conditions.append(signature.condition)
        self._tests: list[Test] = list(map(compiled, conditions))
        self._whole: dict[str, dict[str, list[int]]] = {}
        self._parts: dict[str, dict[str, list[int]]] = {}
        self._always: list[int] = []
        ways = [list(_ways(condition)) for condition in conditions]
        common = Counter(anchor for each in ways for anchors in each for anchor in anchors)
        grams = Counter((one.field, gram) for one in common if one.part for gram in _grams(one.text))
        for number, each in enumerate(ways):
            if not each:
                self._always.append(number)
                continue
            chosen = min(each, key=lambda anchors: (sum(common[one] for one in anchors), sorted(anchors)))
            for field, part, text in sorted(chosen):
                rarest = min(_grams(text), key=lambda gram: (grams[field, gram], gram)) if part else text
                table = (self._parts if part else self._whole).setdefault(field, {})
                table.setdefault(rarest, []).append(number)

    def __len__(self) -> int:
        return len(self._signatures)

    def find(self, record: Record) -> list[Signature]:
        """Return the signatures that the record fits, by id."""
        return [self._signatures[number] for number in sorted(self._near(record)) if self._tests[number](record)]

    def _near(self, record: Record) -> set[int]:
        """Return the numbers of those whose literals are there."""
        near = set(self._always)
        for field, table in self._whole.items():
            for value in record.lower(field):
                near.update(table.get(value, ()))
        for field, table in self._parts.items():
            for value in record.lower(field):
                for gram in _there(table, value):
                    near.update(table[gram])
        return near


def _there(table: dict[str, list[int]], value: str) -> Iterable[str]:
    if len(table) <= FEW:
        return [gram for gram in table if gram in value]
    return table.keys() & _grams(value)


def _grams(text: str) -> set[str]:
    return {text[at : at + GRAM] for at in range(len(text) - GRAM + 1)}


def _ways(condition: Condition) -> Iterator[Anchors]:
    """Yield sets of anchors of which at least one must be there for the condition to hold."""
    match condition:
        case All(of=of):
            for one in of:
                yield from _ways(one)
        case OneOf(of=of):
            best = [min(_ways(one), key=_weakness, default=None) for one in of]
            if all(best):
                yield frozenset(anchor for anchors in best for anchor in anchors or ())
        case Says(how=How.REGEX):
            return
        case Says(field=field, how=how, values=values):
            part = how is not How.EQUALS or not field
            if not part or all(len(value.lower()) >= GRAM for value in values):
                yield frozenset(Anchor(field.lower(), part, value.lower()) for value in values)


def _weakness(anchors: Anchors) -> tuple[int, int, list[Anchor]]:
    """Few anchors tell more than many, and long ones more than short ones."""
    return len(anchors), -min(len(one.text) for one in anchors), sorted(anchors)
