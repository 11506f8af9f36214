"""Where do snapshots lie? One file each, written whole or not at all; a damaged one is passed over."""

import hashlib
import re
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from aiops.domain.base import stable_hash
from aiops.domain.entries import Position
from aiops.domain.snapshots import NEWEST, Snapshot, staying
from aiops.storage.durable import make_folder, write_file
from aiops.storage.values import microseconds, moment

_DIGEST_BYTES = 16
_NAME = re.compile(r"\d{10}-\d{20}-(\d+-)?[0-9a-f]+\.snap")

_decoder = msgspec.msgpack.Decoder(Snapshot)


class Snapshots:
    """The snapshots of one folder: ``<shard>-<offset>-<taken at>-<hash of version>.snap`` = BLAKE2b digest + msgpack.

    Earlier releases did not name the time (in microseconds): it counts as long ago.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, snapshot: Snapshot, history: timedelta) -> list[Position]:
        """Write one durably, forget those of its version that need not stay; return where those that do stand."""
        make_folder(self._folder)
        content = msgspec.msgpack.encode(snapshot)
        hashed, taken = stable_hash(snapshot.version), max(0, microseconds(snapshot.taken_at))
        position = snapshot.position
        name = f"{position.shard:010}-{position.offset:020}-{taken}-{hashed}.snap"
        write_file(self._folder / name, _digest(content) + content)
        for unfinished in self._folder.glob("*.new"):  # of a process that was killed: we are the only writer
            unfinished.unlink(missing_ok=True)
        return self._forget(snapshot.version, history)

    def newest(self, version: str, until: Position) -> Snapshot | None:
        """Return the newest undamaged one of ``version`` that is not beyond ``until``."""
        for path in self._of(version):
            snapshot = _read(path)
            if snapshot is not None and snapshot.version == version and snapshot.position <= until:
                return snapshot
        return None

    def kept(self, version: str) -> list[Position]:
        """Return where those of ``version`` stand, the newest first; none is read."""
        return list(dict.fromkeys(map(_position, self._of(version))))

    def _forget(self, version: str, history: timedelta) -> list[Position]:
        paths = self._of(version)
        stay = staying({_position(path): _taken(path) for path in paths}, history)
        spare = [path for path in paths if _position(path) not in stay]
        if len(stay) >= NEWEST:  # then of earlier releases too
            spare += [path for path in self._named("*") if _position(path) < stay[-1]]
        for path in spare:
            path.unlink(missing_ok=True)
        return stay

    def _of(self, version: str) -> list[Path]:
        """Return the files of ``version``, newest first."""
        return sorted(self._named(stable_hash(version)), reverse=True)

    def _named(self, hashed: str) -> list[Path]:
        """Return the files that are named as ours; whatever else lies there is left alone."""
        return [path for path in self._folder.glob(f"*-{hashed}.snap") if _NAME.fullmatch(path.name)]


def _position(path: Path) -> Position:
    shard, offset, *_ = path.stem.split("-")
    return Position(int(shard), int(offset))


def _taken(path: Path) -> datetime:
    _, _, *taken, _ = path.stem.split("-")
    return moment(int(taken[0]) if taken else 0)


def _read(path: Path) -> Snapshot | None:
    """Return what a file holds; None when it is not what was written."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:  # a newer one has just replaced it
        return None
    content = raw[_DIGEST_BYTES:]
    return _decoder.decode(content) if raw[:_DIGEST_BYTES] == _digest(content) else None


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_DIGEST_BYTES).digest()
