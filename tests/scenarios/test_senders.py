"""Do mappings, dead-man switches and re-reading do what people mean by them, through the whole engine?"""

from datetime import timedelta
from typing import Any

from aiops.domain.acts import EndMapping, Kept, PutMapping, PutWatch, Reparse
from aiops.domain.alerts import EventRecord, Fate
from aiops.domain.documents import ALERTS, EVENTS, SOURCES
from aiops.domain.entries import Delivery, Position
from aiops.domain.events import Status
from aiops.domain.senders import Watch
from tests.builders import a_delivery, at
from tests.scenarios.world import Seen, World

MAPPING = """source: acme
fields:
  title: subject
  status: {expr: state, map: {ok: resolved}, default: firing}
  severity: {expr: prio, map: {P1: critical}, default: warning}
  service: service
identity: [check]
"""


def acme(**body: Any) -> Delivery:
    return a_delivery({"subject": "disk full", "check": 1, "service": "db", "prio": "P1", **body}, source="acme")


def test_a_mapping_decides_from_where_it_was_put(world: World) -> None:
    world.add(0, acme(title="before"))
    world.at(10).act(PutMapping(text=MAPPING))
    world.add(20, acme())
    world.at(30).act(EndMapping(source="acme"))
    world.add(40, acme(check=2, title="after"))
    seen = world.expect(at=50)
    assert {alert.title: alert.severity.value for alert in seen.all(ALERTS)} == {
        "before": "warning",
        "disk full": "critical",
        "after": "warning",
    }
    assert seen.alert("db", "disk full").labels == {"service": "db"}
    seen.balanced()


def test_an_alert_ends_by_its_mapped_state(world: World) -> None:
    world.at(0).act(PutMapping(text=MAPPING))
    world.add(10, acme())
    world.add(20, acme(state="ok"))
    assert world.expect(at=30).alert("db").status is Status.RESOLVED


def test_silence_is_an_incident_until_the_next_beat(world: World) -> None:
    watch = Watch(id="beat", source="acme", every=timedelta(minutes=5))
    world.at(0).act(PutWatch(watch=watch))
    world.add(100, acme())
    assert world.expect(at=399).incident(having="").title != "Nothing is heard of acme"
    silent = world.expect(at=500)
    assert silent.alert("acme", "Nothing is heard").status is Status.FIRING
    silent.balanced()
    world.add(700, acme(check=2))
    assert world.expect(at=800).alert("acme", "Nothing is heard").status is Status.RESOLVED


def test_whoever_is_silent_pages(world: World) -> None:
    world.at(0).act(PutWatch(watch=Watch(id="beat", source="acme", every=timedelta(minutes=5))))
    assert [page.title for page in world.expect(at=400).pages] == ["acme: Nothing is heard of acme"]


def kept(seen: Seen, delivery: Delivery, offset: int, seconds: float, **changes: Any) -> Kept:
    position = Position(0, offset)
    records: list[EventRecord] = [one for one in seen.all(EVENTS) if one.event.event_id.startswith(f"{position}-")]
    records = [one for one in records if one.fate is not Fate.SUPERSEDED]
    return Kept(position=position, received_at=at(seconds), delivery=delivery, events=tuple(records), **changes)


def reread(seen: Seen, *chosen: Kept) -> Reparse:
    last = seen.journal.last()
    assert last
    return Reparse(source="acme", based_on=last, kept=chosen)


def test_what_is_read_anew_supersedes_what_was_made_of_it(world: World) -> None:
    sent = acme(title="misread")
    world.add(0, sent)
    before = world.expect(at=5)
    world.at(10).act(PutMapping(text=MAPPING))
    world.at(20).act(reread(before, kept(before, sent, 1, 0)), actor="bob")
    seen = world.expect(at=30)
    old, new = (seen.alert("db", title) for title in ("misread", "disk full"))
    assert (old.status, old.episode.end_reason) == (Status.RESOLVED, "superseded")
    assert "superseded, because bob had kept deliveries of acme read anew" in [one.text for one in old.reasons]
    assert (new.status, new.first_seen) == (Status.FIRING, at(0))
    assert {one.event.event_id: one.fate for one in seen.events()} == {
        "0-1-0": Fate.SUPERSEDED,
        "0-1-0-r1": Fate.GROUPED,
    }
    assert seen.outcome_of("bob").text == "acme: 1 of its kept deliveries were read anew, 1 event superseded"
    (line,) = seen.all(SOURCES)
    assert (line.received, line.superseded, line.deliveries) == (2, 1, 1)
    seen.balanced()


def test_what_is_read_anew_to_the_same_goes_on_as_the_same_alert(world: World) -> None:
    sent = acme()
    world.at(0).act(PutMapping(text=MAPPING))
    world.add(10, sent)
    before = world.expect(at=15)
    world.at(20).act(reread(before, kept(before, sent, 2, 10)))
    seen = world.expect(at=30)
    assert (seen.alert("db").status, seen.alert("db").episodes) == (Status.FIRING, 2)
    seen.balanced()


def test_an_alert_that_others_made_too_goes_on_without_what_was_read_anew(world: World) -> None:
    first, second = (acme(title="misread", fingerprint="same", message=text) for text in ("one", "two"))
    world.add(0, first)
    world.add(10, second)
    before = world.expect(at=15)
    world.at(20).act(PutMapping(text=MAPPING))
    world.at(30).act(reread(before, kept(before, first, 1, 0)))
    seen = world.expect(at=40)
    assert before.alert("db").count == 2
    left = seen.alert("db", "misread")
    assert (left.status, left.count, left.episode.events) == (Status.FIRING, 1, 1)
    seen.balanced()


def test_what_could_not_be_read_counts_once_it_is_read(world: World) -> None:
    broken = a_delivery([], source="acme")
    world.add(0, a_delivery([7], source="acme"))
    world.add(1, broken)
    before = world.expect(at=5)
    mapping = "source: acme\nevents: '[{subject: `1`}]'\nfields: {title: subject}\nidentity: [subject]\n"
    world.at(10).act(PutMapping(text=mapping))
    world.at(20).act(reread(before, kept(before, a_delivery([7], source="acme"), 1, 0, rejected=1)))
    seen = world.expect(at=30)
    (line,) = seen.all(SOURCES)
    assert (line.rejected, line.superseded, line.received) == (0, 1, 2)
    seen.balanced()


def test_an_alert_that_is_acknowledged_where_it_comes_from_says_so(world: World) -> None:
    world.at(0).act(PutMapping(text=MAPPING.replace("{ok: resolved}", "{ok: resolved, taken: acknowledged}")))
    world.add(10, acme())
    assert not world.expect(at=15).alert("db").acknowledged
    world.add(20, acme(state="taken"))
    taken = world.expect(at=25).alert("db")
    assert (taken.acknowledged, taken.status) == (True, Status.FIRING)
    assert any(reason.text.startswith("acknowledged in acme at ") for reason in taken.reasons)
    world.add(30, acme(state="ok"))
    assert not world.expect(at=35).alert("db").acknowledged
