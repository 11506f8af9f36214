"""What do earlier incidents teach about causes?"""

import pytest

from aiops.domain.events import Severity
from correlation.background import Rates
from correlation.causes.experience import LEAST_TAUGHT, MOST_SUSPECTS, Experience
from correlation.causes.signs import Sign
from correlation.rootcause import Verdict, weigh
from tests.builders import T0, at
from tests.correlation.rig import a_graph

GRAPH = a_graph(web="api", api="db")


def a_sign(node: str, kind: str) -> Sign:
    return Sign(node=node, kind=kind, name=kind, started=T0.timestamp(), severity=Severity.HIGH)


def live_through(experience: Experience, number: int, *signs: tuple[str, str], cause: str | None = None) -> str:
    """Let an incident be over (and its cause be named); return who was blamed first."""
    said = [a_sign(node, kind) for node, kind in signs]
    verdict = weigh(said, GRAPH, Rates(), at(600), experience)
    experience.count(f"incident-{number}", verdict.weighing)
    if cause is not None:
        experience.confirm(f"incident-{number}", cause)
    return verdict.candidates[0].entity


def test_a_sign_that_every_incident_has_says_little() -> None:
    experience = Experience()
    for number in range(30):
        live_through(experience, number, ("left", "slow"), (f"other-{number}", "oom"))
    assert experience.seen("left", "slow") == 30
    assert experience.rarity("left", "slow") < 0.3 < 3 < experience.rarity("right", "slow")
    assert live_through(experience, 99, ("left", "slow"), ("right", "slow")) == "right"


def test_an_incident_counts_once() -> None:
    experience = Experience()
    for _ in range(3):
        live_through(experience, 1, ("db", "oom"))
    assert (experience.incidents, experience.seen("db", "oom")) == (1, 1)


def test_what_people_confirm_outweighs_what_ships() -> None:
    experience = Experience()
    for number in range(LEAST_TAUGHT):
        assert live_through(experience, number, ("left", "cpu"), ("right", "net")) == "left"  # nothing but the name
    experience = Experience()
    for number in range(LEAST_TAUGHT):
        live_through(experience, number, ("left", "cpu"), ("right", "net"), cause="right")
    assert experience.taught
    assert live_through(experience, 99, ("left", "cpu"), ("right", "net")) == "right"


def test_what_a_cause_says_is_known_again_on_a_node_that_never_was_one() -> None:
    experience = Experience()
    for number in range(30):
        live_through(experience, number, (f"a{number % 6}", "slow"), (f"b{number % 6}", "leak"), cause=f"b{number % 6}")
    assert live_through(experience, 98, ("anew", "slow"), ("never", "leak")) == "never"
    assert live_through(Experience(), 99, ("anew", "slow"), ("never", "leak")) == "anew"


def test_before_there_is_enough_to_learn_from_nothing_is_corrected() -> None:
    experience, untaught = Experience(), Experience()
    for number in range(LEAST_TAUGHT - 1):
        live_through(experience, number, ("left", "cpu"), ("right", "net"), cause="right")
    assert not experience.taught
    assert experience.corrected("right", 1.5, ["net"]) == untaught.corrected("right", 1.5, ["net"]) == 1.5


def test_confirmations_that_are_taken_back_teach_nothing() -> None:
    experience = Experience()
    for number in range(LEAST_TAUGHT):
        live_through(experience, number, ("left", "cpu"), ("right", "net"), cause="right")
    experience.confirm("incident-0", "")
    assert not experience.taught
    assert experience.named("right") == LEAST_TAUGHT - 1


def test_what_people_agree_with_changes_no_order() -> None:
    """Confirmed is whom ranking put first anyway: it is surer of that, and of nothing else."""
    told, untold = Experience(), Experience()
    for number in range(20):
        signs = (f"n{number % 4}", f"k{number}"), (f"n{number % 4}", "cpu"), (f"n{(number + 1) % 4}", "cpu")
        live_through(told, number, *signs, cause=live_through(untold, number, *signs))
    wanted = ("n0", "rare"), ("n0", "cpu"), ("n1", "cpu"), ("n2", "cpu"), ("n2", "rare"), ("n2", "rarer")
    assert live_through(told, 99, *wanted) == live_through(untold, 99, *wanted) == "n2"


def an_outage(experience: Experience, number: int, *cause: str) -> Verdict:
    """The web and the api fail, the database below them says nothing; who hurts nobody is blamed as often."""
    said = [a_sign("web", "slow"), a_sign("api", "errors"), a_sign("lamp", f"odd-{number}")]
    verdict = weigh(said, GRAPH, Rates(), at(600), experience)
    experience.count(f"outage-{number}", verdict.weighing)
    for name in cause:
        experience.confirm(f"outage-{number}", name)
    return verdict


def test_who_was_the_cause_and_silent_is_a_candidate_the_next_time() -> None:
    experience = Experience()
    for number in range(8):
        before = an_outage(experience, number, "db")
    assert an_outage(Experience(), 99).candidates[0].entity != "db"
    first = an_outage(experience, 99).candidates[0]
    assert first.entity == "db"
    assert before.candidates
    said = [reason.text for reason in first.evidence]
    assert any(text.startswith("db did not alert itself") for text in said)
    assert "it was the cause of 8 of 8 confirmed incidents" in said


