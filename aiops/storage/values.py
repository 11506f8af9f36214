"""How is a field's value written, so that every store compares, sorts and searches alike?"""

import math
from datetime import UTC, datetime, timedelta

from aiops.domain.base import aware
from aiops.domain.collection import Scalar

Stored = None | int | float | str

MOST_TEXT = 4_000  # characters of a document's text that are searched
_EPOCH = datetime.fromtimestamp(0, UTC)
_MICROSECOND = timedelta(microseconds=1)
_LARGEST = 2**63 - 1


def stored(value: Scalar) -> Stored:
    """Write a value as a store keeps it: truth as 0 or 1, a time as microseconds since 1970, NaN as None."""
    if value is None:
        return None
    if isinstance(value, str):
        return str(value)  # of an enumeration's member: its plain text
    if isinstance(value, datetime):
        return microseconds(value)
    if isinstance(value, float):
        return None if math.isnan(value) else value + 0.0  # -0.0 becomes 0.0
    return max(-_LARGEST, min(_LARGEST, int(value)))


def microseconds(when: datetime) -> int:
    """Return the microseconds from 1970 to an aware ``when``."""
    return (aware(when) - _EPOCH) // _MICROSECOND


def moment(written: int) -> datetime:
    """Return the time, in UTC, that ``microseconds`` wrote."""
    return _EPOCH + written * _MICROSECOND


def sorting(value: Stored) -> tuple[int, int | float | str]:
    """Return what Python sorts by to have the order of SQLite: nothing, then numbers, then texts by code point."""
    if value is None:
        return 0, 0
    return (2, value) if isinstance(value, str) else (1, value)


def words(text: str) -> list[str]:
    """Return the words of ``text``: runs of letters and digits, without case; of a long text only its beginning."""
    return text[:MOST_TEXT].casefold().translate(_Separators()).split()


class _Separators:
    """A table for ``str.translate``, which looks each sign of a plain text up once: far cheaper than going by signs."""

    def __getitem__(self, code: int) -> str:
        sign = chr(code)
        return sign if sign.isalnum() else " "
