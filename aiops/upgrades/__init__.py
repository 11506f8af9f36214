"""How does what an earlier release knew become what this one needs? A numbered file for each step of the format."""

from collections.abc import Callable

from aiops.upgrades import to_0002, to_0003, to_0004

State = dict[str, bytes]  # part -> what its dump() returned

STEPS: tuple[Callable[[State], State], ...] = (  # the first makes format 2 of format 1, and so on
    to_0002.upgrade,
    to_0003.upgrade,
    to_0004.upgrade,
)
FORMAT = len(STEPS) + 1  # of the snapshots that this release writes


def upgraded(state: State, version: int) -> State:
    """Return the state of a snapshot of format ``version`` as this release writes it."""
    for step in STEPS[version - 1 :]:
        state = step(state)
    return state
