"""What do the causes that people named say of this node, in odds and in words?"""

from collections.abc import Iterable

from aiops.domain.reasons import Reason
from aiops.domain.words import plural
from correlation.causes.experience import Experience
from correlation.causes.signs import Signs

LIKELIER = 1.2  # the least factor that is worth a sentence


def corrected(node: str, plain: float, named: Signs, experience: Experience) -> float:
    """Return the node's log odds after what people taught; ``plain``: before."""
    return experience.corrected(node, plain, {sign.kind for sign in named.get(node, ())})


def taught(node: str, named: Signs, experience: Experience) -> Iterable[Reason]:
    """Say how often it was the cause, and what of that which alerts there makes causes."""
    if not experience.taught:
        return
    every = plural(experience.confirmed, "confirmed incident")
    if times := experience.named(node):
        yield Reason(step="cause", text=f"it was the cause of {times} of {every}", evidence={"named": times})
    mine = named.get(node, ())
    best = max(mine, key=lambda sign: (experience.likelier(sign.kind), sign.kind), default=None)
    if best and (factor := experience.likelier(best.kind)) >= LIKELIER:
        text = f"by {every}, {best.name!r} makes a node {factor:.1f} times likelier to be the cause"
        yield Reason(step="cause", text=text, evidence={"likelier": round(factor, 2)})
