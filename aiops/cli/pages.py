"""How does one see from the command line who was told, and try what tells them?"""

from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from aiops.cli.chatter import say
from aiops.cli.output import Columns, Format, Limit, Output, show, show_one
from aiops.cli.session import client
from aiops.cli.shape import examples, family
from aiops.domain.channels import Paging
from aiops.domain.errors import BadInput
from aiops.domain.incidents import Page, PageStatus
from aiops.domain.words import plural
from api.requests import PageTextBody
from api.schemas import Explanation, PageDetail, PageList, PageText

app = family(
    "Who was told, by which routes and channels, and why somebody was not.",
    examples("pages", "pages list --status dead", "pages why 12"),
)
Id = Annotated[str, typer.Argument(metavar="ID", help="Id of a page.")]
Key = Annotated[str, typer.Argument(metavar="INCIDENT", help="Incident number or id, or an alert's fingerprint.")]


def columns() -> Columns[Page]:
    """Return what a list of pages shows."""
    return {
        "Id": lambda page: page.page_id,
        "Made": lambda page: page.made_at,
        "Told": lambda page: page.route,
        "Of what": lambda page: page.event,
        "Severity": lambda page: page.severity,
        "#": lambda page: page.incident_number or "-",
        "Incident": lambda page: page.title,
        "State": lambda page: page.status.replace("_", " "),
        "Channels": lambda page: ", ".join(f"{one.channel} {one.status}" for one in page.sendings) or "none",
    }


@app.callback(invoke_without_command=True)
def default(context: typer.Context, output: Output = Format.TABLE) -> None:
    """Who was told; without a command: the list."""
    if context.invoked_subcommand is None:
        show_list(context, output=output)


@app.command("list", epilog=examples("pages list", "pages list --status dead -o json"))
def show_list(
    context: typer.Context,
    status: Annotated[list[PageStatus] | None, typer.Option(help="Only such; repeatable.")] = None,
    route: Annotated[list[str] | None, typer.Option(help="Only to this route; repeatable.")] = None,
    limit: Limit = 50,
    output: Output = Format.TABLE,
) -> None:
    """List pages, the newest first."""
    with client(context) as one:
        wanted = {"status": [one.value for one in status or ()] or None, "route": route or None, "limit": limit}
        page = one.get("/api/pages", PageList, wanted)
    show(page.items, columns(), output)
    say(f"{len(page.items)} of {plural(page.total, 'page')}")


@app.command("show", epilog=examples("pages show 5f0c1a2b3c4d5e6f-opened"))
def show_page(context: typer.Context, page_id: Id, output: Output = Format.TABLE) -> None:
    """Show one page: what it says, and what became of it over each channel."""
    with client(context) as one:
        detail = one.get(f"/api/pages/{quote(page_id, safe='')}", PageDetail)
    show_one(detail, "\n".join(_told(detail)), output)


@app.command("retry", epilog=examples("pages retry 5f0c1a2b3c4d5e6f-opened"))
def retry(context: typer.Context, page_id: Id) -> None:
    """Try a page again that reached nobody."""
    with client(context) as one:
        print(one.act("POST", f"/api/pages/{quote(page_id, safe='')}/retry").text)


@app.command("test", epilog=examples("pages test pager"))
def try_channel(context: typer.Context, channel: Annotated[str, typer.Argument(help="Name of a channel.")]) -> None:
    """Send a test page over one channel, the way that every page goes; it needs a running server."""
    with client(context) as one:
        outcome = one.act("POST", f"/api/paging/channels/{quote(channel, safe='')}/test")
    print(outcome.text)
    say(f"`aiops pages show {outcome.concerns}` says what became of it")


@app.command("routes", epilog=examples("pages routes", "pages routes -o json"))
def show_routes(context: typer.Context, output: Output = Format.TABLE) -> None:
    """Show routes and channels, as they are configured."""
    with client(context) as one:
        paging = one.get("/api/paging", Paging)
    show_one(paging, "\n".join(_routes(paging)), output)


@app.command("why", epilog=examples("pages why 12", "pages why 3f9ad1c2b4e5f607"))
def why(context: typer.Context, key: Key, output: Output = Format.TABLE) -> None:
    """Say why somebody was paged about an incident or alert, or nobody."""
    with client(context) as one:
        explanation = one.get(f"/api/paging/why/{quote(key.lstrip('#'), safe='')}", Explanation)
    show_one(explanation, explanation.text, output)


@app.command(
    "preview",
    epilog=examples("pages preview 12", "pages preview 12 --template short"),
)
def preview(
    context: typer.Context,
    incident: Key,
    template: Annotated[str, typer.Option(help="Name of one in pages.templates; default: the text that ships.")] = "",
    subject: Annotated[str, typer.Option(help="A subject to try.")] = "",
    body: Annotated[Path | None, typer.Option(help="A file with a text to try.")] = None,
    output: Output = Format.TABLE,
) -> None:
    """Show what a page about an incident would say; nothing is sent."""
    wanted = PageTextBody(incident=incident.lstrip("#"), template=template, subject=subject, body=_read(body))
    with client(context) as one:
        made = one.post("/api/paging/preview", PageText, wanted)
    show_one(made, f"{made.subject}\n\n{made.text}", output)


def _read(file: Path | None) -> str:
    try:
        return file.read_text("utf-8") if file else ""
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot be read: {error}", place=str(file), fix="name a readable file") from error


def _told(detail: PageDetail) -> list[str]:
    page = detail.page
    return [
        f"{page.event} to {page.route} at {page.made_at:%Y-%m-%d %H:%M:%S} UTC: {page.status.replace('_', ' ')}",
        page.reason.text,
        *([page.why_route] if page.why_route else []),
        "",
        *([page.detail] if page.detail else []),
        *(f"{one.channel}: {one.status}, {one.tries} tries {one.detail}".rstrip() for one in page.sendings),
        *([f"held back until this page: {page.also_total}"] if page.also else []),
        *(f"  {line}" for line in page.also),
        "",
        detail.subject,
        "",
        detail.text,
    ]


def _routes(paging: Paging) -> list[str]:
    decisions = paging.decisions
    lines = [f"{number}. {one}{', goes on' if one.goes_on else ''}" for number, one in enumerate(decisions.routes, 1)]
    over = ", ".join(decisions.default_channels) or "every channel"
    return [
        *lines,
        f"else: the owner, else {decisions.default_route}, over {over}",
        "",
        *(f"{channel.name} ({channel.kind}), text: {channel.template or 'default'}" for channel in paging.channels),
        *([] if paging.channels else ["no channel: pages are recorded, and nobody hears them"]),
    ]
