"""What must the engine be told so that its runbooks are those of the operator's folder?"""

from pathlib import Path

from aiops.bootstrap.telling import told
from aiops.domain.acts import Act, EndRunbook, PutRunbook
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
    return told(acts, ACTOR, engine), found.problems
