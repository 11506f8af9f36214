"""Somebody watches the watcher: the address is called while the engine goes on, and only then."""

from aiops.domain.acts import Heartbeat as Told
from aiops.domain.changes import Changes
from aiops.domain.entries import Command, Position, Tick
from aiops.response import heartbeat as module
from aiops.response.heartbeat import Heartbeat
from aiops.storage.memory import MemoryJournal, MemoryStore
from tests.aiops.response.receivers import Receiver, http_receiver


class Watched:
    """A journal, and a store that an engine follows while ``runs``."""

    def __init__(self, receiver: Receiver) -> None:
        self.runs = True
        self.journal, self.store = MemoryJournal(), Following(self)
        self.heartbeat = Heartbeat(self.journal, self.store, receiver.url, every=0.2)

    def told(self) -> list[tuple[bool, str]]:
        acts = [entry.payload.act for entry in self.journal.read(None, 100) if isinstance(entry.payload, Command)]
        return [(act.well, act.detail) for act in acts if isinstance(act, Told)]

    def ticks(self) -> int:
        return sum(isinstance(entry.payload, Tick) for entry in self.journal.read(None, 100))


class Following(MemoryStore):
    """Has folded all there is whenever it is asked, while the engine runs."""

    def __init__(self, watched: Watched) -> None:
        super().__init__()
        self._watched = watched

    def wait(self, until: Position, timeout: float) -> bool:
        if self._watched.runs:
            changes = Changes()
            changes.position = until
            self.save(changes)
        return super().wait(until, timeout)


def test_the_address_is_called_while_the_engine_goes_on() -> None:
    with http_receiver() as receiver:
        watched = Watched(receiver)
        watched.heartbeat.beat()
        watched.heartbeat.beat()
    assert len(receiver.got) == watched.ticks() == 2
    assert watched.told() == [(True, "the heartbeat's receiver answered 202, every 0 s")]


def test_a_process_that_merely_lives_is_silent_and_says_so_once() -> None:
    with http_receiver() as receiver:
        watched = Watched(receiver)
        watched.heartbeat.beat()
        watched.runs = False
        for _ in range(3):
            assert watched.heartbeat.beat() == "the heartbeat is withheld: the engine does not go on"
        assert (len(receiver.got), watched.ticks()) == (1, 2)
        watched.runs = True
        watched.heartbeat.beat()
    assert len(receiver.got) == 2
    assert [well for well, _ in watched.told()] == [True, False, True]


def test_an_address_that_does_not_answer_well_is_told_and_its_name_is_not() -> None:
    with http_receiver() as receiver:
        receiver.answer = lambda number: (500 if number == 2 else 200, {}, b"")
        watched = Watched(receiver)
        for _ in range(3):
            watched.heartbeat.beat()
    assert [well for well, _ in watched.told()] == [True, False, True]
    assert watched.told()[1][1] == "the heartbeat's receiver answered 500"


def test_it_waits_no_longer_than_a_beat_for_the_engine() -> None:
    assert module.PATIENCE > 1
    with http_receiver() as receiver:
        watched = Watched(receiver)
        watched.runs = False
        assert watched.heartbeat.every < module.PATIENCE
        watched.heartbeat.beat()
    assert receiver.got == []
