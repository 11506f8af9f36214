"""Does every message find its shape, and the same one after a restart?"""

import msgspec
import pytest
from drain3.drain import Drain
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.domain.alerts import Templated
from aiops.domain.documents import TEMPLATES
from aiops.domain.events import Event, EventKind
from aiops.domain.masking import mask
from aiops.domain.records import Template
from aiops.domain.settings import TemplateSettings
from ingestion import templates as module
from ingestion.templates import Templates
from tests.builders import an_entity, an_event, at


def templates(**changes: object) -> Templates:
    return Templates(msgspec.structs.replace(TemplateSettings(), **changes))


def learn(known: Templates, text: str, seconds: float = 0, service: str = "db", source: str = "logs") -> Templated:
    kind = EventKind.LOG if source == "logs" else EventKind.ALERT
    event = an_event(kind=kind, source=source, title=text, message="", received_at=at(seconds))
    return known.learn(event, an_entity(service))


def documents(known: Templates) -> dict[str, Template]:
    return {document.template_id: document for collection, document in known.drain() if collection is TEMPLATES}


def test_numbers_make_no_new_template_and_are_kept_as_parameters() -> None:
    known = templates()
    first = learn(known, "connection to 10.0.0.1:5432 refused after 30 s")
    second = learn(known, "connection to 10.0.0.2:5432 refused after 31 s")
    assert (first.first, second.first) == (True, False)
    assert first.template_id == second.template_id
    assert second.text == second.masked == "connection to <ip>:<num> refused after <num> s"
    assert second.parameters == ("10.0.0.2:5432", "31")


def test_generalising_raises_the_version_and_keeps_the_id() -> None:
    known = templates()
    before = learn(known, "user ana logged in from office")
    after = learn(known, "user bob logged in from office")
    assert (before.version, after.version) == (1, 2)
    assert after.template_id == before.template_id
    assert after.text == "user <*> logged in from office"
    assert after.masked == "user bob logged in from office"
    assert after.parameters == ("bob",)
    assert known.records[after.template_id].text == after.text


def test_the_document_counts_and_knows_first_and_last() -> None:
    known = templates()
    template_id = learn(known, "disk 91 full", seconds=5).template_id
    assert documents(known)[template_id].count == 1
    learn(known, "disk 92 full", seconds=9)
    learn(known, "disk 93 full", seconds=7)
    document = documents(known)[template_id]
    assert (document.count, document.first_seen, document.last_seen) == (3, at(5), at(9))
    assert (document.scope, document.example) == ("logs/db", "disk <num> full")
    assert documents(known) == {}


def test_each_service_has_templates_of_its_own_and_alert_senders_share_theirs() -> None:
    known = templates()
    assert learn(known, "ready").template_id != learn(known, "ready", service="api").template_id
    on_db = learn(known, "disk 91% full on db1", source="alertmanager")
    on_api = learn(known, "disk 17% full on db1", source="alertmanager", service="api")
    assert on_db.template_id == on_api.template_id


def an_alert_about(text: str, scope: str) -> Event:
    """As a detector makes it of a line."""
    return an_event(source="detector:log_errors", title=f"db logs: {text}", message=text, scope=scope)


def test_an_alert_made_of_a_line_has_the_template_of_the_line() -> None:
    known = templates()
    line = learn(known, "connection to 10.0.0.1 refused")
    assert line.scope == "logs/db"
    made = known.learn(an_alert_about("connection to 10.0.0.1 refused", line.scope), an_entity("db"))
    assert made == line
    assert [document.scope for document in documents(known).values()] == ["logs/db"]


def test_a_line_is_counted_once_and_is_new_once_though_an_alert_was_made_of_it() -> None:
    known = templates()
    firsts = []
    for text in ("user ana gone", "user bob gone", "user bob gone"):
        line = learn(known, text)
        firsts.append(known.learn(an_alert_about(text, line.scope), an_entity("db")).first)
    assert firsts == [True, False, False]
    assert documents(known)[line.template_id].count == 3


