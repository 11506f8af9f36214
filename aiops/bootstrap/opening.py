"""What must the engine be told at start? Settings, service graph and rules, each only where it differs."""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from aiops.bootstrap.telling import told
from aiops.domain.acts import Act, ApplySettings, EndRule, ImportTopology, PutPack, PutRule
from aiops.domain.documents import GRAPHS, PACKS, RULES
from aiops.domain.entries import Command
from aiops.domain.errors import BadConfiguration, BadInput
from aiops.domain.graph import Topology
from aiops.domain.queries import Query
from aiops.domain.rules import Rule
from aiops.domain.settings import Settings
from aiops.engine import Engine
from aiops.ports import Store, View
from aiops.walking import documents_of
from correlation.topology import parse_topology
from rules.pack import load_pack
from rules.sync import compare, same

T = TypeVar("T")


def opening(
    engine: Engine, store: Store, settings: Settings, services: Path | None, packs: Path | None
) -> list[Command]:
    """Return the commands that bring a caught-up ``engine`` to what the operator's files say. BadConfiguration."""
    acts: list[Act] = [] if engine.settings == settings else [ApplySettings(settings=settings)]
    with store.view() as view:
        if services is not None:
            topology = topology_in(services)
            acts += [] if topology == _present_topology(view) else [ImportTopology(topology=topology)]
    if packs is not None:
        if not packs.is_dir():
            raise BadConfiguration("is no folder", place=str(packs), fix="name a folder of *.yaml in files.rules")
        acts += _pack_acts(packs, store, engine)
    return told(acts, "system:start", engine)


def reading(engine: Engine, store: Store, packs: Path) -> list[Command]:
    """Return the commands that bring the rules to what the packs say now; what cannot be read is left for later."""
    return told(_pack_acts(packs, store, engine), "system:packs", engine)


def _pack_acts(packs: Path, store: Store, engine: Engine) -> list[Act]:
    with store.view() as view:
        present, known = list(documents_of(view, RULES)), {pack.name: pack for pack in documents_of(view, PACKS)}
    try:
        found = compare(packs, present, engine.now)
    except OSError as error:
        raise BadConfiguration(f"cannot be read: {error}", place=str(packs), fix="check its name and rights") from error
    acts: list[Act] = [PutPack(pack=pack) for pack in found.packs if not same(pack, known)]
    for one in found.differences:
        gone = EndRule(rule_id=one.rule_id, text="it is no longer in its pack", gone=True)
        acts.append(PutRule(rule=one.rule) if one.rule else gone)
    return acts


def topology_in(file: Path) -> Topology:
    """Read the service graph; the files of its look-ups stand beside it."""
    try:
        return parse_topology(_read(file), str(file), lambda name: _read(file.parent / name))
    except BadInput as error:
        raise BadConfiguration(error.problem, place=error.place, fix=error.fix) from error


def _present_topology(view: View) -> Topology | None:
    newest = view.find(GRAPHS, Query(order=("-version",), limit=1)).items
    return newest[0].topology if newest else None


def rules_in(packs: Path) -> Iterator[Rule]:
    """Read a pack, or every pack of a folder in the order of names; one bad rule refuses them. BadConfiguration."""
    if not packs.exists():
        raise BadConfiguration("is not there", place=str(packs), fix="name a folder of *.yaml in files.rules")
    for file in [packs] if packs.is_file() else sorted(packs.glob("*.y*ml")):
        rules, problems = load_pack(_read(file), str(file))
        for problem in problems:
            raise BadConfiguration(problem.problem, place=problem.place, fix=problem.fix)
        yield from rules


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfiguration(f"cannot be read: {error}", place=str(file), fix="check its name and rights") from error
