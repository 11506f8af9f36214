"""From a scope's first lines to templates of its own: sample, choice, ids and lineage, reports, bounds, restarts."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.domain.alerts import Templated
from aiops.domain.documents import SCOPES, TEMPLATES
from aiops.domain.entries import Learned, Position
from aiops.domain.events import EventKind
from aiops.domain.learned import ScopeTemplate, ScopeTemplates
from aiops.domain.records import ScopeRecord, Template
from aiops.domain.settings import TemplateSettings
from ingestion import templates_sample
from ingestion.templates import Templates
from ingestion.templates_choice import choose
from tests.builders import an_entity, an_event, at

DOORS = ["door was opened by ana", "door was closed by ana"]
SCOPE = "logs/db"


def learn(known: Templates, text: str, seconds: float = 0, service: str = "db") -> Templated:
    event = an_event(kind=EventKind.LOG, source="logs", title=text, message="", received_at=at(seconds))
    return known.learn(event, an_entity(service))


def full(lines: list[str] = DOORS, **changes: object) -> tuple[Templates, ScopeRecord]:
    """Return templates that have seen one sample, and its record."""
    known = Templates(msgspec.structs.replace(TemplateSettings(), **changes))
    for number in range(templates_sample.SAMPLED):
        learn(known, lines[number % len(lines)])
    return known, drained(known)[0]


def drained(known: Templates) -> tuple[ScopeRecord, dict[str, Template]]:
    documents = known.drain()
    (record,) = (document for collection, document in documents if collection is SCOPES)
    return record, {one.template_id: one for collection, one in documents if collection is TEMPLATES}


def adopt(known: Templates, found: ScopeTemplates, seconds: float = 9) -> None:
    known.adopt(Learned(based_on=Position(0, 1), result=found), at(seconds))


def chosen(*templates: ScopeTemplate, version: int = 1, **successors: int) -> ScopeTemplates:
    return ScopeTemplates(
        scope=SCOPE, version=version, lines=2_000, similarity=0.6, depth=3, templates=templates, successors=successors
    )


def test_a_sample_is_complete_after_two_thousand_messages_and_tells_whose_each_was() -> None:
    known, record = full()
    (template_id,) = known.records
    assert [(line.masked, line.count, line.template_id) for line in record.sample] == [
        (text, 1_000, template_id) for text in DOORS
    ]
    assert (record.lines, record.version, record.templates) == (2_000, 0, 1)


def test_what_drain_made_one_becomes_two_and_the_larger_keeps_the_id() -> None:
    known, record = full([*DOORS, DOORS[0]])
    (former,) = known.records
    adopt(known, choose(record))
    opened, closed = learn(known, DOORS[0]), learn(known, DOORS[1])
    assert (opened.template_id, opened.text, opened.version) == (former, DOORS[0], 3)
    assert closed.text == DOORS[1]
    assert known.records[closed.template_id].origin == former
    assert not opened.first
    assert not closed.first


def test_templates_that_become_one_leave_a_successor_and_are_forgotten() -> None:
    lines = ["it rained Mon", "it rained Tue", "it rained Tue"]
    known, record = full(lines, similarity=0.99)
    monday, tuesday = (learn(known, line).template_id for line in lines[:2])
    known.drain()
    adopt(known, choose(record))
    report, documents = drained(known)
    assert learn(known, "it rained Fri").template_id == tuesday
    assert documents[monday].successor == tuesday
    assert monday not in known.records
    assert report.templates == 1


def test_a_report_tells_by_what_the_scope_goes() -> None:
    known, record = full()
    assert record.similarity == TemplateSettings().similarity
    adopt(known, choose(record), 77)
    report, _ = drained(known)
    assert (report.version, report.chosen_at, report.chosen_from) == (1, at(77), 2_000)
    assert (report.similarity, report.depth, report.sample) == (0.5, 4, ())


def test_messages_that_no_chosen_template_fits_go_to_the_tree_by_the_chosen_settings() -> None:
    known, record = full()
    adopt(known, msgspec.structs.replace(choose(record), similarity=1.0))
    assert learn(known, "gate was opened by ana").first
    assert learn(known, "gate was closed by ana").first


def test_parameters_are_those_of_the_pattern_that_fits() -> None:
    known, _ = full()
    patterns = ("sent <num> bytes to <*>", "sent <num> bytes (<num> KB) to <*>")
    adopt(known, chosen(ScopeTemplate(patterns=patterns)))
    short, long = learn(known, "sent 5 bytes to ana"), learn(known, "sent 5000 bytes (5.0 KB) to bob")
    assert short.template_id == long.template_id
    assert (short.parameters, long.parameters) == (("5", "ana"), ("5000", "(5.0", "bob"))
    assert short.text == long.text == patterns[0]


def test_a_later_choice_keeps_what_it_did_not_see() -> None:
    known, record = full()
    adopt(known, choose(record))
    before = learn(known, DOORS[0]).template_id
    adopt(known, chosen(ScopeTemplate(patterns=("gate was <*>",)), version=2))
    assert learn(known, DOORS[0]).template_id == before
    assert learn(known, "gate was new").text == "gate was <*>"


def test_of_equal_patterns_one_template_is_made_and_only_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    known, _ = full()
    twice = ScopeTemplate(patterns=("gate was <*>",))
    adopt(known, chosen(twice, twice))
    assert sum(record.text == "gate was <*>" for record in known.records.values()) == 1
    monkeypatch.setattr("ingestion.templates_scope.MOST_KNOWN", 1)
    adopt(known, chosen(ScopeTemplate(patterns=("rain fell",)), version=2))
    assert "gate was <*>" not in {record.text for record in known.records.values()}
    assert learn(known, "gate was open").first


@pytest.mark.parametrize("version", [0, 2, 3])
def test_a_choice_that_does_not_follow_the_last_is_ignored(version: int) -> None:
    known, _ = full()
    adopt(known, chosen(ScopeTemplate(patterns=("door was <*> by ana",)), version=version))
    assert known.drain() == []


def test_ids_that_are_gone_or_another_scopes_are_not_taken_over() -> None:
    known, _ = full()
    elsewhere = learn(known, "rain", service="web").template_id
    adopt(known, chosen(*(ScopeTemplate(patterns=(f"{one} fell",), template_id=one) for one in (elsewhere, "gone"))))
    assert learn(known, f"{elsewhere} fell").template_id not in (elsewhere, "gone")
    assert known.records[elsewhere].text == "rain"


def test_a_site_may_do_without() -> None:
    known = Templates(TemplateSettings(automatic=False))
    for _ in range(templates_sample.SAMPLED):
        learn(known, DOORS[0])
    record, _ = drained(known)
    assert record.sample == ()
    adopt(known, chosen(ScopeTemplate(patterns=("door <*>",))))
    assert known.drain() == []


def test_other_settings_for_all_do_not_touch_what_a_scope_has_chosen() -> None:
    known, record = full()
    adopt(known, choose(record))
    known.settings = TemplateSettings(similarity=0.1)
    assert learn(known, DOORS[0]).template_id != learn(known, DOORS[1]).template_id
    assert learn(known, "a b c d").first
    assert learn(known, "a x y z").first


def alert(known: Templates, text: str, service: str) -> Templated:
    return known.learn(an_event(kind=EventKind.ALERT, source="mon", title=text, message=""), an_entity(service))


def test_the_names_of_those_who_alert_tell_no_alerts_apart() -> None:
    known = Templates(TemplateSettings())
    services = ("web", "db", "mail")
    for number in range(templates_sample.SAMPLED // 2):
        service = services[number % 3]
        alert(known, f"disk of {service}.example.org is full", service)
        alert(known, f"{service}: disk of volume is gone", service)
    record = next(document for collection, document in known.drain() if collection is SCOPES and document.sample)
    adopt(known, choose(record))
    texts = {alert(known, f"disk of {service}.example.org is full", service).text for service in (*services, "new")}
    assert texts == {"disk of <*> is full"}
    assert {alert(known, f"{one}: disk of volume is gone", one).text for one in services} == {
        "<*> disk of volume is gone"
    }


def test_the_next_sample_begins_just_before_ten_times_as_many() -> None:
    known, record = full()
    adopt(known, choose(record))
    known.drain()
    for _ in range(18_000):
        learn(known, DOORS[0])
    record, _ = drained(known)
    assert (record.lines, [line.count for line in record.sample], record.version) == (20_000, [2_000], 1)


def test_what_finds_no_room_is_left_out_and_too_little_makes_no_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    long = "x" * templates_sample.LONGEST_LINE
    _, record = full([DOORS[0], DOORS[1], long])
    assert [line.masked for line in record.sample] == DOORS
    _, record = full([DOORS[0], long, long])
    assert record.sample == ()
    monkeypatch.setattr(templates_sample, "MOST_SAMPLED", 1)
    _, record = full([DOORS[0], DOORS[0], DOORS[1]])
    assert [line.masked for line in record.sample] == DOORS[:1]


def test_a_scope_that_is_forgotten_or_answered_gives_its_room_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestion.templates.MOST_SCOPES", 1)
    known, record = full()
    adopt(known, choose(record))
    left = known._room.left
    learn(known, "rain", service="web")
    learn(known, "hail", service="api")
    assert (left, known._room.left) == (templates_sample.MOST_SAMPLED, templates_sample.MOST_SAMPLED - 1)


def test_a_report_counts_what_came_once_and_what_is_dead() -> None:
    known = Templates(TemplateSettings())
    for number in range(60):
        learn(known, " ".join(f"w{number}" for _ in range(number + 1)), seconds=0)
    for _ in range(940):
        learn(known, "all is well", seconds=8 * 86_400)
    report, _ = drained(known)
    assert (report.lines, report.templates, report.rare, report.dead) == (1_000, 61, 60, 60)
    assert report.health == (
        "too rare: 60 of 61 templates were seen once",
        "dead: 60 of 61 templates were not seen for a week",
    )


def test_too_many_templates_are_said() -> None:
    record = ScopeRecord(scope="s", lines=1_000, templates=101, rare=9, dead=9, similarity=0.4, depth=4)
    assert record.health == ("too many: 101 templates for 1,000 messages",)
    assert msgspec.structs.replace(record, lines=3_000).health == ()


LINES = st.lists(st.sampled_from([*DOORS, "it rained Mon", "it rained Tue", "7 of 9", "gate"]), min_size=1, max_size=40)


@settings(max_examples=30)
@given(LINES, LINES, st.integers(0, 3))
def test_a_restart_at_any_moment_changes_nothing(before: list[str], after: list[str], moment: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(templates_sample, "SAMPLED", 20)
        patch.setattr(templates_sample, "LEAST_LINES", 1)
        known = Templates(TemplateSettings())
        known = restarted(known) if moment == 0 else known
        for line in before:
            learn(known, line)
        known = restarted(known) if moment == 1 else known
        waiting = [one for collection, one in known.drain() if collection is SCOPES and one.sample]
        for record in waiting:
            adopt(known, choose(record))
        twin = restarted(known)
        for line in after:
            assert learn(known, line) == learn(twin, line)
        assert sorted(map(repr, known.drain())) == sorted(map(repr, twin.drain())) or moment > 1
        assert known.dump() == twin.dump()


def restarted(known: Templates) -> Templates:
    twin = Templates(TemplateSettings())
    twin.load(known.dump())
    return twin
