"""In which operation is the time that a node spends more of?"""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlation.causes import operations as module
from correlation.causes.operations import REST, Extra, Operations
from correlation.causes.series import REQUESTS, Metrics, Window

MINUTE = 60.0
START = 60 * MINUTE


def asked(number: float = 10.0) -> Window:
    metrics = Metrics()
    metrics.put("shop", REQUESTS, [(minute * MINUTE, number) for minute in range(62)], summed=True)
    return metrics.windows("shop", START, START + 119, 0.0)[REQUESTS]


def spent(before: Mapping[str, float], after: Mapping[str, float]) -> Operations:
    """Seconds of each request by operation, for an hour, then for two minutes; ten requests a minute."""
    operations = Operations()
    for minute in range(62):
        for name, seconds in (after if minute >= 60 else before).items():
            operations.put("shop", name, [(minute * MINUTE, 10 * seconds)])
    return operations


def most(operations: Operations, node: str = "shop", number: float = 10.0) -> Extra | None:
    return operations.most(node, asked(number), START, START + 119, 0.0)


def test_the_operation_with_most_of_the_extra_time_is_told_with_its_numbers() -> None:
    found = most(spent({"PlaceOrder": 0.1, "GetCart": 0.3}, {"PlaceOrder": 2.1, "GetCart": 0.5}))
    assert found is not None
    assert found.operation == "PlaceOrder"
    assert found.share == pytest.approx(2.0 / 2.2)
    assert (found.mean, found.before) == pytest.approx((2.1, 0.1))


def test_one_that_was_never_seen_before_may_be_it() -> None:
    found = most(spent({"GetCart": 0.3}, {"GetCart": 0.3, "Retry": 1.0}))
    assert found is not None
    assert (found.operation, found.before) == ("Retry", 0.0)


def test_no_operation_is_named_where_none_has_half_of_it() -> None:
    assert most(spent({"a": 0.1, "b": 0.1, "c": 0.1}, {"a": 1.1, "b": 1.0, "c": 1.0})) is None


def test_no_operation_is_named_where_no_time_was_added_or_nothing_is_known() -> None:
    assert most(spent({"a": 0.1}, {"a": 0.1})) is None
    assert most(Operations()) is None
    assert most(spent({"a": 0.1}, {"a": 2.0}), node="other") is None


def test_more_requests_are_no_extra_time() -> None:
    operations = Operations()
    for minute in range(62):
        operations.put("shop", "a", [(minute * MINUTE, 5.0 if minute >= 60 else 1.0)])
    metrics = Metrics()
    metrics.put("shop", REQUESTS, [(minute * MINUTE, 50.0 if minute >= 60 else 10.0) for minute in range(62)])
    requests = metrics.windows("shop", START, START + 119, 0.0)[REQUESTS]
    assert operations.most("shop", requests, START, START + 119, 0.0) is None


def test_operations_are_bounded_and_the_least_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_OPERATIONS", 3)
    operations = Operations()
    for name, seconds in (("a", 5.0), ("b", 1.0), ("c", 3.0), ("d", 0.5), ("e", 4.0)):
        operations.put("shop", name, [(0.0, seconds)])
    assert set(operations._held.names("shop")) == {"a", "c", "e", REST}
    assert operations._held.course("shop", REST, 0.0, 0.0) == {0.0: 1.5}


def test_a_rest_that_the_door_made_takes_nobodys_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_OPERATIONS", 1)
    operations = Operations()
    operations.put("shop", "a", [(0.0, 1.0)])
    operations.put("shop", REST, [(0.0, 9.0)])
    assert set(operations._held.names("shop")) == {"a", REST}


def test_the_rest_is_never_named_as_if_it_were_one() -> None:
    assert most(spent({"a": 0.1, REST: 0.1}, {"a": 0.1, REST: 5.0})) is None


NAMED = st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 20), st.integers(0, 9)), max_size=60)


@given(told=NAMED, cut=st.integers(0, 60))
def test_no_second_is_lost_and_state_goes_on_as_if_it_had_not_been_dumped(
    told: list[tuple[str, int, int]], cut: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_OPERATIONS", 3)
        straight, broken = Operations(), Operations()
        for place, (name, minute, value) in enumerate(told):
            straight.put("shop", name, [(minute * MINUTE, float(value))])
            if place == cut:
                again = Operations()
                again.load(broken.dump())
                broken = again
            broken.put("shop", name, [(minute * MINUTE, float(value))])
    assert broken.dump() == straight.dump()
    held = straight._held
    sums = [sum(held.course("shop", name, 1e6, 1e6).values()) for name in held.names("shop")]
    assert sum(sums) == sum(value for *_, value in told)
    assert len(sums) <= 4
