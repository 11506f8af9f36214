"""How does one put a backup back, from the command line?"""

from pathlib import Path
from typing import Annotated

import typer

from aiops.cli.options import loaded
from aiops.cli.output import Format, Output, show_one
from aiops.cli.shape import examples, family
from aiops.storage.backup import restore as put_back

app = family()


@app.command(epilog=examples("--data aiops-data restore /backups/aiops-monday"))
def restore(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(metavar="FOLDER", help="What `backup` made.")],
    output: Output = Format.TABLE,
) -> None:
    """Make a new data folder of a backup, once every file of it is proved to be as it was written."""
    data = loaded(context).config.data
    manifest = put_back(source, data)
    made = f"{manifest.made_at:%Y-%m-%d %H:%M} UTC"
    show_one(
        manifest, f"{data} is as of {made}, entries up to {manifest.last or 'none'}: start the server on it", output
    )
