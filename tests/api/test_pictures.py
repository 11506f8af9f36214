"""Do the pictures say what the numbers say?"""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.events import Severity
from aiops.domain.graph import Edge, Relation
from aiops.domain.records import Rollup
from api.ui.charts import HEIGHT, LABEL, LANES_WIDTH, MOST_LANES, WIDTH, histogram, lanes, window
from api.ui.graph import MOST_NODES, picture
from tests.builders import T0, an_episode, at

HOUR, FIVE = timedelta(hours=1), timedelta(minutes=5)


def count(minutes: int, number: int, severity: Severity = Severity.HIGH) -> Rollup:
    start = T0 + timedelta(minutes=minutes)
    return Rollup(rollup_id=f"{minutes}{severity}", name="alerts", bin=start, key=severity.value, count=number)


counts = st.lists(
    st.builds(count, st.integers(0, 11).map(lambda n: n * 5), st.integers(1, 10_000), st.sampled_from(Severity)),
    max_size=30,
)


@given(counts)
def test_bars_stay_inside_and_their_sum_is_the_total(found: list[Rollup]) -> None:
    chart = histogram(found, T0, T0 + HOUR, FIVE)
    assert chart.total == sum(one.count for one in found) == sum(bar.total for bar in chart.bars)
    for bar in chart.bars:
        assert 0 <= bar.x < bar.x + bar.width <= WIDTH
        assert all(-3.5 <= piece.y <= HEIGHT for piece in bar.pieces)
    assert chart.highest == max((bar.total for bar in chart.bars), default=0)


def test_the_worst_stands_on_the_ground_and_the_highest_bar_fills_the_picture() -> None:
    chart = histogram([count(0, 3, Severity.INFO), count(0, 1, Severity.CRITICAL)], T0, T0 + HOUR, FIVE)
    (bar,) = chart.bars
    assert [piece.severity for piece in bar.pieces] == ["critical", "info"]
    assert bar.pieces[0].y + bar.pieces[0].height == HEIGHT
    assert bar.pieces[1].y == 0


def test_what_lies_outside_is_not_counted() -> None:
    assert histogram([count(-5, 1), count(60, 1)], T0, T0 + HOUR, FIVE).total == 0


@pytest.mark.parametrize("name", ["1h", "6h", "24h", "7d", "nonsense"])
def test_a_window_holds_the_present_and_whole_bars(name: str) -> None:
    since, until, step = window(at(123), name)
    assert since < at(123) < until
    assert (until - since) % step == timedelta(0)
    assert until.timestamp() % step.total_seconds() == 0


def test_lanes_put_the_cause_on_top_and_an_open_episode_reaches_the_end() -> None:
    episodes = [an_episode("web", started_at=at(60)), an_episode("db", ended_at=at(30)), an_episode("api")]
    chart = lanes(episodes, ("web", "db", "api"), "db", at(120))
    assert [lane.service for lane in chart.lanes] == ["db", "web", "api"]
    assert chart.lanes[0].cause
    (web,) = chart.lanes[1].marks
    assert web.x + web.width == pytest.approx(LANES_WIDTH - 10, abs=0.2)
    (db,) = chart.lanes[0].marks
    assert (db.x, db.open) == (LABEL, False)


@given(st.lists(st.tuples(st.sampled_from("abcdefghijklmnopqrst"), st.floats(0, 1e6), st.floats(0, 1e6)), max_size=40))
def test_marks_stay_on_their_lanes(spans: list[tuple[str, float, float]]) -> None:
    episodes = [
        an_episode(name, fingerprint=str(n), started_at=at(start), ended_at=at(start + length))
        for n, (name, start, length) in enumerate(spans)
    ]
    chart = lanes(episodes, [], "", at(2e6))
    assert len(chart.lanes) <= MOST_LANES
    assert len(chart.lanes) + chart.more == len({name for name, _, _ in spans})
    for lane in chart.lanes:
        for mark in lane.marks:
            assert LABEL <= mark.x < mark.x + mark.width <= LANES_WIDTH + 0.1
            assert 0 <= mark.y < mark.y + mark.height <= 14


def test_bars_of_one_lane_do_not_hide_each_other() -> None:
    chart = lanes([an_episode("db", fingerprint="a"), an_episode("db", fingerprint="b")], [], "db", at(60))
    first, second = chart.lanes[0].marks
    assert first.y + first.height <= second.y


def depends(*pairs: str) -> list[Edge]:
    return [Edge(source=pair[0], relation=Relation.DEPENDS_ON, target=pair[1]) for pair in pairs]


def test_callers_stand_left_and_the_cause_right() -> None:
    drawn = picture({"d": "critical", "a": "high", "w": "high"}, "d", depends("wa", "ad", "xd"))
    at_x = {box.name: box.x for box in drawn.boxes}
    assert at_x["w"] < at_x["a"] < at_x["d"]
    assert {box.name: box.kind for box in drawn.boxes} == {"d": "cause", "a": "alerting", "w": "alerting"}


def test_what_lies_between_two_alerting_ones_is_drawn_quietly() -> None:
    drawn = picture({"d": "critical", "w": "high"}, "d", depends("wq", "qd", "xq"))
    assert {box.name: box.kind for box in drawn.boxes}["q"] == "quiet"
    assert {(line.source, line.target) for line in drawn.lines} == {("w", "q"), ("q", "d")}


names = st.sampled_from("abcdefgh")
edges = st.lists(st.tuples(names, names).map("".join), max_size=20).map(lambda pairs: depends(*pairs))


@given(st.lists(names, min_size=1, unique=True), edges)
def test_no_two_boxes_overlap_and_without_a_cycle_every_edge_goes_right(alerting: list[str], found: list[Edge]) -> None:
    forward = [edge for edge in found if edge.source < edge.target]  # by the alphabet: no cycles
    drawn = picture(dict.fromkeys(alerting, "high"), alerting[0], forward)
    assert len({(box.x, box.y) for box in drawn.boxes}) == len(drawn.boxes)
    assert all(0 <= box.x <= drawn.width and 0 <= box.y <= drawn.height for box in drawn.boxes)
    at_x = {box.name: box.x for box in drawn.boxes}
    assert all(at_x[line.source] < at_x[line.target] for line in drawn.lines)


@given(st.lists(names, min_size=1, unique=True), edges)
def test_cycles_are_drawn_all_the_same(alerting: list[str], found: list[Edge]) -> None:
    drawn = picture(dict.fromkeys(alerting, "high"), alerting[0], found)
    assert set(alerting) <= {box.name for box in drawn.boxes}


def test_a_picture_is_bounded_and_says_what_it_leaves_out() -> None:
    drawn = picture({f"service-{n}-with-a-very-long-name": "high" for n in range(40)}, "", [])
    assert len(drawn.boxes) == MOST_NODES
    assert drawn.more == 10
    assert all(len(box.short) < 20 for box in drawn.boxes)


def test_nothing_to_draw_is_no_error() -> None:
    assert picture({}, "", []).boxes == ()
    assert lanes([], [], "", T0).lanes == ()
    assert histogram([], T0, T0 + HOUR, FIVE).bars == ()
