"""How does one see, and label, the shapes of messages from the command line?"""

from typing import Annotated

import typer

from aiops.cli.chatter import say
from aiops.cli.output import Columns, Format, Limit, Output, show
from aiops.cli.session import client
from aiops.cli.shape import examples, family
from aiops.domain.alerts import Verdict
from aiops.domain.errors import BadInput
from aiops.domain.records import Pattern, Template
from aiops.domain.words import how_many
from api.schemas import PatternList, ScopeList, TemplateList, TemplateScope

app = family(
    "Which messages belong together: templates and patterns.",
    examples("patterns", "patterns templates", "patterns scopes"),
)


def columns() -> Columns[Pattern]:
    """Return what a list of patterns shows."""
    return {
        "Pattern": lambda pattern: pattern.pattern_id,
        "Name": lambda pattern: pattern.name,
        "Templates": lambda pattern: pattern.templates_total,
        "Messages": lambda pattern: pattern.count,
        "Cohesion": lambda pattern: f"{pattern.cohesion:.2f}",
    }


def template_columns() -> Columns[Template]:
    """Return what a list of templates shows."""
    return {
        "Template": lambda template: template.template_id,
        "Scope": lambda template: template.scope,
        "Text": lambda template: template.text,
        "Messages": lambda template: template.count,
        "Pattern": lambda template: template.pattern_id,
        "Was": lambda template: template.origin,  # part of that one before its scope chose its settings
        "Last seen": lambda template: template.last_seen,
    }


def scope_columns() -> Columns[TemplateScope]:
    """Return what a list of scopes shows."""
    return {
        "Scope": lambda scope: scope.scope,
        "Messages": lambda scope: scope.lines,
        "Templates": lambda scope: scope.templates,
        "Settings": lambda scope: f"own, version {scope.version}" if scope.version else "common",
        "Similarity": lambda scope: scope.similarity,
        "Depth": lambda scope: scope.depth,
        "Health": lambda scope: "; ".join(scope.health) or "good",
    }


@app.callback(invoke_without_command=True)
def default(context: typer.Context, output: Output = Format.TABLE) -> None:
    """Which messages belong together; without a command: the patterns."""
    if context.invoked_subcommand is None:
        show_list(context, output=output)


@app.command("list", epilog=examples("patterns list", "patterns list -o json"))
def show_list(context: typer.Context, limit: Limit = 50, output: Output = Format.TABLE) -> None:
    """List patterns, the most frequent first."""
    with client(context) as one:
        page = one.get("/api/patterns", PatternList, {"limit": limit})
    show(page.items, columns(), output)
    say(f"{len(page.items)} of {how_many(page.total, page.exact)} patterns")


@app.command("templates", epilog=examples("patterns templates --limit 200"))
def show_templates(context: typer.Context, limit: Limit = 50, output: Output = Format.TABLE) -> None:
    """List templates, the most frequent first."""
    with client(context) as one:
        page = one.get("/api/templates", TemplateList, {"limit": limit})
    show(page.items, template_columns(), output)
    say(f"{len(page.items)} of {how_many(page.total, page.exact)} templates")


@app.command("scopes", epilog=examples("patterns scopes"))
def show_scopes(context: typer.Context, limit: Limit = 50, output: Output = Format.TABLE) -> None:
    """List scopes: by which settings their messages become templates, and what is wrong with these."""
    with client(context) as one:
        page = one.get("/api/scopes", ScopeList, {"limit": limit})
    show(page.items, scope_columns(), output)
    say(f"{len(page.items)} of {how_many(page.total, page.exact)} scopes")


@app.command("label", epilog=examples('patterns label 5f0c1a2b3c4d5e6f known_good --reason "harmless"'))
def label(
    context: typer.Context,
    template_id: Annotated[str, typer.Argument(metavar="TEMPLATE")],
    verdict: Annotated[str, typer.Argument(help="known_good, known_bad or unknown.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    days: Annotated[int, typer.Option(min=1, max=365, help="Until it expires or is reviewed.")] = 30,
) -> None:
    """Give a template a verdict: makes, replaces or (unknown) ends its rule."""
    if verdict not in list(Verdict):
        raise BadInput(f"{verdict!r} is no verdict", place="VERDICT", fix=f"say one of {', '.join(Verdict)}")
    body = {"verdict": verdict, "reason": reason, "days": days}
    with client(context) as one:
        print(one.act("POST", f"/api/templates/{template_id}/verdict", body).text)
