"""What does an expression of a person say of a document? JMESPath with a few functions of our own, bounded.

JMESPath has no loops, but an expression can double a list at each of its steps: a budget of steps and elements, shared
by all expressions of one delivery, ends that.
"""

from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

import jmespath
import msgspec
import re2
from jmespath import exceptions, functions, visitor

from aiops.domain.errors import BadInput
from ingestion.reading import fields
from ingestion.reading.shape import first_line, host_of
from ingestion.reading.times import moment
from ingestion.syntax import children, nodes, reads

if TYPE_CHECKING:  # names of the published types; nothing of them is there at run time
    from jmespath.functions import _Signature as Kind
    from jmespath.visitor import _TreeNode as Node

LONGEST = 2_000  # characters of one expression
DEEPEST = 60  # nesting of one expression
MOST_SIGNS = 100  # brackets, ! and & of one expression: each may nest
MOST_COPIES = 64  # how often one expression may repeat what it was given, by lists and objects that it makes
BUDGET = 1_000_000  # steps, and elements or letters that they make, of all expressions over one delivery
LONGEST_JSON = 1 << 20  # letters of a text that ``from_json`` reads
LONGEST_TEXT = 65_536  # letters that ``regex`` looks at
_COPYING = ("multi_select_list", "multi_select_dict")
_ANY: "Kind" = {"types": []}
_TEXT: "Kind" = {"types": ["string"]}
_OBJECT: "Kind" = {"types": ["object"]}


class TooMuch(BadInput):
    """The expressions of a mapping ask for more work than one delivery may cost."""

    def __init__(self) -> None:
        fix = "send smaller bodies, or write simpler expressions"
        super().__init__(f"the mapping asks for more than {BUDGET:,} steps", place="mapping", fix=fix)


class _Own(functions.Functions):
    """The functions beside those of JMESPath. What they cannot use is null, so that ``||`` can go on."""

    def __init__(self, received_at: datetime) -> None:
        self._received_at = received_at

    @functions.signature(_ANY)
    def _func_from_json(self, text: object) -> object:
        """Return the JSON that a text holds."""
        if not isinstance(text, str) or len(text) > LONGEST_JSON:
            return None
        try:
            held: object = msgspec.json.decode(text)
        except (msgspec.DecodeError, ValueError, RecursionError):
            return None
        return held

    @functions.signature(_ANY)
    def _func_from_pairs(self, pairs: object) -> object:
        """Return a list of ``[name, value]``, ``{name: , value: }`` or ``{key: , value: }`` as an object."""
        return fields.labels_of(pairs) if isinstance(pairs, list) else None

    @functions.signature(_ANY, _TEXT)
    def _func_split(self, text: object, separator: str) -> object:
        """Return the parts of a text, without the blanks around them."""
        if not isinstance(text, str):
            return None
        return [part.strip() for part in (text.split(separator) if separator else text.split())]

    @functions.signature(_ANY)
    def _func_kv(self, parts: object) -> object:
        """Return ``["a:b", "c=d"]``, or one text of such parts with blanks or commas between them, as an object."""
        return fields.labels_of(fields.container(parts))

    @functions.signature(_ANY, _TEXT)
    def _func_regex(self, text: object, pattern: str) -> object:
        """Return what the first group of ``pattern`` (RE2) finds in a text; without a group all that it finds."""
        searcher = _searcher(pattern)
        if not isinstance(text, str) or searcher is None:
            return None
        found = searcher.search(text[:LONGEST_TEXT].encode("utf-8", "replace"))
        if found is None:
            return None
        part: bytes | None = found.group(1) if found.re.groups else found.group(0)
        return part.decode("utf-8", "replace") if part is not None else None

    @functions.signature(_ANY)
    def _func_parse_time(self, value: object) -> object:
        """Return a time, however it is written, in ISO 8601 and UTC."""
        when = moment(value, self._received_at)
        return when.isoformat() if when else None

    @functions.signature(_ANY, _OBJECT)
    def _func_map_value(self, value: object, table: dict[str, object]) -> object:
        """Return what ``table`` has for a value, as it stands or in lower case."""
        text = fields.text_of(value)
        return table.get(text, table.get(text.lower()))

    @functions.signature(_ANY)
    def _func_first_line(self, text: object) -> object:
        """Return the first line that says something."""
        return first_line(text) or None if isinstance(text, str) else None

    @functions.signature(_ANY)
    def _func_host_of_url(self, url: object) -> object:
        """Return the host of a web address; of anything else what it is."""
        return host_of(url) if isinstance(url, str) else None


