"""What is put in place of what history says: other rules, signatures, another service graph, other settings."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from aiops import fold
from aiops.domain.acts import (
    Act,
    ApplySettings,
    EndRule,
    EndSignature,
    ImportTopology,
    LabelTemplate,
    PutRule,
    PutSignatures,
)
from aiops.domain.base import Noun
from aiops.domain.documents import OUTCOMES
from aiops.domain.entries import Command, Entry, Position, Tick
from aiops.domain.errors import BadInput
from aiops.domain.graph import Topology
from aiops.domain.rules import Rule
from aiops.domain.settings import Settings
from aiops.domain.signatures import Signature
from aiops.domain.words import clock, plural
from aiops.engine import Engine
from aiops.ports import Readable, Store
from rules.check import LONGEST
from rules.signature_links import chunks

ACTOR = "replay"
_RULE_ACTS = (PutRule, EndRule, LabelTemplate)


class Instead(Noun, frozen=True, kw_only=True):
    """What holds from the start of the replay on; None: what history says, in whole."""

    rules: tuple[Rule, ...] | None = None  # these and no others; silences stay history's
    signatures: tuple[Signature, ...] | None = None  # these and no others
    topology: Topology | None = None
    settings: Settings | None = None

    @property
    def text(self) -> str:
        """Say what is changed."""
        rules = "" if self.rules is None else f"{plural(len(self.rules), 'rule')} in place of history's"
        signatures = "" if self.signatures is None else plural(len(self.signatures), "signature")
        graph = "" if self.topology is None else f"a graph of {plural(len(self.topology.services), 'node')}"
        settings = "" if self.settings is None else "other settings"
        return ", ".join(filter(None, (rules, signatures, graph, settings))) or "nothing changed"

    def replaces(self, act: Act) -> bool:
        """Does history's ``act`` say what is said here otherwise?"""
        replaced = (
            *(() if self.rules is None else _RULE_ACTS),
            *(() if self.signatures is None else (PutSignatures, EndSignature)),
            *(() if self.topology is None else (ImportTopology,)),
            *(() if self.settings is None else (ApplySettings,)),
        )
        return isinstance(act, replaced)


class Retold(Readable):
    """A journal in which the commands that ``instead`` replaces are nothing but time; ``set_aside`` names them."""

    def __init__(self, journal: Readable, instead: Instead) -> None:
        self._journal, self._instead = journal, instead
        self.set_aside: dict[Position, Command] = {}

    def read(self, after: Position | None, limit: int) -> list[Entry]:
        """Return what the journal holds, retold."""
        return [self._retold(entry) for entry in self._journal.read(after, limit)]

    def _retold(self, entry: Entry) -> Entry:
        command = entry.payload
        if not isinstance(command, Command) or not self._instead.replaces(command.act):
            return entry
        self.set_aside[entry.position] = command
        return msgspec.structs.replace(entry, payload=Tick())


def begin(engine: Engine, scratch: Store, instead: Instead, at: datetime) -> None:
    """Let ``engine`` decide by ``instead`` from ``at`` on. BadInput: something of it cannot stand then."""
    here = engine.position or Position(0, 0)  # before a journal's first entry
    for number, act in enumerate(_acts(engine, instead, at)):
        command = Command(id=f"{ACTOR}-{number}", actor=f"system:{ACTOR}", act=act)
        changes = engine.run([Entry(position=here, received_at=at, payload=command)])
        for outcome in changes.of(OUTCOMES):
            if not outcome.applied:
                fix = "mend it, or begin at another time"
                raise BadInput(f"cannot stand at {clock(at)}: {outcome.text}", place="replay", fix=fix)
        scratch.save(changes)
    fold.snapshot(engine, scratch)  # should an entry be passed over, the engine begins here again


def _acts(engine: Engine, instead: Instead, at: datetime) -> Iterator[Act]:
    if instead.settings is not None:
        yield ApplySettings(settings=instead.settings)
    if instead.topology is not None:
        yield ImportTopology(topology=instead.topology)
    if instead.rules is not None:
        wanted = {rule.id for rule in instead.rules}
        yield from (
            EndRule(rule_id=key, text="not among the rules of the replay") for key in engine.book.rules_but(wanted)
        )
        yield from (PutRule(rule=_within(rule, at)) for rule in instead.rules)
    if instead.signatures is not None:
        kept = {one.id for one in instead.signatures}
        gone = [key for key in engine.signatures.in_force() if key not in kept]
        yield from (EndSignature(signature_id=key, text="not among those of the replay") for key in gone)
        yield from (PutSignatures(signatures=some) for some in chunks(instead.signatures))


def _within(rule: Rule, now: datetime) -> Rule:
    """A rule written today may end later than one written then could: bring its dates within what may stand."""
    latest = now + LONGEST
    dates = {name: min(date, latest) for name in ("expires", "review") if (date := getattr(rule, name)) is not None}
    return msgspec.structs.replace(rule, **dates)
