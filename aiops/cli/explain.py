"""How does one ask from the command line why something is as it is?"""

from typing import Annotated

import typer

from aiops.cli.output import Format, Output, show_one
from aiops.cli.session import client
from aiops.cli.shape import examples, family
from api.schemas import Explanation

app = family()


@app.command(epilog=examples("explain 12", "explain 3f9ad1c2b4e5f607 -o json"))
def explain(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="ID", help="Incident number or id, or an alert's fingerprint.")],
    output: Output = Format.TABLE,
) -> None:
    """Print the trail of reasons of an alert or incident."""
    with client(context) as one:
        explanation = one.get(f"/api/explain/{key.lstrip('#')}", Explanation)
    show_one(explanation, explanation.text, output)
