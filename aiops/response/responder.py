"""Which pages wait to be delivered, and what became of each? Works off the committed outbox, outside the engine.

Delivery is at least once: a page is delivered, then the engine is told by a command. Whoever dies in between delivers
again under the same key, by which the receiver knows it.
"""

import random
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from threading import Event

import msgspec
import structlog

from aiops.domain.acts import PageHandled
from aiops.domain.channels import PageTemplate
from aiops.domain.documents import INCIDENTS, PAGES
from aiops.domain.entries import Command
from aiops.domain.errors import AiopsError, BadInput, Unavailable
from aiops.domain.incidents import Incident, Page, PageStatus, Sending
from aiops.domain.queries import Query
from aiops.domain.words import span
from aiops.ports import Journal, Store, View
from aiops.response.message import Message, message
from aiops.response.notifiers import Notifier
from aiops.response.texts import DEFAULT

PACE = 0.5  # seconds between two looks at the outbox
LONGEST_PAUSE = 300.0  # seconds between two tries
PENDING = Query(where={"status": (PageStatus.PENDING,)}, order=("made_at",), limit=1_000)
EARLIER = "webhook"  # the only channel of an earlier release, whose pages do not name it
MOST_AT_ONCE = 1_000  # pages that a courier looks at
log = structlog.get_logger()


@dataclass(frozen=True)
class Waiting:
    """A page that one channel has not carried yet."""

    page: Page
    sending: Sending
    incident: Incident | None

    @property
    def round(self) -> tuple[str, int]:
        """Names it among those that were tried: a person may have asked for another round."""
        return self.page.page_id, self.page.round

    @property
    def threads(self) -> set[str]:
        """Incidents whose earlier pages go first, so that no end is told before its beginning."""
        return {self.page.incident_id, *(self.incident.merged_from if self.incident else ())} - {""}


@dataclass(frozen=True)
class Outlet:
    """One channel as a courier uses it."""

    channel: str
    notifier: Notifier
    template: PageTemplate = DEFAULT
    public_url: str = ""
    deadline: timedelta = timedelta(hours=6)


class Courier:
    """Carries the pages of one channel. A channel that fails is left alone for longer and longer, as a whole."""

    def __init__(
        self,
        journal: Journal,
        store: Store,
        outlet: Outlet,
        clock: Callable[[], datetime],
        chance: random.Random | None = None,
    ) -> None:
        self._journal, self._store, self._outlet, self._clock = journal, store, outlet, clock
        self._chance = chance or random.Random()  # spreads retries; nothing that is kept depends on it
        self._tries: dict[tuple[str, int], int] = {}
        self._not_before: dict[tuple[str, int], float] = {}
        self._handled: set[tuple[str, int]] = set()  # told to the engine, not yet shown by the store
        self._failures = 0  # of the channel, one after the other
        self._rests_until = 0.0

    def work(self, now: float) -> float:
        """Try the pending pages whose time has come; return the seconds until the next is due (at most 60).

        ``now`` is monotonic, in seconds.
        """
        waiting = self._waiting()
        pending = {one.round for one in waiting}
        self._handled &= pending
        for gone in self._tries.keys() - pending:
            del self._tries[gone], self._not_before[gone]
        ahead: set[str] = set()
        for one in waiting:
            due = max(self._not_before.get(one.round, now), self._rests_until)
            if one.round in self._handled:
                continue
            if due <= now and not ahead & one.threads:
                self._try(one, now)
            if one.round not in self._handled:
                ahead |= one.threads
        due_times = (max(due, self._rests_until) for key, due in self._not_before.items() if key in pending)
        return min([60.0, *(max(0.0, due - now) for due in due_times)])

    def _waiting(self) -> list[Waiting]:
        """Return what this channel is to carry, the earliest first, each with its incident as it stands now."""
        with self._store.view() as view:
            mine = (both for both in pending(view) if both[1].channel == self._outlet.channel)
            pages = list(islice(mine, MOST_AT_ONCE))
            keys = sorted({page.incident_id for page, _ in pages if page.incident_id})
            incidents = {found.incident_id: found for found in view.many(INCIDENTS, keys)}
        return [Waiting(page, sending, incidents.get(page.incident_id)) for page, sending in pages]

    def _try(self, one: Waiting, now: float) -> None:
        """Deliver one page, once, and tell the engine what is final about it."""
        try:
            answer = self._outlet.notifier.deliver(self._message(one))
        except Unavailable as problem:
            self._later(one, problem, now)
        except AiopsError as refusal:
            self._tell(one, PageStatus.DEAD, self._tried(one), str(refusal))
        else:
            self._failures = 0
            self._tell(one, PageStatus.DELIVERED, self._tried(one), answer)

    def _message(self, one: Waiting) -> Message:
        """Return what to send; where the operator's text fails, the one that ships says it."""
        arguments = (self._outlet.public_url, self._clock())
        made = message(one.page, one.incident, self._outlet.channel, self._outlet.template, *arguments)
        try:
            _ = made.subject, made.body
        except BadInput as problem:
            log.error("a template failed; the page goes out in our own words", problem=str(problem))
            return message(one.page, one.incident, self._outlet.channel, DEFAULT, *arguments)
        return made

    def _tried(self, one: Waiting) -> int:
        """Return the number of this try in its round, also after a restart."""
        return max(self._tries.get(one.round, 0), one.sending.tries) + 1

    def _later(self, one: Waiting, problem: Unavailable, now: float) -> None:
        """Wait twice as long as the last time, half of it by chance; or give up. The whole channel rests meanwhile."""
        tries = self._tries[one.round] = self._tried(one)
        self._failures += 1
        self._not_before[one.round] = now + max(self._pause(tries), problem.retry_after)
        self._rests_until = now + max(self._pause(self._failures), problem.retry_after)
        since = one.page.due_from or one.page.made_at
        if self._clock() - since >= self._outlet.deadline:
            said = "1 try" if tries == 1 else f"{tries} tries"
            text = f"given up after {said} in {span(self._outlet.deadline)}: {problem}"
            self._tell(one, PageStatus.DEAD, tries, text)
        elif tries & (tries - 1) == 0:  # 1, 2, 4, 8, ...: people see that it is tried, the journal does not fill
            self._tell(one, PageStatus.PENDING, tries, str(problem))

    def _pause(self, tries: int) -> float:
        return min(2.0 ** min(tries, 20), LONGEST_PAUSE) * self._chance.uniform(0.5, 1.0)

    def _tell(self, one: Waiting, status: PageStatus, tries: int, detail: str) -> None:
        tell(self._journal, one.page, self._outlet.channel, status, tries, detail)
        if status is not PageStatus.PENDING:
            self._handled.add(one.round)


