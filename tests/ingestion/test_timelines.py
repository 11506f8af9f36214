"""In which state does an alert end, whatever its sender and the network do on the way? Stories, told to the engine."""

import itertools
from datetime import timedelta
from typing import Any

import pytest

from aiops import fold
from aiops.domain.alerts import Alert
from aiops.domain.documents import ALERTS, DELIVERIES, SOURCES
from aiops.domain.entries import Delivery, Tick
from aiops.domain.events import Status
from aiops.domain.queries import Query
from aiops.engine import Engine
from aiops.storage.memory import MemoryJournal, MemoryStore
from tests.builders import a_delivery, at

FIRING, RESOLVED = Status.FIRING, Status.RESOLVED
UNSET = "0001-01-01T00:00:00Z"


def element(name: str, began: float, ended: float | None = None, **more: Any) -> dict[str, Any]:
    """One alert of a webhook's post, with times in seconds; it fires unless it ``ended``."""
    return {
        "status": "firing" if ended is None else "resolved",
        "labels": {"alertname": name, "service": "shop", "severity": "critical"},
        "annotations": {"summary": f"{name} is wrong"},
        "startsAt": at(began).isoformat(),
        "endsAt": UNSET if ended is None else at(ended).isoformat(),
        **more,
    }


def post(*elements: dict[str, Any], cut: int = 0) -> Delivery:
    """A webhook's post; the group's status is what Alertmanager makes it of the alerts that it kept."""
    status = "firing" if any(one["status"] == "firing" for one in elements) else "resolved"
    body = {"version": "4", "status": status, "alerts": list(elements), "truncatedAlerts": cut}
    return a_delivery(body, source="alertmanager")


def pushed(name: str, began: float, ends: float) -> Delivery:
    """What Prometheus pushes to Alertmanager's API: an end in the future is a lease."""
    one = element(name, began)
    del one["status"]
    return a_delivery([{**one, "endsAt": at(ends).isoformat()}], source="alertmanager_api")


class Story:
    """Posts at seconds, folded by the shipped engine; ``restart`` loads a snapshot into a new one."""

    def __init__(self) -> None:
        self.journal, self.store, self.engine = MemoryJournal(), MemoryStore(), Engine()

    def tell(self, seconds: float, *deliveries: Delivery) -> "Story":
        self.journal.append(deliveries, at=at(seconds))
        while fold.step(self.engine, self.journal, self.store):
            pass
        return self

    def restart(self) -> "Story":
        fold.snapshot(self.engine, self.store)
        self.engine = fold.recover(self.store)
        return self

    def alerts(self, until: float) -> dict[str, Alert]:
        """All alerts by name once nothing came for a while."""
        self.journal.append([Tick()], at=at(until))
        while fold.step(self.engine, self.journal, self.store):
            pass
        with self.store.view() as view:
            assert all(line.balances for line in view.find(SOURCES, Query()).items)
            return {alert.labels["alertname"]: alert for alert in view.find(ALERTS, Query()).items}

    def ends(self, until: float, **expected: Status) -> dict[str, Alert]:
        found = self.alerts(until)
        assert {name: alert.status for name, alert in found.items()} == expected
        return found

    def warnings(self) -> list[str]:
        with self.store.view() as view:
            records = view.find(DELIVERIES, Query()).items
        return [warning.problem for record in records for warning in record.warnings]


A, A_OVER = element("Disk", 0), element("Disk", 0, 60)
B, B_OVER = element("Queue", 5), element("Queue", 5, 70)


def test_a_healthy_receiver() -> None:
    story = Story().tell(1, post(A)).tell(6, post(A, B)).tell(61, post(A_OVER, B)).tell(71, post(B_OVER))
    found = story.ends(100, Disk=RESOLVED, Queue=RESOLVED)
    assert {name: (alert.count, alert.resends, alert.episodes) for name, alert in found.items()} == {
        "Disk": (2, 1, 1),
        "Queue": (2, 1, 1),
    }
    assert story.warnings() == []


