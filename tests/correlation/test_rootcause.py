"""What is to blame, and why?"""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.events import Severity
from aiops.domain.incidents import Candidate
from correlation.background import Rates, key_of
from correlation.causes.experience import Experience
from correlation.causes.testimony import Testimony
from correlation.rootcause import Sign, confirm, explained_by, rank, weigh
from correlation.topology import ServiceGraph, parse_topology
from tests.builders import T0, at
from tests.correlation.rig import a_graph


def a_sign(node: str, started: float = 0, kind: str = "errors", severity: Severity = Severity.HIGH) -> Sign:
    return Sign(node=node, kind=kind, name=kind, started=T0.timestamp() + started, severity=severity)


def ranked(graph: ServiceGraph, *signs: Sign, rates: Rates | None = None) -> tuple[tuple[Candidate, ...], str]:
    return rank(signs, graph, rates or Rates(), at(600))


def doubted(*testimonies: Testimony) -> str:
    """Return why nobody is named where web alerts and this is said beside it."""
    return rank([a_sign("web")], a_graph(web="db"), Rates(), at(600), testimonies=testimonies)[1]


def test_where_all_that_speaks_for_the_first_one_is_doubted_nobody_is_named() -> None:
    assert doubted(Testimony("db", 9.0, (), measured=True)) == ""
    assert doubted(Testimony("db", 9.0, (), measured=True, doubt="as ever")) == "as ever"
    assert doubted(Testimony("web", 9.0, (), measured=True), Testimony("db", 1.0, (), doubt="as ever")) == ""


def test_one_thing_that_nobody_doubts_is_enough() -> None:
    sure, doubtful = Testimony("db", 5.0, (), measured=True), Testimony("db", 5.0, (), doubt="as ever")
    assert doubted(sure, doubtful) == ""


def test_what_is_said_of_others_in_doubt_makes_no_verdict_of_an_alert() -> None:
    assert doubted(Testimony("db", 0.5, (), doubt="as ever")) == "as ever"


def test_the_node_that_all_others_rest_on_comes_first() -> None:
    graph = a_graph(web="api", app="api", api="db")
    candidates, abstained = ranked(graph, a_sign("db"), a_sign("api", 10), a_sign("web", 20), a_sign("app", 25))
    assert [candidate.entity for candidate in candidates][:2] == ["db", "api"]
    assert candidates[0].share == 1.0
    assert candidates[0].path == ("db", "api", "app")
    assert abstained == ""
    assert 0.6 < candidates[0].probability < sum(candidate.probability for candidate in candidates) <= 1


def test_one_silent_node_between_two_does_not_break_the_chain() -> None:
    graph = a_graph(web="api", api="db")
    candidates, _ = ranked(graph, a_sign("db"), a_sign("web", 20))
    assert (candidates[0].entity, candidates[0].share) == ("db", 1.0)


def test_onset_does_not_outweigh_the_graph() -> None:
    graph = a_graph(web="api", api="db")
    candidates, _ = ranked(graph, a_sign("web", 0), a_sign("api", 10), a_sign("db", 40))
    assert candidates[0].entity == "db"
    assert "db alerted 40 s after the first of those that depend on it" in [r.text for r in candidates[0].evidence]


def test_a_common_kind_of_alert_says_less() -> None:
    rates = Rates()
    for minute in range(0, 600, 5):
        rates.count(key_of("left", "cpu"), 1.0, T0.timestamp() - 60 * minute)
    graph = a_graph(left="x", right="y")
    candidates, _ = ranked(graph, a_sign("left", kind="cpu"), a_sign("right", 5, kind="disk"), rates=rates)
    assert candidates[0].entity == "right"


def test_a_consequence_says_less() -> None:
    graph = a_graph(left="x", right="y")
    candidates, _ = ranked(graph, a_sign("left", kind="Probe failed"), a_sign("right", 5, kind="OOM"))
    assert candidates[0].entity == "right"


def test_a_silent_node_on_which_all_rest_is_a_candidate_and_says_so() -> None:
    graph = a_graph(a="db", b="db", c="db")
    candidates, _ = ranked(graph, a_sign("a"), a_sign("b", 1), a_sign("c", 2))
    assert candidates[0].entity == "db"
    assert [reason.text for reason in candidates[0].evidence] == [
        "3 of 3 affected services depend on db",
        "db did not alert itself, though all that call it complain (a, b, c)",
    ]


