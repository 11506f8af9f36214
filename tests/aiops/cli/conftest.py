"""What do the tests of the command line share? A person at a desk, and a world in memory that answers them."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from aiops.bootstrap.local import Bridge
from tests.aiops.cli.line import Line
from tests.api.world import World

SERVICES = """
services:
  web: {owner: shop, tier: 1, business_service: checkout, depends_on: [api]}
  api: {owner: shop, depends_on: [db]}
  db: {owner: dba}
"""


@pytest.fixture
def aiops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Line:
    """The command line, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AIOPS_LEARNER_EMBEDDER", "light")
    monkeypatch.delenv("PORT", raising=False)
    return Line(capsys)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """What the command line talks to: in place of an engine on a folder, one in memory; its clock is the world's."""
    world = World()

    @contextlib.contextmanager
    def transport(*_: object, **__: object) -> Iterator[Bridge]:
        with contextlib.closing(Bridge(httpx.ASGITransport(world.app))) as bridge:
            yield bridge

    monkeypatch.setattr("aiops.cli.session._in_process", transport)
    for module in ("ends", "packs", "windows"):
        monkeypatch.setattr(f"aiops.cli.{module}.now", lambda: world.now)
    return world


@pytest.fixture
def storm(world: World) -> World:
    """A database failure that api and web follow, and a disk that has nothing to do with it."""
    world.client.post("/api/services", content=SERVICES).raise_for_status()
    for service, seconds in (("db", 0), ("api", 20), ("web", 40)):
        world.alert(service, seconds)
    world.alert("backup", 50, severity="warning", summary="disk 91 % full")
    return world
