"""What may a text about a page say, and how is it made? A small part of Jinja's language, in its sandbox, bounded.

No template can run long or grow large: there are no assignments, calls, macros, arithmetic or nested loops; a loop
runs over one of the short lists below; every filter's result and the whole output are cut at a length.
"""

import difflib
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from aiops.domain.channels import PageTemplate
from aiops.domain.errors import BadConfiguration, BadInput

LONGEST_SOURCE = 8_000  # characters of a template
LONGEST_VALUE = 2_000  # of what a filter returns
LONGEST_SUBJECT = 250
LONGEST_BODY = 16_000
MOST_LISTED = 20  # entries of a list

Facts = Mapping[str, str | int | tuple[str, ...]]

TEXTS = {  # name -> what it holds; the same in docs/pages.md
    "event": "opened, escalated, grew, resolved, reopened or test",
    "mark": "how bad, in capitals: CRITICAL, RESOLVED, BACK: HIGH",
    "title": "of the incident, which begins with where",
    "severity": "critical, high, warning or info",
    "status": "open, acknowledged, resolved or closed",
    "since": "when it began",
    "lasting": "how long that was before this page",
    "route": "who is told",
    "why": "why they are told",
    "why_route": "by which route",
    "suspected": "the first root-cause candidate with its evidence; empty: none is named",
    "abstained": "why none is named",
    "impact": "who is hurt downstream",
    "assignee": "who works on it",
    "link": "to the incident",
}
NUMBERS = {
    "number": "of the incident",
    "alerts": "how many alerts came in",
    "services_total": "how many services alert",
    "also_total": "how many pages were held back until this one",
}
LISTS = {
    "services": "those that alert, the suspected one first",
    "owners": "of the services",
    "business": "business services that are hurt",
    "causes": "root-cause candidates",
    "grouped": "why these alerts are one incident",
    "also": "what was held back until this page, a line each",
}
NAMES = {**TEXTS, **NUMBERS, **LISTS}

SUBJECT = "{{ mark }} #{{ number }} {{ title }}{% if event != 'resolved' %}, since {{ since }}{% endif %}"
BODY = """\
{{ mark }}: {{ title }}
Since {{ since }} ({{ lasting }}){% if status %}, {{ status }}{% endif %}\
{% if assignee %}, {{ assignee }} works on it{% endif %}\
{% if alerts %}: {{ alerts|count("alert") }}, {{ services_total|count("service") }}{% endif %}.
{% if services %}
Where: {{ services|join(", ") }}{% if services_total > 20 %} and more{% endif %}

{% endif %}
{% if suspected %}
Suspected: {{ suspected }}
{% elif abstained %}
Suspected: nothing yet: {{ abstained }}
{% endif %}
{% if impact %}
Hurt: {{ impact }}
{% endif %}
Why you: {{ why }}
{% if also %}

Held back until now ({{ also_total }}):
{% for line in also %}
- {{ line }}
{% endfor %}
{% if also_total > 20 %}
- and more
{% endif %}
{% endif %}
{% if link %}

{{ link }}
{% endif %}
"""
TEST_SUBJECT = "TEST {{ title }}"
TEST_BODY = "This is a test: nothing has happened. {{ why }}.\nA page of an incident would reach you the same way.\n"
DEFAULT = PageTemplate(name="default", subject=SUBJECT, body=BODY)
TEST = PageTemplate(name="test", subject=TEST_SUBJECT, body=TEST_BODY)

FILTERS: Mapping[str, Callable[..., object]] = {
    "upper": lambda text: _cut(str(text).upper()),
    "lower": lambda text: _cut(str(text).lower()),
    "trim": lambda text: _cut(str(text).strip()),
    "truncate": lambda text, length=80: _short(str(text), min(int(length), LONGEST_VALUE)),
    "default": lambda value, other="": value or other,
    "join": lambda parts, by=", ": _cut(str(by)[:20].join(parts) if isinstance(parts, tuple) else str(parts)),
    "first": lambda parts: parts[0] if parts else "",
    "length": lambda value: len(value),
    "count": lambda count, word: _cut(f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"),
}
TESTS = ("defined", "none", "eq", "ne", "in", "lt", "gt", "le", "ge")
ALLOWED: tuple[type[nodes.Node], ...] = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Name, nodes.Const),
    *(nodes.Filter, nodes.Test, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.CondExpr),
    *(nodes.Concat, nodes.Getitem, nodes.Neg),
)


