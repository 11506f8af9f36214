"""Are connections lent, taken back and closed, and are SQLite's words put into ours?"""

import sqlite3
from pathlib import Path

import pytest

from aiops.domain.errors import Unavailable
from aiops.storage.sqlite import IDLE_READERS, Readers, connect, spoken


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "a name with ? and # and %20.db"
    with spoken(path):
        connection = connect(path, create=True)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t(value)")
        connection.close()
    return path


def test_a_connection_is_lent_again_and_brings_no_transaction_along(database: Path) -> None:
    readers = Readers(database)
    with readers.lend() as first:
        first.execute("BEGIN")
        first.execute("SELECT * FROM t").fetchall()
    with readers.lend() as second:
        assert second is first
        assert not second.in_transaction
    readers.close()


def test_two_readers_at_once_have_two_connections(database: Path) -> None:
    readers = Readers(database)
    with readers.lend() as first, readers.lend() as second:
        assert first is not second
    readers.close()


def test_an_error_of_the_borrower_brings_the_connection_back(database: Path) -> None:
    readers = Readers(database)
    with pytest.raises(sqlite3.OperationalError), readers.lend() as first:
        first.execute("SELECT nonsense")
    with readers.lend() as second:
        assert second is first
    readers.close()


def test_only_a_few_stay_open(database: Path) -> None:
    readers = Readers(database)
    lent = [readers.lend() for _ in range(IDLE_READERS + 2)]
    connections = [loan.__enter__() for loan in lent]
    for loan in lent:
        loan.__exit__(None, None, None)
    assert len([one for one in connections if is_open(one)]) == IDLE_READERS
    readers.close()
    assert not any(is_open(one) for one in connections)


def test_one_that_is_lent_while_all_close_is_closed_when_it_comes_back(database: Path) -> None:
    readers = Readers(database)
    with readers.lend() as connection:
        readers.close()
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)
    assert not is_open(connection)


def test_a_reader_cannot_write(database: Path) -> None:
    readers = Readers(database)
    with pytest.raises(Unavailable, match="may only be read"), spoken(database), readers.lend() as connection:
        connection.execute("INSERT INTO t VALUES (1)")
    readers.close()


def test_a_database_that_is_not_there_is_not_made_by_a_reader(tmp_path: Path) -> None:
    path = tmp_path / "none.db"
    with pytest.raises(Unavailable, match=r"none\.db: it cannot be opened"), spoken(path), Readers(path).lend():
        pass
    assert not path.exists()


def test_our_own_mistakes_stay_what_they_are(database: Path) -> None:
    connection = connect(database)
    with pytest.raises(sqlite3.OperationalError, match="syntax"), spoken(database):
        connection.execute("SELEKT 1")
    connection.close()
    with pytest.raises(sqlite3.ProgrammingError), spoken(database):
        connection.execute("SELECT 1")


def is_open(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("SELECT 1")
    except sqlite3.ProgrammingError:
        return False
    return True
