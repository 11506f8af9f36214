"""How is the service graph kept from the command line?"""

from pathlib import Path
from typing import Annotated

import typer

from aiops.cli.chatter import say
from aiops.cli.errors import FINDINGS
from aiops.cli.output import Columns, Format, Limit, Output, show
from aiops.cli.session import client
from aiops.cli.shape import examples, family
from aiops.domain.records import ServiceRecord
from aiops.domain.words import how_many
from api.schemas import ServiceList
from correlation.services_file import BadTopology, parse_topology

app = family(
    "What depends on what.",
    examples("services", "services check services.yaml", "services import services.yaml"),
)
File = Annotated[Path, typer.Argument(metavar="FILE", help="Service graph (YAML).", exists=True, dir_okay=False)]


def columns() -> Columns[ServiceRecord]:
    """Return what a list of services shows."""
    return {
        "Name": lambda record: record.name,
        "In the graph": lambda record: record.service is not None,
        "Kind": lambda record: record.service.kind if record.service else "",
        "Owner": lambda record: record.service.owner if record.service else "",
        "Tier": lambda record: record.service.tier if record.service else "",
        "Needs": lambda record: tuple(edge.target for edge in record.edges),
        "Firing": lambda record: record.firing,
        "Worst": lambda record: record.worst,
        "Alerts": lambda record: record.seen,
    }


@app.callback(invoke_without_command=True)
def default(context: typer.Context, output: Output = Format.TABLE) -> None:
    """What depends on what; without a command: the list."""
    if context.invoked_subcommand is None:
        show_list(context, output=output)


@app.command("list", epilog=examples("services list", "services list -o json"))
def show_list(context: typer.Context, limit: Limit = 200, output: Output = Format.TABLE) -> None:
    """List services, those with firing alerts first, and say how many alerts find their service."""
    with client(context) as one:
        page = one.get("/api/services", ServiceList, {"limit": limit})
    show(page.items, columns(), output)
    found = page.unmapped
    total = found.mapped + found.unmapped + found.unplaced
    say(f"{len(page.items)} of {how_many(page.total, page.exact)} services; graph version {page.graph_version}")
    say(f"{found.mapped} of {total} alerts name a service of the graph")
    for label, count in found.labels.items():
        say(f"  not in the graph: {label} ({count} alerts)")


@app.command("check", epilog=examples("services check services.yaml"))
def check(file: File) -> None:
    """Check a service graph and name every problem. Works without a server."""
    try:
        topology = parse_topology(file.read_text("utf-8"), str(file))
    except BadTopology as error:
        print(error)
        raise typer.Exit(FINDINGS) from error
    print(f"{file}: {len(topology.services)} nodes, {len(topology.edges)} edges")


@app.command("import", epilog=examples("services import services.yaml"))
def import_(context: typer.Context, file: File) -> None:
    """Let the service graph be this from now on."""
    with client(context) as one:
        print(one.act("POST", "/api/services", document=file.read_bytes()).text)
