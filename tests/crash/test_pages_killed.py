"""No page is lost: the responder is killed (SIGKILL) after a receiver took a page and before anybody was told."""

import contextlib
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from threading import Event, Lock, Thread

import pytest

from aiops.bootstrap.engine import Loop
from aiops.bootstrap.log import LogSetup
from aiops.bootstrap.process import orders
from aiops.bootstrap.setups import EngineSetup, ResponderSetup
from aiops.domain.channels import Channel, EmailChannel, PagerDutyChannel, SlackChannel, WebhookChannel
from aiops.domain.documents import PAGES
from aiops.domain.incidents import Page, PageStatus
from aiops.domain.queries import Query
from aiops.domain.settings import PagingSettings, Settings
from aiops.storage.clock import wall_clock
from aiops.storage.filelock import EngineLock
from aiops.storage.folder import open_journal, open_store
from tests.aiops.response.receivers import MailBox, Posted, Receiver, http_receiver, mail_server
from tests.builders import a_delivery

PATIENCE = 60.0
TROUBLES = {  # of a kind of its own each, so that each is an incident of its own
    "shop": "checkout refuses every card",
    "search": "index is empty",
    "mail": "queue grows without end",
    "ledger": "balance differs from the bank",
    "video": "encoder dropped frames",
    "maps": "tiles older than a week",
    "login": "captcha service unreachable",
    "print": "paper tray jammed",
    "fleet": "trucks lost their position",
    "power": "battery below ten percent",
    "clock": "drift above one second",
    "vault": "door open for too long",
}
PAGES_MADE = len(TROUBLES)
KILLED_AT = (1, 4, 9)  # requests after which the responder is killed: the receiver has them, the engine does not know


class Responder:
    """The real process, started again as the supervisor would, and killed when a receiver says so."""

    def __init__(self, folder: Path, channel: Channel) -> None:
        setup = ResponderSetup(data=folder, channels=(channel,))
        self._orders = orders("responder", LogSetup(format="json"), setup)
        self._lock = Lock()
        self.kills = 0
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "aiops.bootstrap.responder"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self.process.stdin is not None
        self.process.stdin.write(self._orders)
        self.process.stdin.flush()

    def kill_at(self, number: int) -> None:
        """Kill it at the stated requests: called while it waits for the answer."""
        with self._lock:
            if number in KILLED_AT:
                self.process.kill()
                self.process.wait()
                self.kills += 1

    def look(self) -> None:
        with self._lock:
            if self.process.poll() is not None:
                self.start()

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdin is not None
        self.process.stdin.close()


def keys_of_posts(key: Callable[[Posted], str]) -> Callable[[Receiver], list[str]]:
    return lambda receiver: [key(posted) for posted in receiver.got]


def keys_of_mails(box: MailBox) -> list[str]:
    return [str(message_from_bytes(raw, policy=policy.default)["Message-ID"]) for raw in box.got]


Case = tuple[
    Callable[[], AbstractContextManager[Receiver | MailBox]],
    Callable[[Receiver | MailBox], Channel],
    Callable[[Receiver | MailBox], list[str]],
]


def _url(receiver: Receiver | MailBox) -> str:
    assert isinstance(receiver, Receiver)
    return receiver.url


def _mail(box: Receiver | MailBox) -> EmailChannel:
    assert isinstance(box, MailBox)
    where = {"host": "127.0.0.1", "port": box.port}
    return EmailChannel(name="out", security="none", sender="aiops@example.org", to=("ana@example.org",), **where)  # type: ignore[arg-type]


CASES: dict[str, Case] = {
    "webhook": (
        http_receiver,
        lambda receiver: WebhookChannel(name="out", url=_url(receiver), secret="whsec_c2VjcmV0"),
        keys_of_posts(lambda posted: posted.headers["webhook-id"]),  # type: ignore[dict-item]
    ),
    "slack": (
        http_receiver,
        lambda receiver: SlackChannel(name="out", url=_url(receiver)),
        keys_of_posts(lambda posted: str(posted.json["blocks"][0]["block_id"])),  # type: ignore[dict-item]
    ),
    "pagerduty": (
        http_receiver,
        lambda receiver: PagerDutyChannel(name="out", url=_url(receiver), routing_key="k"),
        keys_of_posts(lambda posted: str(posted.json["dedup_key"])),  # type: ignore[dict-item]
    ),
    "email": (mail_server, _mail, keys_of_mails),  # type: ignore[dict-item]
}


@contextlib.contextmanager
def engine_with_pages(folder: Path) -> Iterator[Callable[[], list[Page]]]:
    """Fold alerts that page at once, and go on folding in a thread; yield what tells the pages."""
    paging = PagingSettings(hold=timedelta(0), channels=("out",), most_per_route=1_000)
    with EngineLock(folder):
        journal, store = open_journal(folder), open_store(folder)
        loop = Loop(journal, store, EngineSetup(data=folder, decisions=Settings(paging=paging)), wall_clock)
        loop.catch_up(Event())
        alerts = [
            a_delivery({"title": trouble, "severity": "critical", "labels": {"service": name}}, source="test")
            for name, trouble in TROUBLES.items()
        ]
        journal.append(alerts)
        stop = Event()
        thread = Thread(target=loop.run, args=(stop,), daemon=True)
        thread.start()

        def pages() -> list[Page]:
            with store.view() as view:
                return view.find(PAGES, Query(limit=1_000)).items

        try:
            yield pages
        finally:
            stop.set()
            thread.join(PATIENCE)
            store.close()
            journal.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_killed_responder_loses_no_page_and_repeats_one_under_its_own_key(tmp_path: Path, name: str) -> None:
    receiving, channel_of, keys_of = CASES[name]
    with receiving() as receiver, engine_with_pages(tmp_path) as pages:
        responder = Responder(tmp_path, channel_of(receiver))
        killing(receiver, responder)
        try:
            until = time.monotonic() + PATIENCE
            while not all_delivered(pages()):
                assert time.monotonic() < until, [(page.page_id, page.sendings) for page in pages()]
                responder.look()
                time.sleep(0.02)
        finally:
            responder.end()
        keys = Counter(keys_of(receiver))
    assert responder.kills == len(KILLED_AT)
    assert len(keys) == PAGES_MADE
    assert sum(keys.values()) == PAGES_MADE + len(KILLED_AT)


def all_delivered(pages: list[Page]) -> bool:
    return len(pages) == PAGES_MADE and all(page.status is PageStatus.DELIVERED for page in pages)


def killing(receiver: Receiver | MailBox, responder: Responder) -> None:
    """Have the receiver kill the responder when it has taken what came and not answered yet."""
    if isinstance(receiver, Receiver):

        def answer(number: int) -> tuple[int, dict[str, str], bytes]:
            responder.kill_at(number)
            return 200, {}, b"ok"

        receiver.answer = answer
    else:
        receiver.taken = responder.kill_at
