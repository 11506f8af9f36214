"""Is a mild incident shown that goes on where one was that people are shown, and no other?"""

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aiops.domain.acts import Move
from aiops.domain.incidents import Incident
from correlation import sequels
from correlation.background import Rates, key_of
from correlation.causes.signs import Sign
from correlation.live import Company, Live
from correlation.sequels import Sequels
from correlation.topology import ServiceGraph
from tests.builders import T0, an_entity, an_incident
from tests.correlation.rig import Rig
from tests.correlation.test_storms import DAY, mild

START = 3 * DAY  # whose nodes have been heard of for days
MINUTE = 60.0
SCAN = ("scan", "forbidden", "strange request", "errors")


def story(rig: Rig, later: float, node: str = "web") -> Incident:
    """An attack on "web", 200 s long, then two mild things on a node; return what is shown of these."""
    mild(rig, 0, "elsewhere", "disk")
    for number, kind in enumerate(SCAN):
        mild(rig, START + 50 * number, "web", kind)
    mild(rig, START + 150 + later, node, "odd command")
    return rig.living()[-1]


def test_what_begins_on_the_node_of_a_shown_incident_soon_after_something_new_in_it_is_shown() -> None:
    rig = Rig(ServiceGraph())
    last = story(rig, 22 * MINUTE)
    _, shown, _ = rig.living()
    assert (shown.episodes, shown.background, last.episodes, last.background) == (4, False, 1, False)
    (reason,) = (one for one in last.reasons if one.step == "score")
    assert reason.text.startswith(
        f"it began on web 22 min after something new in #{shown.number}, of which it may be a part: so near to"
    )


@pytest.mark.parametrize(("later", "node"), [(31 * MINUTE, "web"), (22 * MINUTE, "mail")])
def test_what_begins_later_or_elsewhere_waits(later: float, node: str) -> None:
    last = story(Rig(ServiceGraph()), later, node)
    assert (last.episodes, last.background) == (1, True)
    assert not any(one.step == "score" for one in last.reasons)


told_things = st.lists(
    st.tuples(st.sampled_from([0, 1, 4, 60, 1200, 7200, DAY]), st.sampled_from(["web", "mail"]), st.sampled_from(SCAN)),
    max_size=25,
)


@given(told_things, st.integers(0, 25))
@example([(0, "web", "scan"), (DAY, "web", "scan"), *((60, "web", kind) for kind in SCAN), (1200, "web", "odd")], 6)
def test_a_snapshot_changes_nothing_wherever_it_is_taken(told: list[tuple[float, str, str]], cut: int) -> None:
    rig, other, now = Rig(ServiceGraph()), Rig(ServiceGraph()), 0.0
    for number, (gap, node, kind) in enumerate(told):
        now += gap
        other = other.reload() if number == cut else other
        for one in (rig, other):
            mild(one, now, node, kind)
    assert other.living() == rig.living()


def test_one_that_is_shown_for_another_shows_no_third() -> None:
    rig = Rig(ServiceGraph())
    story(rig, 22 * MINUTE)
    mild(rig, START + 150 + 44 * MINUTE, "web", "odd file")
    second, third = rig.living()[-2:]
    assert (second.background, third.background) == (False, True)


def test_it_stays_shown_when_something_is_new_in_the_other_one_too() -> None:
    rig = Rig(ServiceGraph())
    alone = story(rig, 22 * MINUTE)
    began, shown = START + 150 + 22 * MINUTE, rig.living()[1]
    mild(rig, began + 10, "web", "late")
    before = rig.living()[-1]
    late = rig.alerts["fp-web-late"].episode.episode_id
    rig.act(began + 20, Move(incident_id=before.incident_id, other_id=shown.incident_id, episodes=(late,)))
    mild(rig, began + 30, "web", "odd file")
    after = rig.living()[-1]
    assert alone.number == before.number == after.number
    assert after.score == pytest.approx(before.score, abs=0.1)


def test_of_two_that_become_one_the_more_telling_beginning_counts() -> None:
    one, other = a_live(1, ("web", 0)), a_live(2, ("mail", 0))
    other.follows = (3.0, "it began on mail")
    one.swallow(other, ServiceGraph())
    assert one.follows == (3.0, "it began on mail")


