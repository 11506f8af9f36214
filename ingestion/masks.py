"""Which parts of a message differ from one time to the next? They become placeholders, token by token.

A token is what stands between white space, so a masked message has as many tokens as the message. Digits inside words
("db1") are part of a name and stay.
"""

import ipaddress
from typing import TypeVar

import re2

Key = TypeVar("Key", str, bytes)
Value = TypeVar("Value")

MASKS = ("<uuid>", "<ip>", "<hex>", "<num>", "<time>", "<path>", "<mac>", "<email>")
LONGEST_TEXT = 4_096  # characters of a message that are looked at
MOST_TOKENS = 400
_MOST_KEPT = 20_000  # results kept for tokens, and for lines; when full, all are forgotten (they are only a short cut)
_LONGEST_KEPT = 400  # characters of their keys

_MASKS = (  # the first that fits at the leftmost place wins; boundaries are those of letters and digits
    ("uuid", r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b"),
    ("email", r"\b[A-Za-z0-9.+%-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+\b"),
    ("keep", r"\b[A-Za-z][A-Za-z0-9+.-]*://(?:[A-Za-z][A-Za-z0-9.-]*)?"),  # of an address: names
    ("mac", r"\b[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}\b|\b[0-9a-fA-F]{2}(?:-[0-9a-fA-F]{2}){5}\b"),
    (
        "time",
        r"\b\d{4}[-/]\d\d[-/]\d\d(?:T\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)?\b"
        r"|\b\d\d?/[A-Z][a-z]{2}/\d{4}(?::\d\d:\d\d:\d\d)?\b|\b\d\d?:\d\d:\d\d(?:[.,]\d+)?Z?\b",
    ),
    ("ip", r"\b\d{1,3}(?:\.\d{1,3}){3}\b"),
    (
        "ip6",
        r"\b(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}\b|^::[0-9a-fA-F]{1,4}\b"
        r"|\b(?:[0-9a-fA-F]{1,4}:){1,6}(?::[0-9a-fA-F]{1,4}){1,6}\b",
    ),
    ("hex", r"\b\d[xX][0-9a-fA-F]+\b"),
    ("number", r"[-+]?\b\d+(?:[.,]\d+)*(?:[eE][-+]?\d+)?(?P<unit>[nuµm]?s|min|[hdx]|[kKMGTP]i?[bB]?|B|[kMG]?Hz)?\b"),
    ("digest", r"\b[0-9a-fA-F]{8,}\b"),
    ("path", r"/[A-Za-z0-9.~%+@-]+(?:/[A-Za-z0-9.~%+@:-]*)+|\b[A-Za-z]:(?:\\[A-Za-z0-9.~%+@-]+)+"),
)
_PATTERN = re2.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _MASKS))
_NAMES = [name for name, _ in sorted(_PATTERN.groupindex.items(), key=lambda item: item[1]) if name != "unit"]
_TO_ZERO = str.maketrans("123456789", "000000000")
_BYTES_TO_ZERO = bytes.maketrans(b"123456789", b"000000000")

_tokens: dict[str, str] = {}
_lines: dict[bytes, tuple[str, ...]] = {}


def mask(text: str) -> str:
    """Return the masked message: what templates are made of, and what rules match token patterns against."""
    return " ".join(masked_tokens(text))


def raw_tokens(text: str) -> list[str]:
    """Return the tokens that are looked at: of the first 4 KiB the first 400."""
    return text[:LONGEST_TEXT].split()[:MOST_TOKENS]


def masked_tokens(text: str) -> tuple[str, ...]:
    """Return the masked tokens, one for each of ``raw_tokens``.

    All digits look the same to every mask. So where masking leaves none, lines that differ in digits only have one
    result, and it is kept by that shape: most lines of a log are answered from there.
    """
    shape = text[:LONGEST_TEXT].encode("utf-8", "surrogatepass").translate(_BYTES_TO_ZERO)
    kept = _lines.get(shape)
    if kept is not None:
        return kept
    masked = tuple([_token(token) for token in raw_tokens(text)])
    if not any(map(_has_digit, masked)):
        _keep(_lines, shape, masked)
    return masked


def mask_token(token: str) -> str:
    """Return one masked token, without a short cut: what the others must agree with."""
    plain = token.replace("_", "-")  # same length; an underscore separates like any other sign
    parts: list[str] = []
    done = 0
    for match in _PATTERN.finditer(plain):
        start, end = match.span()
        placeholder = _placeholder(match, plain)
        if placeholder:
            joined = plain[start] in "+-" and (token[start] == "_" or plain[start - 1 : start].isalnum())
            parts += (token[done : start + joined], placeholder)  # the dash of "web-01" is no minus
            done = end
    return "".join((*parts, token[done:]))


def _token(token: str) -> str:
    masked = _tokens.get(token)
    if masked is None:
        shape = token.translate(_TO_ZERO)
        masked = _tokens.get(shape)
        if masked is None:
            masked = mask_token(shape)
            _keep(_tokens, shape, masked)
        if _has_digit(masked):  # those of the token itself must stay
            masked = mask_token(token)
            _keep(_tokens, token, masked)
    return masked


def _has_digit(text: str) -> bool:
    return not text.isalpha() and any(map(str.isdigit, text))


def _keep(kept: dict[Key, Value], key: Key, value: Value) -> None:
    if len(key) <= _LONGEST_KEPT:
        if len(kept) >= _MOST_KEPT:
            kept.clear()
        kept[key] = value


def _placeholder(match: "re2._Match[str]", plain: str) -> str:
    """Return what stands for a match; empty: it only looked like one."""
    found: str = match.group()
    name = next(name for name in _NAMES if match.group(name) is not None)
    match name:
        case "keep":
            return ""
        case "ip6":
            return "<ip>" if _is_ip6(found) else ""
        case "number":
            return f"<num>{match.group('unit') or ''}"
        case "digest":
            return "<hex>" if any(map(str.isdigit, found)) else ""
        case _:
            return f"<{name}>"


def _is_ip6(text: str) -> bool:
    """Not the "::" of C++ names, nor a time of day."""
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return any(map(str.isdigit, text))