class _Bounded(visitor.TreeInterpreter):
    """Counts what every step makes."""

    def __init__(self, received_at: datetime) -> None:
        super().__init__(visitor.Options(custom_functions=_Own(received_at)))
        self.left = BUDGET

    def visit(self, node: "Node", value: object, **unused: object) -> object:
        """Evaluate one step; TooMuch ends it all."""
        self.left -= 1
        made: object = super().visit(node, value)
        if isinstance(made, str | list | dict):
            self.left -= len(made) if node["type"] not in ("field", "current", "identity", "literal") else 0
        if self.left < 0:
            raise TooMuch
        return made


class Evaluator:
    """Evaluates all expressions of one delivery out of one budget."""

    def __init__(self, received_at: datetime) -> None:
        self._tree = _Bounded(received_at)

    def value(self, expression: "Expression", document: object) -> object:
        """Return what the expression finds; BadInput (TooMuch once the budget is spent) says why it cannot."""
        try:
            found: object = self._tree.visit(expression.tree, document)
        except (exceptions.JMESPathError, TypeError, ValueError, RecursionError, OverflowError) as error:
            said = " ".join(str(error).split())[:200]
            raise BadInput(said, place=expression.text[:60], fix="look at the types of what it is given") from error
        return found


class Expression:
    """One expression, compiled."""

    def __init__(self, text: str, place: str) -> None:
        """Compile; BadInput names ``place``."""
        if len(text) > LONGEST:
            raise BadInput(f"{len(text)} characters", place=place, fix=f"write at most {LONGEST}")
        if sum(map(text.count, "([{!&")) > MOST_SIGNS:
            raise BadInput("too many brackets", place=place, fix=f"write at most {MOST_SIGNS}")
        try:
            self.tree = jmespath.compile(text).parsed
        except (exceptions.JMESPathError, RecursionError, ValueError) as error:
            said = str(error).splitlines()[0] if str(error) else type(error).__name__
            fix = "write JMESPath: names with other signs than letters, digits and _ in double quotes"
            raise BadInput(f"not an expression: {said}", place=place, fix=fix) from error
        self.text = text
        self._check(place)
        self.reads = reads(self.tree)

    def _check(self, place: str) -> None:
        copies = 1
        for node, depth in nodes(self.tree):
            if depth > DEEPEST:
                raise BadInput("it nests too deeply", place=place, fix=f"nest at most {DEEPEST} steps")
            if node["type"] in _COPYING:
                copies *= max(1, len(children(node)))
            if node["type"] == "function_expression":
                _check_function(node, place)
        if copies > MOST_COPIES:
            fix = "make fewer lists and objects in one expression"
            raise BadInput(f"it could repeat what it reads {copies} times", place=place, fix=fix)


def _check_function(node: "Node", place: str) -> None:
    name, given = str(node["value"]), children(node)
    known = _Own.FUNCTION_TABLE.get(name)
    if known is None:
        own = "from_json, from_pairs, split, kv, regex, parse_time, map_value, first_line, host_of_url"
        raise BadInput(f"there is no function {name}", place=place, fix=f"use one of JMESPath's, or {own}")
    wanted = known["signature"]
    if len(given) != len(wanted) and not (wanted and wanted[-1].get("variadic")):
        raise BadInput(f"{name} takes {len(wanted)} arguments, not {len(given)}", place=place, fix="give as many")
    pattern = given[1]["value"] if name == "regex" and given[1]["type"] == "literal" else ""
    if isinstance(pattern, str) and _searcher(pattern) is None:
        raise BadInput(f"{pattern!r} is no regular expression", place=place, fix="use RE2 syntax")


@lru_cache(maxsize=1_000)
def _searcher(pattern: str) -> "re2._Regexp | None":
    """Compile a pattern (RE2: linear in the text, bounded memory); None when it is none."""
    options = re2.Options()
    options.max_mem = 8 << 20
    options.log_errors = False
    options.dot_nl = True
    try:
        return re2.compile(pattern.encode("utf-8", "replace"), options)
    except re2.error:
        return None