@lru_cache(maxsize=200)
def render(template: PageTemplate, escape: Callable[[str], str] | None = None) -> "Text":
    """Return what makes texts of ``template``, each value passed through ``escape``. BadInput names the place."""
    return Text(template, escape)


class Text:
    """A template, read and found harmless."""

    def __init__(self, template: PageTemplate, escape: Callable[[str], str] | None = None) -> None:
        environment = ImmutableSandboxedEnvironment(
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=(lambda value: escape(str(value))) if escape else None,
        )
        environment.globals.clear()
        environment.filters = dict(FILTERS)
        environment.tests = {name: environment.tests[name] for name in TESTS}
        self._parts = {}
        for part in ("subject", "body"):
            source, place = getattr(template, part), f"template {template.name}, {part}"
            self._parts[part] = environment.from_string(_checked(environment, source, place))
        self._name = template.name

    def subject(self, facts: Facts) -> str:
        """Return one line, cut where it is too long."""
        return _short(" ".join(self._made("subject", facts, LONGEST_SUBJECT * 4).split()), LONGEST_SUBJECT)

    def body(self, facts: Facts) -> str:
        """Return the text, cut where it is too long."""
        return _short(self._made("body", facts, LONGEST_BODY + 1), LONGEST_BODY)

    def _made(self, part: str, facts: Facts, most: int) -> str:
        made: list[str] = []
        length = 0
        try:
            for piece in self._parts[part].generate(facts):
                made.append(piece)
                length += len(piece)
                if length > most:
                    break
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            fix = "try it with `aiops pages preview`"
            raise BadInput(str(error), place=f"template {self._name}, {part}", fix=fix) from error
        return "".join(made)


def check(templates: Iterable[PageTemplate]) -> None:
    """Refuse texts that could not be used. BadConfiguration names the template and its line."""
    facts: Facts = {**dict.fromkeys(TEXTS, "text"), **dict.fromkeys(NUMBERS, 1), **dict.fromkeys(LISTS, ("one",))}
    for template in templates:
        try:
            text = Text(template)
            _ = text.subject(facts), text.body(facts)
        except BadInput as error:
            raise BadConfiguration(error.problem, place=error.place, fix=error.fix) from error


def _checked(environment: ImmutableSandboxedEnvironment, source: str, place: str) -> str:
    """Return ``source`` if nothing in it is beyond what is allowed. BadInput names the line."""
    if len(source) > LONGEST_SOURCE:
        raise BadInput(f"{len(source):,} characters", place=place, fix=f"keep to {LONGEST_SOURCE:,}")
    try:
        tree = environment.parse(source)
    except TemplateError as error:
        line = getattr(error, "lineno", 1)
        raise BadInput(str(error.message), place=f"{place}, line {line}", fix="see docs/pages.md") from error
    bound = {loop.target.name for loop in tree.find_all(nodes.For) if isinstance(loop.target, nodes.Name)}
    for node in tree.find_all(nodes.Node):
        if problem := _problem(node, bound):
            raise BadInput(problem[0], place=f"{place}, line {node.lineno}", fix=problem[1])
    return source


def _problem(node: nodes.Node, bound: set[str]) -> tuple[str, str] | None:
    """Return what is wrong with one piece of a template, and what to do instead; None: nothing."""
    match node:
        case nodes.For():
            if not isinstance(node.iter, nodes.Name) or node.iter.name not in LISTS or node.recursive:
                return "loops run over a list only", f"name one of: {', '.join(LISTS)}"
            if any(node.find_all(nodes.For)):
                return "a loop within a loop", "write one after the other"
        case nodes.Name(name=name) if name not in NAMES and name not in bound:
            near = difflib.get_close_matches(name, NAMES, n=1)
            fix = f"did you mean {near[0]!r}?" if near else f"name one of: {', '.join(NAMES)}"
            return f"nothing is called {name!r}", fix
        case nodes.Filter(name=name) if name not in FILTERS:
            return f"no filter {name!r}", f"use one of: {', '.join(FILTERS)}"
        case nodes.Test(name=name) if name not in TESTS:
            return f"no test {name!r}", f"use one of: {', '.join(TESTS)}"
        case _ if not isinstance(node, ALLOWED):
            return f"{type(node).__name__.lower()} is not allowed here", "see docs/pages.md for what is"
    return None


def _cut(text: str) -> str:
    return text[:LONGEST_VALUE]


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else text[: max(0, length - 1)].rstrip() + "…"