def test_a_receiver_that_answered_500_and_got_everything_again() -> None:
    story, everything = Story(), [post(A), post(A, B), post(A_OVER, B), post(A_OVER, B_OVER)]
    for number, seconds in enumerate(range(1, 121, 3)):
        story.tell(seconds, *everything[: 1 + number // 10])
    found = story.ends(200, Disk=RESOLVED, Queue=RESOLVED)
    assert [alert.episodes for alert in found.values()] == [1, 1]
    assert sum(alert.count for alert in found.values()) == 4


def test_a_restart_of_ours_in_between() -> None:
    story = Story().tell(1, post(A, B)).restart().tell(3, post(A, B)).restart().tell(61, post(A_OVER, B)).restart()
    found = story.tell(64, post(A)).ends(100, Disk=RESOLVED, Queue=FIRING)
    assert (found["Disk"].resends, found["Disk"].episodes) == (2, 1)


def test_a_lease_that_is_renewed_holds_and_one_that_runs_out_ends() -> None:
    story = Story()
    for seconds in range(0, 300, 15):
        story.tell(seconds, pushed("Disk", 0, seconds + 60))
        if seconds < 60:
            story.tell(seconds, pushed("Queue", 0, seconds + 60))
    found = story.ends(300, Disk=FIRING, Queue=RESOLVED)
    assert found["Queue"].episode.end_reason == "lease"
    assert found["Disk"].episodes == 1


def test_a_firing_after_a_lease_ran_out_wins_over_the_end_that_we_inferred() -> None:
    story = Story().tell(0, pushed("Disk", 0, 60)).tell(200, pushed("Disk", 0, 260))
    assert story.ends(210, Disk=FIRING)["Disk"].episodes == 2


def test_a_list_that_its_sender_cut_says_nothing_of_the_rest_and_that_it_was_cut_is_said() -> None:
    story = Story().tell(1, post(A, B)).tell(61, post(A_OVER, cut=1))
    story.ends(100, Disk=RESOLVED, Queue=FIRING)
    assert story.warnings() == ["sender truncates: 1 alerts of the group were not sent"]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_posts_in_any_order(order: tuple[int, ...]) -> None:
    again = element("Disk", 80)
    posts = [post(A), post(A_OVER), post(again), post(element("Disk", 80, 90))]
    story = Story()
    for seconds, index in enumerate(order):
        story.tell(100 + seconds, posts[index])
    story.ends(200, Disk=RESOLVED)


def test_heartbeats_that_are_equal_byte_for_byte_still_count_as_beats() -> None:
    beat = element("Watchdog", 0)
    del beat["status"], beat["endsAt"]  # its lease is counted from when it came
    story, same = Story(), a_delivery([beat], source="alertmanager_api")
    for seconds in range(0, 3_600, 60):
        story.tell(seconds, same)
    found = story.ends(3_600, Watchdog=FIRING)
    assert (found["Watchdog"].count, found["Watchdog"].resends) == (1, 59)
    assert found["Watchdog"].last_seen == at(3_540)
    assert story.alerts(10_000)["Watchdog"].status is RESOLVED


def test_an_end_that_is_older_than_the_last_firing_does_not_close_it() -> None:
    story = Story().tell(1, post(A)).tell(2, post(element("Disk", 80))).tell(90, post(A_OVER))
    assert story.ends(100, Disk=FIRING)["Disk"].episodes == 1


@pytest.mark.parametrize("firing_first", [True, False])
def test_at_equal_times_firing_wins_unless_the_end_was_said_of_this_very_firing(firing_first: bool) -> None:
    ends_then, begins_then = post(element("Disk", 0, 50)), post(element("Disk", 50))
    story = Story().tell(1, post(A))
    for seconds, one in enumerate((begins_then, ends_then) if firing_first else (ends_then, begins_then)):
        story.tell(60 + seconds, one)
    story.ends(100, Disk=FIRING)
    story.tell(110, post(element("Disk", 50, 50))).ends(120, Disk=RESOLVED)


def test_two_replicas_that_both_send_everything_are_one_alert() -> None:
    story = Story()
    for seconds, one in ((1, A), (30, A), (61, A_OVER), (62, A_OVER)):
        story.tell(seconds, post(one)).tell(seconds + 0.4, post(one))
    found = story.ends(100, Disk=RESOLVED)
    assert (found["Disk"].episodes, found["Disk"].count, found["Disk"].resends) == (1, 2, 6)


def test_a_replica_that_lags_behind_does_not_reopen_what_the_other_has_ended() -> None:
    story = Story().tell(1, post(A)).tell(61, post(A_OVER)).tell(63, post(A)).tell(64, post(A_OVER))
    assert story.ends(100, Disk=RESOLVED)["Disk"].episodes == 1


def test_a_silent_sender_is_over_once_its_default_lease_is() -> None:
    week = timedelta(days=7).total_seconds()
    story = Story().tell(1, post(A))
    story.ends(week - 10, Disk=FIRING)
    story.ends(week + 10, Disk=RESOLVED)
