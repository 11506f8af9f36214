"""How are silences kept from the command line?"""

from typing import Annotated

import typer

from aiops.cli.chatter import say
from aiops.cli.ends import end_of
from aiops.cli.matchers import Match, matchers_of
from aiops.cli.output import Columns, Format, Limit, Output, show
from aiops.cli.session import client
from aiops.cli.shape import examples, family
from aiops.config import seconds
from aiops.domain.errors import BadInput
from aiops.domain.rules import Silence
from aiops.domain.words import how_many
from api.requests import NewSilence
from api.rule_schemas import ShelveBody, SilenceList

app = family("What is not to page for a while.", examples("silences", "silences expire silence-5f0c1a2b3c"))

Expiring = Annotated[str, typer.Option(help="Only those in force that end within so long: 24h.")]


def columns() -> Columns[Silence]:
    """Return what a list of silences shows."""
    return {
        "Id": lambda silence: silence.id,
        "Matches": lambda silence: " ".join(map(str, silence.matchers)),
        "Owner": lambda silence: silence.owner,
        "Reason": lambda silence: silence.reason,
        "From": lambda silence: silence.starts_at,
        "Until": lambda silence: silence.ends_at,
        "Hits": lambda silence: silence.hits,
    }


@app.callback(invoke_without_command=True)
def default(context: typer.Context, expiring: Expiring = "", output: Output = Format.TABLE) -> None:
    """What is not to page for a while; without a command: the list."""
    if context.invoked_subcommand is None:
        show_list(context, expiring=expiring, output=output)


@app.command("list", epilog=examples("silences list", "silences list --expiring 24h", "silences list -o json"))
def show_list(
    context: typer.Context, expiring: Expiring = "", limit: Limit = 200, output: Output = Format.TABLE
) -> None:
    """List silences, those that end last first; expiring ones, those that end first."""
    with client(context) as one:
        page = one.get("/api/silences", SilenceList, {"expiring": expiring, "limit": limit})
    show(page.items, columns(), output)
    say(f"{len(page.items)} of {how_many(page.total, page.exact)} silences")


@app.command("add", epilog=examples('silences add -m service=~db.* --for 2h --owner ana --reason "upgrade"'))
def add(
    context: typer.Context,
    match: Match,
    owner: Annotated[str, typer.Option(help="Who answers for it.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    for_: Annotated[str, typer.Option("--for", help="How long: 30m, 2h.")] = "2h",
) -> None:
    """Silence what matches, for a while."""
    body = NewSilence(matchers=matchers_of(match), owner=owner, reason=reason, ends_at=end_of(for_, "--for"))
    with client(context, new=True) as one:
        print(one.act("POST", "/api/silences", body).text)


@app.command("shelve", epilog=examples("silences shelve 5f0c1a2b3c4d5e6f --for 2h --reason 'the vendor is on it'"))
def shelve(
    context: typer.Context,
    fingerprint: Annotated[str, typer.Argument(metavar="FINGERPRINT")],
    for_: Annotated[str, typer.Option("--for", help="How long: 30m, 2h.")] = "1h",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
) -> None:
    """Put one alert aside for a while; it comes back by itself."""
    try:
        minutes = round(seconds(for_) / 60)
    except (ValueError, OverflowError) as error:
        raise BadInput(str(error), place="--for", fix="say e.g. 2h or 30m") from error
    with client(context) as one:
        print(one.act("POST", f"/api/alerts/{fingerprint}/shelve", ShelveBody(minutes=minutes, text=reason)).text)


@app.command("expire", epilog=examples("silences expire silence-5f0c1a2b3c"))
def expire(context: typer.Context, silence_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """End a silence now."""
    with client(context) as one:
        print(one.act("DELETE", f"/api/silences/{silence_id}").text)
