"""Between which two effects on the disk can a process end? The one table of commit points; a test proves it complete.

A process ends there by ``os._exit``: nothing is closed, rolled back or flushed, as under SIGKILL at that instant.
"""

import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from itertools import count
from typing import Any

BEFORE, AFTER = "before", "after"
COMMIT = "COMMIT"  # in the place of a function: SQLite's own, on the file that ``matching`` names
DIED = 137  # the exit code by which the parent knows that the point was reached

WRITER = "aiops.storage.segment_writer:SegmentWriter"
SEGMENTS = "aiops.storage.segments:Segments"
STORE = "aiops.storage.sqlite_store:_Writer"
SNAPSHOTS = "aiops.storage.snapshots:Snapshots"
FILE = "aiops.storage.durable:write_file"
APPEND = "aiops.storage.sqlite_journal:SqliteJournal.append"
FORGET = "aiops.storage.sqlite_retention:_chunk"
ACCESS = "api.access_db:AccessDb"
OPENING = "aiops.bootstrap.engine:Loop._caught_up"
TELL = "aiops.response.responder:tell"
LEARN = "correlation.learner:Learner.step"


@dataclass(frozen=True)
class Point:
    """One instant: ``moment`` of the ``nth`` call of ``where`` whose arguments show ``matching``."""

    name: str
    within: str  # the function that makes something durable
    where: str  # "module:name" that is patched
    moment: str
    matching: str = ""
    nth: int = 3
    forgets: bool = False  # the journal lets go of old segments, so what it held cannot be counted any more

    @property
    def id(self) -> str:
        """Name it in a test's id."""
        return self.name.replace(" ", "-").replace(",", "")


def both(name: str, within: str, where: str = "", **more: Any) -> tuple[Point, Point]:
    """Return the instants before and after one call."""
    where = where or within
    first = Point(f"{name}, before", within, where, BEFORE, **more)
    return first, Point(f"{name}, after", within, where, AFTER, **more)


POINTS = (
    *both("journal: a group", f"{WRITER}._commit", f"{WRITER}.write"),
    Point("journal: rows written, not committed", f"{WRITER}._commit", COMMIT, BEFORE, "/journal/"),
    Point("journal: committed, nobody told", f"{WRITER}._commit", f"{WRITER}._commit", AFTER),
    *both("journal: a new segment", f"{SEGMENTS}.create", nth=2),
    Point("segment: made, not named", f"{SEGMENTS}.create", "pathlib:Path.replace", BEFORE, "/journal/", 2),
    Point("segment: named, not synced", f"{SEGMENTS}.create", "aiops.storage.segments:sync_folder", BEFORE, nth=2),
    Point("segment: to be dropped", f"{SEGMENTS}._unlink", "pathlib:Path.unlink", BEFORE, ".db')", 1, forgets=True),
    Point("segment: dropped but its log", f"{SEGMENTS}._unlink", "pathlib:Path.unlink", BEFORE, "wal", 2, forgets=True),
    *both("store: the tables", "aiops.storage.sqlite_schema:prepare", nth=1),
    Point("store: tables, not committed", "aiops.storage.sqlite_schema:prepare", COMMIT, BEFORE, "store.db", 1),
    *both("store: a save", f"{STORE}.save"),
    Point("store: written, not committed", f"{STORE}.save", COMMIT, BEFORE, "store.db", 5),
    *both("store: documents past their retention", FORGET, nth=1),
    Point("store: forgotten, not committed", FORGET, "aiops.storage.sqlite_table:Table.drop", AFTER, nth=1),
    *both("fold: a step", f"{STORE}.save", "aiops.fold:step"),
    *both("engine: its settings", OPENING, APPEND, matching="ApplySettings", nth=1),
    *both("engine: keeps a snapshot", f"{SNAPSHOTS}.keep", "aiops.bootstrap.engine:Loop.keep", nth=2),
    *both("snapshot: the store is synced", f"{SNAPSHOTS}.keep", f"{STORE}.sync", nth=2),
    *both("snapshot: its file", f"{SNAPSHOTS}.keep", "aiops.storage.snapshots:write_file", nth=2),
    Point("snapshot: written, not synced", FILE, "os:fsync", BEFORE, nth=1, matching="snapshots"),
    Point("snapshot: written, not named", FILE, "pathlib:Path.replace", BEFORE, ".snap", 2),
    Point("snapshot: named, not synced", FILE, "aiops.storage.durable:sync_folder", BEFORE, "snapshots", 2),
    Point("snapshot: an older one goes", f"{SNAPSHOTS}._forget", "pathlib:Path.unlink", BEFORE, ".snap", 1),
    *both("responder: tells", TELL, nth=2),
    *both("learner: what it found", LEARN, APPEND, matching="Learned", nth=2),
    *both("access: a change", f"{ACCESS}.change"),
    Point("access: the tables", f"{ACCESS}._migrate", COMMIT, BEFORE, "access.db", 1),
    Point("access: an upgrade of the tables", f"{ACCESS}._migrate", COMMIT, BEFORE, "access.db", 2),
)


