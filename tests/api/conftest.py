"""What do the API's tests share?"""

import pytest

from api.settings import ApiSettings
from tests.api.world import World

SERVICES = """
services:
  web: {owner: shop, tier: 1, business_service: checkout, depends_on: [api]}
  api: {owner: shop, depends_on: [db]}
  db: {owner: dba}
"""


@pytest.fixture
def world() -> World:
    """An installation without a token, as on a laptop."""
    return World()


@pytest.fixture
def storm(world: World) -> World:
    """A database failure that api and web follow, and a disk that has nothing to do with it."""
    answer = world.client.post("/api/services", content=SERVICES)
    assert answer.status_code == 200, answer.text
    for service, seconds in (("db", 0), ("api", 20), ("web", 40)):
        world.alert(service, seconds)
    world.alert("backup", 50, severity="warning", summary="disk 91 % full")
    return world


@pytest.fixture
def locked() -> World:
    """An installation that asks for a token."""
    return World(ApiSettings(command_wait=0.0, token_required=True))
