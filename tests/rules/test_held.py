"""Rules that are held, and those that expired: whom an alert meets, how often, and which fields nobody has had yet."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.alerts import Verdict
from aiops.domain.documents import RULES
from aiops.domain.matching import fields_of, parse_matcher
from aiops.domain.part import Part
from aiops.domain.rules import Rule, RuleStatus
from rules import held as held_module
from rules import late as late_module
from rules.held import MOST_SAMPLED, Held
from rules.late import Late
from tests.builders import T0, a_mute, an_alert, at

ACTIVE, SHADOW, PROPOSED = RuleStatus.ACTIVE, RuleStatus.SHADOW, RuleStatus.PROPOSED


class Noted(Part):
    """Notes what is put."""

    def dump(self) -> bytes:
        return b""

    def load(self, state: bytes) -> None:
        pass

    def rules(self) -> list[Rule]:
        return [one for collection, one in self.drain() if collection is RULES]


def holding(*rules: Rule) -> tuple[Held, Noted]:
    part = Noted()
    held = Held(part)
    for rule in rules:
        held.put(rule)
    part.drain()
    return held, part


def a_rule(key: str = "r", *texts: str, **changes: Any) -> Rule:
    return a_mute(*(texts or ("service=db",)), id=key, **changes)


def met(held: Held, **fields: str) -> list[str]:
    return [rule.id for rule in held.met(fields)]


@pytest.mark.parametrize("status", list(RuleStatus))
def test_only_what_is_in_force_or_in_shadow_is_met(status: RuleStatus) -> None:
    held, _ = holding(a_rule(status=status))
    assert met(held, service="db") == (["r"] if status in (ACTIVE, SHADOW) else [])
    assert "r" in held


def test_a_rule_of_several_ways_is_met_once_by_whichever_holds() -> None:
    ways = tuple((parse_matcher(text, "test"),) for text in ("env=lab", "region=eu"))
    held, _ = holding(a_rule(any_of=ways))
    assert met(held, service="db", env="lab", region="eu") == ["r"]
    assert met(held, service="db", region="eu") == ["r"]
    assert met(held, service="db") == []


def test_one_that_is_put_anew_is_met_as_it_is_now_and_not_as_it_was() -> None:
    ways = tuple((parse_matcher(text, "test"),) for text in ("env=lab", "region=eu"))
    held, part = holding(a_rule(any_of=ways))
    held.put(a_rule("r", "service=web"))
    assert (met(held, service="db", env="lab", region="eu"), met(held, service="web")) == ([], ["r"])
    assert [rule.id for rule in part.rules()] == ["r"]
    assert len(held) == 1


def test_what_is_taken_out_is_met_no_more() -> None:
    held, _ = holding(a_rule("a"), a_rule("b"))
    taken = held.take_out("a")
    assert taken is not None
    assert (taken.id, held.take_out("a"), met(held, service="db"), held.get("a")) == ("a", None, ["b"], None)


def test_a_hit_is_counted_and_of_what_hides_some_are_put_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_module, "SAMPLED", 1)
    held, part = holding(a_rule())
    for number in range(MOST_SAMPLED + 2):
        held.count(list(held), an_alert(f"s{number}"), at(number))
    held.count(list(held), an_alert("s5"), at(100))  # again: it is the newest, once
    rule = part.rules()[-1]
    assert (rule.hits, rule.last_hit) == (MOST_SAMPLED + 3, at(100))
    assert rule.audit[-1] == "fp-s5"
    assert len(rule.audit) == len(set(rule.audit)) == MOST_SAMPLED


def test_of_what_raises_nothing_is_put_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_module, "SAMPLED", 1)
    held, part = holding(a_rule(verdict=Verdict.KNOWN_BAD))
    held.count(list(held), an_alert("db"), T0)
    (rule,) = part.rules()
    assert (rule.hits, rule.audit) == (1, ())


def test_a_field_that_nobody_has_had_is_told_until_somebody_has() -> None:
    held, part = holding()
    rule = a_rule("r", "servcie=db", "rack=1", "severity=info")
    assert held.unseen(rule) == ("rack", "servcie")  # the severity is the alert's own
    held.put(msgspec.structs.replace(rule, unseen=held.unseen(rule)))
    part.drain()
    held.see({"rack": "7"})
    assert [one.unseen for one in part.rules()] == [("servcie",)]
    held.see({"rack": "8"})
    assert part.rules() == []


def test_no_more_fields_are_remembered_than_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_module, "MOST_FIELDS", 2)
    held, _ = holding()
    held.see({"a": "", "b": ""})
    held.see({"c": ""})
    assert held.seen == {"a", "b"}
    assert held.unseen(a_rule("r", "c=1")) == ("c",)


RULES_OF = st.builds(
    lambda key, text, status: a_rule(key, text, status=status),
    st.sampled_from("abc"),
    st.sampled_from(["service=db", "service=~d.*", "env=lab", "template=disk <*>"]),
    st.sampled_from([ACTIVE, SHADOW, PROPOSED]),
)


@given(st.lists(st.one_of(RULES_OF, st.sampled_from("abc")), max_size=15))
def test_whatever_came_and_went_those_are_met_that_match(steps: list[Rule | str]) -> None:
    held, _ = holding()
    present: dict[str, Rule] = {}
    for step in steps:
        if isinstance(step, str):
            assert held.take_out(step) == present.pop(step, None)
        else:
            held.put(step)
            present[step.id] = step
    fields = fields_of(an_alert("db", masked="disk full"))
    counted = [rule for rule in present.values() if rule.status is not PROPOSED]
    assert {rule.id for rule in held.met(fields)} == {rule.id for rule in counted if rule.matches(fields)}
    twin, _ = holding()
    twin.load(list(held), held.seen)
    assert twin.met(fields) == held.met(fields)
    assert {rule.id: rule for rule in held} == present


# expired


def test_an_expired_rule_counts_what_it_would_have_hidden() -> None:
    late = Late()
    assert late.met({"service": "db"}) == []
    late.put(a_rule("b"))
    late.put(a_rule("a"))
    late.met({"service": "db"})
    assert [(rule.id, rule.missed) for rule in late.met({"service": "db"})] == [("a", 2), ("b", 2)]
    assert late.met({"service": "web"}) == []
    late.drop("a")
    late.drop("a")
    assert [rule.id for rule in late.met({"service": "db"})] == ["b"]


def test_the_longest_expired_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(late_module, "MOST", 2)
    late = Late()
    for key in ("a", "b", "a", "c"):  # a expired once more: b is the longest expired
        late.put(a_rule(key))
    assert [rule.id for rule in late.all()] == ["a", "c"]
    assert [rule.id for rule in late.met({"service": "db"})] == ["a", "c"]
