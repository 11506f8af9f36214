"""What do the tests with real senders share?"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.senders.rig import Site, site

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.senders)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Site]:
    """A folder for our server and the programs that talk to it."""
    with site(tmp_path) as found:
        yield found
