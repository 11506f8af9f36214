"""What does evidence other than alerts say of one node?"""

from collections.abc import Iterable
from typing import NamedTuple

from aiops.domain.reasons import Reason

HEARD = 0.2  # what alerts count where measurements tell too: an alert says that it hurts, not who began


class Testimony(NamedTuple):
    """For (or against) one node as cause."""

    node: str
    odds: float  # log odds, beside those of the other nodes
    reasons: tuple[Reason, ...]  # each a sentence with its numbers
    measured: bool = False  # it tells of all nodes alike, so that alerts count less beside it
    doubt: str = ""  # why it makes an order, and no verdict


def heard(testimonies: Iterable[Testimony]) -> float:
    """Return what alerts count beside these."""
    return HEARD if any(said.measured for said in testimonies) else 1.0
