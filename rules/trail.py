"""Who changed what that decides over pages, and when? The audit log, written where the change is made."""

from datetime import datetime

import msgspec

from aiops.domain.documents import RULE_CHANGES
from aiops.domain.part import Part
from aiops.domain.rules import Inhibition, Rule, RuleChange, Silence, Window
from aiops.domain.signatures import Signature

ENGINE = "engine"  # who acts when the time of something has come
COUNTED = (  # nobody says these
    *("hits", "last_hit", "missed", "unseen", "audit", "revision", "created_by", "created_at", "opens", "closes"),
    *("left_out", "put_by", "put_at", "active_since"),
)

_OURS = "system:"  # how the actors begin that are processes of ours

_Kept = Rule | Silence | Window | Inhibition | Signature


def person(actor: str) -> str:
    """Return who acts, if it is a person or a program of theirs; empty: it is a part of this one."""
    return "" if actor == ENGINE or actor.startswith(_OURS) else actor


class Trail:
    """Writes lines for one part; their ids sort in the order in which it acted."""

    def __init__(self, part: Part, kind: str) -> None:
        self._part, self._kind = part, kind
        self.lines = 0  # so far: part of the part's state

    def note(
        self, before: _Kept | None, after: _Kept | None, actor: str, now: datetime, text: str, kind: str = ""
    ) -> None:
        """Write what became of ``before``."""
        one = after or before
        assert one is not None  # a change concerns something
        line = RuleChange(
            change_id=f"{self._kind}-{self.lines:010d}",
            at=now,
            actor=actor,
            kind=kind or self._kind,
            concerns=one.id,
            text=text,
            before=_written(before),
            after=_written(after),
        )
        self.lines += 1
        self._part.put(RULE_CHANGES, line)


class SignatureTrail(Part):
    """Writes the lines about signatures, and is a part of its own."""

    def __init__(self) -> None:
        super().__init__()
        self._trail = Trail(self, "signature")

    def note(self, before: Signature | None, after: Signature | None, actor: str, now: datetime, text: str) -> None:
        """Write what became of ``before``."""
        self._trail.note(before, after, actor, now, text)

    def dump(self) -> bytes:
        return msgspec.msgpack.encode(self._trail.lines)

    def load(self, state: bytes) -> None:
        self._trail.lines = msgspec.msgpack.decode(state, type=int)


def _written(one: _Kept | None) -> str:
    """Return it as JSON without what the engine counts; empty: there is none."""
    if one is None:
        return ""
    said = {name: value for name, value in msgspec.to_builtins(one, str_keys=True).items() if name not in COUNTED}
    return msgspec.json.encode(said, order="deterministic").decode()