def test_what_others_note_on_a_record_survives_counting() -> None:
    known = templates()
    template_id = learn(known, "ready").template_id
    known.records[template_id] = msgspec.structs.replace(known.records[template_id], pattern_id="p1")
    learn(known, "ready")
    assert documents(known)[template_id].pattern_id == "p1"


def test_parameters_are_bounded() -> None:
    known = templates()
    assert len(learn(known, " ".join(["7"] * 50)).parameters) == 20
    assert len(learn(known, "7" * 250).parameters[0]) == 200


def test_an_empty_message_has_a_shape_too() -> None:
    known = templates()
    assert learn(known, " ").template_id == learn(known, "").template_id


def test_the_least_recently_used_template_is_forgotten() -> None:
    known = templates(max_clusters=2)
    alpha = learn(known, "alpha starts now").template_id
    learn(known, "beta stops here")
    learn(known, "alpha starts now")
    learn(known, "gamma fails again")
    assert sorted(record.text for record in known.records.values()) == ["alpha starts now", "gamma fails again"]
    assert learn(known, "alpha starts now").template_id == alpha
    assert learn(known, "beta stops here").first


def test_scopes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_SCOPES", 2)
    known = templates()
    for service in ("a", "b", "c"):
        learn(known, "ready", service=service)
    assert sorted(record.scope for record in known.records.values()) == ["logs/b", "logs/c"]


def test_templates_over_all_scopes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_TEMPLATES", 3)
    known = templates()
    for word in ("one", "two three", "four five six"):
        learn(known, word, service="old")
    learn(known, "ready", service="new")
    assert [record.scope for record in known.records.values()] == ["logs/new"]


def test_other_settings_apply_to_what_is_known_already() -> None:
    known = templates(similarity=0.4)
    ana = learn(known, "user ana logged out").template_id
    known.settings = TemplateSettings(similarity=0.99)
    assert learn(known, "user ana logged out").template_id == ana
    assert learn(known, "user bob logged out").first


WORDS = st.sampled_from(
    ["user", "ana", "bob", "db1", "10.0.0.1", "42", "failed", "ok", "<*>", "took=3ms", "a", "b", "c"]
)
MESSAGES = st.lists(WORDS, max_size=6).map(" ".join)
SETTINGS = st.builds(
    TemplateSettings,
    similarity=st.sampled_from([0.2, 0.4, 0.7]),
    depth=st.sampled_from([3, 4, 5]),
    max_children=st.sampled_from([2, 3, 100]),
    max_clusters=st.sampled_from([2, 5, 1_000]),
)


@given(st.lists(MESSAGES, max_size=60), SETTINGS)
def test_grouping_is_drain3s_own(messages: list[str], chosen: TemplateSettings) -> None:
    known = Templates(chosen)
    peer = Drain(chosen.depth, chosen.similarity, chosen.max_children, chosen.max_clusters)
    ids: dict[int, str] = {}
    for message in messages:
        got = learn(known, message)
        cluster, _ = peer.add_log_message(mask(message))
        assert got.text == cluster.get_template()
        assert got.first is (cluster.cluster_id not in ids)
        assert ids.setdefault(cluster.cluster_id, got.template_id) == got.template_id


@settings(max_examples=60)
@given(st.lists(MESSAGES, max_size=40), st.lists(MESSAGES, max_size=40), SETTINGS)
def test_a_restart_changes_nothing(before: list[str], after: list[str], chosen: TemplateSettings) -> None:
    known = Templates(chosen)
    for second, message in enumerate(before):
        learn(known, message, second, service=message[:1])
    restarted = Templates(TemplateSettings())
    restarted.load(known.dump())
    known.drain()
    for second, message in enumerate(after):
        assert learn(restarted, message, second, message[:1]) == learn(known, message, second, message[:1])
        assert documents(restarted) == documents(known)
    assert restarted.dump() == known.dump()


@given(st.lists(MESSAGES, max_size=40), SETTINGS)
def test_living_templates_have_ids_of_their_own(messages: list[str], chosen: TemplateSettings) -> None:
    known = Templates(chosen)
    for message in messages:
        learn(known, message)
    known.settings = TemplateSettings(similarity=0.9)
    for message in messages:
        got = learn(known, message)
        assert known.records[got.template_id].text == got.text