def arm(point: Point) -> None:
    """Let this process end at ``point``."""
    calls = count(1)

    def strike(shown: Callable[[], str]) -> None:
        if point.matching in shown() and next(calls) == point.nth:
            os._exit(DIED)

    if point.where == COMMIT:
        _arm_commits(strike)
        return
    module, _, path = point.where.partition(":")
    *owners, name = path.split(".")
    owner: Any = import_module(module)
    for step in owners:
        owner = getattr(owner, step)
    original = getattr(owner, name)

    def struck(*arguments: Any, **named: Any) -> Any:
        if point.moment == BEFORE:
            strike(lambda: _shown(name, arguments))
            return original(*arguments, **named)
        answer = original(*arguments, **named)
        strike(lambda: _shown(name, arguments))
        return answer

    setattr(owner, name, struck)


def _shown(name: str, arguments: tuple[Any, ...]) -> str:
    """Return the arguments in words; of a descriptor, the file that it stands for."""
    return os.readlink(f"/proc/self/fd/{arguments[0]}") if name == "fsync" else repr(arguments)


def _arm_commits(strike: Callable[[Callable[[], str]], None]) -> None:
    """Let SQLite's connections strike before they commit."""
    connect = sqlite3.connect

    class Struck(sqlite3.Connection):
        file = ""

        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            if sql == COMMIT:
                strike(lambda: self.file)
            return super().execute(sql, *values)

    def opened(file: Any, *arguments: Any, **named: Any) -> sqlite3.Connection:
        connection = connect(file, *arguments, factory=Struck, **named)
        connection.file = str(file)
        return connection

    sqlite3.connect = opened  # type: ignore[assignment]


# What makes something durable beside these, and where it is shown that it may end at any instant.
ELSEWHERE = {
    "aiops.bootstrap.address:announced": "no promise: where the server answers, written anew at each start",
    "aiops.bootstrap.engine:Loop._relieve": "an act that is asked for again at the next look",
    "aiops.bootstrap.engine:Loop._shelve": "what the folder says is compared again at the next start",
    "aiops.bootstrap.engine:Loop._sign": "what the folder says is compared again at the next start",
    "aiops.bootstrap.engine:Loop._tick": "nothing but time",
    "aiops.bootstrap.engine:Loop._watch": "what the packs say is compared again at the next start",
    "aiops.bootstrap.supervisor:serve": "no promise: what listeners count, of those that ran before",
    "aiops.cli.demonstration:_append": "the demo's own journal",
    "aiops.cli.demonstration:_prepare": "the demo's own folder",
    "aiops.cli.demonstration:fill": "the demo's own folder",
    "aiops.cli.packs:bring": "a file for the operator",
    "aiops.cli.packs:export": "a file for the operator",
    "aiops.cli.replay:replay": "a file for the operator",
    "aiops.response.heartbeat:Heartbeat.beat": "told again when it is found to differ",
    "aiops.response.heartbeat:Heartbeat._outcome": "told again when it is found to differ",
    "aiops.storage.backup:back_up": "tests/storage/test_backup.py: whole or not at all",
    "aiops.storage.backup:restore": "tests/storage/test_backup.py: whole or not at all",
    "aiops.storage.backup:_unfinished": "tests/storage/test_backup.py",
    "aiops.storage.backup:_copy": "tests/storage/test_backup.py",
    "aiops.storage.backup:_settle": "tests/storage/test_backup.py",
    "aiops.storage.backup:_drop_logs": "tests/storage/test_backup.py",
    "aiops.storage.bounded:BoundedJournal.append": "hands on to the journal's own",
    "aiops.storage.durable:make_folder": "an empty folder",
    "aiops.storage.durable:sync_folder": "a part of those that call it",
    "aiops.storage.elastic_store:ElasticStore._installation": "tests/elastic: by `write_file`",
    "aiops.storage.moving:_move": "tests/elastic/test_moving.py: begun again",
    "aiops.storage.moving:move": "tests/elastic/test_moving.py: begun again",
    "api.desk:Desk.act_all": "kills.py: the API dies between act and answer",
    "api.routes.journal:_append.work": "the client numbers its chunks and sends them again",
    "api.ui.senders:send_test": "a test alert, asked for by a button",
    "ingestion.listeners.intake:Intake._append": "test_end_in_order.py; a datagram is promised nothing",
    "ingestion.prometheus:Prometheus._ask": "asked again; what was measured is known by its key",
    "ingestion.listeners.standing:publish": "no promise: what listeners count",
    "ingestion.listeners.tail:Tail._append": "the place in the file is kept behind the append",
}
