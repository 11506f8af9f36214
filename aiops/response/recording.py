"""What would have been sent? A notifier that remembers instead of sending, for tests and dry runs."""

from collections.abc import Iterable

from aiops.response.message import Message


class RecordingNotifier:
    """Keeps what it was given; first fails once for each of ``failures``, in their order."""

    def __init__(self, failures: Iterable[Exception] = ()) -> None:
        self.messages: list[Message] = []
        self.tries = 0
        self._failures = list(failures)

    def deliver(self, message: Message) -> str:
        """Remember ``message``, or fail as told."""
        self.tries += 1
        if self._failures:
            raise self._failures.pop(0)
        self.messages.append(message)
        return "recorded"
