"""How does one check on AIOps itself from the command line?"""

import typer

from aiops.bootstrap.clock import now
from aiops.cli.chatter import say
from aiops.cli.errors import FINDINGS
from aiops.cli.options import loaded
from aiops.cli.output import Columns, Format, Output, show
from aiops.cli.session import server_of
from aiops.cli.shape import examples, family
from aiops.doctor import Finding, examine

app = family()


@app.command(epilog=examples("doctor", "doctor -o json"))
def doctor(context: typer.Context, output: Output = Format.TABLE) -> None:
    """Check Python, disk, port, store, journal, model and clock; each finding says what mends it."""
    config = loaded(context).config
    findings = list(examine(config, now(), server_of(config)))
    show(findings, columns(), output)
    ill = sum(not one.well for one in findings)
    doubtful = sum(one.warning for one in findings)
    say(_verdict(ill, doubtful, len(findings)))
    if ill:
        raise typer.Exit(FINDINGS)


def _verdict(ill: int, doubtful: int, total: int) -> str:
    if ill:
        return f"{ill} of {total} need a hand"
    return f"{doubtful} of {total} are worth a look" if doubtful else "all is well"


def columns() -> Columns[Finding]:
    """Return what a list of findings shows."""
    return {
        "": lambda one: "PROBLEM" if not one.well else "warning" if one.warning else "ok",
        "What": lambda one: one.name,
        "Found": lambda one: one.text,
        "What mends it": lambda one: one.fix,
    }
