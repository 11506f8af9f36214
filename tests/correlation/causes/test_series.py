"""What is held of a series, however it was told?"""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlation.causes.series import LEAST, MOST_BUCKETS, NEAR, Metrics

MINUTE = 60.0


def of(metrics: Metrics, node: str = "web", metric: str = "spans.requests") -> dict[float, float]:
    return metrics.course(node, metric, 1e6, 1e6)


def test_what_several_deliveries_tell_of_one_minute_adds_up() -> None:
    metrics = Metrics()
    for number in (4.0, 6.0, 1.0):
        metrics.put("web", "spans.requests", [(60.0, number)], summed=True)
    assert of(metrics) == {60.0: 11.0}


def test_what_comes_late_is_added_where_it_belongs() -> None:
    metrics = Metrics()
    for at in (60.0, 180.0, 61.0, 120.0):
        metrics.put("web", "spans.requests", [(at, 1.0)], summed=True)
    assert of(metrics) == {60.0: 2.0, 120.0: 1.0, 180.0: 1.0}


def test_other_samples_of_one_bucket_are_averaged_as_ever() -> None:
    metrics = Metrics()
    for value in (4.0, 6.0):
        metrics.put("web", "cpu", [(60.0, value)])
    assert of(metrics, metric="cpu") == {60.0: 5.0}


def test_what_is_summed_is_bounded_and_forgets_the_oldest() -> None:
    metrics = Metrics()
    for minute in range(3 * MOST_BUCKETS):
        metrics.put("web", "spans.requests", [(minute * MINUTE, 1.0)], summed=True)
    series = metrics._series["web", "spans.requests"]
    assert len(series.times) <= MOST_BUCKETS + MOST_BUCKETS // 4
    metrics.put("web", "spans.requests", [(0.0, 1.0)], summed=True)  # older than all that is held
    assert series.times[0] > 0
    assert series.times[-1] == (3 * MOST_BUCKETS - 1) * MINUTE


def test_how_much_is_held_can_be_less() -> None:
    metrics = Metrics(2, 10)
    for node in ("a", "b", "c"):
        metrics.put(node, "n", [(minute * MINUTE, 1.0) for minute in range(40)], summed=True)
    assert list(metrics.nodes) == ["b", "c"]
    assert 10 <= len(of(metrics, "c", "n")) <= 12


def test_pooled_metrics_are_one_whose_minutes_are_their_sums() -> None:
    metrics = Metrics()
    metrics.put("web", "a", [(0.0, 1.0), (60.0, 2.0)], summed=True)
    metrics.put("web", "b", [(60.0, 5.0)], summed=True)
    metrics.pool("web", "a", "b")
    assert list(metrics.names("web")) == ["b"]
    assert of(metrics, metric="b") == {0.0: 1.0, 60.0: 7.0}


def test_a_window_is_the_same_whatever_was_before_its_baseline() -> None:
    long, short = Metrics(), Metrics()
    points = [(minute * MINUTE, float(minute % 7)) for minute in range(600)]
    long.put("web", "cpu", points)
    short.put("web", "cpu", points[-NEAR - 10 :])
    start = points[-5][0]
    assert long.windows("web", start, start + 300, MINUTE) == short.windows("web", start, start + 300, MINUTE)


def test_what_there_is_for_each_one_has_a_baseline_of_such() -> None:
    metrics = Metrics()
    for minute in range(LEAST + 1):
        metrics.put("web", "seconds", [(minute * MINUTE, 3.0 * minute)], summed=True)
        metrics.put("web", "number", [(minute * MINUTE, 1.0 * minute)], summed=True)
    start = LEAST * MINUTE
    window = metrics.each("web", "seconds", "number", start, start, 0.0)
    assert window is not None
    assert (list(window.values), window.known) == ([3.0], False)  # a minute without any is none of them
    assert metrics.each("web", "seconds", "nobody", start, start, 0.0) is None


POINTS = st.lists(
    st.tuples(st.sampled_from(["web", "api"]), st.sampled_from(["n", "s"]), st.integers(0, 40), st.integers(0, 9)),
    max_size=60,
)


@given(told=POINTS, data=st.data())
def test_sums_are_the_same_in_whatever_order_and_pieces_they_are_told(
    told: Sequence[tuple[str, str, int, int]], data: st.DataObject
) -> None:
    straight, shuffled = Metrics(), Metrics()
    for node, metric, minute, value in told:
        straight.put(node, metric, [(minute * MINUTE, float(value))], summed=True)
    for node, metric, minute, value in data.draw(st.permutations(told)):
        shuffled.put(node, metric, [(minute * MINUTE, 0.25 * value), (minute * MINUTE, 0.75 * value)], summed=True)
    for node in ("web", "api"):
        for metric in ("n", "s"):
            assert of(shuffled, node, metric) == pytest.approx(of(straight, node, metric))


@given(told=POINTS, cut=st.integers(0, 60))
def test_state_that_is_dumped_and_loaded_goes_on_as_if_it_had_not_been(
    told: Sequence[tuple[str, str, int, int]], cut: int
) -> None:
    straight, broken = Metrics(), Metrics()
    for place, (node, metric, minute, value) in enumerate(told):
        summed = metric == "s"
        straight.put(node, metric, [(minute * MINUTE, float(value))], summed=summed)
        if place == cut:
            again = Metrics()
            again.load(broken.dump())
            broken = again
        broken.put(node, metric, [(minute * MINUTE, float(value))], summed=summed)
    assert broken.dump() == straight.dump()
