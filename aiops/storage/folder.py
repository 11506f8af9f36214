"""What lies in a data folder? The journal, and the store: embedded, or what lies beside the one in a cluster."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from aiops.domain.errors import BadInput
from aiops.domain.sections import StoreConfig
from aiops.ports import Store
from aiops.storage.clock import wall_clock
from aiops.storage.sqlite_journal import SqliteJournal
from aiops.storage.sqlite_retention import Retention
from aiops.storage.sqlite_store import FOR_EVER, STORE_DB, SqliteStore

JOURNAL = "journal"
CLUSTER = "elasticsearch"  # in a data folder: what lies beside the store in a cluster


def open_journal(folder: Path, clock: Callable[[], datetime] = wall_clock) -> SqliteJournal:
    """Open (or begin) the embedded journal of a data folder; any number of processes may append. Unavailable."""
    return SqliteJournal(folder / JOURNAL, clock=clock)


def in_use(folder: Path) -> bool:
    """Has anything been kept in this data folder yet? To open a journal or store begins one."""
    return any((folder / name).exists() for name in (JOURNAL, STORE_DB, CLUSTER))


def must_be_in_use(folder: Path) -> None:
    """Refuse to look into a data folder in which nothing was ever kept: that would make one. BadInput."""
    if not in_use(folder):
        fix = "name it with --data, or a server with --url; `aiops serve` makes one"
        raise BadInput("there is no data folder", place=str(folder), fix=fix)


def open_store(folder: Path, readonly: bool = False, retention: Retention = FOR_EVER) -> SqliteStore:
    """Open (or begin) the embedded store of a data folder.

    Only the engine opens it to write: a second writer is refused with BadConfiguration. A reader may be opened before
    there is a store: until the engine has made it, ``view`` raises Unavailable and ``position`` is None.
    """
    return SqliteStore(folder, readonly=readonly, retention=retention)


def open_configured(folder: Path, where: StoreConfig, readonly: bool = False) -> Store:
    """Open the store that ``where`` names: in a cluster, with a part of the data folder beside it, or embedded."""
    if not where.url:
        return open_store(folder, readonly, Retention(age=where.retention, size=where.size))
    # The client takes half a second of CPU to import: who keeps all in SQLite is spared it, and need not have it.
    from aiops.storage.elastic_opening import open_elastic  # noqa: PLC0415

    return open_elastic(folder / CLUSTER, where, readonly)
