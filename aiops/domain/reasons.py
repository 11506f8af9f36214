"""Why was it decided? A decision without a Reason is a bug."""

from collections.abc import Sequence

from aiops.domain.base import Noun

Evidence = str | int | float | bool | None
FIRST = 10  # reasons that always stay: how it began


class Reason(Noun, frozen=True, kw_only=True):
    """One decision on an event's way, readable by a person and replayable by the engine."""

    step: (
        str  # parse, entity, template, dedup, verdict, suppress, group, merge, cause, impact, score, page, operator, ..
    )
    text: str  # one sentence with its numbers
    evidence: dict[str, Evidence] = {}


def told(reasons: Sequence[Reason], reason: Reason, most: int = 40) -> tuple[Reason, ...]:
    """Return ``reasons`` with one more, unless it was the last said; beyond ``most`` the middle goes.

    How it began (the first 10) and what was said last stay.
    """
    if reasons and reasons[-1].text == reason.text:
        return tuple(reasons)
    return kept((*reasons, reason), most)


def kept(reasons: Sequence[Reason], most: int = 40) -> tuple[Reason, ...]:
    """Return at most ``most`` of ``reasons``: the first 10 and the newest."""
    return tuple(reasons) if len(reasons) <= most else (*reasons[:FIRST], *reasons[FIRST - most :])
