"""What makes an incident unusual, and what makes its kinds of alert count less?"""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.events import Severity
from aiops.domain.settings import CorrelationSettings
from correlation.background import DAY, Rates, key_of
from correlation.causes.signs import Sign
from correlation.topology import ServiceGraph
from correlation.unusual import MOMENT, Unusual, unusual, waits
from tests.builders import T0
from tests.correlation.rig import Rig, a_graph
from tests.correlation.test_storms import mild

T = T0.timestamp()
RULES = ("login failed", "authentication failure", "invalid user")


def watched(seconds: float) -> Rates:
    """Return what is known after so long, in which only another node was heard."""
    rates = Rates()
    rates.count(key_of("other", "down"), 1.0, T - seconds)
    return rates


def signs(*told: tuple[str, str, float]) -> dict[str, Sign]:
    """Return the keys of an incident: (node, kind, seconds)."""
    found = (
        Sign(node=node, kind=kind, name=kind, started=T + at, severity=Severity.WARNING) for node, kind, at in told
    )
    return {key_of(sign.node, sign.kind): sign for sign in found}


def scored(rates: Rates, *told: tuple[str, str, float]) -> Unusual:
    return unusual(signs(*told), rates, ServiceGraph(), T)


def test_several_rules_of_one_moment_count_as_one_when_a_node_is_new() -> None:
    rates = watched(0)
    once = scored(rates, ("db", "login failed", 0))
    together = scored(rates, *(("db", rule, at) for at, rule in enumerate(RULES)))
    assert together.score == pytest.approx(once.score)
    assert together.less == 2
    assert together.full == pytest.approx(3 * once.score)
    assert together.text == (
        "2 kinds of alert began on db within 5 s of another one, before a day of it was known: its routine may bring "
        f"them all; all its kinds add up to {together.score:.1f}, not {together.full:.1f}"
    )


def test_the_most_surprising_of_a_moment_is_the_one_that_counts() -> None:
    rates = watched(0)
    for number in range(40):
        rates.count(key_of("db", "login failed"), 1.0, T - number * 300)
    (usual, rare) = (scored(rates, ("db", rule, 0)).score for rule in RULES[:2])
    assert rare > 2 * usual
    assert scored(rates, *(("db", rule, 0) for rule in RULES[:2])).score == pytest.approx(rare, abs=0.1)


def test_they_count_for_themselves_where_a_day_of_the_node_is_known_or_they_come_apart_or_elsewhere() -> None:
    known = scored(watched(DAY), *(("db", rule, 0) for rule in RULES))
    apart = scored(watched(0), *(("db", rule, at * (MOMENT + 1)) for at, rule in enumerate(RULES)))
    elsewhere = scored(watched(0), *((f"db-{at}", rule, 0) for at, rule in enumerate(RULES)))
    for one in (known, apart, elsewhere):
        assert (one.score, one.less, one.text) == (one.full, 0, "")


def test_a_node_that_came_later_is_new_however_long_others_were_watched() -> None:
    graph = a_graph(api="")
    graph.replace(a_graph(api="", db="").topology, T0)  # db comes in
    told = signs(*(("db", rule, 0) for rule in RULES))
    assert unusual(told, watched(9 * DAY), graph, T).less == 2
    assert unusual(signs(*(("api", rule, 0) for rule in RULES)), watched(9 * DAY), graph, T).less == 0


def test_of_several_nodes_the_sentence_tells_their_number() -> None:
    found = scored(watched(0), *((node, rule, 0) for node in ("db", "web") for rule in RULES))
    assert found.text.startswith("4 kinds of alert began on 2 nodes within 5 s of another one, ")


@given(st.floats(0, 20), st.floats(-DAY, 3 * DAY), st.floats(0, DAY))
def test_company_tells_more_the_longer_its_node_is_watched_and_never_more_than_by_itself(
    surprise: float, at: float, later: float
) -> None:
    rates = watched(0)
    told = rates.company(surprise, T + at)
    assert 0 <= told <= rates.company(surprise, T + at + later) + 1e-9
    assert told <= surprise + 1e-9
    if at <= 0:
        assert told == 0
    if at >= DAY:
        assert told == surprise


@given(
    st.permutations([("db", rule, at) for at, rule in enumerate(RULES)] + [("web", "slow", 2.0), ("db", "slow", 60.0)])
)
def test_a_score_does_not_depend_on_the_order_in_which_its_alerts_came(told: list[tuple[str, str, float]]) -> None:
    assert scored(watched(DAY / 2), *told) == scored(watched(DAY / 2), *sorted(told))


def test_what_is_bad_by_its_sender_never_waits() -> None:
    settings = CorrelationSettings()
    assert waits(0, Severity.WARNING, settings)
    assert not waits(0, Severity.HIGH, settings)
    assert not waits(settings.background_score, Severity.INFO, settings)


def test_an_update_that_many_rules_notice_is_shown_on_no_first_day_but_later_where_it_is_new() -> None:
    """Hosts that no graph knows; each night one of them is updated, and six rules tell of it within two seconds."""
    kinds = [f"new {what}" for what in ("login", "session", "service", "event type", "command", "user")]
    rig = Rig(ServiceGraph())
    for hour in range(3):
        for second, kind in enumerate(kinds):
            mild(rig, hour * 3600 + second / 3, f"host-{hour}", kind)
    assert [(one.episodes, one.background) for one in rig.living()] == [(6, True)] * 3
    (reason,) = (one for one in rig.living()[0].reasons if one.step == "score")
    assert reason.text.startswith("5 kinds of alert began on host-0 within 5 s of another one")
    later = timedelta(days=3).total_seconds()
    for second, kind in enumerate(kinds):
        mild(rig, later + second / 3, "silent", kind)
    last = rig.living()[-1]
    assert (last.episodes, last.background) == (6, False)
    assert not any(one.step == "score" for one in last.reasons)
