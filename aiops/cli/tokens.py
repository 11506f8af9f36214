"""How are API tokens kept from the command line?"""

from datetime import timedelta
from typing import Annotated

import typer

from aiops.bootstrap.clock import now
from aiops.cli.chatter import say
from aiops.cli.ends import end_of
from aiops.cli.opening import access, note
from aiops.cli.output import Columns, Format, Output, show
from aiops.cli.shape import examples, family
from aiops.config import seconds
from aiops.domain.errors import BadInput
from aiops.domain.words import plural
from api.access import Token
from api.grants import Scope

app = family(
    "Tokens that programs show, in the data folder: works with and without a running server.",
    examples("tokens", "tokens create prometheus", "tokens create ci --scope read --expires 90d"),
)
Id = Annotated[str, typer.Argument(metavar="ID", help="As `aiops tokens list` shows it.")]


def columns() -> Columns[Token]:
    """Return what a list of tokens shows; the tokens themselves nobody knows any more."""
    return {
        "Id": lambda one: one.id,
        "Name": lambda one: one.name,
        "Scopes": lambda one: one.scopes,
        "Created": lambda one: one.created_at,
        "Expires": lambda one: one.expires_at,
        "Last used": lambda one: one.used_at,
    }


@app.callback(invoke_without_command=True)
def default(context: typer.Context, output: Output = Format.TABLE) -> None:
    """Tokens that programs show; without a command: the list."""
    if context.invoked_subcommand is None:
        show_list(context, output=output)


@app.command("list", epilog=examples("tokens list", "tokens list -o json"))
def show_list(context: typer.Context, output: Output = Format.TABLE) -> None:
    """List tokens: whose, what for, until when, and when each was last used (to the hour)."""
    with access(context) as one:
        tokens = one.tokens()
    show(tokens, columns(), output)
    say(plural(len(tokens), "token"))


@app.command("create", epilog=examples("tokens create prometheus", "tokens create ci --scope read --expires 90d"))
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whom it is for: acts bear this name.")],
    scope: Annotated[list[Scope] | None, typer.Option(help="What it is good for; default: ingest.")] = None,
    expires: Annotated[str, typer.Option(help="After how long it ends: 90d; default: never.")] = "",
) -> None:
    """Make a token and print it, this once."""
    with access(context, new=True) as one:
        end = end_of(expires, "--expires") if expires else None
        token = one.create_token(name, scope or [Scope.INGEST], now(), end)
    note("a token was made", who=name, scopes=" ".join(scope or [Scope.INGEST]))
    print(token)


@app.command("rotate", epilog=examples("tokens rotate 5f0c1a2b3c4d", "tokens rotate 5f0c1a2b3c4d --overlap 0s"))
def rotate(
    context: typer.Context,
    identifier: Id,
    overlap: Annotated[str, typer.Option(help="How long the old one is still good.")] = "1d",
) -> None:
    """Make another token with the same rights and print it, this once; the old one ends after a while."""
    try:
        still = timedelta(seconds=seconds(overlap))
    except (ValueError, OverflowError) as error:
        raise BadInput(str(error), place="--overlap", fix="say e.g. 2h or 1d") from error
    with access(context) as one:
        token = one.rotate(identifier, now(), still)
    note("a token was rotated", id=identifier)
    print(token)


@app.command("revoke", epilog=examples("tokens revoke 5f0c1a2b3c4d"))
def revoke(context: typer.Context, identifier: Id) -> None:
    """Let a token be good for nothing, from now on; sessions that began with it end."""
    with access(context) as one:
        one.revoke(identifier)
    note("a token was revoked", id=identifier)
    print(f"{identifier} is good for nothing any more")
