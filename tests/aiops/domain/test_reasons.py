"""Which reasons stay when there are too many?"""

from aiops.domain.reasons import FIRST, Reason, kept, told


def a_reason(number: int) -> Reason:
    return Reason(step="dedup", text=f"reason {number}")


def test_how_it_began_and_what_was_said_last_stay() -> None:
    reasons: tuple[Reason, ...] = ()
    for number in range(100):
        reasons = told(reasons, a_reason(number))
    assert len(reasons) == 40
    assert [reason.text for reason in reasons] == [f"reason {number}" for number in (*range(FIRST), *range(70, 100))]


def test_the_same_is_not_said_twice_in_a_row() -> None:
    once = told((), a_reason(1))
    assert told(once, a_reason(1)) == once
    assert len(told(told(once, a_reason(2)), a_reason(1))) == 3


def test_few_are_kept_as_they_are() -> None:
    few = [a_reason(number) for number in range(12)]
    assert kept(few, 12) == tuple(few)
    assert [reason.text for reason in kept(few, 11)][-2:] == ["reason 9", "reason 11"]
