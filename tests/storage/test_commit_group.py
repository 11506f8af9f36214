"""Do callers who wait at the same time share one write, and does each get its own answer?"""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from aiops.domain.errors import Overloaded, Unavailable
from aiops.storage.commit_group import CommitGroup, Ticket


class Disk:
    """What a group writes to: counts the writes, and holds each up until ``go``."""

    def __init__(self) -> None:
        self.groups: list[list[bytes]] = []
        self.go = threading.Event()
        self.begun = threading.Event()
        self.problem: Exception | None = None

    def write(self, group: list[Ticket]) -> None:
        self.begun.set()
        assert self.go.wait(20)
        if self.problem:
            raise self.problem
        offset = sum(map(len, self.groups)) + 1
        self.groups.append([payload for ticket in group for payload in ticket.payloads])
        for ticket in group:
            if ticket.answer.set_running_or_notify_cancel():
                ticket.answer.set_result(offset)
            offset += len(ticket.payloads)


@pytest.fixture
def disk() -> Disk:
    return Disk()


def test_all_that_waits_during_one_write_goes_into_the_next_together(disk: Disk) -> None:
    group = CommitGroup(disk.write, 100, 10_000)
    with ThreadPoolExecutor(6) as pool:
        first = pool.submit(group.write, [b"first"], None, 20)
        assert disk.begun.wait(20)
        others = [pool.submit(group.write, [b"%d" % number] * 2, None, 20) for number in range(5)]
        while group._payloads < 11:  # until all have handed theirs over
            threading.Event().wait(0.001)
        disk.go.set()
        answers = [other.result(10) for other in others]
    assert first.result(10) == 1
    assert len(disk.groups) == 2
    written = [None, *(payload for payloads in disk.groups for payload in payloads)]
    assert [written[answer] for answer in answers] == [b"0", b"1", b"2", b"3", b"4"]
    group.close()


def test_a_failed_write_is_told_to_everybody_in_it_and_the_next_works(disk: Disk) -> None:
    group = CommitGroup(disk.write, 100, 10_000)
    disk.problem = Unavailable("the disk is full")
    disk.go.set()
    for _ in range(2):
        with pytest.raises(Unavailable, match="the disk is full"):
            group.write([b"x"], None, 20)
    disk.problem = None
    assert group.write([b"x"], None, 20) == 1
    group.close()


def test_what_is_being_written_counts_against_the_bound(disk: Disk) -> None:
    group = CommitGroup(disk.write, 2, 10_000)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(group.write, [b"x"] * 2, None, 20)
        assert disk.begun.wait(20)
        with pytest.raises(Overloaded):
            group.write([b"x"], None, 20)
        disk.go.set()
        assert first.result(10) == 1
    group.close()


def test_closing_writes_what_waits_and_refuses_what_comes_after(disk: Disk) -> None:
    group = CommitGroup(disk.write, 100, 10_000)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(group.write, [b"1"], None, 20)
        assert disk.begun.wait(20)
        second = pool.submit(group.write, [b"2"], None, 20)
        while group._payloads < 2:
            threading.Event().wait(0.001)
        disk.go.set()
        group.close()
        assert (first.result(10), second.result(10)) == (1, 2)
    with pytest.raises(Unavailable, match="closed"):
        group.write([b"3"], None, 20)
    group.close()


def test_a_group_that_nobody_used_has_no_thread(disk: Disk) -> None:
    before = threading.active_count()
    CommitGroup(disk.write, 100, 10_000).close()
    assert threading.active_count() == before
