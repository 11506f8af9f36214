"""How does one see the settings from the command line?"""

from typing import Annotated

import typer

from aiops.cli.chatter import clean
from aiops.cli.options import loaded
from aiops.cli.shape import examples, family
from aiops.response.texts import check as check_texts

app = family("What is set, and where.", examples("config show", "config show --origin", "config check"))


@app.command("show", epilog=examples("config show", "config show --origin"))
def show_config(
    context: typer.Context,
    origin: Annotated[bool, typer.Option("--origin", help="Say where each value comes from.")] = False,
) -> None:
    """List every key with its value; secrets are masked."""
    for key, value, place in loaded(context).rows():
        print(clean(f"{key} = {value}{f'  # {place}' if origin else ''}"))


@app.command("check", epilog=examples("config check", "--config prod.toml config check"))
def check_config(context: typer.Context) -> None:
    """Read the settings and say whether all are known and sound."""
    found = loaded(context)
    check_texts(found.config.pages.templates)
    print(f"sound: {len(found.origins)} keys are set, all others have their defaults")
