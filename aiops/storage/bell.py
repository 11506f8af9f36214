"""How does one learn that something new is there, in this process at once, in another soon?"""

import threading
import time
from collections.abc import Callable

POLL = 0.01  # seconds between two looks for what another process did


class Bell:
    """Rung by those who write in this process; others' writes are found by looking every ``poll`` seconds."""

    def __init__(self, poll: float = POLL) -> None:
        self._poll = poll
        self._rings = 0
        self._rung = threading.Condition()

    def ring(self) -> None:
        """Let all who wait look again now."""
        with self._rung:
            self._rings += 1
            self._rung.notify_all()

    def wait(self, there: Callable[[], bool], timeout: float) -> bool:
        """Wait up to ``timeout`` seconds until ``there()``; is it?"""
        until = time.monotonic() + timeout
        while True:
            rings = self._rings
            if there():
                return True
            left = until - time.monotonic()
            if left <= 0:
                return False
            with self._rung:
                if self._rings == rings:  # else it rang while we looked
                    self._rung.wait(min(left, self._poll))
