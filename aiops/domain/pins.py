"""Which sorts of alerts have people said to belong together, or not?"""

from datetime import datetime

from aiops.domain.base import Noun


class Sort(Noun, frozen=True, kw_only=True):
    """A sort of alert: one kind on one node. What is said of it holds for each of its episodes."""

    node: str  # entity name; "?" + kind where its labels name none
    kind: str
    name: str  # as the alert called itself

    def __str__(self) -> str:
        return f"{self.name!r} of {'an unmapped node' if self.node.startswith('?') else self.node}"


class Pin(Noun, frozen=True, kw_only=True):
    """A person moved alerts, and so it is to be from then on: each of ``these`` with each of ``those``, or with none.

    Of pins that say different things of the same two sorts, the newest counts.
    """

    pin_id: str  # its number: "4"
    number: int
    together: bool  # else they do not belong together
    these: tuple[Sort, ...]
    those: tuple[Sort, ...]
    more: int = 0  # sorts of the two incidents beyond those named
    deed: str  # what was done: "moved", "split off", "merged"
    actor: str
    made_at: datetime
    text: str = ""  # why
    incidents: tuple[int, ...] = ()  # numbers: from which, to which
    hits: int = 0  # times that it decided
    last_hit: datetime | None = None
    overridden_by: int = 0  # number of a newer one that says all that it could say
    ended_at: datetime | None = None
    ended_by: str = ""
    ended_text: str = ""
    revision: int = 0

    @property
    def says(self) -> str:
        """Say what follows from it."""
        if self.these == self.those:
            return f"{listed(self.these)} together with each other"
        return f"{listed(self.these)} {'together with' if self.together else 'apart from'} {listed(self.those)}"

    @property
    def status(self) -> str:
        """Does it still count?"""
        return "ended" if self.ended_at else "overridden" if self.overridden_by else "active"


class Lesson(Noun, frozen=True, kw_only=True):
    """What people showed of one relation between nodes, by alerts that they moved or merged, or named the cause of."""

    relation: str  # of the earlier alert's node, as seen from the later one's: "callee"
    alerts: float  # that followed one in this relation; each counts once, shared among all that it may have followed
    total: int  # alerts that people placed, whatever they followed
    within: float  # seconds: three of four came at most so long after it
    kinds: dict[str, float]  # the most frequent kinds among them
    text: str  # the same as a sentence
    revision: int = 0


def listed(sorts: tuple[Sort, ...]) -> str:
    """Name the first of some sorts, and how many more there are."""
    more = f" and {len(sorts) - 1:,} more" if len(sorts) > 1 else ""
    return f"{sorts[0]}{more}"
