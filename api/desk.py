"""How does an operator's act get to the engine, and its outcome back? And what else does every handler work with?"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import uuid4

from fastapi import Depends, Request

from aiops.domain.acts import Act, Outcome
from aiops.domain.documents import OUTCOMES
from aiops.domain.entries import Command
from aiops.ports import Journal, Store, View
from api.access import Access
from api.gate import Gate
from api.grants import Grant
from api.oidc import Provider
from api.senders_auth import SenderSecrets
from api.settings import ApiSettings
from api.shelf import Shelf
from api.vouched import Proxy

MOST_AT_ONCE = 1_000  # acts in one request


@dataclass(frozen=True)
class Answer:
    """What became of an act within the time that one waits for it."""

    command_id: str
    outcome: Outcome | None  # None: not known yet, ask again


@dataclass(frozen=True)
class Desk:
    """What handlers work with. Everything here blocks: call it from a thread, as ``def`` handlers are."""

    journal: Journal
    store: Store
    settings: ApiSettings
    clock: Callable[[], datetime]
    access: Access
    secrets: SenderSecrets
    gate: Gate
    proxy: Proxy
    provider: Provider
    shelf: Shelf

    def view(self) -> AbstractContextManager[View]:
        """Open one consistent read."""
        return self.store.view()

    def act(self, act: Act, actor: str, command_id: str = "") -> Answer:
        """Put one act into the journal and wait for its outcome."""
        return self.act_all([act], actor, command_id)[0]

    def act_all(self, acts: Sequence[Act], actor: str, command_id: str = "") -> list[Answer]:
        """Put several acts into the journal in one write; the answers come in their order.

        ``command_id`` is the client's own, so that a repeated request changes nothing; several acts share it with
        their number behind.
        """
        if not acts:
            return []
        base = command_id or str(uuid4())
        ids = [base if number == 0 else f"{base}-{number}" for number in range(len(acts))]
        commands = [Command(id=id_, actor=actor, act=act) for id_, act in zip(ids, acts, strict=True)]
        last = self.journal.append(commands)[-1]
        if not self.store.wait(last, self.settings.command_wait):
            return [Answer(id_, None) for id_ in ids]
        with self.view() as view:
            return [Answer(id_, view.get(OUTCOMES, id_)) for id_ in ids]


def desk_of(request: Request) -> Desk:
    """Return the desk of the app that serves ``request``."""
    desk: Desk = request.app.state.desk
    return desk


def actor_of(request: Request) -> str:
    """Return who acts: the name of the token or person; where no token is needed, whoever the client says."""
    grant: Grant = request.state.grant
    desk = desk_of(request)
    said = request.headers.get("x-aiops-actor", "")
    return grant.name if desk.settings.token_required or not said else said[:64]


DeskOf = Annotated[Desk, Depends(desk_of)]
Actor = Annotated[str, Depends(actor_of)]
