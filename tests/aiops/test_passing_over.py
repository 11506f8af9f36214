"""A fault of ours at one entry does not stop the fold: it is left out, said so, and left out again by every replay."""

from datetime import timedelta
from typing import Any, TypeVar

import pytest

from aiops import fold
from aiops.domain.acts import Acknowledge, ApplySettings
from aiops.domain.alerts import Alert
from aiops.domain.collection import Collection
from aiops.domain.documents import ALERTS, DELIVERIES, OUTCOMES, SOURCES
from aiops.domain.entries import Command, Delivery, Payload, Position, Tick
from aiops.domain.errors import Unavailable
from aiops.domain.queries import Query
from aiops.domain.settings import DedupSettings, Settings
from aiops.engine import Engine
from aiops.fold import Failed
from aiops.ledger import Ledger
from aiops.replay.verify import verify
from aiops.storage.memory import MemoryJournal, MemoryStore
from correlation.correlator import Correlator
from ingestion.dedup import Dedup
from tests.builders import a_delivery, at
from tests.properties.digest import contents

POISON = "poison"
HOUR = 3600
LEASES = Settings(dedup=DedupSettings(default_lease=timedelta(hours=1)))
LEASED = (0, Command(id="lease", actor="system:start", act=ApplySettings(settings=LEASES)))
T = TypeVar("T")


def alert(service: str, title: str = "is down") -> Delivery:
    body = {"title": f"{service} {title}", "severity": "critical", "labels": {"service": service}}
    return a_delivery(body, source="test")


def journal_of(*moments: tuple[float, Payload]) -> MemoryJournal:
    journal = MemoryJournal()
    for second, payload in moments:
        journal.append([payload], at=at(second))
    return journal


class Fault:
    """What the engine fails with, as often as it is asked for."""

    def __init__(self) -> None:
        self.error: type[Exception] = KeyError
        self.raised = 0
        self.at_most = 1_000

    def strike(self) -> None:
        if self.raised < self.at_most:
            self.raised += 1
            raise self.error("a mistake of ours")


@pytest.fixture
def fault(monkeypatch: pytest.MonkeyPatch) -> Fault:
    """Alerts of the service ``poison`` fail when most parts have taken them already; so does acknowledging it."""
    fault = Fault()
    settle, act = Ledger.settle, Correlator.act

    def failing_settle(self: Ledger, alert: Alert, event: Any) -> None:
        if alert.entity.name == POISON:
            fault.strike()
        settle(self, alert, event)

    def failing_act(self: Correlator, an_act: Any, *more: Any) -> Any:
        if isinstance(an_act, Acknowledge) and an_act.incident_id == POISON:
            fault.strike()
        return act(self, an_act, *more)

    monkeypatch.setattr(Ledger, "settle", failing_settle)
    monkeypatch.setattr(Correlator, "act", failing_act)
    return fault