def test_a_silent_host_is_not_said_to_be_called() -> None:
    graph = ServiceGraph()
    graph.replace(parse_topology("services: {a: {runs_on: [h]}, b: {runs_on: [h]}, c: {runs_on: [h]}}", "x"), T0)
    candidates, _ = ranked(graph, a_sign("a"), a_sign("b", 1), a_sign("c", 2))
    assert candidates[0].entity == "h"
    assert candidates[0].evidence[-1].text == "h did not alert itself"


def earlier(*incidents: dict[str, str]) -> Experience:
    """Return what is known after these incidents: node -> kind."""
    experience = Experience()
    for number, alerts in enumerate(incidents):
        signs = [a_sign(node, kind=kind) for node, kind in alerts.items()]
        verdict = weigh(signs, a_graph(web="api", api="db"), Rates(), at(600), experience)
        experience.count(f"incident-{number}", verdict.weighing)
    return experience


def suspected(experience: Experience) -> Candidate:
    """Return how the silent database stands when all that call it complain."""
    candidates, _ = rank(
        [a_sign("api"), a_sign("web", 5)], a_graph(web="api", api="db"), Rates(), at(600), experience=experience
    )
    return next(one for one in candidates if one.entity == "db")


def test_a_silent_callee_is_a_candidate_less_likely_than_its_caller() -> None:
    candidates, _ = ranked(a_graph(web="api", api="db"), a_sign("api"), a_sign("web", 5))
    assert [one.entity for one in candidates] == ["api", "db", "web"]
    assert candidates[1].evidence[-1].text == "db did not alert itself, though all that call it complain (api)"


def test_silence_is_no_news_where_more_than_alerts_tells_of_all() -> None:
    signs, graph = [a_sign("api"), a_sign("web", 5)], a_graph(web="api", api="db")
    measured = [Testimony("api", 1.0, (), measured=True)]
    candidates, _ = rank(signs, graph, Rates(), at(600), testimonies=measured)
    assert [one.entity for one in candidates] == ["api", "web"]


def test_of_two_callers_that_complain_their_silent_callee_is_the_better_explanation() -> None:
    candidates, _ = ranked(a_graph(a="db", b="db"), a_sign("a"), a_sign("b", 5))
    assert candidates[0].entity == "db"


def test_who_spoke_of_itself_before_and_now_does_not_is_less_likely_to_be_it() -> None:
    spoke = suspected(earlier({"db": "errors", "api": "slow"}, {"db": "errors", "api": "slow"}))
    never = suspected(earlier({"ads": "errors", "api": "slow"}, {"ads": "errors", "api": "slow"}))
    assert spoke.probability < never.probability
    assert spoke.evidence[-1].text.endswith("(api); in 2 of 2 earlier incidents it did")


def test_who_would_starve_if_its_caller_had_failed_and_does_not_is_named() -> None:
    experience = earlier({"db": "NoRequests", "web": "disk full"})
    candidates, _ = rank(
        [a_sign("api"), a_sign("web", 5)], a_graph(web="api", api="db"), Rates(), at(600), experience=experience
    )
    assert [one.entity for one in candidates[:2]] == ["db", "api"]
    assert candidates[0].evidence[-1].text == (
        "db did not alert itself, though all that call it complain (api); it is called, or it would say that nothing "
        "reaches it, as in 1 of 1 earlier incident"
    )


def test_of_several_silent_callees_each_is_as_likely_as_the_others_and_less_so_than_one_alone() -> None:
    signs = (a_sign("api"), a_sign("web", 5))
    one = {one.entity: one.probability for one in ranked(a_graph(web="api", api="db"), *signs)[0]}
    many = {one.entity: one.probability for one in ranked(a_graph(web="api", api="db cache ads"), *signs)[0]}
    assert many["db"] == many["cache"] == many["ads"] < one["db"]


def test_a_silent_host_under_an_alerting_root_does_not_win() -> None:
    text = "services: {db: {runs_on: [h]}, a: {depends_on: [db]}, b: {depends_on: [db]}, c: {depends_on: [db]}}"
    graph = ServiceGraph()
    graph.replace(parse_topology(text, "x"), T0)
    candidates, abstained = ranked(graph, a_sign("db"), a_sign("a", 1), a_sign("b", 2), a_sign("c", 3))
    assert candidates[0].entity == "db"
    assert not abstained


