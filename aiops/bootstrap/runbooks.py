"""What must the engine be told so that its runbooks are those of the operator's folder?"""

from pathlib import Path

import msgspec

from aiops.domain.acts import Act, EndRunbook, PutRunbook
from aiops.domain.base import stable_hash
from aiops.domain.entries import Command
from aiops.domain.errors import BadConfiguration
from aiops.domain.events import Problem
from aiops.engine import Engine
from rules.runbook_files import compare

ACTOR = "system:runbooks"


def shelving(engine: Engine, folder: Path) -> tuple[list[Command], tuple[Problem, ...]]:
    """Return the commands that put what differs and end what is gone, and what could not be read."""
    if not folder.is_dir():
        fix = "name a folder of *.md and *.yaml in files.runbooks"
        raise BadConfiguration("is no folder", place=str(folder), fix=fix)
    found = compare(folder, engine.runbooks.in_force(), ACTOR)
    acts: list[Act] = [PutRunbook(runbook=one) for one in found.changed]
    acts += [EndRunbook(runbook_id=key, text="it is no longer in its folder") for key in found.gone]
    return [Command(id=_id(act, engine), actor=ACTOR, act=act) for act in acts], found.problems


def _id(act: Act, engine: Engine) -> str:
    return f"start-{stable_hash(msgspec.json.encode(act).decode(), str(engine.position))}"
