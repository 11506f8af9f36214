"""How is said from the command line what holds for a source?"""

import sys
from typing import Annotated

import typer

from aiops.cli.chatter import say
from aiops.cli.output import Columns, Format, Output, show
from aiops.cli.session import client
from aiops.cli.shape import examples, family
from aiops.domain.errors import BadInput
from aiops.domain.words import plural, span
from api.sender_schemas import SecretBody, SecretTaken, Sender, SenderList, SettingsBody

app = family(
    "Who delivers, and what holds for it: expiry, rate, secret.",
    examples("sources", "sources set falco --expire-after 6h", "sources secret github < secret.txt"),
)
Source = Annotated[str, typer.Argument(metavar="SOURCE", help="Name of the source: the last part of its URL.")]


def columns() -> Columns[Sender]:
    """Return what a list of sources shows."""
    return {
        "Source": lambda one: one.record.source,
        "Deliveries": lambda one: one.record.deliveries,
        "Last received": lambda one: one.record.last_received,
        "Rejected": lambda one: one.record.rejected,
        "Rate-limited": lambda one: one.turned,
        "Expires after": lambda one: span(one.settings.expire_after) if _expiry(one) and one.settings else "",
        "Rate": lambda one: one.settings.rate if one.settings else None,
        "Secrets": lambda one: ", ".join(one.schemes),
        "Last problem": lambda one: one.record.last_problem.problem if one.record.last_problem else "",
    }


def _expiry(one: Sender) -> bool:
    return one.settings is not None and one.settings.expire_after is not None


@app.callback(invoke_without_command=True)
def default(context: typer.Context, output: Output = Format.TABLE) -> None:
    """Who delivers; without a command: the list."""
    if context.invoked_subcommand is None:
        show_list(context, output=output)


@app.command("list", epilog=examples("sources list", "sources list -o json"))
def show_list(context: typer.Context, output: Output = Format.TABLE) -> None:
    """List sources: what came, what was set."""
    with client(context) as one:
        found = one.get("/api/sources", SenderList)
    show(found.items, columns(), output)
    say(plural(len(found.items), "source"))


@app.command("set", epilog=examples("sources set falco --expire-after 6h", "sources set chatty --rate 20 --burst 200"))
def set_source(
    context: typer.Context,
    source: Source,
    expire_after: Annotated[str, typer.Option(help="An alert without another word is over then: 6h.")] = "",
    rate: Annotated[float | None, typer.Option(help="Deliveries a second that are taken.")] = None,
    burst: Annotated[int, typer.Option(help="Of them at once.")] = 100,
) -> None:
    """Set what holds for a source; what is not given is as if it had never been set."""
    with client(context, new=True) as one:
        body = SettingsBody(expire_after=expire_after, rate=rate, burst=burst)
        print(one.act("PUT", f"/api/sources/{source}", body).text)


@app.command("secret", epilog=examples("sources secret github < secret.txt", "sources secret github --forget"))
def secret(
    context: typer.Context,
    source: Source,
    scheme: Annotated[str, typer.Option(help="How it is shown; default: the source's own way.")] = "",
    forget: Annotated[bool, typer.Option("--forget", help="Ask for no proof any more.")] = False,
) -> None:
    """Let a secret, read from standard input, be good beside the one before it: the sender must show one of them."""
    with client(context, new=True) as one:
        if forget:
            taken = one.send("DELETE", f"/api/sources/{source}/secret", SecretTaken)
        else:
            said = sys.stdin.readline().strip()
            if not said:
                raise BadInput("no secret came in", place="standard input", fix="pipe it in, so that no history has it")
            taken = one.post(f"/api/sources/{source}/secret", SecretTaken, SecretBody(secret=said, scheme=scheme))
    how = f", shown as {taken.scheme}" if taken.scheme else ""
    print(f"{plural(taken.good, 'secret')} of {taken.source} good from now on{how}")
