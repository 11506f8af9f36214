"""Which commands are there?"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from aiops.cli import checks, explain, incidents, ingest, patterns, rules, services, serving, silences
from aiops.cli.errors import EXIT_CODES, code_of, examples
from aiops.cli.output import say
from aiops.cli.session import Options
from aiops.domain.errors import AiopsError

app = typer.Typer(
    name="aiops",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    epilog=f"{EXIT_CODES}\n\n{examples('demo', 'serve --port 8080', 'incidents', 'explain 12')}",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def root(
    context: typer.Context,
    config: Annotated[Path | None, typer.Option(help="Settings file; default: aiops.toml where it exists.")] = None,
    data: Annotated[Path | None, typer.Option(help="Data folder.")] = None,
    url: Annotated[str | None, typer.Option(help="Server to talk to; default: the data folder's own.")] = None,
) -> None:
    """Alert triage and correlation: from everything an IT estate says to a few explained incidents."""
    context.obj = Options(file=config, data=data, url=url)


for family in (serving, ingest, explain, checks):
    family.register(app)
for name, group in (
    ("incidents", incidents.group),
    ("rules", rules.group),
    ("silences", silences.group),
    ("patterns", patterns.group),
    ("services", services.group),
    ("config", checks.config_group),
):
    app.add_typer(group, name=name)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line (``arguments``: in place of the process's own), then end the process.

    What we raise on purpose ends in one sentence on standard error and an exit code.
    """
    try:
        app(arguments)
    except AiopsError as error:
        say(f"aiops: {error}")
        sys.exit(code_of(error))
