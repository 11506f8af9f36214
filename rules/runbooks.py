"""Which runbooks are there? Put and ended by people and by the packs that they keep; the engine never reads them."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from aiops.domain.acts import EndRunbook, PutRunbook, RunbookAct
from aiops.domain.documents import RUNBOOKS
from aiops.domain.errors import BadInput, Conflict
from aiops.domain.events import Problem
from aiops.domain.part import Part
from aiops.domain.runbooks import Runbook, is_link

MOST = 2_000  # in force
MOST_TEXT = 64_000  # characters of one
MOST_NAMED = 200  # alerts and matchers of one


class Runbooks(Part):
    """Those in force, by id."""

    def __init__(self) -> None:
        super().__init__()
        self._runbooks: dict[str, Runbook] = {}

    def in_force(self) -> dict[str, Runbook]:
        """Return those in force by id."""
        return dict(self._runbooks)

    def act(self, act: RunbookAct, actor: str, now: datetime) -> tuple[str, str]:
        """Apply it; return what was done in words, and the id it concerns. AiopsError says why not."""
        match act:
            case PutRunbook(runbook=runbook):
                return self._put(runbook, actor, now)
            case EndRunbook(runbook_id=key, text=text):
                return self._end(key, actor, now, text)

    def _put(self, runbook: Runbook, actor: str, now: datetime) -> tuple[str, str]:
        for problem in faults(runbook):
            raise BadInput(problem.problem, place=problem.place, fix=problem.fix)
        known = runbook.id in self._runbooks
        if not known and len(self._runbooks) >= MOST:
            raise Conflict(f"{MOST} runbooks are the most: end some first")
        kept = msgspec.structs.replace(runbook, put_by=actor, put_at=now, ended_by="", ended_at=None)
        self._runbooks[kept.id] = kept
        self.put(RUNBOOKS, kept)
        return f"runbook {kept.name} {'replaced' if known else 'added'} by {actor}", kept.id

    def _end(self, key: str, actor: str, now: datetime, text: str) -> tuple[str, str]:
        runbook = self._runbooks.pop(key, None)
        if runbook is None:
            raise Conflict(f"there is no runbook {key!r}, or it has ended")
        self.put(RUNBOOKS, msgspec.structs.replace(runbook, ended_by=actor, ended_at=now))
        return f"runbook {runbook.name} ended by {actor}" + (f": {text}" if text else ""), key

    def dump(self) -> bytes:
        return msgspec.msgpack.encode(list(self._runbooks.values()))

    def load(self, state: bytes) -> None:
        self._runbooks = {one.id: one for one in msgspec.msgpack.decode(state, type=list[Runbook])}


def faults(runbook: Runbook) -> Iterator[Problem]:
    """Yield what keeps a runbook from being of use."""
    for name in ("id", "name", "owner"):
        if not getattr(runbook, name).strip():
            yield Problem(place=name, problem=f"a runbook needs its {name}", fix=f"give {name}")
    if not runbook.url and not runbook.text.strip():
        yield Problem(place="text", problem="it says nothing", fix="give a text, or the url where it is written")
    if runbook.url and not is_link(runbook.url):
        yield Problem(place="url", problem=f"{runbook.url[:100]!r} is no link", fix="begin it with https://")
    if len(runbook.text) > MOST_TEXT:
        problem = f"longer than {MOST_TEXT:,} characters"
        yield Problem(place="text", problem=problem, fix="give the url where it is written")
    if len(runbook.alerts) + len(runbook.matchers) > MOST_NAMED:
        yield Problem(place="alerts", problem=f"more than {MOST_NAMED} names and matchers", fix='use alertname=~"..."')
    for number, matcher in enumerate(runbook.matchers):
        try:
            matcher.check(f"matchers[{number}]")
        except BadInput as error:
            yield Problem(place=error.place, problem=error.problem, fix=error.fix)
