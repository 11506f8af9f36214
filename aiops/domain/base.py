"""What do all nouns share? Frozen structs, aware datetimes, stable hashes."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec


class Noun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of every noun: immutable, keyword-only, encodable by msgspec (each subclass must say both options again)."""


def aware(when: datetime) -> datetime:
    """Return ``when`` in UTC; a naive datetime is a programming error, said at once."""
    if when.tzinfo is None:
        raise ValueError(f"naive datetime {when!r}: give it a time zone")
    return when.astimezone(UTC)


def stable_hash(*parts: str | Iterable[tuple[str, str]]) -> str:
    """Return 16 hex digits that depend on ``parts`` alone, in any process (BLAKE2b, 64 bits).

    A part is a text, or pairs (labels) whose order does not matter.
    """
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        texts = [part] if isinstance(part, str) else [text for pair in sorted(part) for text in pair]
        for text in texts:
            digest.update(text.encode("utf-8", "surrogatepass"))
            digest.update(b"\xff")
        digest.update(b"\xfe")
    return digest.hexdigest()
