"""What of a message varies from one time to the next? Masks for numbers, addresses, times, paths and ids."""

from functools import lru_cache

import re2

MASKS = ("<uuid>", "<ip>", "<hex>", "<num>", "<time>", "<path>", "<mac>", "<email>")

LONGEST_TEXT = 4_096  # characters of a message that are looked at
MOST_TOKENS = 400

_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")
_SHAPE = str.maketrans("123456789", "000000000")
_MEMO = 20_000  # lines, token shapes and tokens remembered; results do not depend on it
_LONGEST = 256  # longer tokens are masked piece by piece, longer pieces (encoded blobs) not at all: bounded work
_BREAKS = {ord(letter): f"\n{letter}" for letter in ';|"[{'}  # where long tokens are cut; each may stand before a part

# One alternation, tried in this order at every place of a token; RE2, so linear in the token. It knows no
# look-behind: `lead` holds what must stand before a match, and `run` swallows words whole, so that the digits inside
# one ("db1") are left alone. No part tells one digit from another, except for "0x".
_LEAD = r"""^|[=:,;|("'\[{]"""
_UNIT = "ns|us|µs|ms|s|sec|secs|min|m|h|d|b|kb|mb|gb|tb|ki|mi|gi|ti|kib|mib|gib|tib|rps|qps|hz|khz|mhz|ghz|x|k"
_ZONE = r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
_CLOCK = r"[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]+)?" + _ZONE
_HEX4 = "[0-9a-fA-F]{1,4}"
_PARTS = re2.compile(
    "|".join(
        (
            r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?P<host>[^\s/?#<>\"';|\[{]*)(?P<rest>[/?#][^\s<>\"';|\[{]*)?",
            r"(?P<email>[A-Za-z0-9_.+-]+@[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+)",
            r"(?P<uuid>[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b)",
            r"(?P<mac>(?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}\b)",
            rf"(?P<time>[0-9]{{4}}[-/][0-9]{{1,2}}[-/][0-9]{{1,2}}(?:[T_]{_CLOCK})?\b|{_CLOCK}\b)",
            rf"(?P<ip>[0-9]{{1,3}}(?:\.[0-9]{{1,3}}){{3}}(?:/[0-9]{{1,2}})?\b|(?:{_HEX4}:){{7}}{_HEX4}\b"
            rf"|(?:{_HEX4}:){{1,6}}(?::{_HEX4}){{1,6}}\b)",
            rf"(?P<before>{_LEAD})(?P<path>(?:[A-Za-z]:)?(?:[\\/][^\s\\/:*?\"'<>|,;=()\[\]{{}}&#]+)+[\\/]?)",
            r"(?P<relative>[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+){2,}/?)",
            r"(?P<hex>0[xX][0-9a-fA-F]+\b)",
            rf"(?:(?P<lead>{_LEAD}|_)[+-])?"
            rf"(?P<num>[0-9]+(?:[.,][0-9]+)*(?:[eE][+-]?[0-9]+)?)(?P<unit>(?i:{_UNIT}))?(?P<end>\b|_)",
            r"(?P<run>[\pL\pN]+)",
        )
    )
)


def mask(text: str) -> str:
    """Return the masked message: what templates are made of, and what rules match token patterns against.

    Masking it again changes nothing more (but where the placeholders push text over the bound).
    """
    return " ".join(masked_tokens(text))


def raw_tokens(text: str) -> list[str]:
    """Return the tokens that are looked at: of the first LONGEST_TEXT characters the first MOST_TOKENS."""
    return text[:LONGEST_TEXT].split()[:MOST_TOKENS]


def masked_tokens(text: str) -> tuple[str, ...]:
    """Return the masked tokens, one for each of ``raw_tokens``; linear in the text.

    Most lines and tokens are answered from memory, by their shape: all digits alike.
    """
    shape = text[:LONGEST_TEXT].translate(_SHAPE)
    masked = _line(shape) if len(shape) <= _LONGEST else _line.__wrapped__(shape)
    known = tuple([token for token in masked if token is not None])
    if len(known) == len(masked):
        return known
    pairs = zip(masked, raw_tokens(text), strict=True)
    return tuple([_by_text(token) if by_shape is None else by_shape for by_shape, token in pairs])


@lru_cache(maxsize=_MEMO)
def _line(shape: str) -> tuple[str | None, ...]:
    """Return the masked form of each token of every text of this shape; None where the very digits matter."""
    return tuple([_by_shape(token) if len(token) <= _LONGEST else None for token in raw_tokens(shape)])


@lru_cache(maxsize=_MEMO)
def _by_shape(shape: str) -> str | None:
    """Return the masked form of every token of this shape; None where the very digits matter."""
    masked = _parts(shape)
    return None if "0" in masked or "0x" in shape.lower() else masked


def _by_text(token: str) -> str:
    """Return the masked form of this very token."""
    if len(token) <= _LONGEST:
        return _remembered(token)
    pieces = token.translate(_BREAKS).split("\n")
    return "".join(_remembered(piece) if len(piece) <= _LONGEST else piece for piece in pieces)


def _parts(token: str) -> str:
    """Mask every part of one token that varies."""
    readable = token if token.isascii() else token.encode("utf-8", "replace").decode()  # halves of surrogates are none
    masked: str = _PARTS.sub(_part, readable)
    return masked


_remembered = lru_cache(maxsize=_MEMO)(_parts)


def _part(match: "re2._Match[str]") -> str:
    """Return what stands in the place of one match."""
    part = match.groupdict()
    if part["scheme"]:
        return f"{part['scheme']}{_parts(part['host'])}{'<path>' if part['rest'] else ''}"
    if run := part["run"]:
        varies = len(run) >= 8 and _HEX_DIGITS.issuperset(run) and any(letter.isdigit() for letter in run)
        return "<hex>" if varies else run
    if part["path"]:
        return f"{part['before'] or ''}<path>"
    if part["relative"]:
        return "<path>"
    if part["num"]:
        return f"{part['lead'] or ''}<num>{part['unit'] or ''}{part['end'] or ''}"
    return next(f"<{name}>" for name in ("email", "uuid", "mac", "time", "ip", "hex") if part[name])
