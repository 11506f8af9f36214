"""The engine's loop: it recovers, lets time pass, keeps snapshots, forgets what is old."""

import itertools
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any, TypeVar

import pytest
import structlog

from aiops.bootstrap.engine import Loop, run
from aiops.bootstrap.setups import EngineSetup
from aiops.domain.alerts import Alert
from aiops.domain.changes import Changes
from aiops.domain.collection import Collection
from aiops.domain.documents import ALERTS, ENGINE, GRAPHS, INCIDENTS, OUTCOMES, PACKS, PAGES, RULES
from aiops.domain.entries import Command, Delivery, Position, Tick
from aiops.domain.errors import BadConfiguration, Unavailable
from aiops.domain.queries import Query
from aiops.domain.settings import CorrelationSettings, PagingSettings, Settings
from aiops.domain.snapshots import Snapshot
from aiops.fold import FORMAT
from aiops.ledger import Ledger
from aiops.replay.verify import verify
from aiops.storage.filelock import EngineLock
from aiops.storage.folder import open_journal, open_store
from aiops.storage.memory import MemoryJournal, MemoryStore
from tests.builders import T0, a_delivery, at

SERVICES = "services:\n  web: {owner: shop, depends_on: [db]}\n  db: {owner: dba}\n"
PACK = """
- id: noise
  verdict: known_good
  owner: noc
  reason: known
  expires: 2026-09-01
  match: {service: db, template: "sync <*> done"}
"""

T = TypeVar("T")


def alert(service: str = "db") -> Delivery:
    return a_delivery({"title": "disk full", "severity": "critical", "labels": {"service": service}}, source="test")


class Bench:
    """A journal and a store whose clock the test moves, and loops over the two."""

    def __init__(self) -> None:
        self.now = T0
        self.journal, self.store = MemoryJournal(clock=lambda: self.now), MemoryStore()

    def loop(self, **changes: Any) -> Loop:
        setup = EngineSetup(data=Path("unused"), **changes)
        return Loop(self.journal, self.store, setup, lambda: self.now)

    def pass_time(self, **delta: float) -> None:
        self.now += timedelta(**delta)

    def count(self, collection: Collection[T]) -> int:
        with self.store.view() as view:
            return view.find(collection, Query()).total


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_what_is_in_the_journal_is_folded_at_start(bench: Bench) -> None:
    bench.journal.append([alert()])
    assert bench.loop().catch_up(Event()) == 1
    assert bench.count(INCIDENTS) == 1


def test_settings_are_told_when_they_differ_also_when_they_return(bench: Bench) -> None:
    short = Settings(correlation=CorrelationSettings(window=timedelta(minutes=1)))
    for decisions, told in ((Settings(), 0), (short, 1), (short, 1), (Settings(), 2), (short, 3)):
        loop = bench.loop(decisions=decisions)
        loop.catch_up(Event())
        assert loop.engine.settings == decisions
        assert bench.count(OUTCOMES) == told


def test_the_files_are_applied_where_they_differ(bench: Bench, tmp_path: Path) -> None:
    services, packs = tmp_path / "services.yaml", tmp_path / "packs"
    packs.mkdir()
    services.write_text(SERVICES)
    (packs / "ours.yaml").write_text(PACK)
    for _ in range(2):
        bench.loop(services=services, rules=packs).catch_up(Event())
        assert (bench.count(GRAPHS), bench.count(RULES), bench.count(OUTCOMES)) == (1, 1, 3)
    (packs / "ours.yaml").write_text(PACK.replace("reason: known", "reason: well known"))
    services.write_text(SERVICES.replace("owner: dba", "owner: dbas"))
    bench.loop(services=services, rules=packs).catch_up(Event())
    assert (bench.count(GRAPHS), bench.count(RULES), bench.count(OUTCOMES)) == (2, 1, 5)


@pytest.mark.parametrize(
    ("services", "pack"),
    [("services: {web: {ownr: x}}", PACK), (None, PACK)],
)
def test_a_file_that_cannot_be_used_refuses_the_start(
    bench: Bench, tmp_path: Path, services: str | None, pack: str
) -> None:
    packs = tmp_path / "packs"
    packs.mkdir()
    (packs / "ours.yaml").write_text(pack)
    file = tmp_path / "services.yaml"
    if services:
        file.write_text(services)
    with pytest.raises(BadConfiguration, match=r"services\.yaml|ours\.yaml"):
        bench.loop(services=file, rules=packs).catch_up(Event())


