"""Does every event keep exactly one fate?"""

from typing import Any, TypeVar

from aiops.domain.acts import Kept
from aiops.domain.alerts import Alert, EpisodeFate, EventRecord, Fate, Link, Suppression
from aiops.domain.collection import Collection
from aiops.domain.documents import DELIVERIES, EVENTS, FATES, SOURCES
from aiops.domain.entries import Position, delivery_of
from aiops.domain.events import Event, EventKind, Parsed, Problem
from aiops.domain.reasons import Reason
from aiops.domain.records import SourceRecord
from aiops.ledger import Ledger
from tests.builders import T0, a_delivery, an_alert, an_entry, an_episode, an_event, at

T = TypeVar("T")
MUTED = (Suppression(kind="rule", id="r", text="known good by r"),)
COMPANY = Reason(step="group", text="api joined it")


def received(*events: Event, problems: int = 0, source: str = "am") -> Ledger:
    """A ledger that has received these events in one delivery."""
    ledger = Ledger()
    problem = Problem(place="alerts[0]", problem="not an object", fix="send an object")
    ledger.receive(an_entry(), a_delivery(source=source), Parsed(events=events, problems=(problem,) * problems))
    return ledger


def line(ledger: Ledger, source: str = "am") -> SourceRecord:
    return [document for document in drained(ledger, SOURCES) if document.source == source][-1]


def drained(ledger: Ledger, wanted: Collection[T]) -> list[T]:
    return [document for collection, document in ledger.drain() if collection is wanted]


def fate_of(ledger: Ledger) -> EpisodeFate:
    return drained(ledger, FATES)[0]


def settled(alert: Alert) -> Ledger:
    event = an_event()
    ledger = received(event)
    ledger.settle(alert, event)
    return ledger


def test_problems_are_rejected_events() -> None:
    ledger = received(problems=3)
    (record,) = drained(ledger, DELIVERIES)
    assert (record.events, record.rejected) == (3, 3)


def test_a_source_counts_its_problems_and_shows_the_last_one() -> None:
    source = line(received(problems=3))
    assert (source.received, source.rejected, source.balances) == (3, 3, True)
    assert source.last_problem is not None
    assert source.last_problem.fix == "send an object"


def test_many_problems_are_all_counted_and_some_are_kept() -> None:
    (record,) = drained(received(problems=50), DELIVERIES)
    assert (record.rejected, len(record.problems)) == (50, 20)


def test_an_event_without_a_fate_yet_is_an_imbalance() -> None:
    ledger = received(an_event())
    assert len(ledger.check()) == 1
    ledger.observe(an_event(kind=EventKind.LOG))
    assert ledger.check() == []


def test_a_duplicate_names_its_original() -> None:
    ledger = received(an_event())
    ledger.duplicate(an_event(), "0-1-0")
    (record,) = drained(ledger, EVENTS)
    assert record.fate is Fate.DUPLICATE
    assert record.reasons[0].evidence == {"original": "0-1-0"}
    assert ledger.check() == []


def test_an_alert_alone_is_standalone_and_grouped_with_company() -> None:
    ledger = settled(an_alert())
    assert line(ledger).standalone == 1
    ledger.group(an_episode().episode_id, True, COMPANY)
    fate = fate_of(ledger)
    assert fate.fate is Fate.GROUPED
    assert "api joined it" in fate.reasons[-1].text


def test_an_alert_that_lost_its_company_is_standalone_and_says_why() -> None:
    ledger = settled(an_alert())
    ledger.group(an_episode().episode_id, True, COMPANY)
    ledger.group(an_episode().episode_id, False, Reason(step="group", text="split off #1 into #2"))
    ledger.settle(an_alert(), None)  # what its alert says later does not bring it back
    fate = fate_of(ledger)
    assert fate.fate is Fate.STANDALONE
    assert fate.reasons[-1].text == "standalone, not grouped any more: split off #1 into #2"
    assert ledger.check() == []


def test_what_is_muted_stays_so_whatever_company_it_loses() -> None:
    ledger = settled(an_alert(suppressed_by=MUTED))
    ledger.group(an_episode().episode_id, False, COMPANY)
    assert line(ledger).suppressed == 1


def test_a_linked_episode_is_grouped_at_once_and_nothing_says_it_moved() -> None:
    link = Link(parent="p", parent_entity="db", relation="callee", seconds=4, ratio=9, text="because")
    ledger = settled(an_alert(episode=an_episode(link=link)))
    fate = fate_of(ledger)
    assert (fate.fate, fate.reasons) == (Fate.GROUPED, ())


def test_muting_moves_all_events_of_the_episode_and_unmuting_moves_them_back() -> None:
    ledger, event = settled(an_alert()), an_event(event_id="0-2-0")
    ledger.receive(an_entry(offset=2), a_delivery(source="am"), Parsed(events=(event,)))
    ledger.settle(an_alert(count=2), event)
    ledger.settle(an_alert(suppressed_by=MUTED), None)
    assert line(ledger).suppressed == 2
    ledger.group(an_episode().episode_id, True, COMPANY)
    ledger.settle(an_alert(), None)
    after = line(ledger)
    assert (after.suppressed, after.grouped, after.balances) == (0, 2, True)


def test_one_alert_over_two_senders_moves_on_both_lines() -> None:
    ledger, event = settled(an_alert()), an_event(event_id="0-2-0")
    ledger.receive(an_entry(offset=2), a_delivery(source="other"), Parsed(events=(event,)))
    ledger.settle(an_alert(count=2), event)
    ledger.settle(an_alert(suppressed_by=MUTED), None)
    lines = {document.source: document for document in drained(ledger, SOURCES)}
    assert {source: (item.standalone, item.suppressed) for source, item in lines.items()} == {
        "am": (0, 1),
        "other": (0, 1),
    }


