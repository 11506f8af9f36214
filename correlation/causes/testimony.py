"""What does evidence other than alerts say of one node?"""

from typing import NamedTuple

from aiops.domain.reasons import Reason


class Testimony(NamedTuple):
    """For (or against) one node as cause."""

    node: str
    odds: float  # log odds, beside those of the other nodes
    reasons: tuple[Reason, ...]  # each a sentence with its numbers
    measured: bool = False  # it tells of all nodes alike, so that alerts count less beside it
    doubt: str = ""  # why it makes an order, and no verdict
