"""How far is the probability of the first candidate to be trusted? Shipped, and after people named causes."""

import math
import random
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.events import Severity
from correlation.background import Rates
from correlation.causes.calibration import ALERTS, SHIPPED, TOLD, fit, recalibrated, shares
from correlation.causes.experience import Experience, Weighing
from correlation.causes.signs import Sign
from correlation.causes.testimony import Testimony
from correlation.rootcause import NONE, Verdict, weigh
from tests.benchmarks.quality.ranking import calibration_error
from tests.builders import T0, at
from tests.correlation.rig import a_graph

BOUND = 0.10  # expected calibration error after 40 confirmations
CONFIRMED, ASKED = 40, 400


def claims(worth: Callable[[float], float], number: int, seed: int = 1) -> list[tuple[float, bool]]:
    """Claims at a site at which a stated probability is in truth worth ``worth(p)``."""
    chance = random.Random(seed)  # a made-up site: the same at every run
    stated = [chance.uniform(0.15, 0.95) for _ in range(number)]
    return [(p, chance.random() < worth(p)) for p in stated]


def spread(slope: float, shift: float = 0.0) -> Callable[[float], float]:
    return lambda p: 1 / (1 + math.exp(-(slope * math.log(p / (1 - p)) + shift)))


@pytest.mark.parametrize(
    ("site", "worth"),
    [
        ("as stated", lambda p: p),
        ("much too timid", spread(1.5, 1.5)),
        ("much too bold", spread(0.6, -1.2)),
        ("hardly ever right", lambda p: 0.2 * p),
    ],
)
def test_after_forty_confirmations_what_is_stated_comes_true_as_often(
    site: str, worth: Callable[[float], float]
) -> None:
    errors = []
    for seed in range(5):
        known = fit(claims(worth, CONFIRMED, seed))
        later = claims(worth, ASKED, seed + 100)
        errors.append(calibration_error([(recalibrated([p], known)[0], right) for p, right in later]))
    assert sum(errors) / len(errors) < BOUND, site


def test_a_few_confirmations_turn_nothing_over() -> None:
    assert fit([]) == SHIPPED
    (once,) = recalibrated([0.7], fit([(0.7, False)]))
    (thrice,) = recalibrated([0.7], fit([(0.7, False)] * 3))
    assert 0.7 > once > 0.6 > thrice > 0.4


def test_surer_never_becomes_less_sure() -> None:
    """Even where the site's history is upside down the map does not fall."""
    upside_down = [(0.9, False), (0.2, True)] * 50
    _, slope = fit(upside_down)
    assert slope >= 0


probabilities = st.lists(st.floats(-8, 8), min_size=1, max_size=6).map(
    lambda scores: [0.95 * share for share in sorted(shares(scores), reverse=True)]
)


@given(probabilities, st.floats(-4, 4), st.floats(0, 4))
def test_no_order_changes_and_the_sum_stays_below_one(before: list[float], shift: float, slope: float) -> None:
    after = recalibrated(before, (shift, slope))
    assert all(two <= one + 1e-12 for one, two in pairwise(after))
    assert sum(after) <= 1 + 1e-9
    assert all(one >= 0 for one in after)


def test_the_map_that_ships_changes_nothing() -> None:
    assert recalibrated([0.6, 0.3, 0.05], SHIPPED) == pytest.approx([0.6, 0.3, 0.05])


def test_a_temperature_below_one_makes_surer() -> None:
    assert shares([2.0, 0.0], 0.5)[0] > shares([2.0, 0.0])[0] > 0.5


def a_sign(node: str, kind: str) -> Sign:
    return Sign(node=node, kind=kind, name=kind, started=T0.timestamp(), severity=Severity.HIGH)


def asked(experience: Experience, testimonies: Sequence[Testimony] = ()) -> Verdict:
    signs = [a_sign("left", "slow"), a_sign("left", "errors"), a_sign("right", "slow")]
    return weigh(signs, a_graph(left="x", right="y"), Rates(), at(600), experience, testimonies)


def told(experience: Experience, number: int, verdict: Verdict, cause: str) -> None:
    """A person names the cause of an incident whose nodes say nothing of each other later."""
    said = {"elsewhere": {f"kind-{number}": 1.0}}
    experience.count(
        f"incident-{number}", Weighing(factors=said, cover={"elsewhere": 1.0}, claim=verdict.weighing.claim)
    )
    experience.confirm(f"incident-{number}", cause)


def first(experience: Experience, testimonies: Sequence[Testimony] = ()) -> float:
    return asked(experience, testimonies).candidates[0].probability


def test_where_the_first_one_keeps_being_wrong_it_is_stated_with_less() -> None:
    experience, untaught = Experience(), Experience()
    before = asked(experience)
    for number in range(8):
        told(experience, number, asked(experience), "somebody else")
        told(untaught, number, before._replace(weighing=Weighing()), "somebody else")
    assert first(experience) < first(untaught) - 0.1
    assert [one.entity for one in asked(experience).candidates] == [one.entity for one in before.candidates]
    assert "too close to call" in asked(experience).abstained
    assert not asked(untaught).abstained


def test_where_it_keeps_being_right_it_is_stated_with_more() -> None:
    experience, untaught = Experience(), Experience()
    before = asked(experience)
    for number in range(8):
        told(experience, number, asked(experience), "left")
        told(untaught, number, before._replace(weighing=Weighing()), "left")
    assert first(experience) > first(untaught) + 0.02


def test_a_person_who_says_none_of_these_teaches_that_too() -> None:
    experience = Experience()
    before = first(experience)
    for number in range(8):
        told(experience, number, asked(experience), "")
    assert first(experience) < before


def test_what_is_named_anew_counts_once() -> None:
    experience, once = Experience(), Experience()
    verdict = asked(experience)
    told(experience, 1, verdict, "right")
    experience.confirm("incident-1", "left")
    told(once, 1, verdict, "left")
    sort = verdict.weighing.claim.sort if verdict.weighing.claim else ""
    assert experience.trust(sort) == once.trust(sort) != SHIPPED


def test_each_sort_of_evidence_is_trusted_by_its_own_history() -> None:
    experience = Experience()
    said = [Testimony("left", 2.0, (), measured=True)]
    for number in range(8):
        told(experience, number, asked(experience), "right")
    assert experience.trust(ALERTS) != SHIPPED
    assert experience.trust(TOLD) == SHIPPED
    claim = asked(experience, said).weighing.claim
    assert claim is not None
    assert (claim.node, claim.sort) == ("left", TOLD)
    assert claim.probability == pytest.approx(first(experience, said), abs=1e-3)


def test_what_stands_alone_claims_nothing() -> None:
    verdict = weigh([a_sign("db", "slow")], a_graph(db=""), Rates(), at(600), Experience())
    assert verdict.weighing.claim is None


def test_without_confirmations_nobody_is_surer_than_the_map_that_ships_allows() -> None:
    verdict = weigh(
        [a_sign("db", "oom"), a_sign("web", "slow")],
        a_graph(web="db"),
        Rates(),
        at(600),
        Experience(),
        [Testimony("db", 50.0, (), measured=True)],
    )
    assert verdict.candidates[0].probability == 1 - NONE


def test_what_was_learned_survives_a_snapshot() -> None:
    experience, again = Experience(), Experience()
    for number in range(5):
        told(experience, number, asked(experience), "right")
    again.load(experience.dump())
    assert again.dump() == experience.dump()
    assert first(again) == first(experience)
    told(experience, 9, asked(experience), "right")
    told(again, 9, asked(again), "right")
    assert again.trust(ALERTS) == experience.trust(ALERTS)