def test_a_pack_with_a_bad_rule_is_taken_and_said(bench: Bench, tmp_path: Path) -> None:
    packs = tmp_path / "packs"
    packs.mkdir()
    (packs / "ours.yaml").write_text(PACK.replace("owner: noc", "ownr: noc"))
    bench.loop(rules=packs).catch_up(Event())
    assert bench.count(RULES) == 0
    with bench.store.view() as view:
        (pack,) = view.find(PACKS, Query()).items
    assert "ours.yaml:2" in pack.problems[0].place


def test_a_folder_of_packs_that_is_none_refuses_the_start(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="is no folder"):
        bench.loop(rules=tmp_path / "nowhere").catch_up(Event())


def turns(loop: Loop, number: int) -> None:
    """Let the loop go round so many times."""

    class Countdown(Event):
        left = number

        def is_set(self) -> bool:
            self.left -= 1
            return self.left < 0

    loop.run(Countdown())


def test_a_timer_that_is_due_runs_though_nothing_arrives(bench: Bench) -> None:
    loop = bench.loop(decisions=Settings(paging=PagingSettings(hold=timedelta(seconds=15))))
    bench.journal.append([alert()])
    loop.catch_up(Event())
    assert bench.count(PAGES) == 0
    bench.pass_time(seconds=16)
    turns(loop, 2)
    assert bench.count(PAGES) == 1
    assert isinstance(bench.journal.read(None, 10)[-1].payload, Tick)


def test_ticks_come_at_most_once_a_second(bench: Bench) -> None:
    loop = bench.loop()
    bench.journal.append([alert()])
    bench.pass_time(days=2)  # many timers, one after the other
    turns(loop, 8)
    assert sum(isinstance(entry.payload, Tick) for entry in bench.journal.read(None, 100)) == 1


def test_no_tick_before_its_time(bench: Bench) -> None:
    loop = bench.loop()
    bench.journal.append([alert()])
    turns(loop, 3)
    assert len(bench.journal.read(None, 100)) == 1


def test_a_snapshot_is_kept_every_so_many_entries(bench: Bench) -> None:
    loop = bench.loop(snapshot_entries=3)
    bench.journal.append([alert()] * 2)
    loop.fold()
    assert bench.store.snapshot(FORMAT) is None
    bench.journal.append([alert()])
    loop.fold()
    kept = bench.store.snapshot(FORMAT)
    assert kept is not None
    assert kept.position == Position(0, 3)


def test_the_end_keeps_a_snapshot_and_a_new_engine_goes_on_from_it(bench: Bench) -> None:
    loop = bench.loop()
    bench.journal.append([alert()])
    turns(loop, 1)
    again = bench.loop()
    assert again.engine.position == Position(0, 1)
    assert again.engine.dump() == loop.engine.dump()


