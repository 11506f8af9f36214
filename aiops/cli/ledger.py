"""How does one see from the command line what became of every event?"""

from typing import Annotated

import typer

from aiops.audit import Audit
from aiops.cli.chatter import say
from aiops.cli.errors import FINDINGS
from aiops.cli.output import Columns, Format, Output, show, show_one
from aiops.cli.session import client
from aiops.cli.shape import examples, family
from aiops.domain.records import SourceRecord
from api.schemas import Ledger, LedgerEntry

app = family()


@app.command(epilog=examples("ledger", "ledger check", "ledger 0-17"))
def ledger(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="ID|check", help="Delivery or event id; or: check.")] = "",
    output: Output = Format.TABLE,
) -> None:
    """Say what became of every event; `check` counts the store anew and fails where something does not agree."""
    with client(context) as one:
        if key and key != "check":
            entry = one.get(f"/api/ledger/{key}", LedgerEntry)
            show_one(entry, entry.text, output)
            return
        lines = one.get("/api/ledger", Ledger)
        found = one.get("/api/ledger/check", Audit) if key else None
    show([*lines.sources, lines.total], columns(), output)
    say(
        f"{lines.pending} entries are not folded yet; the ledger {'balances' if lines.balances else 'DOES NOT BALANCE'}"
    )
    if found is not None:
        say(found.text)
        for finding in found.findings:
            say(f"  {finding}")
        if found.wrong or not lines.balances:
            raise typer.Exit(FINDINGS)


def columns() -> Columns[SourceRecord]:
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
        "Superseded": lambda line: line.superseded,
        "Last": lambda line: line.last_received,
    }