@pytest.fixture
def broken_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lease of an alert of ``poison`` cannot be ended."""
    expire = Dedup.expire

    def failing(self: Dedup, fingerprint: str, now: Any) -> Any:
        alerts = list(expire(self, fingerprint, now))
        if any(one.entity.name == POISON for one in alerts):
            raise IndexError("a mistake of ours")
        return alerts

    monkeypatch.setattr(Dedup, "expire", failing)


def folded(journal: MemoryJournal, limit: int = 500, *, restart: bool = False) -> MemoryStore:
    """Fold all there is, passing over what fails; ``restart``: with an engine recovered anew after every step."""
    store = MemoryStore()
    engine = fold.recover(store)
    while True:
        try:
            if not fold.step(engine, journal, store, limit):
                return store
        except Failed as failed:
            engine, _ = fold.pass_over(journal, store, failed)
        if restart:
            fold.snapshot(engine, store)
            engine = fold.recover(store)


def found(store: MemoryStore, collection: Collection[T]) -> list[T]:
    with store.view() as view:
        return list(view.find(collection, Query(limit=1_000)).items)


def failure(journal: MemoryJournal, store: MemoryStore) -> Failed:
    """Return what a fresh engine fails with."""
    with pytest.raises(Failed) as raised:
        fold.step(fold.recover(store), journal, store)
    return raised.value


def test_everything_behind_a_delivery_that_fails_is_folded(fault: Fault) -> None:
    store = folded(journal_of((0, alert("db")), (1, alert(POISON)), (2, alert("web")), (3, alert("api"))))
    assert store.position() == Position(0, 4)
    assert {one.entity.name for one in found(store, ALERTS)} == {"db", "web", "api"}


def test_what_failed_is_rejected_with_the_place_where_it_is_kept(fault: Fault) -> None:
    store = folded(journal_of((0, alert("db")), (1, alert(POISON))))
    (line,) = found(store, SOURCES)
    assert (line.received, line.rejected, line.balances) == (2, 1, True)
    assert line.last_problem is not None
    assert line.last_problem.problem == "the engine failed on it (KeyError)"
    failed = next(one for one in found(store, DELIVERIES) if one.delivery_id == "0-2")
    assert (failed.events, failed.rejected) == (1, 1)
    assert "entry 0-2 keeps what was sent" in failed.problems[0].fix


def test_nothing_is_left_of_what_was_half_done(fault: Fault) -> None:
    """The same as if the delivery had been unreadable, but for the words that say so."""
    unreadable = a_delivery("no document", source="test")
    ours, theirs = (
        contents(folded(journal_of((0, alert("db")), (1, second), (2, alert("db", "is slow")))))
        for second in (alert(POISON), unreadable)
    )
    for name in set(ours) - {"deliveries", "sources"}:
        assert ours[name] == theirs[name], name


@pytest.mark.parametrize("limit", [1, 2, 3, 500])
@pytest.mark.parametrize("restart", [False, True])
def test_it_is_the_same_wherever_batches_are_cut_and_engines_recovered(fault: Fault, limit: int, restart: bool) -> None:
    kinds = ["db", POISON, "web", "db", POISON, POISON, "api"]
    journal = journal_of(*((second * 40, alert(kind)) for second, kind in enumerate(kinds)))
    assert contents(folded(journal, limit, restart=restart)) == contents(folded(journal))


def test_a_replay_leaves_out_the_same(fault: Fault) -> None:
    journal = journal_of((0, alert("db")), (1, alert(POISON)), (2, alert("web")), (3, alert(POISON)), (4, alert("api")))
    again = verify(journal, folded(journal, 2))
    assert again.equal, again.differences
    assert again.entries == 5


def test_an_act_that_fails_is_refused_once_and_says_why(fault: Fault) -> None:
    poison = Command(id="c1", actor="ana", act=Acknowledge(incident_id=POISON))
    store = folded(journal_of((0, alert("db")), (1, poison), (2, poison), (3, alert("web"))))
    (outcome,) = found(store, OUTCOMES)
    assert (outcome.command_id, outcome.applied, outcome.position) == ("c1", False, "0-2")
    assert outcome.text == "the engine failed on it (KeyError)"
    assert len(found(store, ALERTS)) == 2


def test_the_first_entry_of_all_can_fail(fault: Fault) -> None:
    store = folded(journal_of((0, alert(POISON)), (1, alert("db"))))
    assert [one.entity.name for one in found(store, ALERTS)] == ["db"]


@pytest.mark.usefixtures("broken_lease")
@pytest.mark.parametrize("limit", [1, 500])
def test_a_timer_that_fails_is_left_out_and_the_entry_behind_it_is_not(limit: int) -> None:
    journal = journal_of(LEASED, (0, alert(POISON)), (1, alert("db")), (2 * HOUR, alert("web")), (2 * HOUR, Tick()))
    store = folded(journal, limit)
    states = {one.entity.name: one.status for one in found(store, ALERTS)}
    assert states[POISON] == "firing"  # its lease could not be ended
    assert states["db"] == "resolved"
    assert states["web"] == "firing"
    assert store.position() == Position(0, 5)
    assert verify(journal, store).equal


@pytest.mark.usefixtures("broken_lease")
def test_timer_and_entry_can_fail_together(monkeypatch: pytest.MonkeyPatch) -> None:
    late = ((2 * HOUR, alert("bad")), (2 * HOUR, alert("api")))
    journal = journal_of(LEASED, (0, alert(POISON)), (9, alert("db")), *late)
    take = Correlator.take

    def failing(self: Correlator, alert: Alert, now: Any, *, said: bool) -> Alert:
        if alert.entity.name == "bad":
            raise TypeError("another")
        return take(self, alert, now, said=said)

    monkeypatch.setattr(Correlator, "take", failing)
    store = folded(journal)
    states = {one.entity.name: str(one.status) for one in found(store, ALERTS)}
    assert states == {POISON: "firing", "db": "resolved", "api": "firing"}
    assert contents(folded(journal, 1)) == contents(store)
    assert verify(journal, store).equal


def test_what_fails_only_once_is_not_left_out(fault: Fault) -> None:
    fault.at_most = 1
    journal, store = journal_of((0, alert("db")), (1, alert(POISON))), MemoryStore()
    engine, left_out = fold.pass_over(journal, store, failure(journal, store))
    assert left_out == []
    assert {one.entity.name for one in found(store, ALERTS)} == {"db", POISON}
    assert engine.position == Position(0, 2)


def test_what_is_left_out_is_named(fault: Fault) -> None:
    journal, store = journal_of((0, alert("db")), (1, alert(POISON))), MemoryStore()
    failed = failure(journal, store)
    assert failed.last == Position(0, 1)
    assert "a mistake of ours" in str(failed)
    _, left_out = fold.pass_over(journal, store, failed)
    assert left_out == ["entry 0-2: KeyError"]


@pytest.mark.usefixtures("broken_lease")
def test_a_timer_that_is_left_out_is_named() -> None:
    journal, store = journal_of(LEASED, (0, alert(POISON)), (2 * HOUR, Tick())), MemoryStore()
    _, (left_out,) = fold.pass_over(journal, store, failure(journal, store))
    assert "kind='lease'" in left_out
    assert left_out.endswith(": IndexError")


def test_no_later_engine_begins_before_what_was_left_out(fault: Fault) -> None:
    journal, store = journal_of((0, alert("db")), (1, alert(POISON)), (2, alert("web"))), MemoryStore()
    fold.pass_over(journal, store, failure(journal, store))
    raised = fault.raised
    engine = fold.recover(store)
    assert engine.position == Position(0, 2)
    assert fold.step(engine, journal, store) == 1
    assert fault.raised == raised


def test_a_crash_before_that_snapshot_changes_nothing(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, store = journal_of((0, alert("db")), (1, alert(POISON)), (2, alert("web"))), MemoryStore()

    def full(*_: Any) -> None:
        raise Unavailable("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(store, "keep", full)
        with pytest.raises(Unavailable):
            fold.pass_over(journal, store, failure(journal, store))
    assert store.snapshot(fold.FORMAT) is None
    engine, _ = fold.pass_over(journal, store, failure(journal, store))
    fold.step(engine, journal, store)
    assert contents(store) == contents(folded(journal))


def test_a_machine_without_memory_is_no_fault_of_the_entry(fault: Fault) -> None:
    fault.error = MemoryError
    journal, store = journal_of((0, alert(POISON))), MemoryStore()
    with pytest.raises(MemoryError):
        fold.step(fold.recover(store), journal, store)


def test_a_store_that_fails_is_no_fault_of_the_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    journal, store = journal_of((0, alert("db"))), MemoryStore()

    def gone(_: Any) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(store, "save", gone)
    with pytest.raises(OSError, match="the disk is gone"):
        fold.step(fold.recover(store), journal, store)


def test_a_step_ends_where_it_is_told() -> None:
    journal, store = journal_of(*((second, alert(f"s{second}")) for second in range(5))), MemoryStore()
    engine = Engine()
    assert fold.step(engine, journal, store, limit=2, until=Position(0, 3)) == 2
    assert fold.step(engine, journal, store, limit=2, until=Position(0, 3)) == 1
    assert fold.step(engine, journal, store, limit=2, until=Position(0, 3)) == 0
    assert engine.position == Position(0, 3)
