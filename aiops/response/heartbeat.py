"""Who notices when we fall silent? An address of the operator's, called for as long as the ENGINE goes on.

A process that merely lives proves nothing, so each beat asks the engine: a tick goes into the journal, and the address
is called only once the engine has folded that far. What then stays away is somebody else's to notice.
"""

import time
from threading import Event

import httpx
import structlog

from aiops.domain.acts import Heartbeat as Told
from aiops.domain.base import stable_hash
from aiops.domain.entries import Command, Position, Tick
from aiops.domain.errors import AiopsError, Unavailable
from aiops.domain.words import span
from aiops.ports import Journal, Store
from aiops.response.posting import a_client, post

PATIENCE = 20.0  # seconds that the engine may need for one tick
log = structlog.get_logger()


class Heartbeat:
    """Calls ``url`` once every ``every`` seconds while the engine goes on; tells the engine when that changes."""

    def __init__(
        self, journal: Journal, store: Store, url: str, every: float, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._journal, self._store, self._url, self.every = journal, store, url, every
        self._client = a_client(transport)
        self._well: bool | None = None
        self._stuck: Position | None = None  # a tick that the engine had not come to in time

    def beat(self) -> str:
        """Ask the engine, call the address, and return what came of it, in words."""
        well, text = self._outcome()
        if well is not self._well:
            self._well = well
            log.log(20 if well else 40, "heartbeat", well=well, detail=text)
            command = f"heartbeat-{well}-{stable_hash(str(self._journal.last()), text)}"
            self._journal.append([Command(id=command, actor="system:responder", act=Told(well=well, detail=text))])
        return text

    def _outcome(self) -> tuple[bool, str]:
        asked = self._stuck or self._journal.append([Tick()])[0]
        if not self._store.wait(asked, min(PATIENCE, self.every)):
            self._stuck = asked  # no second tick while one is waited for: the journal does not fill
            return False, "the heartbeat is withheld: the engine does not go on"
        self._stuck = None
        try:
            answer = post(self._client, self._url, b"{}", {}, "the heartbeat's receiver")
        except AiopsError as problem:
            return False, str(problem)
        return True, f"the heartbeat's receiver answered {answer.status_code}, every {span(self.every)}"


def run(heartbeat: Heartbeat, stop: Event) -> None:
    """Beat until ``stop``."""
    pause = 0.0
    while not stop.wait(pause):
        began = time.monotonic()
        try:
            heartbeat.beat()
        except Unavailable as problem:
            log.warning("no heartbeat: journal or store are out of reach", problem=str(problem))
        pause = max(0.1, heartbeat.every - (time.monotonic() - began))
