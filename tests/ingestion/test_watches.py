"""Is silence noticed once it lasts too long, said once, and over with the next beat?"""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from aiops.domain.acts import EndWatch, PutWatch
from aiops.domain.documents import WATCHES
from aiops.domain.errors import BadInput, Conflict
from aiops.domain.events import Event, Severity, Status
from aiops.domain.matching import parse_matcher
from aiops.domain.senders import Watch
from aiops.domain.timers import Timers
from ingestion.watches import MOST, Watches
from tests.builders import an_event, at

WATCHDOG = parse_matcher('alertname="Watchdog"', "test")


def a_watch(**changes: Any) -> Watch:
    return msgspec.structs.replace(Watch(id="beat", source="prometheus", every=timedelta(minutes=5)), **changes)


class Rig:
    """Watches with the clock that the engine would give them."""

    def __init__(self, watch: Watch | None = None) -> None:
        self.timers = Timers()
        self.watches = Watches(self.timers)
        self.watches.act(PutWatch(watch=watch or a_watch()), at(0))

    def until(self, seconds: float) -> list[Event]:
        while timer := self.timers.pop(at(seconds)):
            self.watches.due(timer.key, timer.due)
        return self.watches.made()

    def heard(self, seconds: float, source: str = "prometheus", *events: Event) -> list[Event]:
        made = self.until(seconds)
        self.watches.heard(source, events, at(seconds))
        return made + self.watches.made()


def test_silence_raises_an_alert_once() -> None:
    rig = Rig()
    assert rig.until(299) == []
    (alert,) = rig.until(300)
    assert (alert.status, alert.severity, alert.occurred_at) == (Status.FIRING, Severity.HIGH, at(300))
    assert alert.title == "Nothing is heard of prometheus"
    assert "must be heard every 5 min" in alert.reasons[0].text
    assert rig.until(10_000) == []


def test_a_beat_puts_it_off() -> None:
    rig = Rig()
    assert rig.heard(200) == []
    assert rig.until(499) == []
    assert len(rig.until(500)) == 1


def test_the_next_beat_ends_it_as_the_same_condition() -> None:
    rig = Rig()
    (alert,) = rig.until(300)
    (over,) = rig.heard(900)
    assert (over.status, over.fingerprint, over.starts_at) == (Status.RESOLVED, alert.fingerprint, at(300))
    assert over.event_id != alert.event_id
    assert rig.heard(901) == []


def test_what_comes_in_for_all_is_a_beat_of_its_sender() -> None:
    rig = Rig()
    rig.heard(200, "auto", an_event(source="prometheus"))
    assert rig.until(499) == []


def test_others_are_no_beat() -> None:
    rig = Rig()
    rig.heard(200, "grafana", an_event())
    assert len(rig.until(300)) == 1


@pytest.mark.parametrize(
    ("event", "beats"),
    [
        (an_event(labels={"alertname": "Watchdog"}), True),
        (an_event(labels={"alertname": "Other"}), False),
        (an_event(labels={"alertname": "Watchdog"}, status=Status.RESOLVED), False),
    ],
)
def test_an_alert_that_fires_and_matches_is_a_beat(event: Event, beats: bool) -> None:
    rig = Rig(a_watch(source="", matchers=(WATCHDOG,)))
    rig.heard(200, "alertmanager", event)
    assert bool(rig.until(300)) is not beats


def test_what_is_watched_by_its_labels_is_named_in_the_alert() -> None:
    matchers = (WATCHDOG, parse_matcher('service="db"', "test"), parse_matcher('team=~"d.*"', "test"))
    (alert,) = Rig(a_watch(source="", matchers=matchers, owner="dba")).until(300)
    assert alert.labels == {"alertname": "DeadManSwitch", "service": "db", "watch": "beat", "watched": "Watchdog"}
    assert alert.annotations == {"owner": "dba"}


def test_what_is_set_anew_while_it_is_silent_is_not_silent_any_more() -> None:
    rig = Rig()
    rig.until(300)
    rig.watches.act(PutWatch(watch=a_watch(every=timedelta(hours=1))), at(400))
    assert [event.status for event in rig.watches.made()] == [Status.RESOLVED]
    assert rig.until(3_999) == []
    assert len(rig.until(4_000)) == 1


def test_what_is_watched_no_longer_raises_nothing_and_ends_what_it_raised() -> None:
    rig = Rig()
    rig.until(300)
    rig.watches.act(EndWatch(watch_id="beat"), at(400))
    assert [event.status for event in rig.watches.made()] == [Status.RESOLVED]
    assert rig.heard(500) == []
    assert rig.until(10_000) == []
    last = [document for collection, document in rig.watches.drain() if collection is WATCHES][-1]
    assert last.ended_at == at(400)
    with pytest.raises(Conflict):
        rig.watches.act(EndWatch(watch_id="beat"), at(500))


@pytest.mark.parametrize(
    "changes",
    [
        {"source": ""},
        {"matchers": (WATCHDOG,)},
        {"every": timedelta(0)},
        {"every": timedelta(days=400)},
        {"id": "a b"},
        {"source": "a/b"},
        {"source": "", "matchers": (msgspec.structs.replace(WATCHDOG, field="a=b"),)},
    ],
)
def test_a_watch_that_could_not_work_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        Rig(a_watch(**changes))


def test_there_is_room_for_so_many() -> None:
    rig = Rig()
    for number in range(MOST - 1):
        rig.watches.act(PutWatch(watch=a_watch(id=f"w{number}")), at(0))
    with pytest.raises(BadInput, match="end one"):
        rig.watches.act(PutWatch(watch=a_watch(id="more")), at(0))


def test_a_snapshot_keeps_who_is_silent() -> None:
    rig = Rig()
    rig.until(300)
    other = Watches(Timers())
    other.load(rig.watches.dump())
    assert other.dump() == rig.watches.dump()
    other.heard("prometheus", (), at(900))
    assert [event.status for event in other.made()] == [Status.RESOLVED]