def test_a_silent_node_on_which_nobody_rests_is_no_candidate_however_often_it_was_the_cause() -> None:
    experience = Experience()
    for number in range(8):
        an_outage(experience, number, "elsewhere")
    assert "elsewhere" not in {one.entity for one in an_outage(experience, 99).candidates}


def test_only_so_many_silent_suspects_are_looked_at_the_most_frequent_first() -> None:
    experience = Experience()
    for number in range(2 * MOST_SUSPECTS):
        live_through(experience, number, ("left", "cpu"), cause=f"cause-{number % (MOST_SUSPECTS + 5)}")
    suspects = experience.suspects()
    assert len(suspects) == MOST_SUSPECTS
    assert [experience.named(one) for one in suspects] == sorted(map(experience.named, suspects), reverse=True)


def test_what_makes_causes_here_is_said_with_its_number() -> None:
    experience = Experience()
    for number in range(12):
        live_through(experience, number, ("left", "cpu"), ("right", "net"), cause="right")
    verdict = weigh([a_sign("left", "cpu"), a_sign("right", "net")], GRAPH, Rates(), at(600), experience)
    said = {reason.text: reason.evidence for reason in verdict.candidates[0].evidence}
    factor = experience.likelier("net")
    assert factor > 1.2
    text = f"by 12 confirmed incidents, 'net' makes a node {factor:.1f} times likelier to be the cause"
    assert said[text] == {"likelier": round(factor, 2)}


def test_old_cases_are_scored_by_what_is_known_now() -> None:
    """In the first incidents nobody knew that db always chatters; people blamed the other one: no lesson of today."""
    experience = Experience()
    for number in range(LEAST_TAUGHT):
        live_through(experience, number, ("db", "chatter"), ("db", "hum"), (f"n{number}", "fault"), cause=f"n{number}")
    before = experience.likelier("fault")
    for number in range(100, 140):
        live_through(experience, number, ("db", "chatter"), ("db", "hum"), ("other", f"k{number}"))
    assert 1 < experience.likelier("fault") < before


def test_who_explains_less_than_half_is_named_once_confirmed_causes_speak_for_it() -> None:
    experience = Experience()
    signs = [a_sign("left", "cpu"), a_sign("right", "net"), a_sign("third", "disk")]
    for number in range(2 * LEAST_TAUGHT):
        doubt = weigh(signs, GRAPH, Rates(), at(600), experience).abstained
        assert doubt.startswith("no node explains half") is (number < LEAST_TAUGHT)
        live_through(experience, number, ("left", "cpu"), ("right", "net"), ("third", "disk"), cause="right")
    verdict = weigh(signs, GRAPH, Rates(), at(600), experience)
    assert verdict.candidates[0].entity == "right"
    assert verdict.abstained == ""


def test_what_nobody_confirmed_still_counts_by_what_was_found_without_people() -> None:
    experience = Experience()
    for number in range(LEAST_TAUGHT):
        live_through(experience, number, ("left", "cpu"), ("right", "net"), cause="right")
    before = experience.learned
    live_through(experience, 99, ("left", "cpu"), ("right", "net"))
    assert experience.learned > before


def test_a_cause_named_anew_takes_the_place_of_the_one_before() -> None:
    experience, once = Experience(), Experience()
    for number in range(LEAST_TAUGHT):
        live_through(experience, number, ("left", "cpu"), ("right", "net"), cause="left")
        live_through(once, number, ("left", "cpu"), ("right", "net"), cause="right")
    for number in range(LEAST_TAUGHT):
        experience.confirm(f"incident-{number}", "right")
    assert experience.confirmed == LEAST_TAUGHT
    assert (experience.named("left"), experience.named("right")) == (0, LEAST_TAUGHT)
    assert experience.likelier("net") == pytest.approx(once.likelier("net"), rel=0.05)


def test_none_of_these_blames_nobody() -> None:
    experience = Experience()
    live_through(experience, 1, ("left", "cpu"), ("right", "net"), cause="")
    assert experience.confirmed == 0
    assert experience.learned == pytest.approx(0.0)


def test_what_is_dumped_decides_alike_when_loaded() -> None:
    experience, again = Experience(), Experience()
    for number in range(20):
        live_through(experience, number, ("left", f"kind-{number % 3}"), ("right", "net"), cause="right")
    again.load(experience.dump())
    assert again.dump() == experience.dump()
    for one in (experience, again):
        live_through(one, 98, ("left", "kind-1"), ("right", "net"), cause="left")
    assert again.dump() == experience.dump()
    assert again.habit("right", "net") == experience.habit("right", "net")


def test_order_in_which_nodes_and_kinds_are_told_does_not_matter() -> None:
    one, two = Experience(), Experience()
    signs = [("left", "cpu"), ("left", "disk"), ("right", "net"), ("right", "cpu")]
    for number in range(LEAST_TAUGHT + 2):
        live_through(one, number, *signs, cause="right")
        live_through(two, number, *reversed(signs), cause="right")
    assert one.corrected("right", 1.0, ["cpu", "net"]) == two.corrected("right", 1.0, ["net", "cpu"])
