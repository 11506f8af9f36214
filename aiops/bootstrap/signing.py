"""What must the engine be told so that its signatures are those of the operator's folder?"""

from pathlib import Path

import msgspec

from aiops.domain.acts import Act, EndSignature, PutSignatures
from aiops.domain.base import stable_hash
from aiops.domain.entries import Command
from aiops.domain.errors import BadConfiguration
from aiops.domain.events import Problem
from aiops.domain.signatures import Signature
from aiops.engine import Engine
from rules.sigma import load_folder
from rules.signature_links import Links

CHUNK = 100  # signatures of one command
ACTOR = "system:signatures"


def signing(engine: Engine, folder: Path) -> tuple[list[Command], list[Problem]]:
    """Return the commands that put what differs and end what is gone, and what could not be read.

    One bad rule stops nothing but itself. While something could not be read nothing ends, for it may be just that.
    """
    if not folder.is_dir():
        raise BadConfiguration("is no folder", place=str(folder), fix="name a folder of *.yaml in files.signatures")
    read, problems = load_folder(folder)
    wanted = {one.signature.id: one.signature for one in read}
    present = engine.signatures.in_force()
    order = {key: place for place, key in enumerate(Links(wanted.values()).order)}  # behind what they are about
    changed = [one for key, one in wanted.items() if key not in present or _said(present[key]) != _said(one)]
    changed.sort(key=lambda one: order.get(one.id, -1))
    acts: list[Act] = [
        PutSignatures(signatures=tuple(changed[at : at + CHUNK])) for at in range(0, len(changed), CHUNK)
    ]
    if not problems:
        gone = [key for key, one in present.items() if one.put_by == ACTOR and key not in wanted]
        acts += [EndSignature(signature_id=key, text="it is no longer in its folder") for key in gone]
    return [Command(id=_id(act, engine), actor=ACTOR, act=act) for act in acts], problems


def _said(signature: Signature) -> Signature:
    """What the file says of it, without what the engine counts and stamps."""
    return msgspec.structs.replace(signature, put_by="", put_at=None, hits=0, last_hit=None, left_out=0, revision=0)


def _id(act: Act, engine: Engine) -> str:
    return f"start-{stable_hash(msgspec.json.encode(act).decode(), str(engine.position))}"
