"""What must the engine be told so that its signatures are those of the operator's folder?"""

from pathlib import Path

import msgspec

from aiops.bootstrap.telling import told
from aiops.domain.acts import Act, EndSignature, PutPack, PutSignatures
from aiops.domain.documents import PACKS
from aiops.domain.entries import Command
from aiops.domain.errors import BadConfiguration
from aiops.domain.events import Problem
from aiops.domain.rules import Pack
from aiops.domain.signatures import Signature
from aiops.engine import Engine
from aiops.ports import Store
from rules.sigma import load_folder
from rules.signature_links import chunks
from rules.sync import MOST_PROBLEMS, same

ACTOR = "system:signatures"
PACK = "files.signatures"  # under which it is told what of the folder cannot be read


def signing(engine: Engine, store: Store, folder: Path) -> tuple[list[Command], list[Problem]]:
    """Return the commands that put what differs and end what is gone, and what could not be read.

    One bad rule stops nothing but itself; the commands say of the folder as a pack which there are. While something
    could not be read nothing ends, for it may be just that.
    """
    if not folder.is_dir():
        raise BadConfiguration("is no folder", place=str(folder), fix="name a folder of *.yaml in files.signatures")
    read, problems = load_folder(folder)
    wanted = {one.signature.id: one.signature for one in read}
    present = engine.signatures.in_force()
    changed = [one for key, one in wanted.items() if key not in present or _said(present[key]) != _said(one)]
    acts: list[Act] = [PutSignatures(signatures=some) for some in chunks(changed)]
    if not problems:
        gone = [key for key, one in present.items() if one.put_by == ACTOR and key not in wanted]
        acts += [EndSignature(signature_id=key, text="it is no longer in its folder") for key in gone]
    pack = Pack(name=PACK, origin=str(folder), rules=len(read), problems=tuple(problems[:MOST_PROBLEMS]))
    with store.view() as view:
        known = view.get(PACKS, PACK)
    if not same(pack, {PACK: known} if known else {}):
        acts.append(PutPack(pack=pack))
    return told(acts, ACTOR, engine), problems


def signatures_in(folder: Path) -> list[Signature]:
    """Read a file or folder of Sigma rules; one bad rule refuses them. BadConfiguration."""
    read, problems = load_folder(folder)
    for problem in problems:
        raise BadConfiguration(problem.problem, place=problem.place, fix=problem.fix)
    return [one.signature for one in read]


def _said(signature: Signature) -> Signature:
    """What the file says of it, without what the engine counts and stamps."""
    return msgspec.structs.replace(signature, put_by="", put_at=None, hits=0, last_hit=None, left_out=0, revision=0)
