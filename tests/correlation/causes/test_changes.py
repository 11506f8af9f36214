"""Which change did it, if one did?"""

from aiops.domain.events import EventKind
from correlation.causes.changes import MOST_CHANGES, Changes, onset
from correlation.causes.series import Metrics
from tests.builders import T0, an_event, at
from tests.correlation.rig import a_graph

GRAPH = a_graph(web="api", api="db", other="")
START = T0.timestamp() + 600


def changed(*said: tuple[str, float, str]) -> Changes:
    changes = Changes()
    for number, (node, seconds, ref) in enumerate(said):
        event = an_event(
            kind=EventKind.CHANGE,
            event_id=f"0-{number}-0",
            title=f"deploy {ref}",
            facts={"sha": ref},
            occurred_at=at(seconds),
        )
        changes.put(event, node)
    return changes


def test_a_change_of_what_the_hurt_one_needs_is_named_with_its_distance() -> None:
    (said,) = changed(("db", 480, "abc"), ("other", 590, "xyz")).testify(["web"], Metrics(), GRAPH, START)
    assert said.node == "db"
    assert said.reasons[0].text == "db was changed 2 min before the first sign: deploy abc"
    assert said.reasons[0].evidence == {"change": "abc", "seconds": 120}


def test_an_old_change_and_a_later_one_say_nothing() -> None:
    assert changed(("web", -3000, "old"), ("web", 700, "late")).testify(["web"], Metrics(), GRAPH, START) == []


def test_where_two_are_as_close_it_is_said_that_it_cannot_be_told() -> None:
    (said,) = changed(("web", 560, "one"), ("web", 580, "two")).testify(["web"], Metrics(), GRAPH, START)
    assert "which of these it was cannot be told" in said.reasons[0].text
    assert "change" not in said.reasons[0].evidence


def test_it_is_the_first_sign_in_the_metrics_that_counts_and_not_the_alert() -> None:
    metrics = Metrics()
    for minute in range(-60, 11):
        metrics.put("web", "memory", [(T0.timestamp() + minute * 60, 50.0 + max(0, minute + 19) * 40)])
    assert onset("web", metrics, START) == T0.timestamp() - 18 * 60
    (said,) = changed(("web", -1_200, "leak"), ("web", 540, "innocent")).testify(["web"], metrics, GRAPH, START)
    assert said.reasons[0].evidence["change"] == "leak"


def test_changes_are_bounded_and_survive_a_snapshot() -> None:
    changes, again = changed(*[("web", 560, str(number)) for number in range(MOST_CHANGES + 5)]), Changes()
    again.load(changes.dump())
    (said,) = again.testify(["web"], Metrics(), GRAPH, START)
    assert said.reasons[0].evidence["changes"] == MOST_CHANGES
