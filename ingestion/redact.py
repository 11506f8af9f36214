"""Which secrets must not reach the journal?

Only well-shaped hits are removed, by linear-time patterns (RE2), and only characters inside a value: JSON stays JSON of
the same shape. The same secret always leaves the same text, so that templates and identity stay stable.
"""

import base64
import binascii
from collections.abc import Callable

import re2

MARK = b"[redacted]"

_WORDS = (
    rb"password|passwd|passphrase|pwd|secret|token|api[_-]?key|apikey|access[_-]?key|private[_-]?key|client[_-]?secret"
    rb"|credentials?|authorization"
)
_KNOWN = (  # the shapes that issuers give their tokens
    rb"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"  # AWS access key id
    rb"|\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{22,}\b"
    rb"|\bglpat-[A-Za-z0-9_-]{20,}\b"
    rb"|\bxox[abeoprs]-[A-Za-z0-9-]{10,}\b"
    rb"|\bsk_(?:live|test)_[A-Za-z0-9]{16,}\b"
    rb"|\bAIza[A-Za-z0-9_-]{35}\b"
    rb"|\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"  # JSON web token
)
_QUOTED = rb'(?:[^"\\]|\\.)'  # a character of a JSON string
_NESTED = rb'(?:[^"\\]|\\\\(?:\\.|[^"\\]))'  # a character of a JSON string inside a JSON string


def _compile(pattern: bytes) -> "re2._Regexp[bytes]":
    """Byte by byte: a body need not be UTF-8."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    return re2.compile(pattern, options)


# Is there anything to look at more closely? One pass that clean bodies do not survive.
_HINT = _compile(
    rb"(?i)passw|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private.?key|credential|authorization"
    rb"|bearer |basic "
    rb"|AKIA|ASIA|gh[pousr]_|github_pat|glpat-|xox[abeoprs]-|sk_(?:live|test)|AIza|eyJ|://[^/\s\"]+@"
    rb"|\d{13}|\d{4}[ -]\d{4,6}[ -]\d{4}"
)
_PRIVATE_KEY = _compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----([A-Za-z0-9+/=\s\\:,-]+?)-----END")
_ISSUED = _compile(_KNOWN)
_BEARER = _compile(rb"(?i)\b(bearer|basic)( +)([A-Za-z0-9+/._~-]{4,}=*)")
_LOGIN = _compile(rb"(://[^/\s:@\"'\\]*:)([^/\s@\"'\\]+)@")
_JSON_TEXT = _compile(rb'(?i)("[a-z0-9_.-]*(?:' + _WORDS + rb')"\s*:\s*")(' + _QUOTED + rb'+)"')
_JSON_NUMBER = _compile(rb'(?i)("[a-z0-9_.-]*(?:password|passwd|passphrase|pwd|secret)"\s*:\s*)(\d+)')
_JSON_IN_JSON = _compile(rb'(?i)(\\"[a-z0-9_.-]*(?:' + _WORDS + rb')\\"\s*:\s*\\")(' + _NESTED + rb'+)\\"')
_ASSIGNED = _compile(rb"(?i)((?:" + _WORDS + rb")=)([^\s,;&|\"'\\{}\[\]<>()]+)")
_ASSIGNED_QUOTED = _compile(rb"(?i)((?:" + _WORDS + rb")=(?:\\?[\"']))([^\"'\\,:{}\[\]]+)")
_WRITTEN = _compile(rb"(?i)\b((?:" + _WORDS + rb"): *)([A-Za-z0-9+/._~=-]{8,})")
_CARD = _compile(rb"\b(?:[2-6]\d{12,18}|[2-6]\d{3}[ -]\d{4}[ -]\d{4}[ -]\d{1,7}|3\d{3}[ -]\d{6}[ -]\d{5})\b")


def redact(body: bytes) -> bytes:
    """Return ``body`` without what has the shape of a secret; itself when there is none.

    Tokens, passwords and keys become ``[redacted]``; of a card number (Luhn) or a password that is a JSON number every
    digit but the first becomes 0.
    """
    if not _HINT.search(body):
        return body
    for pattern, replace in _STEPS:
        body = pattern.sub(replace, body)
    return body


def _after_key(match: "re2._Match[bytes]") -> bytes:
    """Keep the key and what follows the value."""
    whole: bytes = match.group()
    start, end = match.start(2) - match.start(), match.end(2) - match.start()
    return whole[:start] + MARK + whole[end:]


def _credentials(match: "re2._Match[bytes]") -> bytes:
    """``Basic`` needs base64 of "user:password", ``Bearer`` something that is no word: "basic authentication" stays."""
    whole: bytes = match.group()
    scheme, sent = match.group(1), match.group(3)
    if scheme.lower() == b"basic":
        try:
            secret = b":" in base64.b64decode(sent, validate=True)
        except binascii.Error:
            secret = False
    else:
        secret = len(sent) >= 12 and any(chr(byte).isdigit() for byte in sent)
    return whole[: -len(sent)] + MARK if secret else whole


def _if_random(match: "re2._Match[bytes]") -> bytes:
    """After a colon in prose only what no word looks like: "unexpected token: identifier" stays."""
    whole: bytes = match.group()
    value: bytes = match.group(2)
    mixed = any(48 <= byte < 58 for byte in value) and value.lower() != value.upper()
    return _after_key(match) if mixed else whole


def _zeros(match: "re2._Match[bytes]") -> bytes:
    key: bytes = match.group(1)
    return key + _blank(match.group(2))


def _card(match: "re2._Match[bytes]") -> bytes:
    """Thirteen to nineteen digits with a card issuer's beginning and a right check digit (Luhn), no decimals."""
    whole: bytes = match.group()
    digits = [byte - 48 for byte in whole if 48 <= byte < 58]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    right = (sum(doubled) + sum(digits[-1::-2])) % 10 == 0
    issued = 13 <= len(digits) <= 19 and (digits[0] in (4, 5, 6) or whole[:2] in _OTHER_ISSUERS)
    decimals = match.string[max(0, match.start() - 1) : match.start()] == b"."
    return _blank(whole) if right and issued and not decimals else whole


_OTHER_ISSUERS = (b"34", b"35", b"36", b"37", b"38", b"22", b"23", b"24", b"25", b"26", b"27")


def _blank(number: bytes) -> bytes:
    """A number of the same length that is still one in JSON."""
    return number[:1] + number[1:].translate(_TO_ZERO)


_TO_ZERO = bytes.maketrans(b"123456789", b"000000000")
_STEPS: tuple[tuple["re2._Regexp[bytes]", Callable[["re2._Match[bytes]"], bytes]], ...] = (
    (_PRIVATE_KEY, lambda match: match.group().replace(match.group(1), MARK)),
    (_ISSUED, lambda match: MARK),
    (_BEARER, _credentials),
    (_LOGIN, lambda match: match.group(1) + MARK + b"@"),
    (_JSON_TEXT, _after_key),
    (_JSON_NUMBER, _zeros),
    (_JSON_IN_JSON, _after_key),
    (_ASSIGNED, _after_key),
    (_ASSIGNED_QUOTED, _after_key),
    (_WRITTEN, _if_random),
    (_CARD, _card),
)
