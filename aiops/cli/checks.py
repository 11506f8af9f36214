"""How does one check on AIOps itself? Replay, doctor, config, status."""

from typing import TYPE_CHECKING, Annotated

import typer

from aiops.cli.errors import FINDINGS, examples
from aiops.cli.output import Format, Output, clean, say, show, show_one
from aiops.cli.session import client, loaded, server_of
from aiops.domain.errors import BadConfiguration

if TYPE_CHECKING:
    from aiops.replay import Verification
    from api.schemas import ServerStatus

config_group = typer.Typer(
    help="What is set, and where.", epilog=examples("config show", "config show --origin", "config check")
)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(epilog=examples("replay", "replay -o json"))(replay)
    app.command(epilog=examples("doctor", "doctor -o json"))(doctor)
    app.command(epilog=examples("status", "status -o json"))(status)


def replay(context: typer.Context, output: Output = Format.TABLE) -> None:
    """Run the journal again in memory and prove that the same documents come out, byte for byte."""
    from aiops.replay import verify
    from aiops.storage.folder import open_journal, open_store

    data = loaded(context).config.data
    if not data.is_dir():
        raise BadConfiguration(
            "there is no such data folder", place=str(data), fix="name it: aiops --data FOLDER replay"
        )
    journal, store = open_journal(data), open_store(data, readonly=True)
    try:
        found = verify(journal, store)
    finally:
        store.close()
        journal.close()
    show_one(found, "\n".join(_found(found)), output)
    if not found.equal:
        raise typer.Exit(FINDINGS)


def doctor(context: typer.Context, output: Output = Format.TABLE) -> None:
    """Check Python, disk, port, store, journal, model and clock; each finding says what mends it."""
    from aiops.bootstrap.clock import now
    from aiops.doctor import examine

    config = loaded(context).config
    findings = list(examine(config, now(), server_of(config)))
    columns = {
        "": lambda one: "ok" if one.well else "PROBLEM",
        "What": lambda one: one.name,
        "Found": lambda one: one.text,
        "What mends it": lambda one: one.fix,
    }
    show(findings, columns, output)
    ill = sum(not one.well for one in findings)
    say("all is well" if not ill else f"{ill} of {len(findings)} need a hand")
    if ill:
        raise typer.Exit(FINDINGS)


def status(context: typer.Context, output: Output = Format.TABLE) -> None:
    """Say how far the engine is and what is open."""
    from api.schemas import ServerStatus

    with client(context) as one:
        found = one.get("/api/status", ServerStatus)
    show_one(found, "\n".join(_stood(found)), output)


@config_group.command("show", epilog=examples("config show", "config show --origin"))
def show_config(
    context: typer.Context,
    origin: Annotated[bool, typer.Option("--origin", help="Say where each value comes from.")] = False,
) -> None:
    """List every key with its value; secrets are masked."""
    for key, value, place in loaded(context).rows():
        print(clean(f"{key} = {value}{f'  # {place}' if origin else ''}"))


@config_group.command("check", epilog=examples("config check", "--config prod.toml config check"))
def check_config(context: typer.Context) -> None:
    """Read the settings and say whether all are known and sound."""
    found = loaded(context)
    print(f"sound: {len(found.origins)} keys are set, all others have their defaults")


def _found(found: "Verification") -> list[str]:
    more = found.differing - len(found.differences)
    lines = [f"  {one.collection} {one.key}: {one.text}" for one in found.differences]
    return [found.text, *lines, *([f"  and {more} more"] if more else [])]


def _stood(found: "ServerStatus") -> list[str]:
    return [
        f"open incidents      {found.open_incidents}",
        f"firing alerts       {found.firing_alerts} ({found.suppressed_alerts} of them suppressed)",
        f"active rules        {found.active_rules}",
        f"engine              entry {found.position or 'none'}, {found.lag} behind",
        f"work left undone    {', '.join(found.shed) or 'none'}",
        f"patterns            {found.embedder_why}",
        f"version             {found.version}",
    ]
