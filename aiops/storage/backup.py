"""How is a data folder copied while it is in use, and put back? Store first, then journal: what lacks is folded."""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from aiops.domain.base import Noun
from aiops.domain.errors import BadConfiguration, Unavailable
from aiops.domain.snapshots import Snapshot
from aiops.ports import Store
from aiops.storage.durable import make_folder, on_disk, sync_folder, write_file
from aiops.storage.folder import CLUSTER, JOURNAL, open_journal, open_store
from aiops.storage.sqlite import connect, spoken

MANIFEST = "manifest.json"  # written last: a copy without it is none
TRIES = 3  # the journal may drop, while it is copied, what the copied snapshot still needs
Newest = Callable[[Store], Snapshot | None]
_PAGES = 1_000  # of a database, copied before others may write to it
_COPIED = (".snap", ".json")


class Manifest(Noun, frozen=True, kw_only=True):
    """What a backup holds."""

    made_at: datetime
    release: str  # of this program
    position: str  # up to which its documents stand; empty: there are none yet
    last: str  # position of the last entry of its journal
    files: dict[str, str]  # name -> SHA-256 in hex


def back_up(data: Path, target: Path, made_at: datetime, release: str, newest: Newest) -> Manifest:
    """Copy ``data`` into the new folder ``target``, whether or not a server runs on it. Unavailable | BadConfiguration.

    What was accepted before the call is in it; documents in a cluster are not. ``newest`` finds a store's snapshot.
    """
    if not (data / JOURNAL).is_dir():
        raise BadConfiguration("no journal is in it", place=str(data), fix="name a data folder: aiops --data FOLDER")
    if target.exists():
        raise BadConfiguration("it is there already", place=str(target), fix="name a new folder")
    with on_disk(target.parent):
        for _ in range(TRIES):
            with _unfinished(target) as folder:
                _copy(data, folder)
                if (found := _stands(folder, newest)) is None:
                    continue
                files = {str(path.relative_to(folder)): _digest(path) for path in _files(folder)}
                position, last = found
                manifest = Manifest(made_at=made_at, release=release, position=position, last=last, files=files)
                write_file(folder / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1))
                folder.replace(target)
                sync_folder(target.parent)
                return manifest
    raise Unavailable(f"{data}: its journal drops entries faster than they are copied", retry_after=60)


def restore(source: Path, data: Path) -> Manifest:
    """Make the new data folder ``data`` of a backup, once every file of it is as it was written. BadConfiguration."""
    manifest = _read(source)
    if data.exists() and any(data.iterdir()):
        raise BadConfiguration("it is not empty", place=str(data), fix="name a new folder, or move this one away")
    for name, digest in manifest.files.items():
        path = source / name
        if not path.is_file() or _digest(path) != digest:
            raise BadConfiguration("it is not as it was written", place=str(path), fix="use another backup")
    with on_disk(data.parent):
        make_folder(data.absolute().parent)
        with _unfinished(data) as folder:
            for name in manifest.files:
                make_folder((folder / name).parent)
                shutil.copyfile(source / name, folder / name)
                _settle(folder / name)
            if data.exists():
                data.rmdir()
            folder.replace(data)
            sync_folder(data.absolute().parent)
    return manifest


def _read(source: Path) -> Manifest:
    try:
        return msgspec.json.decode((source / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError) as error:
        fix = "name a folder that `aiops backup` made to its end"
        raise BadConfiguration(f"no backup: {error}", place=str(source), fix=fix) from error


@contextlib.contextmanager
def _unfinished(target: Path) -> Iterator[Path]:
    """Give a folder beside ``target`` that is gone at the end, unless it was renamed."""
    folder = target.with_name(f"{target.name}.unfinished")
    shutil.rmtree(folder, ignore_errors=True)
    make_folder(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copy(data: Path, folder: Path) -> None:
    """Copy documents, snapshots, tokens, and then the journal."""
    names = [path.relative_to(data) for path in _files(data)]
    for name in sorted(names, key=lambda one: (one.parts[0] == "journal", str(one))):
        source, target = data / name, folder / name
        make_folder(target.parent)
        with contextlib.suppress(FileNotFoundError):  # an older snapshot, or a segment that was dropped meanwhile
            if name.suffix == ".db":
                _copy_database(source, target)
            else:
                shutil.copyfile(source, target)
                _settle(target)


def _files(folder: Path) -> list[Path]:
    """Return what belongs to the state: databases without their logs, snapshots, notes; neither locks nor sockets."""
    kept = (".db", *_COPIED)
    return sorted(path for path in folder.rglob("*") if path.suffix in kept and path.is_file())


def _copy_database(source: Path, target: Path) -> None:
    if not source.exists():
        raise FileNotFoundError(source)
    with (
        spoken(source),
        contextlib.closing(connect(source)) as before,
        contextlib.closing(connect(target, create=True)) as after,
    ):
        before.backup(after, pages=_PAGES)
        after.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
    _settle(target)


def _settle(path: Path) -> None:
    """Let the file be on disk, and its owner's alone."""
    path.chmod(0o600)
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _stands(folder: Path, newest: Newest) -> tuple[str, str] | None:
    """Return the positions of documents and journal of a copy; None: entries lack that its snapshot needs."""
    inside = folder / CLUSTER
    with contextlib.closing(open_store(inside if inside.is_dir() else folder, readonly=True)) as store:
        position, snapshot = store.position(), newest(store)
    with contextlib.closing(open_journal(folder)) as journal:
        first, last = journal.read(None, 1), journal.last()
    _drop_logs(folder)
    wanted = snapshot.position.offset + 1 if snapshot else 1
    if first and first[0].position.offset > wanted:
        return None
    return str(position or ""), str(last or "")


def _drop_logs(folder: Path) -> None:
    """Looking at the copy made logs and locks beside it: they are no part of it."""
    for path in folder.rglob("*"):
        if path.name.endswith(("-wal", "-shm", ".lock")):
            path.unlink()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
