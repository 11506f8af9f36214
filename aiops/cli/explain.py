"""Why is it as it is? Explanations and the ledger on the command line."""

from typing import TYPE_CHECKING, Annotated

import typer

from aiops.cli.errors import FINDINGS, examples
from aiops.cli.output import Columns, Format, Output, say, show, show_one
from aiops.cli.session import client

if TYPE_CHECKING:
    from aiops.domain.records import SourceRecord


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(epilog=examples("explain 12", "explain 3f9ad1c2b4e5f607 -o json"))(explain)
    app.command(epilog=examples("ledger", "ledger check", "ledger 0-17"))(ledger)


def explain(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="ID", help="Incident number or id, or an alert's fingerprint.")],
    output: Output = Format.TABLE,
) -> None:
    """Print the trail of reasons of an alert or incident."""
    from api.schemas import Explanation

    with client(context) as one:
        explanation = one.get(f"/api/explain/{key.lstrip('#')}", Explanation)
    show_one(explanation, explanation.text, output)


def ledger(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="[ID|check]", help="Delivery or event id; or: check.")] = "",
    output: Output = Format.TABLE,
) -> None:
    """Say what became of every event; `check` fails when a line does not balance."""
    from api.schemas import Ledger, LedgerEntry

    with client(context) as one:
        if key and key != "check":
            entry = one.get(f"/api/ledger/{key}", LedgerEntry)
            show_one(entry, entry.text, output)
            return
        lines = one.get("/api/ledger", Ledger)
    show([*lines.sources, lines.total], columns(), output)
    say(
        f"{lines.pending} entries are not folded yet; the ledger {'balances' if lines.balances else 'DOES NOT BALANCE'}"
    )
    if key == "check" and not lines.balances:
        raise typer.Exit(FINDINGS)


def columns() -> "Columns[SourceRecord]":
    """Return what the ledger shows."""
    return {
        "Source": lambda line: line.source,
        "Received": lambda line: line.received,
        "Rejected": lambda line: line.rejected,
        "Duplicate": lambda line: line.duplicate,
        "Suppressed": lambda line: line.suppressed,
        "Grouped": lambda line: line.grouped,
        "Standalone": lambda line: line.standalone,
        "Observed": lambda line: line.observed,
        "Last": lambda line: line.last_received,
    }
