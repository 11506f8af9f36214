"""How does one say on the command line what need not page while something else fires?"""

from typing import Annotated

import typer

from aiops.cli.chatter import say
from aiops.cli.ends import end_of
from aiops.cli.matchers import HELP, matchers_of
from aiops.cli.output import Columns, Format, Limit, Output, show
from aiops.cli.session import client
from aiops.cli.shape import examples, family
from aiops.domain.rules import Inhibition
from aiops.domain.words import how_many
from api.requests import NewInhibition
from api.rule_schemas import InhibitionList

app = family("What need not page while something else fires.", examples("inhibitions", "inhibitions expire switch"))


def columns() -> Columns[Inhibition]:
    """Return what a list of inhibitions shows."""
    return {
        "Id": lambda one: one.id,
        "While": lambda one: " ".join(map(str, one.source)),
        "Quiet": lambda one: " ".join(map(str, one.target)),
        "Equal": lambda one: one.equal,
        "Owner": lambda one: one.owner,
        "Reason": lambda one: one.reason,
        "Until": lambda one: one.expires,
        "Hits": lambda one: one.hits,
        "Ended": lambda one: one.ended,
    }


@app.callback(invoke_without_command=True)
def default(context: typer.Context, output: Output = Format.TABLE) -> None:
    """What need not page while something else fires; without a command: the list."""
    if context.invoked_subcommand is None:
        show_list(context, output=output)


@app.command("list", epilog=examples("inhibitions list", "inhibitions list -o json"))
def show_list(context: typer.Context, limit: Limit = 200, output: Output = Format.TABLE) -> None:
    """List inhibitions, those in force first."""
    with client(context) as one:
        page = one.get("/api/inhibitions", InhibitionList, {"limit": limit})
    show(page.items, columns(), output)
    say(f"{len(page.items)} of {how_many(page.total, page.exact)} inhibitions")


@app.command(
    "add",
    epilog=examples(
        "inhibitions add --source alertname=SwitchDown --target alertname=PortDown --equal rack "
        "--owner net --reason 'its ports are down with it'"
    ),
)
def add(
    context: typer.Context,
    source: Annotated[list[str], typer.Option(help=f"What fires: {HELP}")],
    target: Annotated[list[str], typer.Option(help=f"What keeps quiet then: {HELP}")],
    owner: Annotated[str, typer.Option(help="Who answers for it.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    equal: Annotated[list[str] | None, typer.Option(help="Label that both must have alike; repeatable.")] = None,
    for_: Annotated[str, typer.Option("--for", help="Until it expires: 90d.")] = "90d",
) -> None:
    """Let what ``--target`` matches keep quiet while something that ``--source`` matches fires."""
    body = NewInhibition(
        source=matchers_of(source),
        target=matchers_of(target),
        equal=tuple(equal or ()),
        owner=owner,
        reason=reason,
        expires=end_of(for_, "--for"),
    )
    with client(context, new=True) as one:
        print(one.act("POST", "/api/inhibitions", body).text)


@app.command("expire", epilog=examples("inhibitions expire switch"))
def expire(context: typer.Context, inhibition_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """End an inhibition now."""
    with client(context) as one:
        print(one.act("DELETE", f"/api/inhibitions/{inhibition_id}").text)
