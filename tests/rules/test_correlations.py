"""Records that come together raise; what is no group, comes too late or too slowly does not."""

from itertools import pairwise
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.acts import EndSignature, PutSignatures
from aiops.domain.errors import BadInput
from aiops.domain.events import Event, EventKind
from aiops.domain.signatures import Found, Signature
from rules import correlations
from rules.sigma import signature_of
from rules.signature_links import Links
from rules.signatures import Signatures
from tests.builders import at

ID = "11111111-2222-4333-8444-555555555555"


def single(name: str, **changes: Any) -> Signature:
    detection = {"selection": {"action": name}, "condition": "selection"}
    data = {"title": name, "name": name, "logsource": {"product": "github"}, "detection": detection, **changes}
    return signature_of(data, "pack")


def together(text: str, name: str = "many", **changes: Any) -> Signature:
    correlation = {"rules": ["a"], "timespan": "1m", **yaml.safe_load(text)}
    return signature_of({"title": name, "name": name, "correlation": correlation, **changes}, "pack")


def holding(*signatures: Signature) -> Signatures:
    part = Signatures()
    part.act(PutSignatures(signatures=signatures), "ana", at(0))
    return part


def record(action: str, second: float = 0, **fields: Any) -> Event:
    return Event(
        kind=EventKind.AUDIT,
        source="github",
        event_id=f"{action}-{second}",
        received_at=at(second),
        occurred_at=at(second),
        title=action,
        raw={"action": action, **fields},
    )


def raised(part: Signatures, *records: Event, now: float = 3_600) -> list[list[str]]:
    return [[found.signature.id for found in part.find(one, at(now))] for one in records]


def last(part: Signatures, *records: Event) -> Found:
    for one in records[:-1]:
        assert part.find(one, at(3_600)) == []
    (found,) = part.find(records[-1], at(3_600))
    return found


def test_records_are_counted_for_each_group_within_the_time() -> None:
    part = holding(single("a"), together("{type: event_count, group-by: [actor], condition: {gte: 3}}"))
    story = [record("a", 0, actor="eve"), record("a", 1, actor="bob"), record("a", 2, actor="eve")]
    found = last(part, *story, record("a", 60, actor="eve"))
    assert found.group == (("actor", "eve"),)
    assert found.text == "3 records of a in 60 s for actor eve; asked for is >= 3 within 60 s"
    assert found.events == ("a-0", "a-2", "a-60")
    assert raised(part, record("a", 61, actor="eve")) == [["many"]]
    assert raised(part, record("a", 200, actor="eve")) == [[]]


@pytest.mark.parametrize(("condition", "expected"), [("gt: 2", 3), ("gte: 2", 2), ("eq: 2", 2)])
def test_the_number_is_compared_as_the_rule_says(condition: str, expected: int) -> None:
    part = holding(single("a"), together(f"{{type: event_count, condition: {{{condition}}}}}"))
    hits = raised(part, *(record("a", number) for number in range(4)))
    assert [bool(one) for one in hits].index(True) + 1 == expected
    assert bool(hits[3]) is (condition != "eq: 2")


def test_values_are_counted_once_each() -> None:
    part = holding(
        single("a"), together("{type: value_count, group-by: [ip], condition: {gte: 3, field: user}, timespan: 5m}")
    )
    users = ("ana", "bo", "ana", "bo", "cy")
    found = last(part, *(record("a", number, ip="1.2.3.4", user=user) for number, user in enumerate(users)))
    assert found.text.startswith("3 values of user in records of a")


def test_a_value_counts_for_as_long_as_it_was_last_seen() -> None:
    part = holding(single("a"), together("{type: value_count, condition: {gte: 2, field: user}}"))
    story = [record("a", 0, user="ana"), record("a", 50, user="ana"), record("a", 100, user="bo")]
    assert raised(part, *story) == [[], [], ["many"]]


def test_a_value_that_comes_late_once_more_is_no_other() -> None:
    part = holding(single("a"), together("{type: value_count, condition: {gte: 2, field: user}}"))
    story = [record("a", 50, user="ana"), record("a", 20, user="ana"), record("a", 30, user="bo")]
    assert raised(part, *story) == [[], [], ["many"]]


def test_different_signatures_come_together_in_whatever_order() -> None:
    part = holding(single("a"), single("b"), together("{type: temporal, rules: [a, b], group-by: [actor]}"))
    assert raised(part, record("b", 0, actor="eve"), record("a", 10, actor="bob")) == [[], []]
    assert raised(part, record("a", 20, actor="eve"), record("b", 90, actor="eve")) == [["many"], []]


