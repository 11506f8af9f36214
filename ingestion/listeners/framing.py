"""Where does one message of a stream end and the next begin? RFC 6587: octets are counted, or a line ends."""

from collections.abc import Iterator
from typing import NamedTuple

LONGEST_COUNT = 7  # digits
_ENDS = bytes.maketrans(b"\x00", b"\n")  # some end a message with NUL


class Frame(NamedTuple):
    """One message; ``cut`` when it was longer than what is taken."""

    text: bytes
    cut: bool = False


class Splitter:
    """Bytes in, whole messages out; holds at most one message's worth of ``longest`` bytes and what was just read.

    Each message may use the other way of framing: one that begins with a count, a blank and ``<`` is counted.
    """

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._held = bytearray()
        self._over = 0  # octets of a counted message that are yet to be thrown away
        self._in_line = False  # the rest of a line is to be thrown away

    @property
    def pending(self) -> bool:
        """Is a message begun and not yet whole?"""
        return bool(self._held or self._over or self._in_line)

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Yield the messages that ``data`` completes."""
        self._held += data.translate(_ENDS)
        while frame := self._next():
            if frame.text:
                yield frame

    def rest(self) -> Frame | None:
        """Return what came of a last message that nobody ended."""
        text = bytes(self._held).strip()
        self._held.clear()
        return Frame(text) if text and not (self._over or self._in_line) else None

    def _next(self) -> Frame | None:
        if not self._passed_over():
            return None
        blank = len(self._held) - len(self._held.lstrip())
        del self._held[:blank]
        count, start = self._count()
        if count < 0:
            return None
        return self._counted(count, start) if start else self._line()

    def _passed_over(self) -> bool:
        """Throw away what is too long; is that done?"""
        gone = min(self._over, len(self._held))
        del self._held[:gone]
        self._over -= gone
        if self._in_line:
            end = self._held.find(b"\n")
            self._in_line = end < 0
            del self._held[: end + 1 if end >= 0 else len(self._held)]
        return not (self._over or self._in_line) and bool(self._held)

    def _count(self) -> tuple[int, int]:
        """Return the count and where the message starts; (0, 0) for a line, -1 while that cannot be said."""
        head = bytes(self._held[: LONGEST_COUNT + 2])
        digits, blank, behind = head.partition(b" ")
        if not digits.isdigit() or len(digits) > LONGEST_COUNT:
            return 0, 0
        if not behind:
            return (-1, 0) if blank or len(head) <= LONGEST_COUNT else (0, 0)
        return (int(digits), len(digits) + 1) if behind.startswith(b"<") else (0, 0)

    def _counted(self, count: int, start: int) -> Frame | None:
        taken = min(count, self._longest)
        if len(self._held) < start + taken:
            return None
        text = bytes(self._held[start : start + taken]).strip()
        del self._held[: start + taken]
        self._over = count - taken
        return Frame(text or b"-", count > taken)

    def _line(self) -> Frame | None:
        end = self._held.find(b"\n", 0, self._longest + 1)
        if end < 0 and len(self._held) <= self._longest:
            return None
        cut = end < 0
        end = self._longest if cut else end
        text = bytes(self._held[:end]).strip()
        del self._held[: end + (not cut)]
        self._in_line = cut
        return Frame(text, cut)
