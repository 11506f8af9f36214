"""Which file is it, though its name changes? What is remembered of a followed file, and how it is found again."""

import glob
import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from aiops.domain.entries import Position

HEAD = 256  # bytes at the start of a file by which its content is known
MOST_FILES = 1_000  # followed at once
MOST_LEFT = 1_000  # finished files remembered, so that a pattern that fits their new names does not read them again
_PACKED = (".gz", ".xz", ".bz2", ".zst", ".lz4", ".zip")


class File(NamedTuple):
    """A file as the system knows it."""

    identity: str  # device and inode
    size: int


class Head(msgspec.Struct, frozen=True):
    """The first bytes of a file, hashed."""

    size: int = 0
    digest: str = ""


class Followed(msgspec.Struct, kw_only=True):
    """A file that is read as it grows."""

    path: str
    service: str
    generation: str  # another one each time that reading starts over
    file: str  # identity
    offset: int  # what stands before it is in the journal
    head: Head

    def see(self, descriptor: int) -> None:
        """Know a file that has grown by more of its start."""
        if self.head.size < HEAD:
            self.head = _head(descriptor, min(HEAD, self.offset))


class Book(msgspec.Struct, kw_only=True):
    """What is kept of all files."""

    patterns: list[str] = []  # those that files were sought by
    files: dict[str, Followed] = {}  # by path
    left: list[str] = []  # finished ones: identity and digest of the head
    journal: Position | None = None  # everything of ours up to here is in ``files``

    @classmethod
    def read(cls, file: Path) -> "Book":
        """Return the kept one; a new one where there is none that can be read."""
        try:
            return msgspec.json.decode(file.read_bytes(), type=cls)
        except (OSError, msgspec.DecodeError):
            return cls()

    def encode(self) -> bytes:
        """Return what ``read`` reads."""
        return msgspec.json.encode(self)

    def knows(self, path: str) -> bool:
        """Is this a followed or finished file under another name, or a copy of one that is about to be emptied?"""
        file = a_file(path)
        for followed in self.files.values():
            copied = path.startswith(followed.path) and followed.head.size and _is_of(path, followed)
            if followed.file == file.identity or copied:
                return True
        return any(one.startswith(f"{file.identity} ") and _is_left(one, path) for one in self.left)

    def leave(self, followed: Followed) -> None:
        """Remember a finished file."""
        head = followed.head
        self.left = [*self.left, f"{followed.file} {head.size} {head.digest}"][-MOST_LEFT:]
        self.files.pop(followed.path, None)


def matching(texts: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    """Yield (text of the pattern, service, path) of every plain file; packed ones are left out."""
    for text in texts:
        service, equals, pattern = text.partition("=")
        for path in sorted(glob.glob(pattern if equals else text, recursive=True)):
            if not path.endswith(_PACKED) and os.path.isfile(path):
                yield text, service if equals else "", path


def a_file(path: str) -> File:
    """Ask the system."""
    found = os.stat(path)
    return File(_identity(found), found.st_size)


def signature(path: str, size: int) -> Head:
    """Return the head of the file at ``path``."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return _head(descriptor, min(HEAD, size))
    finally:
        os.close(descriptor)


def same(descriptor: int, followed: Followed) -> bool:
    """Is it the same content, as far as it was read? Emptied or written anew it is not."""
    if os.fstat(descriptor).st_size < followed.offset:
        return False
    return _head(descriptor, followed.head.size) == followed.head


def rotated(followed: Followed) -> Iterator[str]:
    """Yield where its content stands, the file itself under any name before a copy of it."""
    folder, name = os.path.split(followed.path)
    stem = name.partition(".")[0]
    near = [os.path.join(folder, one) for one in sorted(_names(folder)) if one.startswith(stem)]
    fits = [path for path in near if not path.endswith(_PACKED) and os.path.isfile(path) and _is_of(path, followed)]
    own = [path for path in fits if a_file(path).identity == followed.file]
    # Of a file of which nothing was read any other might be a copy.
    yield from own or (fits if followed.head.size else [])


def _names(folder: str) -> list[str]:
    with suppress(OSError):
        return os.listdir(folder or ".")
    return []


def _is_of(path: str, followed: Followed) -> bool:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return same(descriptor, followed)
    finally:
        os.close(descriptor)


def _is_left(left: str, path: str) -> bool:
    _, size, digest = left.split(" ")
    return signature(path, int(size)).digest == digest


def _identity(found: os.stat_result) -> str:
    return f"{found.st_dev}:{found.st_ino}"


def _head(descriptor: int, size: int) -> Head:
    data = os.pread(descriptor, size, 0) if size else b""
    return Head(len(data), hashlib.blake2b(data, digest_size=8).hexdigest() if data else "")
