"""Which correlations hear of which signatures, and which of these raise nothing by themselves?"""

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from aiops.domain.signatures import Correlated, Signature


class Links:
    """Of the signatures in force. References are ids or, where there is none of that id, names."""

    def __init__(self, signatures: Iterable[Signature]) -> None:
        every = sorted(signatures, key=lambda one: one.id)
        names = {one.name: one.id for one in reversed(every) if one.name} | {one.id: one.id for one in every}
        self._of: dict[str, dict[str, str]] = {}  # correlation -> id of the signature -> what it is called there
        self._missing: dict[str, list[str]] = {}
        raising: set[str] = set()
        for one in every:
            if isinstance(detection := one.condition, Correlated):
                self._of[one.id] = {names[name]: name for name in detection.of if name in names}
                self._missing[one.id] = [name for name in detection.of if name not in names]
                raising |= self._of[one.id].keys() if detection.generate else set()
        self.heard = {key for of in self._of.values() for key in of}  # by a correlation
        self.quiet = self.heard - raising  # ids of those that raise nothing by themselves
        self.order, self.circle = _order(self._of)  # ids of the correlations; those that others are about come first
        self._about: dict[str, list[str]] = {}  # signature -> the correlations about it, in that order
        for correlation in self.order:
            for key in self._of[correlation]:
                self._about.setdefault(key, []).append(correlation)

    def names(self, correlation: str, hit: Iterable[str]) -> list[str]:
        """Return what the correlation calls those of the signatures ``hit`` that it is about."""
        called = self._of[correlation]
        return [called[key] for key in hit if key in called]

    def missing(self, correlation: str) -> list[str]:
        """Return the signatures that a correlation is about and that are not in force."""
        return self._missing.get(correlation, [])

    def under(self, correlation: str) -> set[str]:
        """Return the ids of all that a correlation is about, over however many others; it leads in no circle."""
        found, left = set[str](), [correlation]
        while left:
            new = self._of.get(left.pop(), {}).keys() - found
            found |= new
            left += new
        return found

    def about(self, key: str) -> list[str]:
        """Return the ids of the correlations that are about a signature."""
        return self._about.get(key, [])


def chunks(signatures: Iterable[Signature], size: int = 100) -> list[tuple[Signature, ...]]:
    """Cut into what may be put one after the other: what correlations are about comes before them."""
    every = list(signatures)
    place = {key: number for number, key in enumerate(Links(every).order)}
    every.sort(key=lambda one: place.get(one.id, -1))
    return [tuple(every[at : at + size]) for at in range(0, len(every), size)]


def astray(new: Iterable[Signature], present: Iterable[Signature]) -> dict[str, str]:
    """Return why some of the ``new`` correlations cannot be put beside what is ``present``, by their ids."""
    left = {one.id: one for one in new}
    here = {one.id: one for one in present}
    why: dict[str, str] = {}
    while True:
        links = Links((here | left).values())
        found = {key: f"{', '.join(gone)} is not there" for key in left if (gone := links.missing(key))}
        around = " -> ".join(links.circle)
        found |= {key: f"correlations lead in a circle: {around}" for key in links.circle if key in left}
        if not found:
            return why
        why |= found
        left = {key: one for key, one in left.items() if key not in why}


def _order(of: Mapping[str, Mapping[str, str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the order, or else the circle in which they lead."""
    try:
        order = TopologicalSorter({key: sorted(about.keys()) for key, about in of.items()}).static_order()
        return tuple(key for key in order if key in of), ()
    except CycleError as error:
        return (), tuple(error.args[1])
