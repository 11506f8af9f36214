"""Which commands are there? Each lives in the file of its name, which is imported when the command is called."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from aiops.cli.chatter import say
from aiops.cli.errors import EXIT_CODES, code_of
from aiops.cli.lazy import Later
from aiops.cli.options import Options
from aiops.cli.shape import examples, family
from aiops.domain.errors import AiopsError

COMMANDS = {  # name, also of its module -> the first sentence of its help
    "serve": "Run the server: API and page, engine, learner and responder, under one supervisor.",
    "demo": "Fill a folder of its own with a made-up day of alerts, print what became of them, and serve the page.",
    "ingest": "Read a log file: each line becomes an event; errors and never-seen messages can become alerts.",
    "explain": "Print the trail of reasons of an alert or incident.",
    "ledger": "Say what became of every event; `check` counts the store anew and fails where something does not agree.",
    "replay": "Run the journal again in memory: prove that the same comes out, or show what would have been.",
    "doctor": "Check Python, disk, port, store, journal, model and clock; each finding says what mends it.",
    "status": "Say how far the engine is and what is open.",
    "incidents": "List incidents and work on them.",
    "pins": "What people said of which alerts belong together.",
    "rules": "What is known already: rules that say known good or known bad.",
    "silences": "What is not to page for a while.",
    "pages": "Who was told, by which routes and channels, and why somebody was not.",
    "windows": "When is being worked on what: maintenance windows.",
    "inhibitions": "What need not page while something else fires.",
    "runbooks": "What to do about alerts: runbooks.",
    "patterns": "Which messages belong together: templates and patterns.",
    "services": "What depends on what.",
    "sources": "Who delivers, and what holds for it: expiry, rate, secret.",
    "mappings": "How a source is read that nobody described to us: YAML with JMESPath.",
    "watches": "Who must be heard every so often: silence raises an alert.",
    "tokens": "Tokens that programs show, in the data folder: works with and without a running server.",
    "people": "People who sign in with a name and a password, in the data folder.",
    "store": "Where documents are kept: move them to another store.",
    "backup": "Copy journal, documents, snapshots and tokens into a new folder, also while the server runs.",
    "restore": "Make a new data folder of a backup, once every file of it is proved to be as it was written.",
    "config": "What is set, and where.",
}

app = family(
    "Alert triage and correlation: from everything an IT estate says to a few explained incidents.",
    f"{EXIT_CODES}\n\n{examples('demo', 'serve --port 8080', 'incidents', 'explain 12')}",
)
for name, line in COMMANDS.items():
    app.command(name, cls=Later, help=line)(Later.stand_in)


@app.callback(no_args_is_help=True)
def root(
    context: typer.Context,
    config: Annotated[Path | None, typer.Option(help="Settings file; default: aiops.toml where it exists.")] = None,
    data: Annotated[Path | None, typer.Option(help="Data folder.")] = None,
    url: Annotated[str | None, typer.Option(help="Server to talk to; default: the data folder's own.")] = None,
) -> None:
    """Note what is given before the command's name."""
    context.obj = Options(file=config, data=data, url=url)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line (``arguments``: in place of the process's own), then end the process.

    What we raise on purpose ends in one sentence on standard error and an exit code.
    """
    try:
        app(arguments)
    except AiopsError as error:
        say(f"aiops: {error}")
        sys.exit(code_of(error))
