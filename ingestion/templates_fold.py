"""What of a masked message may vary beyond its masks? Words by which no two messages are told apart.

Looser than the masks, and only for the choice of templates: rules never see it. "true" and "false", "KB" and "MB",
"Mon" and "Tue" are values like a number is one; so is a host name with its port. How often a value is repeated
("blk_1 blk_2"), and a value in brackets behind another ("2048 bytes (2 KB)"), make no other kind of message.
"""

from collections.abc import Iterable
from functools import lru_cache

import re2

from aiops.domain.masking import MASKS
from ingestion.templates_tree import WILDCARD

VALUE = "<value>"

_AROUND = ".,:;()[]{}<>\"'`"

_MASKED = re2.compile("|".join((*MASKS, r"<\*>")))
_ENUMERATED = re2.compile(
    r"\b(?:[Tt]rue|TRUE|[Ff]alse|FALSE|[Nn]ull|NULL|None"
    r"|Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b"
)
_UNIT = re2.compile(
    r"^([(\[]?)(?:B|[kKMGT]i?B|bytes|ns|us|µs|ms|s|sec|secs|seconds|min|mins|minutes|h|hours|days)([)\].,;:]*)$"
)
_HOST = re2.compile(r"(?:[A-Za-z0-9-]|<value>)+(?:\.(?:[A-Za-z0-9_-]|<value>)+)+:<value>")
_BOUND = re2.compile(r"[<>~]=?<value>")
_LIST = re2.compile(r"<value>(?:[.:,/_+-]*<value>)+")
_BRACKETS = re2.compile(r"<value> \(<value>(?: <value>)*\)")


@lru_cache(maxsize=20_000)
def loosen(token: str) -> str:
    """Return one masked token with all of its values alike: "(<num>" and "(true" are the same."""
    loose: str = _MASKED.sub(VALUE, token)
    loose = _ENUMERATED.sub(VALUE, loose)
    loose = _LIST.sub(VALUE, _BOUND.sub(VALUE, loose))
    loose = _HOST.sub(VALUE, loose)
    loose = _UNIT.sub(rf"\1{VALUE}\2", loose)
    return loose


def unnamed(tokens: tuple[str, ...], name: str) -> tuple[str, ...]:
    """Return masked tokens with a wildcard where one is ``name``, also as the first label of a host name."""
    name = name.lower()
    return tuple(WILDCARD if token.lower().strip(_AROUND).partition(".")[0] == name else token for token in tokens)


def fold(tokens: Iterable[str]) -> str:
    """Return loosened tokens with repeated values said once: two patterns that are equal so are one template."""
    text = _once(tokens)
    while (shorter := _BRACKETS.sub(VALUE, text)) != text:  # what stood apart may be a repetition now
        text = _once(shorter.split())
    return text


def _once(tokens: Iterable[str]) -> str:
    kept: list[str] = []
    for token in tokens:
        if kept and VALUE in token and (kept[-1] == token or (kept[-1] == VALUE and token.startswith(VALUE))):
            kept.pop()
        kept.append(token)
    return " ".join(kept)
