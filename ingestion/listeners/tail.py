"""Which lines were added to these files? Followed through rotation, and after a restart from where the journal ends.

A file's lines become deliveries that bear the file's generation and the offset behind them, so the journal itself says
how far a file was read: nothing is lost and nothing comes twice, however this process ends. What is kept beside it
(which file a generation is) is written before the first line of that generation.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Event
from time import monotonic
from uuid import uuid4

from aiops.domain.entries import Delivery
from aiops.domain.errors import Unavailable
from aiops.ports import Journal
from ingestion.listeners.files import MOST_FILES, Book, Followed, a_file, matching, rotated, same, signature
from ingestion.listeners.standing import Standing
from ingestion.redact import redact

POLL = 0.25  # seconds between two looks at files that had nothing new
CHUNK = 256 << 10  # bytes of one delivery; a line that is longer is cut into such pieces
SAVE = 5.0  # seconds between two saves of the book, when nothing but offsets changed
GENERATION, OFFSET = "x-file", "x-offset"  # headers of the deliveries
READ = 1_000  # entries of the journal read at once


class Tail:
    """All files of ``patterns`` (``/var/log/app/*.log``, or ``service=pattern``); one thread calls ``run``."""

    def __init__(
        self,
        journal: Journal,
        patterns: tuple[str, ...],
        book: Path,
        keep: Callable[[Path, bytes], None],
        standing: Standing,
        clock: Callable[[], datetime],
        look_every: float = 1.0,
    ) -> None:
        self._journal, self._patterns, self._keep = journal, patterns, keep
        self._file, self._standing, self._clock = book, standing, clock
        self._book = Book.read(book)
        self._open: dict[str, int] = {}  # path as followed -> descriptor
        self._look_every, self._look_at, self._saved = look_every, 0.0, monotonic()
        self._catch_up()

    def run(self, stop: Event) -> None:
        """Follow until ``stop``."""
        while not stop.is_set():
            try:
                if not self.step():
                    stop.wait(POLL)
            except (Unavailable, OSError) as error:
                self._standing.trouble(str(error), self._clock())
                stop.wait(1.0)
        self.close()

    def step(self) -> bool:
        """Take one piece of every file that has something new; was there any?"""
        if monotonic() >= self._look_at:
            self._find()
            self._look_at = monotonic() + self._look_every
        news = [self._told(self._advance, followed) for followed in list(self._book.files.values())]
        if monotonic() - self._saved > SAVE:
            self._save()
        return any(news)

    def close(self) -> None:
        """Keep where all stands, and let the files go."""
        for descriptor in self._open.values():
            os.close(descriptor)
        self._open.clear()
        with suppress(Unavailable, OSError):  # the journal knows it as well
            self._save()

    def _catch_up(self) -> None:
        """The journal may hold more than the book says."""
        by_generation = {followed.generation: followed for followed in self._book.files.values()}
        at = self._book.journal
        while by_generation and (entries := self._journal.read(at, READ)):
            for entry in entries:
                headers = entry.payload.headers if isinstance(entry.payload, Delivery) else {}
                if followed := by_generation.get(headers.get(GENERATION, "")):
                    followed.offset = max(followed.offset, int(headers[OFFSET]))
            at = entries[-1].position

    def _find(self) -> None:
        """Begin to follow what is new: from its start, but from its end what was there when its pattern came."""
        for pattern, service, path in matching(self._patterns):
            if path in self._book.files:
                continue
            if len(self._book.files) >= MOST_FILES:
                self._standing.trouble(f"{path} is not read: {MOST_FILES} files are followed already", self._clock())
                break
            self._told(self._begin_new, path, service, pattern not in self._book.patterns)
        if fresh := set(self._patterns) - set(self._book.patterns):
            self._book.patterns += sorted(fresh)
            self._save()

    def _told(self, work: Callable[..., bool], *arguments: object) -> bool:
        """Do what concerns one file; what is wrong with it is told, and stops no other."""
        try:
            return work(*arguments)
        except OSError as error:
            self._standing.trouble(str(error), self._clock())
            return False

    def _begin_new(self, path: str, service: str, at_end: bool) -> bool:
        if not self._book.knows(path):
            self._begin(path, service, a_file(path).size if at_end else 0)
        return True

    def _begin(self, path: str, service: str, offset: int) -> None:
        file = a_file(path)
        self._book.files[path] = Followed(
            path=path,
            service=service,
            generation=uuid4().hex,
            file=file.identity,
            offset=offset,
            head=signature(path, file.size),
        )
        self._save()

    def _advance(self, followed: Followed) -> bool:
        descriptor = self._open.get(followed.path)
        if descriptor is None:
            descriptor = self._resume(followed)
        if descriptor is None:
            return False
        over = self._is_over(followed, descriptor)
        if not same(descriptor, followed):
            return self._was_cut(followed)
        data = os.pread(descriptor, CHUNK, followed.offset)
        lines = data if over and len(data) < CHUNK else _whole_lines(data)
        if lines:
            self._append(followed, lines)
            followed.see(descriptor)
        elif over:
            self._turn(followed)
        return bool(lines)

    def _resume(self, followed: Followed) -> int | None:
        """Open the file where it is now: rotated by rename or by copy while nobody looked, or still in its place."""
        for path in rotated(followed):
            descriptor = self._open[followed.path] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            followed.file = a_file(path).identity
            return descriptor
        said = f"{followed.path}: what it was at offset {followed.offset} is gone: rotated away unread, or emptied"
        self._standing.trouble(said, self._clock())
        self._turn(followed)
        return None

    def _is_over(self, followed: Followed, descriptor: int) -> bool:
        """Does another file stand in its place, with something in it (its writer has moved on), or is it deleted?"""
        ours = os.fstat(descriptor)
        try:
            present = os.stat(followed.path)
        except FileNotFoundError:
            return ours.st_nlink == 0
        return (present.st_dev, present.st_ino) != (ours.st_dev, ours.st_ino) and present.st_size > 0

    def _was_cut(self, followed: Followed) -> bool:
        """Emptied in place: what was not read yet stands in the copy, where there is one."""
        os.close(self._open.pop(followed.path))
        if self._resume(followed) is not None:
            return True
        return followed.path in self._book.files

    def _turn(self, followed: Followed) -> None:
        """Go on with what stands at its path now."""
        if (descriptor := self._open.pop(followed.path, None)) is not None:
            os.close(descriptor)
        self._book.leave(followed)
        if os.path.exists(followed.path):
            self._begin(followed.path, followed.service, 0)
        else:
            self._save()

    def _append(self, followed: Followed, lines: bytes) -> None:
        """Write them; the journal takes them and how far they go in one."""
        end = followed.offset + len(lines)
        delivery = Delivery(
            source=self._standing.source,
            body=redact(lines),
            content_type="text/plain",
            headers={GENERATION: followed.generation, OFFSET: str(end)},
            query={"path": followed.path, **({"service": followed.service} if followed.service else {})},
        )
        (self._book.journal,) = self._journal.append([delivery])
        followed.offset = end
        self._standing.take(lines.count(b"\n"), self._clock())

    def _save(self) -> None:
        """All that this process appended is in the book by now: the journal need not be read again up to here."""
        self._book.journal = self._journal.last() or self._book.journal
        self._keep(self._file, self._book.encode())
        self._saved = monotonic()


def _whole_lines(data: bytes) -> bytes:
    end = data.rfind(b"\n") + 1
    return data[:end] if end or len(data) < CHUNK else data
