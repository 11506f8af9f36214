"""What does a services.yaml say? Every problem is named with its place and the fix, not just the first."""

import csv
import difflib
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any

import msgspec
import yaml

from aiops.domain.errors import BadInput
from aiops.domain.events import Problem, Severity
from aiops.domain.graph import Edge, EntityKind, EntityMapping, LookUp, Relation, Service, Topology

Reader = Callable[[str], str]

SECTIONS = {
    "services": EntityKind.SERVICE,
    "instances": EntityKind.INSTANCE,
    "hosts": EntityKind.HOST,
    "clusters": EntityKind.CLUSTER,
    "sites": EntityKind.SITE,
}
IMPLIED = {Relation.RUNS_ON: EntityKind.HOST, Relation.PART_OF: EntityKind.CLUSTER}  # kind of a target nobody declared
NODE_KEYS = ("kind", "owner", "tier", "business_service", "runbook", "aliases", *Relation)
MAPPING_KEYS = tuple(EntityMapping.__struct_fields__)
FACTS = ("service", "owner", "severity")
MOST_CHARACTERS = 16_000_000
# What PyYAML raises: beside its own errors those of int, float, date and dict, at values such as 2026-13-45 or "? [a]".
_PYTHONS = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError)
_UNREADABLE = (yaml.YAMLError, *_PYTHONS)


class BadTopology(BadInput):
    """A services file that cannot be used: all its ``problems``; the first one is also the error's own."""

    def __init__(self, problems: list[Problem]) -> None:
        first = problems[0]
        super().__init__(first.problem, place=first.place, fix=first.fix)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join(f"{problem.place}: {problem.problem}; {problem.fix}" for problem in self.problems)


def parse_topology(text: str, place: str, reader: Reader | None = None) -> Topology:
    """Return the graph that the YAML ``text`` states; ``place`` names the file in errors (BadTopology, a BadInput).

    A ``depends_on`` target must be declared. A ``runs_on`` target that is not becomes a host, a ``part_of`` target a
    cluster: such nodes often have nothing more to be said of them. ``reader`` returns the text of a look-up's file and
    raises OSError or BadInput when it cannot.
    """
    return _File(place, reader).read(text)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe YAML in which a key given twice is a mistake, not "the last one wins"."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} stands here twice", key.start_mark)
            seen.add(str(key.value))
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return mapping


