"""What do earlier incidents teach about causes?"""

import pytest

from aiops.domain.events import Severity
from correlation.background import Rates
from correlation.causes.experience import LEAST_CONFIRMED, Experience
from correlation.causes.signs import Sign
from correlation.rootcause import weigh
from tests.builders import T0, at
from tests.correlation.rig import a_graph

GRAPH = a_graph(web="api", api="db")


def a_sign(node: str, kind: str) -> Sign:
    return Sign(node=node, kind=kind, name=kind, started=T0.timestamp(), severity=Severity.HIGH)


def live_through(experience: Experience, number: int, *signs: tuple[str, str], cause: str | None = None) -> str:
    """Let an incident be over (and its cause be named); return who was blamed first."""
    said = [a_sign(node, kind) for node, kind in signs]
    verdict = weigh(said, GRAPH, Rates(), at(600), experience)
    experience.count(f"incident-{number}", said, verdict.weighing)
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
    for number in range(LEAST_CONFIRMED):
        assert live_through(experience, number, ("left", "cpu"), ("right", "net")) == "left"  # nothing but the name
    experience = Experience()
    for number in range(LEAST_CONFIRMED):
        live_through(experience, number, ("left", "cpu"), ("right", "net"), cause="right")
    assert experience.weights
    assert live_through(experience, 99, ("left", "cpu"), ("right", "net")) == "right"


def test_who_explains_less_than_half_is_named_once_confirmed_causes_speak_for_it() -> None:
    experience = Experience()
    signs = [a_sign("left", "cpu"), a_sign("right", "net"), a_sign("third", "disk")]
    for number in range(LEAST_CONFIRMED):
        assert weigh(signs, GRAPH, Rates(), at(600), experience).abstained.startswith("no node explains half")
        live_through(experience, number, ("left", "cpu"), ("right", "net"), ("third", "disk"), cause="right")
    verdict = weigh(signs, GRAPH, Rates(), at(600), experience)
    assert verdict.candidates[0].entity == "right"
    assert verdict.abstained == ""


def test_guesses_count_until_people_know_better() -> None:
    experience = Experience()
    live_through(experience, 0, ("left", "cpu"), ("right", "net"))
    assert experience.learned > 0
    for number in range(1, LEAST_CONFIRMED + 1):
        live_through(experience, number, ("left", "cpu"), ("right", "net"), cause="right")
    before = experience.learned
    live_through(experience, 99, ("left", "cpu"), ("right", "net"))
    assert experience.learned == before


def test_a_cause_named_anew_takes_the_place_of_the_one_before() -> None:
    experience = Experience()
    live_through(experience, 1, ("left", "cpu"), ("right", "net"), cause="left")
    before = experience.manner("net")
    experience.confirm("incident-1", "right")
    assert experience.confirmed == 1
    assert experience.manner("net") > before
    assert experience.prior("right") > experience.prior("left")


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
    assert again.weights == experience.weights
    assert again.habit("right", "net") == experience.habit("right", "net")
