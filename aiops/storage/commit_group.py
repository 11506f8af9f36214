"""How do many callers share one write to disk? All that wait go to one thread, which writes them together."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field

from aiops.domain.errors import Overloaded, Unavailable


@dataclass(frozen=True, eq=False)
class Ticket:
    """What one caller wants written, and where it waits for the answer: the first offset."""

    payloads: list[bytes]
    at: int | None  # microseconds; None: the time of the write
    size: int
    answer: "Future[int]" = field(default_factory=Future)


class CommitGroup:
    """A bounded queue and the thread that empties it into ``write``, which answers every ticket or raises for all."""

    def __init__(self, write: Callable[[list[Ticket]], None], most_payloads: int, most_bytes: int) -> None:
        self._write, self._most_payloads, self._most_bytes = write, most_payloads, most_bytes
        self._waiting: list[Ticket] = []
        self._payloads = self._bytes = 0  # waiting or being written
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None  # begun by the first caller: readers need none
        self._closed = False

    def write(self, payloads: list[bytes], at: int | None, patience: float) -> int:
        """Return the first offset once all are on disk.

        Overloaded at once when too much waits already; Unavailable when the write fails, or has not begun after
        ``patience`` seconds (it is then taken back).
        """
        ticket = Ticket(payloads, at, sum(map(len, payloads)))
        self._enter(ticket)
        try:
            return ticket.answer.result(patience)
        except TimeoutError:
            if ticket.answer.cancel():
                raise Unavailable(f"the journal could not be written to for {patience:.0f} s") from None
            return ticket.answer.result()

    def close(self) -> None:
        """Write what waits, then end; a second call does nothing."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _enter(self, ticket: Ticket) -> None:
        with self._changed:
            if self._closed:
                raise Unavailable("the journal is closed")
            payloads, size = self._payloads + len(ticket.payloads), self._bytes + ticket.size
            if self._payloads and (payloads > self._most_payloads or size > self._most_bytes):
                waiting = f"{self._payloads:,} payloads ({self._bytes / 1e6:.1f} MB) wait to be written already"
                raise Overloaded(f"the journal is overloaded: {waiting}")
            self._payloads, self._bytes = payloads, size
            self._waiting.append(ticket)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="journal-commits", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def _run(self) -> None:
        while group := self._take():
            try:
                self._write(group)
            except Exception as error:  # noqa: BLE001 - the wall of this thread: callers must not wait for ever
                self._refuse(group, error)
            with self._changed:
                self._payloads -= sum(len(ticket.payloads) for ticket in group)
                self._bytes -= sum(ticket.size for ticket in group)

    def _take(self) -> list[Ticket]:
        with self._changed:
            while not (self._waiting or self._closed):
                self._changed.wait()
            group, self._waiting = self._waiting, []
            return group

    @staticmethod
    def _refuse(group: list[Ticket], error: Exception) -> None:
        for ticket in group:
            with suppress(InvalidStateError):  # its caller has given up
                ticket.answer.set_exception(error)