class _File:
    """One reading of one file: gathers problems and goes on."""

    def __init__(self, place: str, reader: Reader | None) -> None:
        self._place, self._reader = place, reader
        self._problems: list[Problem] = []
        self._services: dict[str, Service] = {}
        self._edges: dict[Edge, str] = {}  # to the place where it stands

    def read(self, text: str) -> Topology:
        document = self._table(self._yaml(text, ""), "")
        self._known_keys(document, (*SECTIONS, "mapping"), "")
        for section, kind in SECTIONS.items():
            for name, node in self._table(document.get(section), section).items():
                self._node(str(name), node, kind, f"{section}.{name}")
        self._targets()
        self._aliases()
        mapping = self._mapping(self._table(document.get("mapping"), "mapping"))
        if self._problems:
            raise BadTopology(self._problems)
        return Topology(services=tuple(self._services.values()), edges=tuple(self._edges), mapping=mapping)

    def _problem(self, where: str, problem: str, fix: str) -> None:
        place = f"{self._place}: {where}" if where else self._place
        self._problems.append(Problem(place=place, problem=problem, fix=fix))

    def _yaml(self, text: str, where: str) -> object:
        if len(text) > MOST_CHARACTERS:
            self._problem(where, f"{len(text)} characters", f"at most {MOST_CHARACTERS} are read")
            return None
        try:
            return yaml.load(text, Loader=_Loader)
        except _UNREADABLE as error:
            self._problem(where, f"not readable as YAML: {' '.join(str(error).split())}", "mend that line")
            return None

    def _table(self, value: object, where: str) -> dict[Any, Any]:
        if isinstance(value, dict):
            return value
        if value is not None:
            self._problem(where, f"{_short(value)} is not a table", "write `name: value` lines")
        return {}

    def _known_keys(self, table: dict[Any, Any], known: Iterable[str], where: str) -> None:
        for key in table:
            if key not in known:
                fix = _did_you_mean(str(key), known) or f"use one of {', '.join(known)}"
                self._problem(f"{where}.{key}".lstrip("."), f"unknown key {key!r}", fix)

    def _text(self, value: object, where: str) -> str:
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return str(value).strip()
        self._problem(where, f"{_short(value)} is not a text", "write a name or text, in quotes if need be")
        return ""

    def _texts(self, value: object, where: str) -> Iterator[tuple[str, str]]:
        """Yield (place, text) of a list of texts."""
        if value is not None and not isinstance(value, list):
            self._problem(where, f"{_short(value)} is not a list", "write [a, b]")
            return
        for index, item in enumerate(value or ()):
            place = f"{where}[{index}]"
            if text := self._text(item, place):
                yield place, text

    def _node(self, written: str, node: object, kind: EntityKind, where: str) -> None:
        name, table = written.lower(), self._table(node, where)
        self._known_keys(table, NODE_KEYS, where)
        if name in self._services:
            self._problem(where, f"{name!r} is declared twice (names do not differ by case)", "keep one of them")
        words = {
            key: self._text(table.get(key, ""), f"{where}.{key}") for key in ("owner", "business_service", "runbook")
        }
        self._services[name] = Service(
            name=name,
            kind=self._kind(table, kind, where),
            tier=self._tier(table.get("tier", 3), where),
            aliases=tuple(alias.lower() for _, alias in self._texts(table.get("aliases"), f"{where}.aliases")),
            **words,
        )
        for relation in Relation:
            for place, target in self._texts(table.get(relation.value), f"{where}.{relation.value}"):
                self._edges[Edge(source=name, relation=relation, target=target.lower())] = place

    def _kind(self, table: dict[Any, Any], default: EntityKind, where: str) -> EntityKind:
        written = str(table.get("kind", default.value))
        if written in set(EntityKind):
            return EntityKind(written)
        fix = _did_you_mean(written, list(EntityKind)) or f"use one of {', '.join(EntityKind)}"
        self._problem(f"{where}.kind", f"unknown kind {written!r}", fix)
        return default

    def _tier(self, value: object, where: str) -> int:
        if isinstance(value, int) and 1 <= value <= 4:
            return value
        self._problem(f"{where}.tier", f"{_short(value)} is no tier", "write 1 (business-critical) to 4 (nobody minds)")
        return 3

    def _targets(self) -> None:
        """Every edge needs both ends."""
        for edge, place in self._edges.items():
            if edge.target in self._services:
                if edge.target == edge.source:
                    self._problem(place, f"{edge.source!r} points at itself", "leave it out")
            elif kind := IMPLIED.get(edge.relation):
                self._services[edge.target] = Service(name=edge.target, kind=kind)
            else:
                fix = _did_you_mean(edge.target, self._services) or "declare it under services"
                self._problem(place, f"{edge.target!r} is not declared", fix)

    def _aliases(self) -> None:
        """An alias must lead to one node."""
        taken = {name: name for name in self._services}
        for service in self._services.values():
            for index, alias in enumerate(service.aliases):
                if taken.setdefault(alias, service.name) != service.name:
                    where = f"{service.name}.aliases[{index}]"
                    self._problem(where, f"{alias!r} already means {taken[alias]!r}", "keep one of them")

    def _mapping(self, table: dict[Any, Any]) -> EntityMapping:
        self._known_keys(table, MAPPING_KEYS, "mapping")
        default = EntityMapping()
        switches = {}
        for key in ("strip_port", "strip_domain", "pod_to_workload"):
            switches[key] = table.get(key, True)
            if not isinstance(switches[key], bool):
                self._problem(
                    f"mapping.{key}", f"{_short(switches[key])} is neither true nor false", "write true or false"
                )
        labels = tuple(label for _, label in self._texts(table.get("labels"), "mapping.labels"))
        look_ups = self._look_ups(table.get("look_ups"))
        return msgspec.structs.replace(default, labels=labels or default.labels, look_ups=look_ups, **switches)

    def _look_ups(self, value: object) -> tuple[LookUp, ...]:
        if value is not None and not isinstance(value, list):
            self._problem("mapping.look_ups", f"{_short(value)} is not a list", "write `- {label: .., rows: ..}` items")
            return ()
        return tuple(self._look_up(item, f"mapping.look_ups[{index}]") for index, item in enumerate(value or ()))

    def _look_up(self, item: object, where: str) -> LookUp:
        table = self._table(item, where)
        self._known_keys(table, ("label", "rows", "file"), where)
        label = self._text(table.get("label"), f"{where}.label")
        if ("rows" in table) == ("file" in table):
            self._problem(where, "needs either rows or a file", "give exactly one of them")
            return LookUp(label=label, rows={})
        if "rows" in table:
            return LookUp(label=label, rows=self._rows(table["rows"], f"{where}.rows"))
        return LookUp(label=label, rows=self._file(self._text(table["file"], f"{where}.file"), f"{where}.file"))

    def _file(self, name: str, where: str) -> dict[str, dict[str, str]]:
        if self._reader is None:
            self._problem(where, "files cannot be read here", "write the rows in place")
            return {}
        try:
            text = self._reader(name)
        except (OSError, BadInput) as error:
            self._problem(where, f"{name!r} cannot be read: {error}", "check the path")
            return {}
        if name.endswith((".yaml", ".yml")):
            return self._rows(self._yaml(text, name), name)
        return self._csv(text, name)

    def _csv(self, text: str, where: str) -> dict[str, dict[str, str]]:
        """First column: the label's value, whatever its head says; the others: facts."""
        lines = csv.reader(text.splitlines())
        head = [cell.strip() for cell in next(lines, [])]
        self._known_keys(dict.fromkeys(head[1:]), FACTS, f"{where}: line 1")
        rows: dict[Any, Any] = {}
        for cells in lines:
            values = [cell.strip() for cell in cells]
            if any(values):
                rows[values[0]] = {key: cell for key, cell in zip(head[1:], values[1:], strict=False) if cell}
        return self._rows(rows, where)

    def _rows(self, value: object, where: str) -> dict[str, dict[str, str]]:
        rows = {}
        for key, facts in self._table(value, where).items():
            place = f"{where}.{key}"
            table = {"service": facts} if isinstance(facts, str) else self._table(facts, place)
            self._known_keys(table, FACTS, place)
            row = {fact: self._text(table[fact], f"{place}.{fact}") for fact in FACTS if fact in table}
            if "severity" in row and row["severity"] not in set(Severity):
                self._problem(
                    f"{place}.severity", f"unknown severity {row['severity']!r}", f"use {', '.join(Severity)}"
                )
            if "service" in row:
                row["service"] = row["service"].lower()
            rows[str(key)] = row
        return rows


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word.lower(), [str(name) for name in known], n=1)
    return f"did you mean {close[0]!r}?" if close else ""


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
