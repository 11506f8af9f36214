"""What do the tests of the Elasticsearch store share? A clean prefix, a proxy, and a server of their own to kill."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from aiops.domain.collection import Collection
from aiops.domain.documents import COLLECTIONS
from aiops.storage.elastic_store import ElasticStore
from tests.elastic.own import Server, a_server
from tests.elastic.proxy import Proxy
from tests.elastic.server import address, options, url, wipe

Opener = Callable[..., ElasticStore]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.elasticsearch)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    yield from a_server()


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with Proxy(url()) as proxy:
        yield proxy


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opener]:
    """Open stores on a prefix of this test alone; all are closed at its end."""
    wipe()
    stores: list[ElasticStore] = []

    def opening(
        where: str = "",
        folder: str = "elastic",
        timeout: float = 30.0,
        collections: Sequence[Collection[Any]] = COLLECTIONS,
        readonly: bool = False,
        **changes: Any,
    ) -> ElasticStore:
        at = address(urls=(where or url(),), timeout=timeout)
        more = options(**changes)
        store = ElasticStore(at, tmp_path / folder, more, readonly=readonly, collections=collections)
        stores.append(store)
        return store

    yield opening
    for store in stores:
        store.close()
