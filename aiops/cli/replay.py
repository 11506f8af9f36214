"""How does one have the journal run again from the command line?"""

import typer

from aiops.cli.errors import FINDINGS
from aiops.cli.options import loaded
from aiops.cli.output import Format, Output, show_one
from aiops.cli.shape import examples, family
from aiops.domain.errors import BadConfiguration
from aiops.replay import Verification, verify
from aiops.storage.folder import open_configured, open_journal

app = family()


@app.command(epilog=examples("replay", "replay -o json"))
def replay(context: typer.Context, output: Output = Format.TABLE) -> None:
    """Run the journal again in memory and prove that the same documents come out, byte for byte."""
    config = loaded(context).config
    data = config.data
    if not data.is_dir():
        raise BadConfiguration(
            "there is no such data folder", place=str(data), fix="name it: aiops --data FOLDER replay"
        )
    journal, store = open_journal(data), open_configured(data, config.store, readonly=True)
    try:
        found = verify(journal, store)
    finally:
        store.close()
        journal.close()
    show_one(found, "\n".join(_found(found)), output)
    if not found.equal:
        raise typer.Exit(FINDINGS)


def _found(found: Verification) -> list[str]:
    more = found.differing - len(found.differences)
    lines = [f"  {one.collection} {one.key}: {one.text}" for one in found.differences]
    return [found.text, *lines, *([f"  and {more} more"] if more else [])]
