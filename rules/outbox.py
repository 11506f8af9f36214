"""Which pages are under way, and which reached nobody? The engine's side of the outbox; others deliver."""

from datetime import datetime

import msgspec

from aiops.domain.acts import PageHandled, PagingAct, RetryPage, TryChannel
from aiops.domain.base import stable_hash
from aiops.domain.documents import PAGES
from aiops.domain.errors import Conflict
from aiops.domain.events import Severity
from aiops.domain.incidents import Page, PageStatus, Sending, overall
from aiops.domain.part import Part
from aiops.domain.reasons import Reason
from aiops.domain.settings import PagingSettings

MOST_PENDING = 10_000  # pages under way; beyond it the oldest is given up, and says so
MOST_FAILED = 1_000  # pages that can be tried again; older ones stay in the store


class Outbox(Part):
    """Takes pages in, and what becomes of them."""

    def __init__(self, settings: PagingSettings) -> None:
        super().__init__()
        self.settings = settings
        self._pending: dict[str, Page] = {}
        self._failed: dict[str, Page] = {}

    def add(self, page: Page, channels: tuple[str, ...]) -> None:
        """Let a page be delivered over each of ``channels``; none: it is kept, and says that nobody carries it."""
        sendings = tuple(Sending(channel=channel) for channel in channels)
        detail = "" if sendings else "no channel is configured; see pages.channels"
        self._keep(msgspec.structs.replace(page, sendings=sendings, detail=detail))

    def act(self, act: PagingAct, actor: str, key: str, now: datetime) -> tuple[str, str]:
        """Apply an act, the command ``key``; return what was done, and the id of the page it concerns. Conflict."""
        match act:
            case PageHandled():
                return self._handled(act), act.page_id
            case RetryPage():
                return self._retry(act, actor, now), act.page_id
            case TryChannel():
                return self._try(act, actor, key, now)

    def dump(self) -> bytes:
        return msgspec.msgpack.encode((list(self._pending.values()), list(self._failed.values())))

    def load(self, state: bytes) -> None:
        pending, failed = msgspec.msgpack.decode(state, type=tuple[list[Page], list[Page]])
        self._pending = {page.page_id: page for page in pending}
        self._failed = {page.page_id: page for page in failed}

    def _handled(self, act: PageHandled) -> str:
        """Enter what became of a page on one channel; Conflict when nobody waits for that."""
        page = self._pending.get(act.page_id)
        if page is None or not any(_awaits(sending, act) for sending in page.sendings):
            raise Conflict(f"page {act.page_id!r} is not pending on {act.channel!r}")
        told = tuple(
            msgspec.structs.replace(sending, status=act.status, tries=act.tries, detail=act.detail)
            if _awaits(sending, act)
            else sending
            for sending in page.sendings
        )
        self._keep(msgspec.structs.replace(page, sendings=told))
        where = "waits for another try" if act.status is PageStatus.PENDING else f"is {act.status.replace('_', ' ')}"
        about = f"about #{page.incident_number}" if page.incident_id else "that was a test"
        detail = f": {act.detail}" if act.detail else ""
        return f"page to {page.route} {about} over {act.channel} {where}{detail}"

    def _retry(self, act: RetryPage, actor: str, now: datetime) -> str:
        """Let what failed of a page be tried again; Conflict when nothing did, or it failed too long ago."""
        page = self._failed.get(act.page_id)
        if page is None:
            raise Conflict(f"page {act.page_id!r} did not fail, or {MOST_FAILED:,} others did since")
        sendings = page.sendings or tuple(Sending(channel=channel) for channel in self.settings.channels)
        if not sendings:
            raise Conflict("there is still no channel to carry it; see pages.channels")
        again = tuple(
            sending if sending.status is PageStatus.DELIVERED else Sending(channel=sending.channel)
            for sending in sendings
        )
        self._keep(msgspec.structs.replace(page, sendings=again, detail="", round=page.round + 1, due_from=now))
        return f"page to {page.route} is tried again, as {actor} asked"

    def _try(self, act: TryChannel, actor: str, key: str, now: datetime) -> tuple[str, str]:
        """Make a page about nothing; return what was done, and its id. Conflict: there is no such channel."""
        if act.channel not in self.settings.channels:
            known = ", ".join(self.settings.channels) or "none"
            raise Conflict(f"there is no channel {act.channel!r}; those that there are: {known}")
        page = Page(
            page_id=f"test-{stable_hash(key)}",
            incident_id="",
            incident_number=0,
            event="test",
            route=actor,
            why_route=f"{actor} tries the channel {act.channel}",
            title=f"A test of the channel {act.channel}",
            severity=Severity.INFO,
            made_at=now,
            reason=Reason(step="page", text=f"{actor} tries the channel {act.channel}: nothing has happened"),
        )
        self.add(page, (act.channel,))
        return f"a test page goes to {act.channel}", page.page_id

    def _keep(self, page: Page) -> None:
        """Save a page, and remember it for as long as something may still become of it."""
        page = msgspec.structs.replace(page, status=overall(page.sendings))
        self._pending.pop(page.page_id, None)
        self._failed.pop(page.page_id, None)
        if page.status is PageStatus.PENDING:
            self._pending[page.page_id] = page
        elif page.status is not PageStatus.DELIVERED:
            self._failed[page.page_id] = page
        self.put(PAGES, page)
        while len(self._pending) > MOST_PENDING:
            self._give_up(self._pending[next(iter(self._pending))])
        while len(self._failed) > MOST_FAILED:
            del self._failed[next(iter(self._failed))]

    def _give_up(self, page: Page) -> None:
        text = f"given up: {MOST_PENDING:,} younger pages wait"
        ended = tuple(
            msgspec.structs.replace(sending, status=PageStatus.DEAD, detail=text)
            if sending.status is PageStatus.PENDING
            else sending
            for sending in page.sendings
        )
        self._keep(msgspec.structs.replace(page, sendings=ended))


def _awaits(sending: Sending, act: PageHandled) -> bool:
    return sending.channel == act.channel and sending.status is PageStatus.PENDING
