"""How is maintenance planned from the command line?"""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from aiops.bootstrap.clock import now
from aiops.cli.chatter import say
from aiops.cli.ends import end_of
from aiops.cli.matchers import Match, matchers_of
from aiops.cli.output import Columns, Format, Limit, Output, show
from aiops.cli.session import client
from aiops.cli.shape import examples, family
from aiops.config import seconds
from aiops.domain.errors import BadInput
from aiops.domain.rules import Window
from aiops.domain.words import how_many
from api.requests import NewWindow
from api.rule_schemas import WindowList

app = family("When is being worked on what: maintenance windows.", examples("windows", "windows --within 7d"))


def columns() -> Columns[Window]:
    """Return what a list of windows shows."""
    return {
        "Id": lambda window: window.id,
        "State": lambda window: window.status,
        "Matches": lambda window: " ".join(map(str, window.matchers)),
        "Owner": lambda window: window.owner,
        "Reason": lambda window: window.reason,
        "Opens": lambda window: window.opens,
        "Closes": lambda window: window.closes,
        "Recurs": lambda window: f"{window.recurs} ({window.zone})" if window.recurs else "",
        "Hits": lambda window: window.hits,
    }


@app.callback(invoke_without_command=True)
def default(
    context: typer.Context,
    within: Annotated[str, typer.Option(help="Open now or within so long: 24h, 7d.")] = "",
    output: Output = Format.TABLE,
) -> None:
    """When is being worked on what; without a command: the list."""
    if context.invoked_subcommand is None:
        show_list(context, within=within, output=output)


@app.command("list", epilog=examples("windows list --within 7d", "windows list -o json"))
def show_list(
    context: typer.Context,
    within: Annotated[str, typer.Option(help="Open now or within so long: 24h, 7d.")] = "",
    limit: Limit = 200,
    output: Output = Format.TABLE,
) -> None:
    """List maintenance windows; proposed ones wait to be accepted."""
    with client(context) as one:
        page = one.get("/api/windows", WindowList, {"within": within, "limit": limit})
    show(page.items, columns(), output)
    say(f"{len(page.items)} of {how_many(page.total, page.exact)} windows")


@app.command(
    "add",
    epilog=examples(
        'windows add -m service=db --for 2h --owner dba --reason "new disks"',
        "windows add -m service=db --from 2027-03-07T02:00 --for 2h --recurs 'FREQ=WEEKLY;BYDAY=SU' "
        "--zone Europe/Berlin --until 180d --owner dba --reason vacuum",
    ),
)
def add(
    context: typer.Context,
    match: Match,
    owner: Annotated[str, typer.Option(help="Who answers for it.")],
    reason: Annotated[str, typer.Option(help="What is being done.")],
    begins: Annotated[str, typer.Option("--from", help="When (UTC unless an offset is given); default: now.")] = "",
    for_: Annotated[str, typer.Option("--for", help="How long: 30m, 2h.")] = "2h",
    recurs: Annotated[str, typer.Option(help="RRULE: FREQ=WEEKLY;BYDAY=SU.")] = "",
    zone: Annotated[str, typer.Option(help="Time zone that the RRULE is read in.")] = "UTC",
    until: Annotated[str, typer.Option(help="A recurring one ends after so long.")] = "180d",
) -> None:
    """Plan maintenance, once or again and again."""
    start = _moment(begins) if begins else now()
    body = NewWindow(
        matchers=matchers_of(match),
        owner=owner,
        reason=reason,
        starts_at=start,
        ends_at=start + _span(for_),
        recurs=recurs,
        zone=zone,
        until=end_of(until, "--until") if recurs else None,
    )
    with client(context, new=True) as one:
        print(one.act("POST", "/api/windows", body).text)


@app.command("accept", epilog=examples("windows accept change_tickets-CHG0030001"))
def accept(context: typer.Context, window_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Accept a window that a change ticket proposed."""
    with client(context) as one:
        print(one.act("POST", f"/api/windows/{window_id}/accept").text)


@app.command("expire", epilog=examples("windows expire window-5f0c1a2b3c"))
def expire(context: typer.Context, window_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """End a window now, with all that would have come of it."""
    with client(context) as one:
        print(one.act("DELETE", f"/api/windows/{window_id}").text)


def _span(text: str) -> timedelta:
    try:
        return timedelta(seconds=seconds(text))
    except (ValueError, OverflowError) as error:
        raise BadInput(str(error), place="--for", fix="say e.g. 2h or 30m") from error


def _moment(text: str) -> datetime:
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"{text!r} is no time", place="--from", fix="write 2027-03-07T02:00 or add +01:00") from error
    return when if when.tzinfo else when.replace(tzinfo=UTC)
