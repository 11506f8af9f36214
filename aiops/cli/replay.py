"""How does one have the journal run again from the command line?"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from aiops.bootstrap.clock import now
from aiops.bootstrap.opening import rules_in, topology_in
from aiops.bootstrap.signing import signatures_in
from aiops.cli.chatter import say
from aiops.cli.errors import FINDINGS
from aiops.cli.options import loaded
from aiops.cli.output import Format, Output, show_one
from aiops.cli.shape import examples, family
from aiops.config import load, seconds
from aiops.domain.base import aware
from aiops.domain.errors import BadInput
from aiops.ports import Journal, Store
from aiops.replay.instead import Instead
from aiops.replay.verify import Verification, verify
from aiops.replay.whatif import Told, WhatIf, what_if
from aiops.storage.folder import must_be_in_use, open_configured, open_journal
from api.ui.report import report

NAMED = 20  # of each section

app = family()
_EXAMPLES = examples(
    "replay",
    "replay --since 7d --rules packs/",
    "replay --signatures sigma/",
    "replay --graph services.yaml --html report.html",
    "replay -o json",
)


@app.command(epilog=_EXAMPLES)
def replay(
    context: typer.Context,
    since: Annotated[str, typer.Option(help="Change it from here on: 7d (ago), 2026-11-24T03:00Z.")] = "",
    until: Annotated[str, typer.Option(help="Run no entry that came in later.")] = "",
    rules: Annotated[Path | None, typer.Option(help="Rules instead: a pack or a folder.", exists=True)] = None,
    signatures: Annotated[Path | None, typer.Option(help="Sigma rules instead: file or folder.", exists=True)] = None,
    graph: Annotated[Path | None, typer.Option(help="Service graph instead.", exists=True, dir_okay=False)] = None,
    config: Annotated[Path | None, typer.Option(help="Settings instead (its decisions).", exists=True)] = None,
    html: Annotated[Path | None, typer.Option(help="Write the report as a page, too.", dir_okay=False)] = None,
    output: Output = Format.TABLE,
) -> None:
    """Run the journal again in memory: prove that the same comes out, or show what would have been.

    Without options: the same documents come out, byte for byte, or this ends with a finding. With others: history runs
    twice, as it was and changed; pages, incidents and commands that differ are named. Nothing is written but --html.
    """
    instead = Instead(
        rules=None if rules is None else tuple(rules_in(rules)),
        signatures=None if signatures is None else tuple(signatures_in(signatures)),
        topology=None if graph is None else topology_in(graph),
        settings=None if config is None else load(file=config).config.decisions,
    )
    begin, end = _moment(since, "--since"), _moment(until, "--until")
    with _opened(context) as (journal, store):
        if instead == Instead() and begin is None and end is None and html is None:
            _verified(verify(journal, store), output)
            return
        found = what_if(journal, store, instead, begin, end)
    if html is not None:
        html.write_text(report(found), "utf-8")
        say(f"written: {html}")
    show_one(found, "\n".join(_different(found)), output)


@contextmanager
def _opened(context: typer.Context) -> Iterator[tuple[Journal, Store]]:
    config = loaded(context).config
    data = config.data
    must_be_in_use(data)
    journal, store = open_journal(data), open_configured(data, config.store, readonly=True)
    try:
        yield journal, store
    finally:
        store.close()
        journal.close()


def _moment(text: str, place: str) -> datetime | None:
    """Read a time, or how long ago it is; None: not given."""
    if not text:
        return None
    try:
        return now() - timedelta(seconds=seconds(text))
    except (ValueError, OverflowError):
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"{text!r} is no time", place=place, fix="say 7d, or 2026-11-24T03:00Z") from error
    return aware(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _verified(found: Verification, output: Format) -> None:
    more = found.differing - len(found.differences)
    lines = [f"  {one.collection} {one.key}: {one.text}" for one in found.differences]
    show_one(found, "\n".join([found.text, *lines, *([f"  and {more} more"] if more else [])]), output)
    if not found.equal:
        raise typer.Exit(FINDINGS)


def _different(found: WhatIf) -> Iterator[str]:
    it = found.divergence
    yield found.text
    if it.empty:
        yield "nothing that a person would have seen differs"
    kinds = (("lost, though wanted", it.lost), ("removed", it.removed), ("added", it.added), ("moved", it.moved))
    for title, pages in kinds:
        yield from _section(f"pages {title}", [f"{one.text} ({one.incident})" for one in pages])
    kinds_of = Counter(one.kind for one in it.incidents)
    rare = sorted(it.incidents, key=lambda one: kinds_of[one.kind])  # of what there are hundreds, a few are enough
    yield from _section("incidents", [f"{one.kind}: {one.text}" for one in rare])
    yield from _section("commands that no longer apply", [_command(one) for one in found.refused])
    yield from _section("commands set aside", [_command(one) for one in found.set_aside])


def _section(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield f"{title} ({len(lines)}):"
        yield from (f"  {line}" for line in lines[:NAMED])
        if len(lines) > NAMED:
            yield f"  and {len(lines) - NAMED} more: -o json or --html names all"


def _command(one: Told) -> str:
    return f"{one.position} {one.act.replace('_', ' ')} by {one.actor}: {one.text}"
