"""Was something in a folder of the operator's written since it was last looked at?"""

import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path

Stamps = tuple[tuple[str, int, int], ...]  # name, time and size of each file


class Watched:
    """A folder whose files are read at start, and anew after somebody wrote one."""

    def __init__(self, folder: Path, files: Callable[[Path], Iterable[Path]]) -> None:
        self.folder, self._files = folder, files
        self._seen = self._stamps()

    def written(self) -> bool:
        """Is anything different since the last call? A folder that cannot be read at the moment is as it was."""
        now = self._stamps()
        if now is None or now == self._seen:
            return False
        self._seen = now
        return True

    def _stamps(self) -> Stamps | None:
        with contextlib.suppress(OSError):
            stats = [(str(file), file.stat()) for file in self._files(self.folder)]
            return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats)
        return None
