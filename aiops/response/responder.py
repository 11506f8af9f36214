"""Which pages wait to be delivered, and what became of each? Works off the committed outbox, outside the engine.

Delivery is at least once: a page is delivered, then the engine is told by a command. Whoever dies in between delivers
again under the same page id, by which the receiver knows it.
"""

import random
import time
from threading import Event

import structlog

from aiops.domain.acts import PageHandled
from aiops.domain.changes import PAGES
from aiops.domain.entries import Command
from aiops.domain.errors import AiopsError, Unavailable
from aiops.domain.incidents import Page, PageStatus
from aiops.domain.queries import Query
from aiops.ports import Journal, Store
from aiops.response.notifiers import Notifier

MOST_TRIES = 10
PACE = 0.5  # seconds between two looks at the outbox
LONGEST_PAUSE = 300.0  # seconds between two tries; ten tries span about ten minutes
PENDING = Query(where={"status": (PageStatus.PENDING,)}, order=("made_at",), limit=1_000)
log = structlog.get_logger()


class Responder:
    """Delivers pending pages through ``notifier``; None: nobody is configured to carry them, and the page says so."""

    def __init__(self, journal: Journal, store: Store, notifier: Notifier | None, chance: random.Random) -> None:
        self._journal, self._store, self._notifier, self._chance = journal, store, notifier, chance
        self._tries: dict[str, int] = {}
        self._not_before: dict[str, float] = {}
        self._handled: set[str] = set()  # told to the engine, not yet shown by the store

    def work(self, now: float) -> float:
        """Try every pending page whose time has come; return the seconds until the next is due (at most 60).

        ``now`` is monotonic, in seconds.
        """
        with self._store.view() as view:
            pages = view.find(PAGES, PENDING).items
        pending = {page.page_id for page in pages}
        self._handled &= pending
        for page_id in self._tries.keys() - pending:
            del self._tries[page_id], self._not_before[page_id]
        for page in pages:
            if page.page_id not in self._handled and self._not_before.get(page.page_id, now) <= now:
                self._try(page, now)
        return min([60.0, *(max(0.0, due - now) for page_id, due in self._not_before.items() if page_id in pending)])

    def _try(self, page: Page, now: float) -> None:
        """Deliver one page, once, and tell the engine what is final about it."""
        if self._notifier is None:
            self._tell(page, PageStatus.NO_CHANNEL, "no channel is configured; set pages.webhook_url")
            return
        try:
            answer = self._notifier.deliver(page)
        except Unavailable as problem:
            self._later(page, problem, now)
        except AiopsError as refusal:
            self._tell(page, PageStatus.DEAD, str(refusal))
        else:
            self._tell(page, PageStatus.DELIVERED, answer)

    def _later(self, page: Page, problem: Unavailable, now: float) -> None:
        """Wait twice as long as the last time, half of it by chance; or give up."""
        tries = self._tries[page.page_id] = self._tries.get(page.page_id, 0) + 1
        pause = min(2.0**tries, LONGEST_PAUSE) * self._chance.uniform(0.5, 1.0)
        self._not_before[page.page_id] = now + max(pause, problem.retry_after)
        if tries >= MOST_TRIES:
            self._tell(page, PageStatus.DEAD, f"given up after {tries} tries: {problem}")

    def _tell(self, page: Page, status: PageStatus, detail: str) -> None:
        act = PageHandled(page_id=page.page_id, status=status, detail=detail)
        self._journal.append([Command(id=f"{page.page_id}-{status}", actor="system:responder", act=act)])
        self._handled.add(page.page_id)
        log.info("page handled", page=page.page_id, status=str(status), detail=detail)


def run(responder: Responder, stop: Event) -> None:
    """Work until ``stop``: look at the outbox twice a second, or later when it is out of reach (said once)."""
    pause, well = 0.0, True
    while not stop.wait(pause):
        try:
            pause = min(PACE, responder.work(time.monotonic()))
            well = True
        except Unavailable as problem:
            if well:
                log.info("the outbox is out of reach for now", problem=str(problem))
            pause, well = max(PACE, problem.retry_after), False
