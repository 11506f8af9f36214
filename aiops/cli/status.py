"""How does one see from the command line where the server stands?"""

import typer

from aiops.cli.output import Format, Output, show_one
from aiops.cli.session import client
from aiops.cli.shape import examples, family
from api.schemas import ServerStatus

app = family()


@app.command(epilog=examples("status", "status -o json"))
def status(context: typer.Context, output: Output = Format.TABLE) -> None:
    """Say how far the engine is and what is open."""
    with client(context) as one:
        found = one.get("/api/status", ServerStatus)
    show_one(found, "\n".join(_stood(found)), output)


def _stood(found: ServerStatus) -> list[str]:
    if found.store:
        return [
            f"store               out of reach: {found.store}",
            f"engine              entry {found.position or 'none'}, {found.lag} behind; what comes in is kept",
            f"version             {found.version}",
        ]
    return [
        f"open incidents      {found.open_incidents}",
        f"firing alerts       {found.firing_alerts} ({found.suppressed_alerts} of them suppressed)",
        f"active rules        {found.active_rules}",
        f"engine              entry {found.position or 'none'}, {found.lag} behind",
        f"pages               {found.pages_pending} on their way, {found.pages_dead} failed",
        *_heartbeat(found),
        f"work left undone    {', '.join(found.shed) or 'none'}",
        f"told to come later  {found.turned_away} deliveries since the server began",
        f"patterns            {found.embedder_why}",
        f"version             {found.version}",
    ]


def _heartbeat(found: ServerStatus) -> list[str]:
    if not found.heartbeat_wanted:
        return []
    return [f"heartbeat           {found.heartbeat.detail if found.heartbeat else 'not heard of yet'}"]
