"""What have people said of which alerts belong together? Pins, from the command line."""

from typing import Annotated

import typer

from aiops.cli.chatter import say
from aiops.cli.output import Columns, Format, Limit, Output, show
from aiops.cli.session import client
from aiops.cli.shape import examples, family
from aiops.domain.pins import Pin
from aiops.domain.words import how_many
from api.incident_schemas import PinList
from api.requests import TextBody

app = family("What people said of which alerts belong together.", examples("pins", "pins revoke 4"))
All = Annotated[bool, typer.Option("--all", help="Also those that count no more.")]


def columns() -> Columns[Pin]:
    """Return what a list of pins shows."""
    return {
        "#": lambda pin: pin.number,
        "Status": lambda pin: f"overridden by #{pin.overridden_by}" if pin.status == "overridden" else pin.status,
        "Says": lambda pin: pin.says,
        "By": lambda pin: f"{pin.actor} {pin.deed} #{pin.incidents[0]} -> #{pin.incidents[1]}",
        "When": lambda pin: pin.made_at,
        "Why": lambda pin: pin.text,
        "Hits": lambda pin: pin.hits,
        "Last hit": lambda pin: pin.last_hit,
    }


@app.callback(invoke_without_command=True)
def default(context: typer.Context, all_: All = False, output: Output = Format.TABLE) -> None:
    """What people said of which alerts belong together; without a command: the list."""
    if context.invoked_subcommand is None:
        show_list(context, all_=all_, output=output)


@app.command("list", epilog=examples("pins list", "pins list --all -o json"))
def show_list(context: typer.Context, all_: All = False, limit: Limit = 200, output: Output = Format.TABLE) -> None:
    """List pins, the newest first."""
    wanted = {"status": None if all_ else ["active", "overridden"], "limit": limit}
    with client(context) as one:
        page = one.get("/api/pins", PinList, wanted)
    show(page.items, columns(), output)
    say(f"{len(page.items)} of {how_many(page.total, page.exact)} pins")


@app.command("revoke", epilog=examples("pins revoke 4", 'pins revoke 4 --text "they do belong together"'))
def revoke(
    context: typer.Context,
    number: Annotated[str, typer.Argument(metavar="NUMBER")],
    text: Annotated[str, typer.Option(help="Why.")] = "",
) -> None:
    """Let a pin decide no more."""
    with client(context) as one:
        print(one.act("POST", f"/api/pins/{number.lstrip('#')}/revoke", TextBody(text=text)).text)