def test_it_abstains_when_nothing_explains_half() -> None:
    graph = a_graph(a="a1", b="b1", c="c1")
    _, abstained = ranked(graph, a_sign("a"), a_sign("b"), a_sign("c"))
    assert abstained == "no node explains half of the affected services; a comes closest with 33%"


def test_it_abstains_when_two_are_too_close() -> None:
    graph = a_graph(a="b", b="a")
    candidates, abstained = ranked(graph, a_sign("a", 5), a_sign("b", 0))
    assert [candidate.entity for candidate in candidates] == ["b", "a"]  # onset decides between equals
    assert abstained.endswith("are too close to call")


def test_alerts_without_a_node_have_no_candidate() -> None:
    assert ranked(a_graph(a="b"), a_sign("?disk")) == ((), "no alert of it names a node of the service graph")


def test_a_person_has_the_last_word() -> None:
    graph = a_graph(web="api", api="db")
    signs = [a_sign("db"), a_sign("api", 10)]
    candidates, abstained = rank(signs, graph, Rates(), at(600), confirmed="network")
    assert (candidates[0].entity, candidates[0].probability, candidates[0].confirmed) == ("network", 1.0, True)
    assert abstained == ""
    candidates, abstained = rank(signs, graph, Rates(), at(600), confirmed="")
    assert candidates[0].entity == "db"
    assert abstained == "a person said that it is none of these"


def test_confirming_moves_a_candidate_to_the_front() -> None:
    two = (Candidate(entity="a", probability=0.6, share=1), Candidate(entity="b", probability=0.3, share=1))
    assert [(one.entity, one.confirmed) for one in confirm(two, "b")] == [("b", True), ("a", False)]


def test_kinds_and_rates_are_told() -> None:
    graph = a_graph(api="db")
    candidates, _ = ranked(graph, a_sign("db", kind="queue"), a_sign("db", kind="restart"), a_sign("api", 9))
    assert candidates[0].evidence[-1].text == "2 kinds of alert, the rarest 'restart' (never seen before)"
    rates = Rates()
    rates.count(key_of("db", "oom"), 1.0, T0.timestamp() - 3600)
    candidates, _ = ranked(graph, a_sign("db", kind="oom"), a_sign("api", 9), rates=rates)
    assert candidates[0].evidence[-1].text == "its alert 'oom' (usual rate 0.073/h)"


def test_what_began_at_the_same_moment_is_said_so() -> None:
    candidates, _ = ranked(a_graph(api="db"), a_sign("db"), a_sign("api", 0.3))
    assert "db alerted at the same moment as the first of those that depend on it" in [
        reason.text for reason in candidates[0].evidence
    ]


def test_with_one_service_there_is_nothing_to_compare() -> None:
    candidates, abstained = ranked(a_graph(api="db"), a_sign("api"), a_sign("api", 5, kind="oom"))
    assert [(one.entity, one.probability) for one in candidates] == [("api", 0.5)]
    assert abstained == "only api alerts: nothing to compare it with"


def test_a_confirmed_stranger_has_shares_that_a_snapshot_keeps_as_they_are() -> None:
    (stranger,) = confirm((), "network")
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(stranger), type=Candidate) == stranger
    assert [type(value) for value in (stranger.share, stranger.probability)] == [float, float]


nodes = [f"s{number}" for number in range(8)]


@given(
    st.lists(st.tuples(st.sampled_from(nodes), st.sampled_from(nodes)), max_size=16),
    st.lists(st.sampled_from(nodes), min_size=1, unique=True),
)
def test_probabilities_and_shares_are_shares_whatever_the_graph(
    pairs: list[tuple[str, str]], alerting: list[str]
) -> None:
    edges = [(a, b) for a, b in pairs if a != b]
    graph = a_graph(**{node: " ".join(dict.fromkeys(b for a, b in edges if a == node)) for node in nodes})
    candidates, _ = ranked(graph, *(a_sign(node, number) for number, node in enumerate(alerting)))
    assert 0 < sum(candidate.probability for candidate in candidates) <= 1.001
    for candidate in candidates:
        explained = explained_by(graph, candidate.entity, set(alerting))
        assert candidate.share == round(len(explained) / len(alerting), 3)
    ordered = [candidate.probability for candidate in candidates]
    assert ordered == sorted(ordered, reverse=True)


def test_who_should_have_alerted_and_did_not_is_said() -> None:
    candidates, _ = ranked(a_graph(web="api", api="db"), a_sign("db"), a_sign("web", 20))
    assert candidates[0].evidence[-1].text == "api on the way to web should have alerted and did not"