def test_what_a_detector_makes_has_a_line_of_its_own() -> None:
    ledger = received(an_event(kind=EventKind.LOG))
    made = an_event(source="detector:log_errors", event_id="0-1-0-log_errors")
    ledger.made(made)
    ledger.settle(an_alert(), made)
    ledger.observe(an_event(kind=EventKind.LOG))
    lines = {document.source: document for document in drained(ledger, SOURCES)}
    assert (lines["am"].received, lines["am"].observed) == (1, 1)
    assert (lines["detector:log_errors"].received, lines["detector:log_errors"].standalone) == (1, 1)
    assert ledger.check() == []


def test_a_fate_is_held_until_incident_and_alert_have_both_let_go() -> None:
    ledger, episode_id = settled(an_alert()), an_episode().episode_id
    ledger.release(episode_id)
    ledger.settle(an_alert(suppressed_by=MUTED), None)  # a late change still counts
    assert fate_of(ledger).fate is Fate.SUPPRESSED
    ledger.forget("fp-db")
    ledger.settle(an_alert(), None)
    assert drained(ledger, FATES) == []


def test_an_incident_that_lets_go_twice_counts_once() -> None:
    ledger = settled(an_alert())
    for offset in (2, 3):
        event = an_event(event_id=f"0-{offset}-0")
        ledger.receive(an_entry(offset=offset), a_delivery(source="am"), Parsed(events=(event,)))
        ledger.settle(an_alert(count=offset), event)
        ledger.release(an_episode().episode_id)
    assert fate_of(ledger).events == {"am": 3}


def test_a_new_episode_lets_go_of_the_one_before() -> None:
    ledger, event = settled(an_alert()), an_event(event_id="0-2-0")
    old, new = an_episode().episode_id, "fp-db-0-2-0"
    ledger.release(old)
    ledger.receive(an_entry(offset=2), a_delivery(source="am"), Parsed(events=(event,)))
    ledger.settle(an_alert(episode=an_episode(episode_id=new)), event)
    ledger.drain()
    ledger.group(old, True, COMPANY)
    assert not drained(ledger, FATES)
    ledger.group(new, True, COMPANY)
    assert fate_of(ledger).episode_id == new


def test_the_state_survives_a_snapshot() -> None:
    ledger = settled(an_alert())
    other = Ledger()
    other.load(ledger.dump())
    for one in (ledger, other):
        one.drain()
        one.settle(an_alert(suppressed_by=MUTED), None)
    assert [document for _, document in ledger.drain()] == [document for _, document in other.drain()]


def test_an_event_id_leads_to_its_delivery() -> None:
    assert delivery_of("0-17-3-log_errors") == "0-17"
    assert delivery_of("0-17") == "0-17"


def kept(*records: EventRecord, **changes: Any) -> Kept:
    return Kept(position=Position(0, 1), received_at=T0, delivery=a_delivery(source="am"), events=records, **changes)


def test_what_is_read_anew_is_superseded_with_the_reason_and_the_line_balances() -> None:
    event = an_event()
    ledger = received(event, problems=1)
    ledger.settle(an_alert(), event)
    (record,) = drained(ledger, EVENTS)
    ledger.supersede([kept(record, rejected=1)], "ana had it read anew")
    noted = list(ledger.drain())
    (old,) = [document for collection, document in noted if collection is EVENTS]
    assert (old.fate, old.reasons[-1].text) == (
        Fate.SUPERSEDED,
        "superseded, not standalone any more: ana had it read anew",
    )
    (fate,) = [document for collection, document in noted if collection is FATES]
    assert fate.events == {"am": 0}
    after = [document for collection, document in noted if collection is SOURCES][-1]
    assert (after.received, after.rejected, after.standalone, after.superseded) == (2, 0, 0, 2)
    assert ledger.check() == []


def test_the_present_fate_of_an_episode_counts_where_it_is_still_held() -> None:
    alert = an_alert()
    ledger = settled(alert)
    (record,) = drained(ledger, EVENTS)
    ledger.group(alert.episode.episode_id, True, COMPANY)
    ledger.supersede([kept(record)], "why")  # its record still says standalone
    after = line(ledger)
    assert (after.grouped, after.standalone, after.superseded) == (0, 0, 1)


def test_the_fate_of_an_episode_that_is_held_no_longer_counts_fewer_events_too() -> None:
    event, other = an_event(), an_event(event_id="0-1-1")
    ledger = received(event, other)
    for one in (event, other):
        ledger.settle(an_alert(), one)
    noted = list(ledger.drain())
    records = [document for collection, document in noted if collection is EVENTS]
    fate = [document for collection, document in noted if collection is FATES][-1]
    assert fate.events == {"am": 2}
    ledger.release(fate.episode_id)
    ledger.forget(an_alert().fingerprint)
    ledger.supersede([kept(one, fates=(fate,)) for one in records], "why")
    assert [one.events for one in drained(ledger, FATES)] == [{"am": 0}]


def test_a_delivery_that_is_read_anew_is_none_more() -> None:
    ledger = received(an_event())
    ledger.receive(an_entry(seconds=9), a_delivery(source="am"), Parsed(), anew=True)
    after = line(ledger)
    assert (after.deliveries, after.last_received) == (1, T0)


def test_a_warning_is_counted_and_the_last_one_shown() -> None:
    ledger = received(an_event())
    told = Problem(place="truncatedAlerts", problem="sender truncates: 3 alerts were not sent", fix="raise max_alerts")
    ledger.receive(an_entry(seconds=9), a_delivery(source="am"), Parsed(warnings=(told, told)))
    after = line(ledger)
    assert (after.warned, after.last_warning, after.last_warning_at) == (1, told, at(9))
