import pytest

from correlation.intensity import INVERSE, KERNELS, MOST_BOOST, MOST_KINDS, Kernels

USUAL = 1e-5
FANS = {"self": 1, "callee": 2, "caller": 2}


def fed(causes: list[tuple[str, float, float]], kind: str, times: int) -> Kernels:
    kernels = Kernels()
    for _ in range(times):
        kernels.count("disk full", USUAL, FANS, [], 1.0)
        kernels.count(kind, USUAL, FANS, causes, 1.0)
    return kernels


def test_a_fresh_table_is_the_hand_set_one() -> None:
    for relation, kernel in KERNELS.items():
        assert Kernels().pull(relation, 1, 0.0, 0.0, "errors") == pytest.approx(kernel.mass / kernel.delay)


def test_a_relation_that_brings_about_more_than_the_others_gains_mass_and_they_lose_it() -> None:
    kernels = fed([("callee", 40.0, 0.9)], "errors", 300)
    assert kernels.mass("callee") > KERNELS["callee"].mass
    assert kernels.mass("caller") < KERNELS["caller"].mass


def test_a_kind_that_travels_is_pulled_more_than_one_that_does_not() -> None:
    kernels = fed([("callee", 40.0, 0.9)], "errors", 100)
    assert 1.0 < kernels.boost("callee", "errors") <= MOST_BOOST
    assert kernels.boost("callee", "disk full") < 1.0
    assert kernels.boost("callee", "never seen") == 1.0


def test_delays_become_lopsided_where_the_stream_is() -> None:
    kernels = fed([("callee", 40.0, 0.9)], "errors", 300)
    assert kernels.pull("callee", 1, 40.0, 0.0, "errors") > 2 * kernels.pull("callee", 1, -40.0, 0.0, "errors")


def test_unlabelled_counts_do_not_decide_how_strong_all_relations_are_together() -> None:
    shares = [(relation, 0.0, 1 / len(FANS)) for relation in FANS]
    quiet, loud = fed([], "errors", 300), fed(shares, "errors", 300)
    assert quiet.mass("callee") == pytest.approx(KERNELS["callee"].mass, rel=0.1)
    assert loud.mass("callee") < 3 * KERNELS["callee"].mass


def test_relations_are_each_others_inverse() -> None:
    assert all(INVERSE[INVERSE[relation]] == relation for relation in INVERSE)


def test_kinds_are_bounded_and_a_dump_goes_on() -> None:
    kernels = Kernels()
    for number in range(3 * MOST_KINDS):
        kernels.count(f"kind {number}", USUAL, FANS, [("self", 5.0, 0.5)], 1.0)
    assert len(kernels.kinds) <= MOST_KINDS
    other = Kernels()
    other.load(kernels.dump())
    assert other.dump() == kernels.dump()
    assert other.pull("self", 1, 5.0, 0.0, "kind 1499") == kernels.pull("self", 1, 5.0, 0.0, "kind 1499")
