"""How is a mapping written down? YAML in, compiled out; what is wrong is told with its file, line and field."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

import re2
import yaml

from aiops.config import seconds
from aiops.domain.errors import BadInput
from aiops.domain.events import Problem, Severity, Status
from aiops.domain.senders import SECOND, YEAR, source_name
from ingestion.expressions import Expression
from ingestion.mapping import OPEN, TIMES, Compiled, Field

LONGEST = 64 << 10  # letters of one mapping
MOST_FIELDS = 200
DEEPEST = 20  # nesting of its YAML
KEYS = ("source", "match", "events", "fields", "identity", "expire_after")
PARTS = ("expr", "map", "default", "time")
FIELDS = ("title", "message", "status", "severity", "service", "host", "environment", *TIMES, "url", "value")
ALL = "[] || [@]"  # of a list its elements, of anything else itself
DOCS = "see docs/mappings.md"


def load(text: str, file: str = "mapping") -> Compiled:
    """Compile a mapping; BadInput names file, line and field, and what would mend it."""
    written = _Written(text, file)
    top = written.mapping((), "the mapping")
    written.known(top, KEYS, ())
    source = source_name(written.text(("source",), required=True), written.place(("source",)))
    headers, body = _match(written)
    fields_ = tuple(_fields(written))
    identity = written.texts(("identity",))
    expire = _duration(written)
    warnings = []
    if not identity:
        said = "no identity: alerts are told apart by their labels and title"
        fix = "add `identity:` with what names a condition, so that its end finds it"
        warnings.append(Problem(place=f"{file}: identity", problem=said, fix=fix))
    names = {field.name for field in fields_}
    if "status" not in names and expire is None:
        said = "no status: nothing it sends ever ends an alert"
        fix = "map `status`, or set `expire_after`"
        warnings.append(Problem(place=f"{file}: fields", problem=said, fix=fix))
    return Compiled(
        source=source,
        headers=headers,
        body=body,
        events=Expression(written.text(("events",)) or ALL, written.place(("events",))),
        fields=fields_,
        identity=tuple(Expression(one, written.place(("identity", str(index)))) for index, one in enumerate(identity)),
        expire_after=expire,
        warnings=tuple(warnings),
    )


def _match(written: "_Written") -> tuple[dict[str, "re2._Regexp"], Expression | None]:
    match = written.mapping(("match",), "match")
    written.known(match, ("header", "body"), ("match",))
    patterns = {}
    for name in written.mapping(("match", "header"), "match.header"):
        path = ("match", "header", name)
        try:
            patterns[name.lower()] = re2.compile(written.text(path, required=True).encode(), _options())
        except re2.error as error:
            raise written.bad(path, f"not a regular expression: {error}", "use RE2 syntax") from error
    body = written.text(("match", "body"))
    return patterns, Expression(body, written.place(("match", "body"))) if body else None


def _options() -> "re2.Options":
    options = re2.Options()
    options.max_mem = 8 << 20
    options.log_errors = False
    return options


def _fields(written: "_Written") -> Iterator[Field]:
    names = written.mapping(("fields",), "fields")
    if not names:
        raise written.bad(("fields",), "no fields", "map at least title, status and severity")
    if len(names) > MOST_FIELDS:
        raise written.bad(("fields",), f"{len(names)} fields", f"map at most {MOST_FIELDS}")
    for name in names:
        path = ("fields", name)
        group, dot, rest = name.partition(".")
        if not (name in FIELDS or (group in OPEN and (rest or not dot))):
            raise written.unknown(name, (*FIELDS, *OPEN), path)
        yield _field(written, name, path)


def _field(written: "_Written", name: str, path: tuple[str, ...]) -> Field:
    value = written.value(path)
    if not isinstance(value, dict):
        return Field(name, Expression(written.text(path, required=True), written.place(path)), {}, None, False)
    written.known(value, PARTS, path)
    if "time" in value and value["time"] != "auto":
        raise written.bad((*path, "time"), f"{value['time']!r} is not known", "write `time: auto`")
    table = written.mapping((*path, "map"), f"{name}.map")
    if name in ("status", "severity"):
        _check_words(written, name, path, table)
    expression = Expression(written.text((*path, "expr"), required=True), written.place((*path, "expr")))
    return Field(name, expression, table, value.get("default"), "time" in value)


def _check_words(written: "_Written", name: str, path: tuple[str, ...], table: Mapping[str, object]) -> None:
    """What a table makes of a word must be one of ours."""
    known: Sequence[str] = (*Status, "acknowledged") if name == "status" else tuple(Severity)
    default = written.value((*path, "default"))
    for said, place in [*((value, ("map", key)) for key, value in table.items()), (default, ("default",))]:
        if said is not None and str(said) not in known:
            raise written.bad((*path, *place), f"{said!r} is no {name}", f"use one of {', '.join(known)}")


def _duration(written: "_Written") -> timedelta | None:
    text = written.text(("expire_after",))
    if not text:
        return None
    try:
        after = timedelta(seconds=seconds(text))
    except (ValueError, OverflowError) as error:
        raise written.bad(("expire_after",), str(error), "write 30m, 24h or 7d") from error
    if not SECOND <= after <= YEAR:
        raise written.bad(("expire_after",), f"{text} is out of bounds", "give from 1 s to 366 days")
    return after


class _Written:
    """A mapping as it was written: its values, and on which line each stands."""

    def __init__(self, text: str, file: str) -> None:
        self._file, self._lines = file, dict[tuple[str, ...], int]()
        if len(text) > LONGEST:
            raise BadInput(f"{len(text):,} letters", place=file, fix=f"write at most {LONGEST:,}")
        try:
            self._look(text)
            node = yaml.compose(text, yaml.SafeLoader)
            self._top = self._plain(node, ()) if node is not None else None
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            said = getattr(error, "problem", None) or "cannot be read"
            place = f"{file}:{mark.line + 1}" if mark else file
            raise BadInput(
                f"not YAML: {said}", place=place, fix="mend the line; quote what has : or # in it"
            ) from error

    def _look(self, text: str) -> None:
        """Refuse what would grow or nest without end; nothing is built yet."""
        depth = 0
        for event in yaml.parse(text, yaml.SafeLoader):
            place = f"{self._file}:{event.start_mark.line + 1 if event.start_mark else 1}"
            if isinstance(event, yaml.AliasEvent):
                raise BadInput("an alias (*)", place=place, fix="write it out")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                raise BadInput("it nests too deeply", place=place, fix=f"nest at most {DEEPEST} levels")

    def _plain(self, node: yaml.Node, path: tuple[str, ...]) -> object:
        """Return the node's value: objects, lists, and every scalar as the text that it is (null as None)."""
        self._lines[path] = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            made: dict[str, object] = {}
            for key, value in node.value:
                name = str(key.value)
                if name in made:
                    raise BadInput(f"{name} stands there twice", place=self.place(path), fix="keep one")
                made[name] = self._plain(value, (*path, name))
                self._lines[(*path, name)] = key.start_mark.line + 1
            return made
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(item, (*path, str(index))) for index, item in enumerate(node.value)]
        return None if node.tag == "tag:yaml.org,2002:null" else str(node.value)

    def place(self, path: tuple[str, ...]) -> str:
        """Say where something stands: file, line, field."""
        known = next((path[:end] for end in range(len(path), -1, -1) if path[:end] in self._lines), ())
        return f"{self._file}:{self._lines.get(known, 1)}{': ' if path else ''}{'.'.join(path)}"

    def bad(self, path: tuple[str, ...], problem: str, fix: str) -> BadInput:
        """Return the error of what stands at ``path``."""
        return BadInput(problem, place=self.place(path), fix=fix)

    def unknown(self, name: str, known: Sequence[str], path: tuple[str, ...]) -> BadInput:
        """Return the error of a name that nobody knows, with the nearest that we do."""
        near = difflib.get_close_matches(name, known, 1)
        return self.bad(
            path, f"{name!r} is not known", f"did you mean {near[0]!r}?" if near else f"use {', '.join(known)}"
        )

    def known(self, value: Mapping[str, object], names: Sequence[str], path: tuple[str, ...]) -> None:
        """Refuse a key that is not one of ``names``."""
        for name in value:
            if name not in names:
                raise self.unknown(name, names, (*path, name))

    def value(self, path: tuple[str, ...]) -> object:
        """Return what stands at ``path``; None where nothing does."""
        found = self._top
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return found

    def mapping(self, path: tuple[str, ...], what: str) -> dict[str, object]:
        """Return the object at ``path``; an empty one where nothing stands."""
        found = self.value(path)
        if found is None and path:
            return {}
        if not isinstance(found, dict):
            raise self.bad(path, f"{what} is no object", f"write `name: value` lines; {DOCS}")
        return found

    def text(self, path: tuple[str, ...], *, required: bool = False) -> str:
        """Return the text at ``path``; empty where nothing stands, unless it must."""
        found = self.value(path)
        if found is None and not required:
            return ""
        if not isinstance(found, str) or not found.strip():
            raise self.bad(path, f"{path[-1]} is missing or no text", f"write an expression or a word; {DOCS}")
        return found

    def texts(self, path: tuple[str, ...]) -> list[str]:
        """Return the texts at ``path``: of a list, or one alone."""
        found = self.value(path)
        if found is None:
            return []
        items = found if isinstance(found, list) else [found]
        if not all(isinstance(item, str) and item.strip() for item in items):
            raise self.bad(path, f"{path[-1]} is no list of expressions", f'write ["check_id"]; {DOCS}')
        return [str(item) for item in items]
