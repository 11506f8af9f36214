import msgspec
import pytest

from correlation.intensity import INVERSE, KERNELS, LESSONS, MOST_BOOST, MOST_KINDS, Kernels

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


def taught(kernels: Kernels, seconds: float, times: int) -> Kernels:
    """Let people say so many times that an error followed so many seconds after one of what its node calls."""
    for _ in range(times):
        kernels.teach("errors", USUAL, FANS, [("callee", seconds, 0.3)])
    return kernels


def late(kernels: Kernels) -> float:
    """Return how strong a callee is after four minutes beside after 40 seconds."""
    return kernels.pull("callee", 1, 240.0, 0.0, "errors") / kernels.pull("callee", 1, 40.0, 0.0, "errors")


def test_what_people_said_weighs_more_than_what_only_met() -> None:
    kernels = fed([("callee", 240.0, 0.9)], "errors", 400)
    before = late(kernels)
    assert late(taught(kernels, 40.0, 400)) < 0.3 * before


def test_few_lessons_change_little() -> None:
    kernels = fed([("callee", 240.0, 0.9)], "errors", 400)
    before = kernels.pull("callee", 1, 240.0, 0.0, "errors")
    assert taught(kernels, 40.0, 3).pull("callee", 1, 240.0, 0.0, "errors") == pytest.approx(before, rel=0.05)


def test_the_streams_counts_weigh_half_after_so_many_lessons() -> None:
    kernels = Kernels()
    assert kernels.fade == 1.0
    assert taught(kernels, 40.0, int(LESSONS)).fade == 0.5


def test_a_kind_that_people_saw_follow_is_pulled_more() -> None:
    kernels = fed([], "errors", 100)
    before = kernels.boost("callee", "errors")
    assert taught(kernels, 40.0, 50).boost("callee", "errors") > before


def test_what_began_an_incident_was_brought_about_by_nothing() -> None:
    kernels = Kernels()
    kernels.teach("errors", USUAL, FANS, [])
    assert (kernels.lessons, kernels.taught["callee"].caused) == (1.0, 0.0)
    assert kernels.taught["callee"].expected > 0.0


def test_a_snapshot_from_before_people_could_teach_is_read() -> None:
    kernels = fed([("callee", 40.0, 0.9)], "errors", 30)
    other = Kernels()
    other.load(msgspec.msgpack.encode((kernels.rows, kernels.kinds, kernels.seen)))
    assert other.dump() == kernels.dump()


def test_taught_kinds_are_bounded_and_a_dump_holds_them() -> None:
    kernels = Kernels()
    for number in range(3 * MOST_KINDS):
        kernels.teach(f"kind {number}", USUAL, FANS, [("self", 5.0, 0.5)])
    assert len(kernels.taught["self"].kinds) <= MOST_KINDS
    other = Kernels()
    other.load(kernels.dump())
    assert other.dump() == kernels.dump()
    assert other.pull("self", 1, 5.0, 0.0, "kind 1499") == kernels.pull("self", 1, 5.0, 0.0, "kind 1499")
