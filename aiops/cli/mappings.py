"""How are mappings kept from the command line?"""

from pathlib import Path
from typing import Annotated

import typer

from aiops.bootstrap.clock import now
from aiops.cli.chatter import say
from aiops.cli.errors import FINDINGS
from aiops.cli.output import Columns, Format, Output, show, show_one
from aiops.cli.session import client
from aiops.cli.shape import examples, family
from aiops.domain.errors import BadInput
from aiops.domain.events import Problem
from aiops.domain.senders import SourceMapping
from aiops.domain.words import plural
from api.sender_schemas import MappingList, MappingPreview, Reread, duration
from ingestion.mapping_file import load

app = family(
    "How a source is read that nobody described to us: YAML with JMESPath.",
    examples("mappings", "mappings check acme.yaml", "mappings preview acme.yaml", "mappings put acme.yaml"),
)
File = Annotated[Path, typer.Argument(metavar="FILE", help="Mapping (YAML).", exists=True, dir_okay=False)]
Source = Annotated[str, typer.Argument(metavar="SOURCE", help="Name of the source: the last part of its URL.")]


def columns() -> Columns[SourceMapping]:
    """Return what a list of mappings shows."""
    return {
        "Source": lambda one: one.source,
        "Version": lambda one: one.version,
        "Put by": lambda one: one.put_by,
        "Put": lambda one: one.put_at,
        "Ended by": lambda one: one.ended_by,
        "Ended": lambda one: one.ended_at,
    }


@app.callback(invoke_without_command=True)
def default(context: typer.Context, output: Output = Format.TABLE) -> None:
    """How sources are read; without a command: the list."""
    if context.invoked_subcommand is None:
        show_list(context, output=output)


@app.command("list", epilog=examples("mappings list", "mappings list --ended -o json"))
def show_list(
    context: typer.Context,
    ended: Annotated[bool, typer.Option("--ended", help="Also versions that were replaced or ended.")] = False,
    output: Output = Format.TABLE,
) -> None:
    """List the mappings in force."""
    with client(context) as one:
        found = one.get("/api/mappings", MappingList, {"ended": "true" if ended else None})
    show(found.items, columns(), output)
    say(plural(found.total, "mapping"))


@app.command("check", epilog=examples("mappings check acme.yaml"))
def check(files: Annotated[list[Path], typer.Argument(metavar="FILE...", exists=True, dir_okay=False)]) -> None:
    """Say what is wrong with mappings, with file, line and field. Works without a server."""
    findings = 0
    for file in files:
        try:
            problems = list(load(_text(file), str(file)).warnings)
        except BadInput as error:
            problems = [Problem(place=error.place, problem=error.problem, fix=error.fix)]
        for problem in problems:
            print(_line(problem))
        findings += len(problems)
    say(plural(findings, "finding") if findings else "all mappings are sound")
    if findings:
        raise typer.Exit(FINDINGS)


@app.command("preview", epilog=examples("mappings preview acme.yaml", "mappings preview acme.yaml -o json"))
def preview(context: typer.Context, file: File, output: Output = Format.TABLE) -> None:
    """Say what it would read of the newest kept deliveries of its source, and what it leaves; nothing is changed."""
    load(_text(file), str(file))
    with client(context) as one:
        found = one.send("POST", "/api/mappings/preview", MappingPreview, file.read_bytes())
    show_one(found, "\n".join(_previewed(found)), output)


@app.command("put", epilog=examples("mappings put acme.yaml", "mappings put acme.yaml --force"))
def put(
    context: typer.Context,
    file: File,
    force: Annotated[bool, typer.Option("--force", help="Though it reads nothing of what was sent so far.")] = False,
) -> None:
    """Read its source by it from here on."""
    for warning in load(_text(file), str(file)).warnings:
        say(_line(warning))
    with client(context, new=True) as one:
        path = "/api/mappings?force=true" if force else "/api/mappings"
        print(one.act("POST", path, document=file.read_bytes()).text)


@app.command("end", epilog=examples("mappings end acme"))
def end(context: typer.Context, source: Source) -> None:
    """Read the source from here on as if there were no mapping."""
    with client(context) as one:
        print(one.act("DELETE", f"/api/mappings/{source}").text)


@app.command("reparse", epilog=examples("mappings reparse acme", "mappings reparse acme --since 6h"))
def reparse(
    context: typer.Context,
    source: Source,
    since: Annotated[str, typer.Option(help="What came in within: 6h, 7d.")] = "1d",
) -> None:
    """Read kept deliveries anew by the mapping in force; what was made of them is superseded, not deleted."""
    begin, cursor = now() - duration(since, "--since"), ""
    deliveries = superseded = gone = 0
    with client(context) as one:
        while True:
            asked = {"since": begin.isoformat(), "cursor": cursor}
            part = one.send("POST", f"/api/mappings/{source}/reparse", Reread, parameters=asked)
            deliveries, superseded, gone = deliveries + part.deliveries, superseded + part.superseded, gone + part.gone
            cursor = part.next
            if not cursor:
                break
            say(f"{deliveries} so far")
    left = f"; {gone} are no longer in the journal" if gone else ""
    print(
        f"{source}: {deliveries} of its kept deliveries were read anew, {plural(superseded, 'event')} superseded{left}"
    )


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"not UTF-8: {error.reason}", place=str(file), fix="save it as UTF-8") from error


def _line(problem: Problem) -> str:
    return f"{problem.place}: {problem.problem}; {problem.fix}"


def _previewed(found: MappingPreview) -> list[str]:
    lines = [
        f"{found.source}: {plural(found.events, 'event')} in the newest {found.deliveries} kept deliveries,"
        f" {plural(found.problems, 'problem')}, {found.unnamed} without identity",
        *(f"  {_line(warning)}" for warning in found.warnings),
    ]
    if found.unmapped:
        lines.append("not read: " + ", ".join(f"{path} ({number})" for path, number in found.unmapped.items()))
    for sample in found.samples:
        lines.append(f"delivery {sample.delivery_id}:")
        lines += [
            f"  {one.status}  {one.severity}  {one.labels.get('service', '-')}  {one.title}" for one in sample.events
        ]
        lines += [f"  {_line(problem)}" for problem in sample.problems]
    return lines