def test_an_expression_says_which_signatures_must_come_together() -> None:
    one_of = together('{type: temporal, rules: [a, b, c], condition: "a and (b or c)"}')
    part = holding(single("a"), single("b"), single("c"), one_of)
    assert raised(part, record("b"), record("c", 1), record("a", 2)) == [[], [], ["many"]]


def test_steps_come_in_their_order() -> None:
    ordered = together("{type: temporal_ordered, rules: [a, b, c], group-by: [actor]}")
    part = holding(single("a"), single("b"), single("c"), ordered)
    wrong = [record(name, number, actor="eve") for number, name in enumerate("cba")]
    assert raised(part, *wrong) == [[], [], []]
    assert raised(part, record("b", 10, actor="eve")) == [[]]
    assert last(part, record("c", 11, actor="eve")).text.startswith("a, then b, then c in")


def test_the_records_own_time_counts_and_not_when_they_came() -> None:
    ordered = together("{type: temporal_ordered, rules: [a, b]}")
    part = holding(single("a"), single("b"), ordered)
    assert raised(part, record("b", 30), record("a", 10)) == [[], ["many"]]


def test_what_comes_later_than_the_window_is_long_is_left_out_and_told() -> None:
    part = holding(single("a"), together("{type: event_count, condition: {gte: 2}}"))
    assert raised(part, record("a", 100), record("a", 10)) == [[], []]
    assert part.in_force()["many"].left_out == 1


def test_a_clock_that_is_ahead_makes_nothing_else_late() -> None:
    part = holding(single("a"), together("{type: event_count, condition: {gte: 3}}"))
    part.find(msgspec.structs.replace(record("a", 10**8), received_at=at(5)), at(5))
    assert raised(part, record("a", 6), record("a", 7), now=7) == [[], ["many"]]


def test_what_lacks_a_field_of_the_group_is_in_none() -> None:
    part = holding(single("a"), together("{type: event_count, group-by: [actor], condition: {gte: 2}}"))
    assert raised(part, record("a", 0), record("a", 1), record("a", 2)) == [[], [], []]
    assert part.in_force()["many"].left_out == 3


def test_an_alias_names_the_field_of_each_signature() -> None:
    text = "{type: temporal, rules: [a, b], group-by: [who], aliases: {who: {a: actor, b: user.name}}}"
    part = holding(single("a"), single("b"), together(text))
    story = [record("a", 0, actor="eve"), record("b", 1, user={"name": "bob"}), record("b", 2, user={"name": "eve"})]
    assert raised(part, *story) == [[], [], ["many"]]


def test_what_a_correlation_is_about_raises_by_itself_only_where_that_is_said() -> None:
    silent = holding(single("a"), together("{type: event_count, condition: {gte: 9}}"))
    assert raised(silent, record("a")) == [[]]
    assert silent.in_force()["a"].hits == 1
    loud = holding(single("a"), together("{type: event_count, condition: {gte: 9}, generate: true}"))
    assert raised(loud, record("a")) == [["a"]]


def test_a_correlation_may_be_about_correlations() -> None:
    part = holding(
        single("a"),
        single("b"),
        together("{type: event_count, group-by: [actor], condition: {gte: 2}}"),
        together("{type: temporal_ordered, rules: [many, b], group-by: [actor]}", name="then"),
    )
    story = [record("a", 0, actor="eve"), record("a", 1, actor="eve"), record("b", 2, actor="eve")]
    assert raised(part, *story) == [[], [], ["then"]]


def test_one_record_that_fits_two_signatures_is_one_record() -> None:
    part = holding(single("a"), single("b2", detection={"s": {"action": "a"}, "condition": "s"}))
    part.act(
        PutSignatures(signatures=(together("{type: event_count, rules: [a, b2], condition: {gte: 2}}"),)), "ana", at(0)
    )
    assert raised(part, record("a", 0), record("a", 1)) == [[], ["many"]]


def test_a_record_that_is_read_anew_is_one_record() -> None:
    part = holding(single("a"), together("{type: event_count, condition: {gte: 2}}"))
    once = record("a", 0)
    assert raised(part, once, msgspec.structs.replace(once, event_id=f"{once.event_id}-r1")) == [[], []]


def test_a_record_of_a_clock_that_is_ahead_is_one_record_still_when_it_is_read_anew() -> None:
    part = holding(single("a"), together("{type: event_count, condition: {gte: 2}}"))
    once = msgspec.structs.replace(record("a", 500), received_at=at(5))
    again = msgspec.structs.replace(once, event_id=f"{once.event_id}-r1")
    assert (part.find(once, at(5)), part.find(again, at(40))) == ([], [])


def test_a_signature_is_found_by_its_id_or_its_name() -> None:
    base = single("a", id=ID)
    part = holding(base, together("{type: event_count, condition: {gte: 1}}"))
    assert raised(part, record("a")) == [["many"]]
    by_id = together(f"{{type: event_count, rules: [{ID}], condition: {{gte: 1}}}}")
    assert raised(holding(base, by_id), record("a")) == [["many"]]


