"""How do packs of rules travel between Git and the server, and what of other tools comes along?"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from aiops.bootstrap.clock import now
from aiops.cli.chatter import say
from aiops.cli.errors import FINDINGS
from aiops.cli.output import Columns, Format, Limit, Output, show
from aiops.cli.session import client
from aiops.client import Client
from aiops.domain.errors import BadInput
from aiops.domain.events import Problem
from aiops.domain.rules import Pack, Rule, RuleChange, RuleStatus
from aiops.domain.words import plural
from api.requests import NewInhibition, NewPack, NewRule, NewSilence
from api.rule_schemas import PackList, RuleChangeList, RuleList
from rules.migration import Carried, from_alertmanager, from_keep
from rules.migration_routes import written
from rules.pack import dump_pack
from rules.sync import Difference, Sync, compare, same

READERS = {"alertmanager": from_alertmanager, "keep": from_keep}
Folder = Annotated[Path, typer.Argument(metavar="FILE|FOLDER", help="Rule pack, or folder of packs.", exists=True)]


def export(
    context: typer.Context,
    pack: Annotated[str, typer.Option(help="Only rules of this pack; `-` for those made by hand.")] = "",
    output: Annotated[Path | None, typer.Option("--to", help="Write to this file.")] = None,
) -> None:
    """Write the rules in force as a YAML pack, for review in Git; `rules sync` reads it back."""
    with client(context) as one:
        rules = [rule for rule in kept(one) if rule.status not in (RuleStatus.EXPIRED, RuleStatus.REJECTED)]
        heads = {head.name: head for head in one.get("/api/packs", PackList, {"limit": 1_000}).items}
    if pack:
        rules = [rule for rule in rules if rule.pack == ("" if pack == "-" else pack)]
    text = dump_pack(sorted(rules, key=lambda rule: rule.id), heads.get(pack) or (Pack(name=pack) if pack else None))
    if output is None:
        print(text, end="")
    else:
        output.write_text(text, "utf-8")
    say(plural(len(rules), "rule"))


def diff(context: typer.Context, packs: Folder) -> None:
    """Say how packs differ from the rules the server keeps; nothing is changed."""
    with client(context) as one:
        found = compare(packs, kept(one), now())
    _say_problems(found.problems)
    for difference in found.differences:
        print(_told(difference))
    _say_left_out(found)
    say(plural(len(found.differences), "difference"))
    if found.differences or found.problems:
        raise typer.Exit(FINDINGS)


def sync(
    context: typer.Context,
    packs: Folder,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
) -> None:
    """Let the server's rules be those of the packs: new and changed ones are put, those gone from a pack end.

    Each change is a command of its own. A rule that cannot be used is named, with file and line, and stops no other.
    """
    with client(context, new=True) as one:
        found = compare(packs, kept(one), now())
        _say_problems(found.problems)
        for difference in found.differences:
            print(_told(difference) if dry_run else _apply(one, difference))
        _say_left_out(found)
        known = {pack.name: pack for pack in one.get("/api/packs", PackList, {"limit": 1_000}).items}
        for pack in found.packs:
            if not dry_run and not same(pack, known):
                said = {name: getattr(pack, name) for name in NewPack.__struct_fields__}
                print(one.act("POST", "/api/packs", NewPack(**said)).text)
    say(plural(len(found.differences), "difference"))
    if found.problems:
        raise typer.Exit(FINDINGS)


def bring(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What the other tool wrote.", exists=True)],
    source: Annotated[str, typer.Option("--from", help="alertmanager or keep.")],
    owner: Annotated[str, typer.Option(help="Who answers for what names nobody.")] = "noc",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would come over.")] = False,
    routes: Annotated[
        Path | None, typer.Option("--routes-to", help="Write its routes there (TOML), for aiops.toml.")
    ] = None,
) -> None:
    """Import silences, inhibit rules and routes of Alertmanager, or CEL rules of Keep; what cannot come is listed."""
    if source not in READERS:
        raise BadInput(f"{source!r} is no tool we know", place="--from", fix=f"say {' or '.join(READERS)}")
    carried = READERS[source](file.read_text("utf-8", "replace"), str(file), owner, now())
    done, refused = 0, list(carried.problems)
    with client(context, new=True) as one:
        for path, body, text in _bodies(carried):
            if dry_run:
                print(text)
                continue
            try:
                print(one.act("POST", path, body).text)
                done += 1
            except BadInput as error:
                refused.append(Problem(place=f"{text}: {error.place}", problem=error.problem, fix=error.fix))
    if carried.routes and routes is not None:
        routes.write_text(written(carried.routes), "utf-8")
        print(f"{plural(len(carried.routes), 'route')} for aiops.toml in {routes}")
    elif carried.routes:
        refused.append(Problem(place=f"{file}: route", problem="routes are configuration", fix="give --routes-to FILE"))
    _say_problems(refused)
    say(f"{plural(done, 'item')} came over, {len(refused)} did not")
    if refused:
        raise typer.Exit(FINDINGS)


def log(
    context: typer.Context,
    rule_id: Annotated[str, typer.Argument(metavar="ID", help="Of a rule, silence, window or inhibition.")] = "",
    limit: Limit = 50,
    output: Output = Format.TABLE,
) -> None:
    """Say who changed what, and when; `-o json` shows before and after."""
    with client(context) as one:
        page = one.get("/api/rule-changes", RuleChangeList, {"concerns": rule_id, "limit": limit})
    show(page.items, change_columns(), output)
    say(f"{len(page.items)} of {plural(page.total, 'change')}")


def listed(context: typer.Context, output: Output = Format.TABLE) -> None:
    """List packs with owner, origin and what of them could not be used."""
    with client(context) as one:
        page = one.get("/api/packs", PackList, {"limit": 1_000})
    show(page.items, pack_columns(), output)
    say(plural(page.total, "pack"))


def change_columns() -> Columns[RuleChange]:
    """Return what the audit log shows."""
    return {
        "At": lambda line: line.at,
        "Who": lambda line: line.actor,
        "Kind": lambda line: line.kind,
        "Id": lambda line: line.concerns,
        "What": lambda line: line.text,
    }


def pack_columns() -> Columns[Pack]:
    """Return what a list of packs shows."""
    return {
        "Pack": lambda pack: pack.name,
        "Owner": lambda pack: pack.owner,
        "Origin": lambda pack: pack.origin,
        "Rules": lambda pack: pack.rules,
        "Problems": lambda pack: "; ".join(f"{one.place}: {one.problem}" for one in pack.problems),
        "Read": lambda pack: pack.read_at,
    }


def kept(one: Client) -> Iterator[Rule]:
    """Yield every rule that the server keeps."""
    cursor = ""
    while True:
        page = one.get("/api/rules", RuleList, {"limit": 1_000, "cursor": cursor})
        yield from page.items
        if not (cursor := page.next):
            return


def _bodies(carried: Carried) -> Iterator[tuple[str, object, str]]:
    """Yield where to send what, and how to call it."""
    for silence in carried.silences:
        said = {name: getattr(silence, name) for name in NewSilence.__struct_fields__}
        yield "/api/silences", NewSilence(**said), f"silence {silence.id}"
    for inhibition in carried.inhibitions:
        said = {name: getattr(inhibition, name) for name in NewInhibition.__struct_fields__}
        yield "/api/inhibitions", NewInhibition(**said), f"inhibition {inhibition.id}"
    for rule in carried.rules:
        yield "/api/rules", _body(rule), f"rule {rule.id} ({rule.status})"


def _apply(one: Client, difference: Difference) -> str:
    if difference.rule is None:
        return one.act("DELETE", f"/api/rules/{difference.rule_id}?gone=true").text
    return one.act("POST", "/api/rules", _body(difference.rule)).text


def _body(rule: Rule) -> NewRule:
    return NewRule(**{name: getattr(rule, name) for name in NewRule.__struct_fields__})


def _told(difference: Difference) -> str:
    fields = f": {', '.join(difference.fields)}" if difference.fields else ""
    return f"{difference.what} {difference.rule_id}{fields}"


def _say_left_out(found: Sync) -> None:
    for one in found.left_out:
        print(one.text)


def _say_problems(problems: list[Problem]) -> None:
    for problem in problems:
        print(f"{problem.place}: {problem.problem}; {problem.fix}")
