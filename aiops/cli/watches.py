"""How are dead-man switches kept from the command line?"""

from typing import Annotated

import typer

from aiops.cli.chatter import say
from aiops.cli.matchers import matchers_of
from aiops.cli.output import Columns, Format, Output, show
from aiops.cli.session import client
from aiops.cli.shape import examples, family
from aiops.domain.events import Severity
from aiops.domain.senders import Watch
from aiops.domain.words import plural, span
from api.sender_schemas import WatchBody, WatchList

app = family(
    "Who must be heard every so often: silence raises an alert.",
    examples("watches", "watches add -m alertname=Watchdog --every 5m", "watches end watch-5f0c1a2b3c"),
)


def columns() -> Columns[Watch]:
    """Return what a list of watches shows."""
    return {
        "Id": lambda one: one.id,
        "Must be heard": lambda one: one.about,
        "Every": lambda one: span(one.every),
        "Last beat": lambda one: one.last_beat,
        "Silent since": lambda one: one.silent_since,
        "Owner": lambda one: one.owner,
    }


@app.callback(invoke_without_command=True)
def default(context: typer.Context, output: Output = Format.TABLE) -> None:
    """Who must be heard; without a command: the list."""
    if context.invoked_subcommand is None:
        show_list(context, output=output)


@app.command("list", epilog=examples("watches list", "watches list -o json"))
def show_list(context: typer.Context, output: Output = Format.TABLE) -> None:
    """List dead-man switches."""
    with client(context) as one:
        found = one.get("/api/watches", WatchList)
    show(found.items, columns(), output)
    say(plural(len(found.items), "switch") if len(found.items) == 1 else f"{len(found.items)} switches")


@app.command(
    "add",
    epilog=examples(
        "watches add -m alertname=Watchdog --every 5m --owner noc", "watches add --source backup --every 26h"
    ),
)
def add(
    context: typer.Context,
    every: Annotated[str, typer.Option(help="How often it must be heard: 5m, 26h.")],
    source: Annotated[str, typer.Option(help="Any delivery of this source is a beat.")] = "",
    match: Annotated[list[str] | None, typer.Option("--match", "-m", help="An alert that fires; repeatable.")] = None,
    severity: Annotated[Severity, typer.Option(help="Of the alert that silence raises.")] = Severity.HIGH,
    owner: Annotated[str, typer.Option(help="Who answers for it.")] = "",
    name: Annotated[str, typer.Option("--id", help="Its id; default: made of what is watched.")] = "",
) -> None:
    """Watch a source, or an alert."""
    matchers = matchers_of(match) if match else ()
    body = WatchBody(id=name, source=source, matchers=matchers, every=every, severity=severity, owner=owner)
    with client(context, new=True) as one:
        print(one.act("POST", "/api/watches", body).text)


@app.command("end", epilog=examples("watches end watch-5f0c1a2b3c"))
def end(context: typer.Context, watch_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Watch no longer; an alert that it raised is over."""
    with client(context) as one:
        print(one.act("DELETE", f"/api/watches/{watch_id}").text)