@pytest.mark.parametrize(
    ("signatures", "said"),
    [
        ((together("{type: event_count, rules: [ghost], condition: {gte: 1}}"),), "ghost is not there"),
        (
            (
                together("{type: temporal, rules: [two, one]}", name="one"),
                together("{type: temporal, rules: [one, two]}", name="two"),
            ),
            "circle",
        ),
    ],
)
def test_what_could_never_be_reached_is_refused(signatures: tuple[Signature, ...], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        holding(*signatures)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{type: event_count, condition: {lt: 3}}", "lt is not evaluated"),
        ("{type: event_count, condition: {gte: 0}}", "cannot be counted"),
        ("{type: event_count, condition: {gte: 5000}}", "cannot be counted"),
        ("{type: value_sum, condition: {gte: 3, field: x}}", "value_sum is not evaluated"),
        ("{type: value_count, condition: {gte: 3}}", "without field"),
        ("{type: event_count, condition: {gte: 3}, timespan: 2y}", "too long"),
        ("{type: event_count, condition: {gte: 3}, timespan: soon}", "soon"),
        ('{type: temporal, rules: [a, b], condition: "a and not b"}', "not is not evaluated"),
        ('{type: temporal_ordered, rules: [a, b], condition: "a and b"}', "order"),
        ("{type: nothing}", "nothing"),
    ],
)
def test_a_correlation_that_is_not_evaluated_says_why(text: str, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        together(text)
    assert said in str(refused.value)


def test_what_has_ended_leaves_a_correlation_that_says_so() -> None:
    part = holding(single("a"), together("{type: event_count, condition: {gte: 1}}"))
    text, _ = part.act(EndSignature(signature_id="a"), "bo", at(1))
    assert "many no longer hears of it" in text
    assert raised(part, record("a")) == [[]]


def test_a_correlation_put_anew_begins_anew() -> None:
    part = holding(single("a"), together("{type: event_count, condition: {gte: 2}}"))
    raised(part, record("a", 0))
    part.act(PutSignatures(signatures=(together("{type: event_count, condition: {gte: 2}}"),)), "ana", at(1))
    assert raised(part, record("a", 2), record("a", 3)) == [[], ["many"]]


def test_a_snapshot_keeps_the_windows() -> None:
    signatures = (single("a"), together("{type: event_count, group-by: [actor], condition: {gte: 2}}"))
    part, again = holding(*signatures), Signatures()
    raised(part, record("a", 0, actor="eve"))
    again.load(part.dump())
    again.correlations.load(part.correlations.dump())
    assert again.correlations.dump() == part.correlations.dump()
    assert raised(again, record("a", 1, actor="eve")) == [["many"]]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(correlations, "MOST", 5)
    monkeypatch.setattr(correlations, "MOST_HELD", 20)
    part = holding(single("a"), together("{type: event_count, group-by: [actor], condition: {gte: 900}}"))
    for number in range(60):
        raised(part, record("a", number, actor="eve"), record("a", number, actor=f"other-{number}"))
    windows = msgspec.msgpack.decode(part.correlations.dump())
    held = [len(window["hits"]) for _, window in windows]
    assert max(held) == 5
    assert sum(held) <= 20


@given(st.lists(st.tuples(st.integers(0, 300), st.sampled_from("ab")), min_size=1, max_size=25))
def test_in_order_of_time_a_window_counts_what_a_plain_look_back_counts(story: list[tuple[int, str]]) -> None:
    part = holding(single("x"), together("{type: event_count, rules: [x], group-by: [actor], condition: {gte: 3}}"))
    story = sorted(story)
    for number, (second, actor) in enumerate(story):
        event = msgspec.structs.replace(record("x", second, actor=actor), event_id=str(number))
        before = [one for one in story[: number + 1] if one[1] == actor and second - one[0] <= 60]
        assert bool(part.find(event, at(400))) is (len(before) >= 3)


def test_what_a_tower_of_correlations_is_about_is_found_without_climbing_it_again_and_again() -> None:
    floors = [[f"{side}{floor}" for side in "ab"] for floor in range(40)]
    tower = [single(name) for name in floors[0]]
    for below, floor in pairwise(floors):
        tower += [together(f"{{type: temporal, rules: [{', '.join(below)}]}}", name) for name in floor]
    ids = {one.name: one.id for one in tower}
    links = Links(tower)  # of 2**39 ways from top to bottom
    assert links.under(ids["a39"]) == {ids[name] for floor in floors[:-1] for name in floor}
    assert links.about(ids["a0"]) == sorted([ids["a1"], ids["b1"]])
