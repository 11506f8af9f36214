"""How are signatures kept from the command line? Sigma rules: put, listed, ended, proved."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import msgspec
import typer

import rules
from aiops.cli.chatter import say
from aiops.cli.errors import FINDINGS
from aiops.cli.output import Columns, Format, Output, show
from aiops.cli.session import client
from aiops.cli.shape import examples, family
from aiops.cli.sigma_parts import put_all
from aiops.client import Client
from aiops.domain.errors import BadInput
from aiops.domain.events import Problem
from aiops.domain.signatures import Correlated, Signature
from aiops.domain.words import plural
from api.signatures import NewSignatures, SigmaFile, SignatureList, SignaturesPut
from rules.files import files_of
from rules.sigma import load_folder
from rules.sigma_cases import fitting, test_signatures

app = family(
    "Signatures of known bad: Sigma rules.",
    examples("rules sigma test sigma", "rules sigma add sigma --owner security", "rules sigma list"),
)
OURS = Path(rules.__file__).parent / "packs"  # what is shipped


def _found(named: Path) -> Path:
    """Return the file or folder of this name, else the pack of ours."""
    if named.exists():
        return named
    if (ours := OURS / f"{named}.yaml").is_file():
        return ours
    packs = ", ".join(sorted(file.stem for file in OURS.glob("*.yaml")))
    raise BadInput("is not there", place=str(named), fix=f"give a file, a folder or a pack of ours: {packs}")


Folder = Annotated[
    Path, typer.Argument(metavar="FILE|FOLDER|PACK", help="Sigma rules (YAML), or the name of a pack of ours.")
]


def columns() -> Columns[Signature]:
    """Return what a list of signatures shows."""
    return {
        "Id": lambda one: one.id,
        "Severity": lambda one: one.severity,
        "Log": lambda one: "together" if isinstance(one.condition, Correlated) else str(one.logsource),
        "Title": lambda one: one.title,
        "Owner": lambda one: one.owner,
        "Pack": lambda one: one.pack,
        "Tags": lambda one: " ".join(one.tags),
        "Hits": lambda one: one.hits,
        "Last hit": lambda one: one.last_hit,
        "Ended": lambda one: one.ended_at,
    }


@app.command("add", epilog=examples("rules sigma add okta", "rules sigma add sigma/github.yaml --owner security"))
def add(
    context: typer.Context,
    folder: Folder,
    owner: Annotated[str, typer.Option(help="Who answers for rules that name no owner.")] = "",
) -> None:
    """Put the Sigma rules of a file or folder; one that cannot be used is told, and stops no other."""
    files, unread = _files(_found(folder))
    with client(context, new=True) as one:
        done = put_all(
            files, lambda some: one.post("/api/signatures", SignaturesPut, NewSignatures(files=some, owner=owner))
        )
    _tell([*unread, *done.problems])
    say(done.text if done.known else "on disk; the outcome is not known yet")
    if unread or done.problems:
        raise typer.Exit(FINDINGS)


@app.command("list", epilog=examples("rules sigma list", "rules sigma list sigma -o csv", "rules sigma list --ended"))
def show_list(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(metavar="[FILE|FOLDER|PACK]", help="Those of these files, or of a pack of ours.")
    ] = None,
    pack: Annotated[str, typer.Option(help="Only those of this pack.")] = "",
    ended: Annotated[bool, typer.Option("--ended", help="Also those that have ended.")] = False,
    output: Output = Format.TABLE,
) -> None:
    """List signatures with owner and hits; with a file or folder those in it, which works without a server."""
    if folder is not None:
        show([one.signature for one in load_folder(_found(folder))[0]], columns(), output)
        return
    with client(context) as one:
        found = list(_kept(one, pack, ended))
    show(found, columns(), output)
    say(plural(len(found), "signature"))


@app.command("remove", epilog=examples("rules sigma remove repository_deleted", "rules sigma remove --pack github"))
def remove(
    context: typer.Context,
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Which.")] = None,
    pack: Annotated[str, typer.Option(help="All of this pack.")] = "",
) -> None:
    """End signatures now: they raise no more."""
    if not ids and not pack:
        raise BadInput("which?", place="rules sigma remove", fix="give ids, or --pack NAME")
    with client(context) as one:
        gone = [*(ids or []), *(signature.id for signature in (_kept(one, pack, False) if pack else ()))]
        for key in dict.fromkeys(gone):
            print(one.act("DELETE", f"/api/signatures/{quote(key)}").text)
    say(plural(len(gone), "signature"))


@app.command(
    "test", epilog=examples("rules sigma test rules/packs", "rules sigma test sigma/github.yaml --record event.json")
)
def prove(
    folder: Folder,
    record: Annotated[
        Path | None,
        typer.Option(help="Say which fit this record (JSON, as its sender writes it).", exists=True, dir_okay=False),
    ] = None,
) -> None:
    """Prove each rule by its own cases; or say which fit a record. Works without a server."""
    read, unread = load_folder(_found(folder))
    if record is None:
        _report(len(read), len(unread), test_signatures(_found(folder)))
        return
    _tell(unread)
    found = fitting([one.signature for one in read], _record(record))
    show(found, columns(), Format.TABLE)
    say(f"{len(found)} of {plural(len(read), 'rule')} fit the record")
    if not found:
        raise typer.Exit(FINDINGS)


@app.command("check", epilog=examples("rules sigma check sigma", "rules sigma check --cases rules/packs"))
def check(
    folder: Folder,
    cases: Annotated[bool, typer.Option("--cases", help="Prove each by its own cases too.")] = False,
) -> None:
    """Say which rules can be loaded, and of each other one why not, with file, line and fix. Works without a server."""
    read, unread = load_folder(_found(folder))
    _report(len(read), len(unread), test_signatures(_found(folder)) if cases else unread)


def _report(read: int, unread: int, problems: list[Problem]) -> None:
    _tell(problems)
    say(f"{read} of {plural(read + unread, 'rule')} can be loaded; {plural(len(problems), 'finding')}")
    if problems:
        raise typer.Exit(FINDINGS)


def _tell(problems: list[Problem]) -> None:
    for problem in problems:
        print(f"{problem.place}: {problem.problem}; {problem.fix}")


def _files(folder: Path) -> tuple[list[SigmaFile], list[Problem]]:
    """Read the files as they are sent, and tell which are no text."""
    files: list[SigmaFile] = []
    problems: list[Problem] = []
    for file in files_of(folder):
        try:
            files.append(SigmaFile(name=str(file), text=file.read_text("utf-8")))
        except (OSError, UnicodeDecodeError) as error:
            problems.append(Problem(place=str(file), problem=f"cannot be read: {error}", fix="save it as UTF-8"))
    return files, problems


def _record(file: Path) -> dict[str, object]:
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, object])
    except (OSError, msgspec.MsgspecError) as error:
        raise BadInput(f"no JSON object: {error}", place=str(file), fix="give one record of the log") from error


def _kept(one: Client, pack: str, ended: bool) -> Iterator[Signature]:
    """Yield the signatures that the server keeps."""
    asked = {"pack": pack, "ended": None if ended else False, "limit": 1_000}
    cursor = ""
    while True:
        page = one.get("/api/signatures", SignatureList, {**asked, "cursor": cursor})
        yield from page.items
        if not (cursor := page.next):
            return
