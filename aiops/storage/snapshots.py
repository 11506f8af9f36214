"""Where do snapshots lie? One file each, written whole or not at all; a damaged one is passed over."""

import hashlib
from pathlib import Path

import msgspec

from aiops.domain.base import stable_hash
from aiops.domain.entries import Position
from aiops.domain.snapshots import Snapshot
from aiops.storage.durable import make_folder, write_file

KEPT = 2  # of a version
_DIGEST_BYTES = 16

_decoder = msgspec.msgpack.Decoder(Snapshot)


class Snapshots:
    """The snapshots of one folder: ``<shard>-<offset>-<hash of version>.snap`` = BLAKE2b digest + msgpack."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, snapshot: Snapshot) -> None:
        """Write one durably, then forget all but the newest of its version."""
        make_folder(self._folder)
        content = msgspec.msgpack.encode(snapshot)
        position = snapshot.position
        name = f"{position.shard:010}-{position.offset:020}-{stable_hash(snapshot.version)}.snap"
        write_file(self._folder / name, _digest(content) + content)
        for unfinished in self._folder.glob("*.new"):  # of a process that was killed: we are the only writer
            unfinished.unlink(missing_ok=True)
        for path in self._of(snapshot.version)[KEPT:]:
            path.unlink(missing_ok=True)

    def newest(self, version: str, until: Position) -> Snapshot | None:
        """Return the newest undamaged one of ``version`` that is not beyond ``until``."""
        for path in self._of(version):
            snapshot = _read(path)
            if snapshot is not None and snapshot.version == version and snapshot.position <= until:
                return snapshot
        return None

    def _of(self, version: str) -> list[Path]:
        """Return the files of ``version``, newest first."""
        return sorted(self._folder.glob(f"*-{stable_hash(version)}.snap"), reverse=True)


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