def pending(view: View) -> Iterator[tuple[Page, Sending]]:
    """Yield every page with every channel that it still waits for, the earliest first."""
    query = PENDING
    while True:
        found = view.find(PAGES, query)
        for page in found.items:
            sendings = page.sendings or (Sending(channel=EARLIER),)
            yield from ((page, sending) for sending in sendings if sending.status is PageStatus.PENDING)
        if not found.next:
            return
        query = msgspec.structs.replace(query, cursor=found.next)


def tell(journal: Journal, page: Page, channel: str, status: PageStatus, tries: int, detail: str) -> None:
    """Tell the engine what became of a page on one channel; said twice, it counts once."""
    act = PageHandled(page_id=page.page_id, channel=channel, status=status, tries=tries, detail=detail[:1_000])
    number = f"-{tries}" if status is PageStatus.PENDING else ""
    command = f"{page.key(channel)}-{status}-{page.round}{number}"
    journal.append([Command(id=command, actor="system:responder", act=act)])
    log.info("page handled", page=page.page_id, channel=channel, status=str(status), tries=tries, detail=detail)


class Strays:
    """Pages for channels that are no longer configured: nobody will carry them, and they say so."""

    def __init__(self, journal: Journal, store: Store, channels: Collection[str]) -> None:
        self._journal, self._store, self._channels = journal, store, frozenset(channels)
        self._told: set[tuple[str, str, int]] = set()

    def work(self, _: float) -> float:
        """Give up what nobody carries; return the seconds until the next look."""
        strays = list(self._found())
        for page, channel in strays:
            if (page.page_id, channel, page.round) not in self._told:
                text = f"the channel {channel!r} is no longer configured"
                tell(self._journal, page, channel, PageStatus.DEAD, 0, text)
        self._told = {(page.page_id, channel, page.round) for page, channel in strays}
        return 60.0

    def _found(self) -> Iterator[tuple[Page, str]]:
        with self._store.view() as view:
            for page, sending in pending(view):
                if sending.channel not in self._channels:
                    yield page, sending.channel


def run(worker: "Courier | Strays", stop: Event) -> None:
    """Work until ``stop``: look at the outbox twice a second, or later when it is out of reach (said once)."""
    pause, well = 0.0, True
    while not stop.wait(pause):
        try:
            pause = min(PACE, worker.work(time.monotonic()))
            well = True
        except Unavailable as problem:
            if well:
                log.info("the outbox is out of reach for now", problem=str(problem))
            pause, well = max(PACE, problem.retry_after), False
