"""What a person means who says less than all of it: of a label, a shelf, a rule but for some nodes."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from aiops.domain.acts import LabelTemplate, Shelve
from aiops.domain.alerts import Verdict
from aiops.domain.errors import BadInput, Conflict
from aiops.domain.matching import fields_of
from aiops.domain.records import Template
from aiops.domain.rules import Case, Cases, Envelope, Rule, RuleStatus, Threshold
from rules.check import check_rule, check_silence
from rules.making import labelled, narrower, narrower_id, shelved
from tests.builders import T0, a_mute, an_alert, an_incident

YEAR = timedelta(days=366)


def a_template() -> Template:
    return Template(
        template_id="t1",
        scope="db",
        text="disk <*> full",
        example="disk sda full",
        first_seen=T0,
        last_seen=T0,
    )


def a_label(**changes: Any) -> LabelTemplate:
    act = LabelTemplate(template_id="t1", verdict=Verdict.KNOWN_GOOD, reason="backup", days=7)
    return msgspec.structs.replace(act, **changes)


def a_rule(**changes: Any) -> Rule:
    return a_mute("alertname=Disk", **{"id": "io", "reason": "backup", **changes})


@pytest.mark.parametrize("verdict", [Verdict.KNOWN_GOOD, Verdict.KNOWN_BAD])
def test_a_label_is_a_rule_of_the_template_with_its_own_proof(verdict: Verdict) -> None:
    rule = labelled(a_label(verdict=verdict), a_template(), "ana", T0, YEAR)
    assert (rule.id, rule.owner, rule.verdict) == ("template-t1", "ana", verdict)
    assert [str(matcher) for matcher in rule.matchers] == ['template="disk <*> full"']
    assert {rule.expires, rule.review} == {None, T0 + timedelta(days=7)}
    check_rule(rule, T0)


def test_a_label_of_nothing_or_for_too_long_is_refused() -> None:
    with pytest.raises(Conflict, match="there is no template 't1'"):
        labelled(a_label(), None, "ana", T0, YEAR)
    for days in (0, 367):
        with pytest.raises(BadInput):
            labelled(a_label(days=days), a_template(), "ana", T0, YEAR)


def test_a_shelf_is_a_silence_of_that_alert_alone() -> None:
    silence = shelved(Shelve(fingerprint="fp-db", minutes=90), "ana", T0, YEAR)
    assert silence.shelved
    assert (silence.starts_at, silence.ends_at) == (T0, T0 + timedelta(minutes=90))
    assert all(matcher.matches(fields_of(an_alert("db"))) for matcher in silence.matchers)
    assert not all(matcher.matches(fields_of(an_alert("web"))) for matcher in silence.matchers)
    assert silence.reason == "put aside for a while"
    check_silence(silence, T0)
    with pytest.raises(BadInput, match="0 minutes"):
        shelved(Shelve(fingerprint="fp-db", minutes=0), "ana", T0, YEAR)
    with pytest.raises(BadInput, match="hides for too long"):
        check_silence(shelved(Shelve(fingerprint="fp-db", minutes=10**12), "ana", T0, YEAR), T0, YEAR)


def less(rule: Rule, *nodes: str, waiting: Rule | None = None) -> Rule:
    found = narrower(rule, waiting, nodes, an_incident(number=7))
    assert found is not None
    return found


def test_a_narrower_rule_says_nothing_of_these_nodes_and_all_else_of_the_others() -> None:
    rule = less(a_rule(), "db", "a.b (c)")
    hides = {name: rule.matches({"alertname": "Disk", "entity": name}) for name in ("db", "a.b (c)", "web", "")}
    assert hides == {"db": False, "a.b (c)": False, "web": True, "": True}
    assert not rule.matches({"alertname": "Net", "entity": "web"})
    assert rule.reason == "backup; without db, a.b (c): #7"
    check_rule(rule, T0)


def test_it_waits_in_shadow_to_take_the_place_of_the_other() -> None:
    rule = less(a_rule(), "db")
    assert (rule.id, rule.replaces, rule.status) == ("io-narrower", "io", RuleStatus.SHADOW)
    assert rule.grounds is None  # its other half has proved itself already: it need not wait


def test_one_that_waits_already_is_narrowed_further() -> None:
    rule = less(a_rule(), "web", "db", waiting=less(a_rule(), "db"))
    assert (rule.id, rule.replaces) == ("io-narrower", "io")
    assert [str(matcher) for matcher in rule.matchers] == ['alertname="Disk"', 'entity!~"db"', 'entity!~"web"']
    assert narrower(a_rule(), rule, ["db", "web"], an_incident(number=7)) is None  # nothing new


def test_one_that_leaves_these_nodes_out_already_is_offered_for_the_next_incident_too() -> None:
    first = less(a_rule(), "db")
    again = narrower(a_rule(), first, ["db"], an_incident(incident_id="incident-2", number=8))
    assert again == msgspec.structs.replace(first, offered_for=("incident-1", "incident-2"))
    for number in range(100):
        again = narrower(a_rule(), again, ["db"], an_incident(incident_id=f"more-{number}"))
    assert again is not None
    assert again.offered_for == tuple(f"more-{number}" for number in range(50, 100))


def test_too_many_nodes_are_no_exception() -> None:
    assert narrower(a_rule(), None, [f"n{number}" for number in range(51)], an_incident()) is None
    assert narrower(a_rule(), None, [], an_incident()) is None


@pytest.mark.parametrize(
    ("rule_id", "other"),
    [
        ("io", "io-narrower"),
        ("io-narrower", "io-narrower-2"),
        ("io-narrower-2", "io-narrower-3"),
        ("io-narrower-x", "io-narrower-x-narrower"),
        ("a-narrower-alley", "a-narrower-alley-narrower"),
    ],
)
def test_no_rule_takes_its_own_place(rule_id: str, other: str) -> None:
    assert narrower_id(a_rule(id=rule_id)) == other


def test_it_keeps_the_shape_but_for_these_nodes() -> None:
    envelope = Envelope(per_hour=3, entities=("db", "web"))
    threshold = Threshold(times=2, of=3, within=timedelta(minutes=5))
    rule = less(a_rule(envelope=envelope, threshold=threshold, any_shape=True), "db")
    assert rule.envelope == Envelope(per_hour=3, entities=("web",))
    assert (rule.threshold, rule.any_shape) == (threshold, True)


def test_cases_that_must_not_match_stay_those_that_must_are_of_the_other() -> None:
    cases = Cases(match=(Case(labels={"alertname": "Disk", "entity": "db"}),), no_match=(Case(labels={"a": "b"}),))
    assert less(a_rule(cases=cases), "db").cases == Cases(no_match=cases.no_match)