def test_an_alert_that_turns_out_to_be_on_another_node_is_new_there() -> None:
    rig = Rig(ServiceGraph())
    shown = story(rig, 0)
    alert = rig.alerts[f"fp-web-{SCAN[-1]}"]
    entity = an_entity("mail")
    moved = msgspec.structs.replace(alert.episode, entity=entity)
    rig.take(msgspec.structs.replace(alert, entity=entity, episode=moved), rig.wait(START + 3 * MINUTE))
    assert rig.of(alert).services == ("web", "mail")
    mild(rig, START + 22 * MINUTE, "mail", "odd file")
    assert any(f"new in #{shown.number}," in one.text for one in rig.living()[-1].reasons if one.step == "score")


def a_live(number: int, *told: tuple[str, float]) -> Live:
    """Return an incident of one kind of alert on each node, at these seconds."""
    live = Live(doc=an_incident(incident_id=f"i{number}", number=number))
    for node, at in told:
        live.keys[key_of(node, "down")] = Sign(
            node=node, kind="down", name="down", started=T0.timestamp() + at, severity=live.doc.severity
        )
        live.services[node], live.firsts[node] = T0.timestamp() + at, f"{number}-{node}"
        live.companies[key_of(node, "down")] = Company(episodes=1)
    return live


@pytest.fixture
def ask() -> Callable[[Sequels, Live], float]:
    """What an incident counts for where it began, once all nodes have been watched for days."""
    rates, settings = Rates(), Rig(ServiceGraph()).settings
    rates.count(key_of("elsewhere", "disk"), 1.0, T0.timestamp() - START)
    return lambda held, live: held.of(live, rates, ServiceGraph(), settings)[0]


def test_the_nearer_the_more_it_counts_and_less_where_shown_incidents_are_usual(
    ask: Callable[[Sequels, Live], float],
) -> None:
    held = Sequels()
    held.note(a_live(1, ("web", 0), ("mail", 0)))
    near, far = ask(held, a_live(9, ("web", 10))), ask(held, a_live(9, ("web", 1000)))
    assert near > far > 1
    for number in range(2, 8):
        held.note(a_live(number, ("web", 0)))
    assert ask(held, a_live(9, ("web", 1000))) < far
    assert ask(held, a_live(9, ("mail", 1000))) == far
    assert ask(held, a_live(9, ("web", 1000), ("mail", 1000))) == far  # the most telling node


def test_one_that_grows_is_one_however_much_is_new_in_it(ask: Callable[[Sequels, Live], float]) -> None:
    small, large = Sequels(), Sequels()
    for held, kinds in ((small, 1), (large, 9)):
        live = a_live(1, ("web", 0))
        for number in range(1, kinds):
            live.keys[key_of("web", f"k{number}")] = live.keys[key_of("web", "down")]
        held.note(live)
    assert ask(small, a_live(2, ("web", 60))) == ask(large, a_live(2, ("web", 60))) > 0


def test_an_incident_does_not_follow_itself_nor_what_was_merged_into_it(ask: Callable[[Sequels, Live], float]) -> None:
    held = Sequels()
    held.note(a_live(1, ("web", 0)))
    assert ask(held, a_live(1, ("web", 60))) == 0
    heir = a_live(2, ("web", 60))
    heir.doc = an_incident(incident_id="i2", merged_from=("i1",))
    assert ask(held, heir) == 0
    assert ask(held, a_live(3, ("web", 60))) > 0


def test_what_is_new_counts_once_and_the_latest_stays(ask: Callable[[Sequels, Live], float]) -> None:
    held = Sequels()
    long = a_live(1, ("web", 0))
    held.note(long)
    long.keys[key_of("web", "slow")] = Sign(
        node="web", kind="slow", name="slow", started=T0.timestamp() + 1700, severity=long.doc.severity
    )
    assert ask(held, a_live(2, ("web", 1900))) == 0  # more than 30 min after what it knows of
    held.note(long)
    assert ask(held, a_live(2, ("web", 1900))) > 0
    other = a_live(4, ("web", 1700))
    held.note(other)
    held.note(long)  # in which nothing is new
    assert ask(held, msgspec.structs.replace(other, services={"web": T0.timestamp() + 1900})) == 0
    held.note(a_live(3, ("web", 5)))  # heard of late: the other is still the newest
    assert ask(held, a_live(2, ("web", 1900))) > 0


def test_nodes_are_bounded(monkeypatch: pytest.MonkeyPatch, ask: Callable[[Sequels, Live], float]) -> None:
    monkeypatch.setattr(sequels, "MOST_NODES", 3)
    held = Sequels()
    held.note(a_live(1, *((f"n{number}", 0) for number in range(5))))
    told = [ask(held, a_live(2, (f"n{number}", 60))) > 0 for number in range(5)]
    assert told == [False, False, True, True, True]
