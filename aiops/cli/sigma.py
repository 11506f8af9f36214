"""How are Sigma rules looked at from the command line?"""

from pathlib import Path
from typing import Annotated

import typer

from aiops.cli.chatter import say
from aiops.cli.errors import FINDINGS
from aiops.cli.output import Columns, Format, Output, show
from aiops.cli.shape import examples, family
from aiops.domain.signatures import Signature
from aiops.domain.words import plural
from rules.sigma import load_folder
from rules.sigma_cases import test_signatures

app = family("Signatures of known bad: Sigma rules.", examples("rules sigma check sigma", "rules sigma list sigma"))
Folder = Annotated[Path, typer.Argument(metavar="FILE|FOLDER", help="Sigma rules (YAML).", exists=True)]


def columns() -> Columns[Signature]:
    """Return what a list of signatures shows."""
    return {
        "Id": lambda one: one.id,
        "Severity": lambda one: one.severity,
        "Log": lambda one: str(one.logsource),
        "Title": lambda one: one.title,
        "Pack": lambda one: one.pack,
    }


@app.command("check", epilog=examples("rules sigma check sigma", "rules sigma check --cases rules/packs"))
def check(
    folder: Folder,
    cases: Annotated[bool, typer.Option("--cases", help="Prove each by its own cases too.")] = False,
) -> None:
    """Say which rules can be loaded, and of each other one why not, with file, line and fix. Works without a server."""
    read, unread = load_folder(folder)
    problems = test_signatures(folder) if cases else unread
    for problem in problems:
        print(f"{problem.place}: {problem.problem}; {problem.fix}")
    say(f"{len(read)} of {plural(len(read) + len(unread), 'rule')} can be loaded; {plural(len(problems), 'finding')}")
    if problems:
        raise typer.Exit(FINDINGS)


@app.command("list", epilog=examples("rules sigma list sigma", "rules sigma list sigma -o csv"))
def show_list(folder: Folder, output: Output = Format.TABLE) -> None:
    """List the signatures of a file or folder. Works without a server."""
    show([one.signature for one in load_folder(folder)[0]], columns(), output)
