"""How is what the operator's files say told to the engine, so that a start that is repeated tells nothing twice?"""

from collections.abc import Iterable

import msgspec

from aiops.domain.acts import Act
from aiops.domain.base import stable_hash
from aiops.domain.entries import Command
from aiops.engine import Engine


def told(acts: Iterable[Act], actor: str, engine: Engine) -> list[Command]:
    """Return the commands of ``acts``, each with an id of its content and of where ``engine`` stands.

    So a return to what was said earlier counts.
    """
    return [Command(id=_id(act, engine), actor=actor, act=act) for act in acts]


def _id(act: Act, engine: Engine) -> str:
    return f"start-{stable_hash(msgspec.json.encode(act).decode(), str(engine.position))}"