def test_entries_older_than_the_retention_go_once_two_snapshots_stand_behind_them(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    dropped: list[Position] = []
    monkeypatch.setattr(bench.journal, "drop_before", dropped.append)
    loop = bench.loop(snapshot_entries=1, journal_kept=timedelta(hours=1))
    for minutes in range(0, 300, 30):
        bench.now = at(minutes * 60)
        bench.journal.append([alert()])
        loop.fold()
    assert dropped[0] == Position(0, 1)
    assert dropped[-1] == Position(0, 8)  # the entries of the last hour stay: numbers 8, 9 and 10
    assert dropped == sorted(dropped)


def test_what_a_store_out_of_reach_did_not_take_is_folded_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    loop, save = bench.loop(), bench.store.save
    failures = [Unavailable("the disk is full", retry_after=0.01)] * 2

    def failing(changes: Changes) -> None:
        if failures:
            raise failures.pop()
        save(changes)

    monkeypatch.setattr(bench.store, "save", failing)
    bench.journal.append([alert()])
    turns(loop, 3)
    assert bench.count(INCIDENTS) == 1
    assert bench.store.position() == Position(0, 1)


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> str:
    """A service whose alerts the engine fails on, when it has half taken them."""
    settle = Ledger.settle

    def failing(self: Ledger, alert: Alert, event: Any) -> None:
        if alert.entity.name == "poison":
            raise KeyError("a mistake of ours")
        settle(self, alert, event)

    monkeypatch.setattr(Ledger, "settle", failing)
    return "poison"


def test_an_entry_that_the_engine_fails_on_does_not_stop_the_start(bench: Bench, poison: str) -> None:
    bench.journal.append([alert("db"), alert(poison), alert("web")])
    loop = bench.loop()
    assert loop.catch_up(Event()) > 0
    assert bench.store.position() == bench.journal.last()
    assert (bench.count(ALERTS), loop.left_out) == (2, 1)


def test_an_entry_that_the_engine_fails_on_does_not_stop_its_work(bench: Bench, poison: str) -> None:
    loop = bench.loop()
    loop.catch_up(Event())
    for service in ("db", poison, "web", poison, "api"):
        bench.journal.append([alert(service)])
    turns(loop, 5)
    assert bench.store.position() == bench.journal.last()
    assert (bench.count(ALERTS), loop.left_out) == (3, 2)
    assert verify(bench.journal, bench.store).equal


def test_what_the_engine_fails_on_is_logged_once_with_its_trace(
    bench: Bench, poison: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.journal.append([alert("db"), alert(poison)])
    with structlog.testing.capture_logs() as logs:
        monkeypatch.setattr("aiops.bootstrap.engine.log", structlog.get_logger())
        bench.loop().catch_up(Event())
        bench.loop().catch_up(Event())  # another start, from the snapshot behind it
    (line,) = logs
    assert (line["left_out"], line["so_far"]) == (["entry 0-2: KeyError"], 1)
    assert "a mistake of ours" in str(line["exc_info"])


def test_a_store_out_of_reach_while_an_entry_is_passed_over_is_waited_for(
    bench: Bench, poison: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, keep = bench.loop(), bench.store.keep
    failures = [Unavailable("the disk is full", retry_after=0.01)] * 2

    def failing(snapshot: Snapshot, history: timedelta) -> list[Position]:
        if failures:
            raise failures.pop()
        return keep(snapshot, history)

    monkeypatch.setattr(bench.store, "keep", failing)
    bench.journal.append([alert(poison), alert("db")])
    turns(loop, 5)
    assert bench.store.position() == Position(0, 2)
    assert bench.count(INCIDENTS) == 1


def test_a_snapshot_is_kept_after_so_much_time(bench: Bench) -> None:
    loop = bench.loop(snapshot_every=timedelta(0))
    loop.fold()
    assert bench.store.snapshot(FORMAT) is None  # nothing to keep yet
    bench.journal.append([alert()])
    loop.fold()
    assert bench.store.snapshot(FORMAT) is not None


def test_nothing_new_makes_no_new_snapshot(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = bench.loop()
    bench.journal.append([alert()])
    loop.fold()
    loop.keep()
    kept: list[Snapshot] = []
    monkeypatch.setattr(bench.store, "keep", lambda snapshot, _: kept.append(snapshot))
    loop.fold()
    loop.keep()
    assert kept == []


def test_the_journal_reaches_back_to_the_older_of_two_snapshots(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    dropped: list[Position] = []
    monkeypatch.setattr(bench.journal, "drop_before", dropped.append)
    loop = bench.loop(snapshot_entries=1, journal_kept=timedelta(0))
    for number in range(4):
        bench.pass_time(hours=1)
        bench.journal.append([alert(f"s{number}")])
        loop.fold()
    assert dropped == [Position(0, 1), Position(0, 2), Position(0, 3)]


def test_a_replay_can_begin_on_each_day_of_the_journal(bench: Bench) -> None:
    loop = bench.loop(snapshot_entries=1, journal_kept=timedelta(days=7))
    for hour in range(24 * 9):
        bench.now = at(hour * 3_600)
        bench.journal.append([alert(f"s{hour % 5}")])
        loop.fold()
    for days in range(7):
        entry = Position(0, 24 * 9 - 24 * days - 1)
        snapshot = bench.store.snapshot(FORMAT, entry)
        assert snapshot is not None
        assert bench.now - timedelta(days=days + 1, hours=1) <= snapshot.taken_at
        assert bench.journal.get(Position(0, snapshot.position.offset + 1)) is not None


def test_a_stop_while_it_catches_up_is_heeded(bench: Bench) -> None:
    bench.journal.append([alert()] * 3)
    stop = Event()
    stop.set()
    assert bench.loop().catch_up(stop) == 0
    assert bench.store.position() is None


def test_an_engine_says_when_it_has_caught_up_and_lets_the_folder_go(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    journal.append([alert()])
    journal.close()
    stop, ready = Event(), Event()
    thread = Thread(target=run, args=(EngineSetup(data=tmp_path), stop, ready))
    thread.start()
    assert ready.wait(20)
    with pytest.raises(BadConfiguration):
        EngineLock(tmp_path)
    stop.set()
    thread.join(20)
    EngineLock(tmp_path).release()
    store = open_store(tmp_path, readonly=True)
    assert store.position() == Position(0, 1)
    assert store.snapshot(FORMAT) is not None
    store.close()


def test_a_second_engine_on_a_folder_is_refused(tmp_path: Path) -> None:
    with EngineLock(tmp_path), pytest.raises(BadConfiguration, match="another engine"):
        run(EngineSetup(data=tmp_path), Event())


def test_commands_at_start_have_an_id_that_says_what_they_are(bench: Bench) -> None:
    bench.loop(decisions=Settings(paging=PagingSettings(default_route="noc"))).catch_up(Event())
    (entry,) = bench.journal.read(None, 10)
    assert isinstance(entry.payload, Command)
    assert entry.payload.id.startswith("start-")
    assert entry.payload.actor == "system:start"


class AwayStore(MemoryStore):
    """A store that is out of reach for the first ``times`` saves."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def save(self, changes: Changes) -> None:
        if self.times:
            self.times -= 1
            raise Unavailable("the cluster cannot be reached", retry_after=0)
        super().save(changes)


def test_a_store_that_is_away_at_the_start_is_waited_for(bench: Bench) -> None:
    bench.store = AwayStore(times=3)
    bench.journal.append([alert()])
    loop = bench.loop(decisions=Settings(correlation=CorrelationSettings(window=timedelta(minutes=1))))
    assert loop.catch_up(Event()) == 2
    assert bench.count(INCIDENTS) == 1


def test_waiting_for_a_store_at_the_start_ends_with_the_process(bench: Bench) -> None:
    stop = Event()

    class Stopping(AwayStore):
        def save(self, changes: Changes) -> None:
            stop.set()
            super().save(changes)

    bench.store = Stopping(times=1_000)
    bench.journal.append([alert()])
    assert bench.loop().catch_up(stop) == 0


def test_an_engine_far_behind_leaves_work_undone_and_says_so(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked for stands behind the entries that wait: it is so once they are folded."""
    monkeypatch.setattr("aiops.bootstrap.engine.BATCH", 1)
    loop = bench.loop()
    ticks = itertools.count(0, 4)
    monkeypatch.setattr("aiops.bootstrap.engine.time.monotonic", lambda: float(next(ticks)))
    bench.journal.append([alert(f"s{number}") for number in range(12)])
    assert loop.catch_up(Event()) > 12
    assert loop.engine.shed == ("clustering", "embedding", "enrichment")
    with bench.store.view() as view:
        record = view.get(ENGINE, "engine")
        texts = [one.text for one in view.find(OUTCOMES, Query(limit=50)).items]
    assert record is not None
    assert record.shed == loop.engine.shed
    assert any("embedding is left undone: an entry waits for" in text for text in texts)
    assert verify(bench.journal, bench.store).equal


def test_a_backfill_of_long_ago_is_no_load(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aiops.bootstrap.engine.BATCH", 1)
    loop = bench.loop()
    bench.journal.append([alert(f"s{number}") for number in range(4)], at=bench.now - timedelta(days=40))
    loop.catch_up(Event())
    assert loop.engine.shed == ()


def test_a_ledger_that_does_not_balance_is_said_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = bench.loop()
    with structlog.testing.capture_logs() as lines:
        bench.journal.append([alert()])
        loop.fold()
        assert not [line for line in lines if line["log_level"] == "error"]
        monkeypatch.setattr(loop.engine.ledger, "check", lambda: ["test does not balance: ..."])
        for service in ("web", "api"):
            bench.journal.append([alert(service)])
            loop.fold()
    (said,) = [line for line in lines if line["log_level"] == "error"]
    assert said["findings"] == ["test does not balance: ..."]


class SlowStore(MemoryStore):
    """Takes a while for each entry, by a clock that the test reads."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.each, self.saved = 0.0, 0.0, [0]

    def save(self, changes: Changes) -> None:
        super().save(changes)
        offset = changes.position.offset if changes.position else 0
        self.now += self.each * (offset - sum(self.saved))
        self.saved.append(offset - sum(self.saved))


def test_where_entries_take_long_fewer_are_taken_at_once_and_more_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    bench, store = Bench(), SlowStore()
    bench.store = store
    monkeypatch.setattr("aiops.bootstrap.engine.time.monotonic", lambda: store.now)
    bench.journal.append([Tick()] * 5_000)
    loop = bench.loop()
    for each, expected in ((0.1, [50, 25, 12, 6, 3, 3]), (0.0, [3, 6, 12, 24, 48, 96, 192, 384, 500, 500])):
        store.each, store.saved = each, [sum(store.saved)]
        for _ in expected:
            loop.fold()
        assert store.saved[1:] == expected
