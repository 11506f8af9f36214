"""How is the service graph kept from the command line?"""

from pathlib import Path
from typing import Annotated

import typer

from aiops.cli.chatter import say
from aiops.cli.errors import FINDINGS
from aiops.cli.output import Columns, Format, Limit, Output, show
from aiops.cli.session import client
from aiops.cli.shape import examples, family
from aiops.domain.edges import EdgeRecord
from aiops.domain.records import ServiceRecord
from aiops.domain.words import how_many, plural
from api.schemas import EdgeList, ServiceList
from correlation.services_file import BadTopology, parse_topology

app = family(
    "What depends on what.",
    examples("services", "services check services.yaml", "services import services.yaml", "services proposals"),
)
At = Annotated[str, typer.Option(help="The graph as of then, without health: 2026-03-01T12:00:00Z.")]
EdgeId = Annotated[str, typer.Argument(metavar="ID", help="Of the edge, from `aiops services proposals`.")]
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


@app.command(
    "list", epilog=examples("services list", "services list -o json", "services list --at 2026-03-01T12:00:00Z")
)
def show_list(context: typer.Context, limit: Limit = 200, at: At = "", output: Output = Format.TABLE) -> None:
    """List services, those with firing alerts first, and say how many alerts find their service."""
    with client(context) as one:
        page = one.get("/api/services", ServiceList, {"limit": limit} | ({"at": at} if at else {}))
    show(page.items, columns(), output)
    if at:
        counted = f"{plural(len(page.items), 'service')}, {plural(len(page.edges), 'edge')}"
        say(f"{counted}; graph version {page.graph_version}")
        return
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
    with client(context, new=True) as one:
        print(one.act("POST", "/api/services", document=file.read_bytes()).text)


@app.command("proposals", epilog=examples("services proposals", "services proposals -o json"))
def proposals(context: typer.Context, limit: Limit = 50, output: Output = Format.TABLE) -> None:
    """List edges that the graph seems to lack, and those of it that are never seen."""
    with client(context) as one:
        page = one.get("/api/services/proposals", EdgeList, {"limit": limit})
    show((*page.items, *page.doubted), _edge_columns(), output)
    doubted = f"; {plural(len(page.doubted), 'edge')} of the graph doubted" if page.doubted else ""
    say(f"{len(page.items)} of {how_many(page.total, page.exact)} proposed edges{doubted}")


@app.command("accept", epilog=examples("services accept 9a1f0c2b3d4e5f60"))
def accept(context: typer.Context, edge_id: EdgeId) -> None:
    """Make a proposed edge part of the graph."""
    with client(context) as one:
        print(one.act("POST", f"/api/services/proposals/{edge_id}/accept").text)


@app.command("reject", epilog=examples("services reject 9a1f0c2b3d4e5f60"))
def reject(context: typer.Context, edge_id: EdgeId) -> None:
    """Never propose this edge again; take it out of the graph if it had been accepted."""
    with client(context) as one:
        print(one.act("POST", f"/api/services/proposals/{edge_id}/reject").text)


def _edge_columns() -> Columns[EdgeRecord]:
    return {
        "Id": lambda record: record.edge_id,
        "Service": lambda record: record.edge.source,
        "Depends on": lambda record: record.edge.target,
        "Sure": lambda record: f"{record.edge.confidence:.0%}",
        "Status": lambda record: "doubted" if record.stale else record.status.value,
        "Why": lambda record: record.stale or record.text,
    }
