"""Which known-good rules have expired but are still met? Whoever is woken by such an alert is told."""

from collections.abc import Mapping

import msgspec

from aiops.domain.rules import Rule
from rules.index import Index

MOST = 1_000  # expired rules remembered; the longest expired is forgotten


class Late:
    """Expired known-good rules by id; a rule that is put again is no longer among them."""

    def __init__(self) -> None:
        self._rules: dict[str, Rule] = {}
        self._index = Index()

    def put(self, rule: Rule) -> None:
        """Remember a rule that expired."""
        self.drop(rule.id)
        self._rules[rule.id] = rule
        for number, way in enumerate(rule.ways):
            self._index.put(f"{number} {rule.id}", way)
        if len(self._rules) > MOST:
            self.drop(next(iter(self._rules)))

    def drop(self, key: str) -> None:
        """Forget one; nothing happens when there is none of that id."""
        if rule := self._rules.pop(key, None):
            for number, _ in enumerate(rule.ways):
                self._index.drop(f"{number} {key}")

    def met(self, fields: Mapping[str, str]) -> list[Rule]:
        """Return those that these fields satisfy, each with one miss more."""
        if not self._rules:
            return []
        found = sorted({key.partition(" ")[2] for key in self._index.find(fields)})
        for key in found:
            self._rules[key] = msgspec.structs.replace(self._rules[key], missed=self._rules[key].missed + 1)
        return [self._rules[key] for key in found]

    def all(self) -> list[Rule]:
        """Return all of them, the longest expired first."""
        return list(self._rules.values())
