"""Where does one entry of a stream of systemd's journal end? Its export format, however large an entry is.

An entry is fields and an empty line; a field is ``NAME=text`` to the end of the line, or ``NAME``, 8 bytes of length
(little-endian), the data and an end of line. https://systemd.io/JOURNAL_EXPORT_FORMATS
"""

from collections.abc import Iterator

LENGTH = 8  # bytes


class Entries:
    """Bytes in, whole entries out; a field longer than ``longest`` (a core dump) is left out, and counted."""

    def __init__(self, longest: int) -> None:
        self.left_out = 0  # fields
        self._longest = longest
        self._held = bytearray()
        self._entry = bytearray()
        self._over = 0  # bytes of a field that are yet to be thrown away
        self._in_line = False  # the rest of a line is to be thrown away

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the entries that ``data`` completes."""
        self._held += data
        self._pass_over()
        at = 0
        while (end := self._field(at)) > at:
            if end == at + 1 and self._held[at] == ord("\n"):
                if self._entry:
                    yield bytes(self._entry) + b"\n"
                self._entry.clear()
            else:
                self._entry += self._held[at:end]
            at = end
        del self._held[:at]

    def rest(self) -> bytes:
        """Return the last entry, where only its empty line is missing."""
        return b"" if self._held or not self._entry else bytes(self._entry) + b"\n"

    def _pass_over(self) -> None:
        """Throw away what is too long."""
        gone = min(self._over, len(self._held))
        self._over -= gone
        if self._in_line:
            end = self._held.find(b"\n", gone)
            self._in_line = end < 0
            gone = end + 1 if end >= 0 else len(self._held)
        del self._held[:gone]

    def _field(self, at: int) -> int:
        """Return where the field at ``at`` ends; ``at`` itself while it is not whole."""
        if self._over or self._in_line:
            return at
        end = self._held.find(b"\n", at)
        if end < 0:
            return self._leave_out(at, 0) if len(self._held) - at > self._longest else at
        if end == at or self._held.find(b"=", at, end) >= 0:
            return self._leave_out(at, end + 1) if end - at > self._longest else end + 1
        start = end + 1 + LENGTH
        size = int.from_bytes(self._held[end + 1 : start], "little")
        if len(self._held) < start:
            return at
        if size > self._longest:
            return self._leave_out(at, start + size + 1)
        return start + size + 1 if len(self._held) > start + size else at

    def _leave_out(self, at: int, end: int) -> int:
        """Throw away the field at ``at`` up to ``end``, or (0) to the end of its line."""
        self.left_out += 1
        self._in_line = not end
        self._over = max(0, end - len(self._held))
        del self._held[at : end or len(self._held)]
        return self._field(at)
