"""How are runbooks kept from the command line?"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from aiops.cli.chatter import say
from aiops.cli.errors import FINDINGS
from aiops.cli.matchers import HELP, matchers_of
from aiops.cli.output import Columns, Format, Limit, Output, show, show_one
from aiops.cli.session import client
from aiops.cli.shape import examples, family
from aiops.client import Client
from aiops.domain.runbooks import Runbook
from aiops.domain.words import how_many, plural
from api.incident_schemas import AdviceList, RunbookList
from api.requests import NewRunbook
from rules.runbook_files import compare

app = family("What to do about alerts: runbooks.", examples("runbooks", "runbooks sync runbooks/", "runbooks for 12"))
Id = Annotated[str, typer.Argument(metavar="ID")]


def columns() -> Columns[Runbook]:
    """Return what a list of runbooks shows."""
    return {
        "Id": lambda runbook: runbook.id,
        "Name": lambda runbook: runbook.name,
        "For alerts": lambda runbook: ", ".join(runbook.alerts),
        "Where": lambda runbook: " ".join(map(str, runbook.matchers)),
        "Owner": lambda runbook: runbook.owner,
        "Link": lambda runbook: runbook.url,
        "From": lambda runbook: runbook.pack or runbook.put_by,
    }


@app.callback(invoke_without_command=True)
def default(context: typer.Context, output: Output = Format.TABLE) -> None:
    """What to do about alerts; without a command: the list."""
    if context.invoked_subcommand is None:
        show_list(context, output=output)


@app.command("list", epilog=examples("runbooks list --text disk", "runbooks list -o json"))
def show_list(
    context: typer.Context,
    text: Annotated[str, typer.Option(help="Only with these words.")] = "",
    limit: Limit = 200,
    output: Output = Format.TABLE,
) -> None:
    """List runbooks by name, without their texts."""
    with client(context) as one:
        page = one.get("/api/runbooks", RunbookList, {"text": text, "limit": limit})
    show(page.items, columns(), output)
    say(f"{len(page.items)} of {how_many(page.total, page.exact)} runbooks")


@app.command("show", epilog=examples("runbooks show node.DiskFull"))
def show_runbook(context: typer.Context, runbook_id: Id, output: Output = Format.TABLE) -> None:
    """Print one."""
    with client(context) as one:
        found = one.get(f"/api/runbooks/{quote(runbook_id, safe='')}", Runbook)
    show_one(found, "\n".join(filter(None, (found.name, found.url, found.text))), output)


@app.command("for", epilog=examples("runbooks for 12", "runbooks for 12 -o json"))
def show_advice(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="INCIDENT", help="Number (12) or id.")],
    output: Output = Format.TABLE,
) -> None:
    """Say which runbooks fit an incident, and why."""
    with client(context) as one:
        found = one.get(f"/api/incidents/{key.lstrip('#')}/runbooks", AdviceList).items
    show(
        found,
        {"Runbook": lambda one: one.title, "Why": lambda one: one.why, "Where": lambda one: one.url or one.runbook_id},
        output,
    )
    say(f"{plural(len(found), 'runbook')}")


@app.command(
    "add",
    epilog=examples(
        'runbooks add --name "Disk is full" --owner noc --alert DiskFull --url https://wiki.example.com/disk',
        'runbooks add --name "Orders" --owner dba -m service=orders-db --file orders.md',
    ),
)
def add(
    context: typer.Context,
    name: Annotated[str, typer.Option(help="What it is called.")],
    owner: Annotated[str, typer.Option(help="Who answers for it.")],
    alert: Annotated[list[str] | None, typer.Option(help="Name of an alert it is for; repeatable.")] = None,
    match: Annotated[list[str] | None, typer.Option("--match", "-m", help=HELP)] = None,
    url: Annotated[str, typer.Option(help="Where it is written.")] = "",
    file: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="Markdown with its text.")] = None,
    runbook_id: Annotated[str, typer.Option("--id", help="Of the one that it replaces.")] = "",
) -> None:
    """Add or replace one; without alerts and matchers it is found by what it says."""
    body = NewRunbook(
        id=runbook_id,
        name=name,
        owner=owner,
        url=url,
        text=file.read_text("utf-8", "replace") if file else "",
        alerts=tuple(alert or ()),
        matchers=matchers_of(match or []),
    )
    with client(context, new=True) as one:
        print(one.act("POST", "/api/runbooks", body).text)


@app.command("sync", epilog=examples("runbooks sync runbooks/", "runbooks sync noc.yaml --dry-run"))
def sync(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="FILE|FOLDER", help="*.md and *.yaml.", exists=True)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
) -> None:
    """Let the server's runbooks be those of the files: what differs is put, what is gone from them ends.

    One that cannot be used is named, with its place, and stops no other; while there is one, nothing ends.
    """
    with client(context, new=True) as one:
        found = compare(folder, {kept.id: kept for kept in _kept(one)})
        for problem in found.problems:
            print(f"{problem.place}: {problem.problem}; {problem.fix}")
        for runbook in found.changed:
            body = NewRunbook(**{name: getattr(runbook, name) for name in NewRunbook.__struct_fields__})
            print(f"put {runbook.id}" if dry_run else one.act("POST", "/api/runbooks", body).text)
        for key in found.gone:
            print(f"end {key}" if dry_run else _ended(one, key))
    say(plural(len(found.changed) + len(found.gone), "difference"))
    if found.problems:
        raise typer.Exit(FINDINGS)


@app.command("end", epilog=examples("runbooks end runbook-5f0c1a2b3c"))
def end(context: typer.Context, runbook_id: Id) -> None:
    """Offer it no longer."""
    with client(context) as one:
        print(_ended(one, runbook_id))


def _ended(one: Client, runbook_id: str) -> str:
    return one.act("DELETE", f"/api/runbooks/{quote(runbook_id, safe='')}").text


def _kept(one: Client) -> Iterator[Runbook]:
    """Yield every runbook in force, with its text."""
    cursor = ""
    while True:
        page = one.get("/api/runbooks", RunbookList, {"whole": True, "limit": 1_000, "cursor": cursor})
        yield from page.items
        if not (cursor := page.next):
            return
