"""What would have been sent? A notifier that remembers instead of sending, for tests and dry runs."""

from collections.abc import Iterable

from aiops.domain.incidents import Page


class RecordingNotifier:
    """Keeps what it was given; first fails once for each of ``failures``, in their order."""

    def __init__(self, failures: Iterable[Exception] = ()) -> None:
        self.pages: list[Page] = []
        self.tries = 0
        self._failures = list(failures)

    def deliver(self, page: Page) -> str:
        """Remember ``page``, or fail as told."""
        self.tries += 1
        if self._failures:
            raise self._failures.pop(0)
        self.pages.append(page)
        return "recorded"
