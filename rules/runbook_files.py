"""How are runbooks written down? Markdown with YAML in front, or YAML packs; read, and compared with what is kept.

A Markdown file is one runbook. Its front matter (YAML between two lines of ``---``) may say ``id``, ``name``,
``owner``, ``alerts`` and ``match``; without ``alerts`` and ``match`` it is for the alert that its file or its first
heading is called by. A YAML file is a list of runbooks of the same fields, with ``url`` or ``text``.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import yaml

from aiops.domain.base import Noun
from aiops.domain.errors import BadInput
from aiops.domain.events import Problem
from aiops.domain.runbooks import Runbook
from rules.files import items_of
from rules.pack import matchers_of
from rules.runbooks import MOST, faults

NOBODY = "unowned"  # whose a Markdown file is that names no owner


class _Written(msgspec.Struct, forbid_unknown_fields=True):
    """A runbook as a person writes it. ``match`` is ``{service: db}`` or a list of ``service=~"db.*"``."""

    id: str = ""
    name: str = ""
    title: str = ""  # the same as ``name``, as Markdown tools call it
    owner: str = ""
    url: str = ""
    text: str = ""
    alerts: str | list[str] = []
    match: dict[str, str] | list[str] = msgspec.field(default_factory=dict)


class Differences(Noun, frozen=True, kw_only=True):
    """What is to be done so that what is kept is what the files say."""

    changed: tuple[Runbook, ...]  # to be put
    gone: tuple[str, ...]  # ids of those that came with the same packs, and are no longer in them
    problems: tuple[Problem, ...]  # what could not be used, with its place; while there are some, nothing is gone


def compare(folder: Path, present: Mapping[str, Runbook], put_by: str = "") -> Differences:
    """Compare the files of ``folder`` (or one) with the runbooks in force. One bad file stops nothing but itself.

    What ``put_by`` put and no file has is gone; where nobody is named, what came with the packs that are read.
    """
    found, problems = read(folder)
    wanted = {one.id: one for one in found}
    packs = {one.pack for one in found}
    theirs = [key for key, one in present.items() if (one.put_by == put_by if put_by else one.pack in packs)]
    gone = [] if problems else [key for key in theirs if key not in wanted]
    return Differences(
        changed=tuple(one for key, one in wanted.items() if key not in present or _said(present[key]) != one),
        gone=tuple(gone),
        problems=tuple(problems),
    )


def read(folder: Path) -> tuple[list[Runbook], list[Problem]]:
    """Read all files of a folder, at any depth, or one; names with ``_``, ``.`` or README in front are left alone."""
    problems: list[Problem] = []
    found: dict[str, Runbook] = {}
    for file in _files(folder):
        try:
            text = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            problems.append(Problem(place=str(file), problem=f"cannot be read: {error}", fix="save it as UTF-8"))
            continue
        for one in _of_file(file, folder, text, problems):
            if one.id in found:
                said = f"there are two runbooks {one.id}"
                problems.append(Problem(place=str(file), problem=said, fix="choose another id"))
            elif len(found) >= MOST:
                problem = Problem(place=str(file), problem=f"more than {MOST:,} runbooks", fix="leave some out")
                return list(found.values()), [*problems, problem]
            else:
                found[one.id] = one
    return list(found.values()), problems


def _files(folder: Path) -> Sequence[Path]:
    if folder.is_file():
        return [folder]
    every = sorted(path for path in folder.rglob("*") if path.suffix in (".md", ".yaml", ".yml"))
    return [path for path in every if not path.name.startswith(("_", ".", "README"))]


def _of_file(file: Path, folder: Path, text: str, problems: list[Problem]) -> Iterator[Runbook]:
    """Yield the sound runbooks of one file; what is wrong with the others goes to ``problems``."""
    if file.suffix == ".md":
        head, plain = _markdown(file, folder, text, problems)
        items: Iterable[tuple[str, object]] = [(str(file), head)]
    else:
        items = ((f"{file}:{line}", data) for line, data in items_of(text, str(file), problems))
        plain = Runbook(id="", name="", owner="", pack=file.stem)
    for where, data in items:
        try:
            runbook = _runbook(data, where, plain)
        except BadInput as error:
            problems.append(Problem(place=error.place, problem=error.problem, fix=error.fix))
            continue
        wrong = [msgspec.structs.replace(one, place=f"{where}: {one.place}") for one in faults(runbook)]
        problems += wrong
        if not wrong:
            yield runbook


def _runbook(data: object, where: str, plain: Runbook) -> Runbook:
    """Return what is written, on top of what goes without saying (``plain``). BadInput names ``where``."""
    try:
        written = msgspec.convert(data, _Written)
    except msgspec.ValidationError as error:
        raise BadInput(str(error), place=where, fix="see docs/runbooks.md") from error
    alerts = (written.alerts,) if isinstance(written.alerts, str) else tuple(written.alerts)
    matchers = matchers_of(written.match, f"{where}: match")
    name = written.name or written.title or plain.name
    return msgspec.structs.replace(
        plain,
        id=written.id or plain.id or name,
        name=name,
        owner=written.owner or plain.owner,
        url=written.url,
        text=written.text or plain.text,
        alerts=alerts or (() if matchers else plain.alerts),
        matchers=matchers,
    )


def _markdown(file: Path, folder: Path, text: str, problems: list[Problem]) -> tuple[dict[str, object], Runbook]:
    """Return those fields of the front matter that are ours (other tools have theirs), and what goes without saying."""
    head, body = _parted(text, str(file), problems)
    heading = next((line.removeprefix("# ").strip() for line in body.splitlines() if line.startswith("# ")), "")
    inside = file.relative_to(folder) if folder.is_dir() else Path(file.name)
    plain = Runbook(
        id=".".join(inside.with_suffix("").parts),
        name=heading or file.stem,
        owner=NOBODY,
        text=body.strip(),
        alerts=tuple(dict.fromkeys(filter(None, (file.stem, heading)))),
        pack=(folder if folder.is_dir() else file.parent).name,
    )
    return {key: value for key, value in head.items() if key in _Written.__struct_fields__}, plain


def _parted(text: str, place: str, problems: list[Problem]) -> tuple[dict[str, object], str]:
    if not text.startswith("---\n"):
        return {}, text
    head, found, body = text.removeprefix("---\n").partition("\n---")
    try:
        read = yaml.safe_load(head) if found else None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        problems.append(Problem(place=place, problem=f"what stands in front is not YAML: {error}", fix="mend it"))
        return {}, body
    if not found:
        problems.append(Problem(place=place, problem="what stands in front has no end", fix="close it with ---"))
        return {}, text
    return read if isinstance(read, dict) else {}, body


def _said(runbook: Runbook) -> Runbook:
    """What the file says of it, without what the engine stamps."""
    return msgspec.structs.replace(runbook, put_by="", put_at=None, revision=0)
