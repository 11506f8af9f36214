"""Why was it decided? A decision without a Reason is a bug."""

from aiops.domain.base import Noun

Evidence = str | int | float | bool | None


class Reason(Noun, frozen=True, kw_only=True):
    """One decision on an event's way, readable by a person and replayable by the engine."""

    step: str  # parse, entity, template, dedup, verdict, suppress, group, merge, cause, impact, page, operator, expire
    text: str  # one sentence with its numbers
    evidence: dict[str, Evidence] = {}
