"""Which rules have not ended, which of them does an alert meet, and how often? The book holds them beside silences."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from aiops.domain.alerts import Alert, Verdict
from aiops.domain.base import stable_hash
from aiops.domain.documents import RULES
from aiops.domain.matching import OWN_FIELDS
from aiops.domain.part import Part
from aiops.domain.rules import Rule, RuleStatus
from rules.index import Index

SAMPLED = 50  # one hit in so many of what hides is put aside for a person to look at
MOST_SAMPLED = 20
MOST_FIELDS = 10_000  # label names remembered as seen
COUNTED = (RuleStatus.ACTIVE, RuleStatus.SHADOW)  # met by alerts; all others wait


class Held:
    """By id; documents are put by ``part``. Beside them the fields that alerts had so far: a rule may name another."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._rules: dict[str, Rule] = {}
        self._index = Index()
        self.seen: set[str] = set()

    def __contains__(self, key: object) -> bool:
        return key in self._rules

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules.values())

    def __len__(self) -> int:
        return len(self._rules)

    def get(self, key: str) -> Rule | None:
        """Return one that has not ended."""
        return self._rules.get(key)

    def met(self, fields: Mapping[str, str]) -> list[Rule]:
        """Return those that these fields satisfy, in force or in shadow, whatever else would keep them from it."""
        return [self._rules[key] for key in dict.fromkeys(map(_id, self._index.find(fields)))]

    def put(self, rule: Rule) -> None:
        """Keep a rule, in place of an earlier one of that id."""
        self._unfile(self._rules.get(rule.id))
        self._keep(rule)
        self._file(rule)

    def take_out(self, key: str) -> Rule | None:
        """Hold one no longer and return it; None: there is none of that id."""
        rule = self._rules.pop(key, None)
        self._unfile(rule)
        return rule

    def count(self, rules: Iterable[Rule], alert: Alert, now: datetime) -> None:
        """Each of them was met by an event of the alert."""
        for rule in rules:
            audit = rule.audit
            if rule.verdict is Verdict.KNOWN_GOOD and _sampled(rule, alert):
                audit = (*(key for key in audit if key != alert.fingerprint), alert.fingerprint)[-MOST_SAMPLED:]
            self._keep(msgspec.structs.replace(rule, hits=rule.hits + 1, last_hit=now, audit=audit))

    def see(self, fields: Mapping[str, str]) -> None:
        """Remember field names; rules that waited for one no longer lack it."""
        if self.seen.issuperset(fields):
            return
        new = {name for name in fields if name not in self.seen}
        if len(self.seen) + len(new) > MOST_FIELDS:
            return
        self.seen |= new
        for rule in list(self._rules.values()):
            if new.intersection(rule.unseen):
                self._keep(msgspec.structs.replace(rule, unseen=tuple(sorted(set(rule.unseen) - new))))

    def unseen(self, rule: Rule) -> tuple[str, ...]:
        """Return which fields of its matchers no alert has had yet."""
        return tuple(sorted({item.field for way in rule.ways for item in way}.difference(self.seen, OWN_FIELDS)))

    def load(self, rules: Sequence[Rule], seen: Iterable[str]) -> None:
        """Take over what was held."""
        self._rules = {rule.id: rule for rule in rules}
        self._index, self.seen = Index(), set(seen)
        for rule in rules:
            self._file(rule)

    def _keep(self, rule: Rule) -> None:
        self._rules[rule.id] = rule
        self._part.put(RULES, rule)

    def _file(self, rule: Rule) -> None:
        for number, way in enumerate(rule.ways if rule.status in COUNTED else ()):
            self._index.put(f"{number} {rule.id}", way)

    def _unfile(self, rule: Rule | None) -> None:
        for number, _ in enumerate(rule.ways if rule else ()):
            self._index.drop(f"{number} {rule.id if rule else ''}")


def _sampled(rule: Rule, alert: Alert) -> bool:
    """Is this hit one of those that a person is to look at? One in ``SAMPLED``, whatever came before it."""
    return int(stable_hash("audit", rule.id, alert.event_id), 16) % SAMPLED == 0


def _id(filed: str) -> str:
    """Return the id of the rule that one of its ways is filed under."""
    return filed.partition(" ")[2]
