"""What does a process do that is to end at a commit point? All that the real ones do, in turn, promising aloud."""

import contextlib
import json
import os
from datetime import timedelta
from pathlib import Path
from threading import Event

from aiops.bootstrap import clock
from aiops.bootstrap.engine import Loop
from aiops.bootstrap.setups import ACCESS_DB, EngineSetup
from aiops.domain.acts import PutSilence, Shed
from aiops.domain.entries import Command, Delivery, Learned
from aiops.domain.learned import Families
from aiops.domain.matching import Matcher
from aiops.domain.rules import Silence
from aiops.domain.settings import PagingSettings, Settings
from aiops.ports import View
from aiops.response.message import Message
from aiops.response.responder import Courier, Outlet
from aiops.storage.folder import open_store
from aiops.storage.sqlite_journal import SqliteJournal
from aiops.storage.sqlite_retention import Retention
from api.access import Access
from api.grants import Scope
from correlation.learner import Learner
from tests.crash.points import Point, arm

ROUNDS = 12
PER_DELIVERY = 3
SEGMENT = 16_384  # bytes, so that segments are filled
PROMISES = "promises"  # one line of JSON for each: [kind, key, ...]
CARRIED = "carried"  # keys of pages that a receiver has, one a line
SETTINGS = Settings(paging=PagingSettings(hold=timedelta(0), channels=("out",)))


def body(number: int) -> bytes:
    """Return the delivery of a round: alerts that nobody else sends."""
    alerts = [
        {
            "status": "firing",
            "labels": {"alertname": f"A{number}-{index}", "service": f"s{number}", "severity": "critical"},
            "annotations": {"summary": f"check {number}-{index} failed: {'x' * 800}"},
            "startsAt": "2026-03-02T09:00:00Z",
        }
        for index in range(PER_DELIVERY)
    ]
    return json.dumps({"version": "4", "alerts": alerts}).encode()


class Carrier:
    """A receiver that remembers on disk what it was given."""

    def __init__(self, folder: Path) -> None:
        self._out = os.open(folder / CARRIED, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def deliver(self, message: Message) -> str:
        """Take it."""
        os.write(self._out, f"{message.key}\n".encode())
        return "taken"


class Work:
    """Journal, engine, responder, learner and the API's tokens, in one process."""

    def __init__(self, folder: Path, *, forgets: bool = False) -> None:
        self.folder = folder
        data = folder / "data"
        self.access = Access(data / ACCESS_DB) if data.exists() else _access(data)
        self.journal = SqliteJournal(data / "journal", segment_bytes=SEGMENT)
        self.store = open_store(data, retention=Retention(age=timedelta(0) if forgets else timedelta(days=9_999)))
        kept = timedelta(0) if forgets else timedelta(days=9_999)
        setup = EngineSetup(data=data, decisions=SETTINGS, snapshot_entries=8, journal_kept=kept)
        self.loop = Loop(self.journal, self.store, setup, clock.now)
        outlet = Outlet("out", Carrier(folder))
        self.courier = Courier(self.journal, self.store, outlet, clock.now)
        self.learner = Learner(self.store, self.journal, data, "light", studies=(_study,))

    def fold(self) -> None:
        """Fold all there is."""
        while self.loop.fold():
            pass

    def close(self) -> None:
        """Let go of all."""
        self.store.close()
        self.journal.close()


def _access(data: Path) -> Access:
    data.mkdir(parents=True)
    return Access(data / ACCESS_DB)


def _study(view: View) -> list[Learned]:
    """Stand in for the clustering, which is another process."""
    position = view.position()
    assert position is not None
    families = Families(model="m", run=str(position), chunk=0, chunks=1, families=())
    return [Learned(based_on=position, result=families)]


def _silence(key: str) -> Silence:
    now = clock.now()
    end = now + timedelta(hours=1)
    matchers = (Matcher(field="service", value="nobody"),)
    return Silence(id=key, matchers=matchers, owner="ana", reason="work", starts_at=now, ends_at=end)


def strike(point: Point, folder: Path) -> None:
    """Work until the point is reached; where it never is, end by oneself."""
    arm(point)
    with contextlib.redirect_stdout(None):
        _work(folder, os.open(folder / PROMISES, os.O_WRONLY | os.O_CREAT | os.O_APPEND), forgets=point.forgets)


def _work(folder: Path, out: int, *, forgets: bool) -> None:
    def promise(*words: object) -> None:
        os.write(out, json.dumps(words).encode() + b"\n")

    work = Work(folder, forgets=forgets)
    work.loop.catch_up(Event())
    work.journal.append([Command(id="calm", actor="test", act=Shed(work="clustering", on=True, text="no child"))])
    for number in range(ROUNDS):
        (position,) = work.journal.append([Delivery(source="alertmanager", body=body(number))])
        promise("delivery", str(position), number)
        work.fold()
        work.courier.work(float(number))
        key = f"quiet-{number}"
        work.journal.append([Command(id=key, actor="ana", act=PutSilence(silence=_silence(key)))])
        promise("act", key)
        work.learner.step(Event())
        promise("token", work.access.create_token(key, [Scope.READ], clock.now()))
    work.fold()
    work.loop.keep()
    work.close()
