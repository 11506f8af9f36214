"""Which pattern does a template belong to, by what the learner found?"""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from aiops.domain.documents import INCIDENT_VECTORS, PATTERN_VECTORS, PATTERNS, TEMPLATES
from aiops.domain.entries import Learned, Position
from aiops.domain.learned import Direction, Directions, Families, Family
from aiops.domain.part import Part
from aiops.domain.records import Pattern, Template

MOST_MEMBERS = 200  # template ids that a Pattern lists


class _Run(msgspec.Struct):
    """The clustering that is being applied, or was applied last."""

    id: str = ""
    based_on: Position = Position(0, -1)
    chunks: int = 0
    applied: set[int] = set()
    named: set[str] = set()  # patterns


class Patterns(Part):
    """The families of the last clustering. Bounded by the templates that the engine keeps: others are ignored."""

    def __init__(self) -> None:
        super().__init__()
        self.model = ""  # of the last clustering; empty: there was none yet
        self._run = _Run()
        self._patterns: dict[str, Pattern] = {}
        self._of: dict[str, str] = {}

    def of(self, template_id: str) -> str:
        """Return the pattern of a template; empty when it was not clustered yet."""
        return self._of.get(template_id, "")

    def learn(self, learned: Learned, templates: dict[str, Template], now: datetime) -> list[str]:
        """Apply one chunk of a clustering to ``templates`` in place; return the templates whose pattern changed.

        Ignored: a chunk applied before, one that was based on an older state than the last, and one of a run whose
        first chunk was not the last to begin. The last chunk of a run retires the patterns that it did not name.
        """
        found = learned.result
        if isinstance(found, Directions):
            self._point(found)
            return []
        if not isinstance(found, Families) or not self._follows(found, learned.based_on):
            return []
        self.model = found.model
        self._run.applied.add(found.chunk)
        changed: list[str] = []
        for family in found.families:
            changed += self._apply(family, found.model, templates)
        if len(self._run.applied) == found.chunks:
            changed += self._retire(templates)
        return sorted(changed)

    def dump(self) -> bytes:
        """Return all state, for a snapshot."""
        return msgspec.msgpack.encode((self.model, self._run, list(self._patterns.values()), self._of))

    def load(self, state: bytes) -> None:
        """Take over the state that ``dump`` returned."""
        shape = tuple[str, _Run, list[Pattern], dict[str, str]]
        self.model, self._run, patterns, self._of = msgspec.msgpack.decode(state, type=shape)
        self._patterns = {pattern.pattern_id: pattern for pattern in patterns}

    def _point(self, found: Directions) -> None:
        """Say where incidents lie; only what lies in one model's space can be compared."""
        if found.model == self.model:
            for direction in found.incidents:
                self.put(INCIDENT_VECTORS, direction)

    def _follows(self, found: Families, based_on: Position) -> bool:
        """Is this the next chunk of the run at hand, or the first of a newer one?"""
        if found.run == self._run.id:
            return found.chunk not in self._run.applied
        if found.chunk != 0 or based_on < self._run.based_on:
            return False
        self._run = _Run(id=found.run, based_on=based_on, chunks=found.chunks)
        return True

    def _apply(self, family: Family, model: str, templates: dict[str, Template]) -> list[str]:
        known = [template_id for template_id in family.template_ids if template_id in templates]
        if not known:
            return []
        self._run.named.add(family.pattern_id)
        pattern = Pattern(
            pattern_id=family.pattern_id,
            name=family.name,
            template_ids=tuple(known[:MOST_MEMBERS]),
            templates_total=len(known),
            count=sum(templates[template_id].count for template_id in known),
            medoid=family.medoid,
            cohesion=family.cohesion,
            model=model,
        )
        if self._patterns.get(family.pattern_id) != pattern:
            self._patterns[family.pattern_id] = pattern
            self.put(PATTERNS, pattern)
            self.put(PATTERN_VECTORS, Direction(key=pattern.pattern_id, vector=family.vector, model=model))
        return self._assign(known, family.pattern_id, templates)

    def _assign(self, template_ids: Iterable[str], pattern_id: str, templates: dict[str, Template]) -> list[str]:
        changed = []
        for template_id in template_ids:
            record = templates[template_id]
            if record.pattern_id != pattern_id:
                templates[template_id] = record = msgspec.structs.replace(record, pattern_id=pattern_id)
                self.put(TEMPLATES, record)
            if self._of.get(template_id, "") != pattern_id:
                self._of[template_id] = pattern_id
                changed.append(template_id)
        return changed

    def _retire(self, templates: dict[str, Template]) -> list[str]:
        """Let go what the finished run did not name, and what was said of templates that are forgotten."""
        for pattern_id in [pattern_id for pattern_id in self._patterns if pattern_id not in self._run.named]:
            gone = self._patterns.pop(pattern_id)
            self.put(PATTERNS, msgspec.structs.replace(gone, retired=True))
            self.put(PATTERN_VECTORS, Direction(key=pattern_id, vector=b"", model=gone.model))
        self._of = {template_id: of for template_id, of in self._of.items() if template_id in templates}
        orphans = [template_id for template_id, of in self._of.items() if of and of not in self._patterns]
        changed = self._assign(orphans, "", templates)
        self._of = {template_id: of for template_id, of in self._of.items() if of}
        return changed
