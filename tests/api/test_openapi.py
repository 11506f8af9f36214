"""Is the API what its description says?"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from api.bodies import decode
from api.openapi import _described
from tests.api.world import World


@pytest.fixture
def document(world: World) -> Any:
    return world.get("/openapi.json")


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "$ref":
                yield item
            else:
                yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def test_every_reference_leads_somewhere(document: Any) -> None:
    schemas = document["components"]["schemas"]
    missing = {ref for ref in references(document) if ref.removeprefix("#/components/schemas/") not in schemas}
    assert missing == set()


def test_every_operation_says_what_it_does_and_how_it_fails(document: Any) -> None:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert operation["summary"], path
            assert operation["tags"], path
            assert {"400", "404", "503"} <= set(operation["responses"]), path
            assert "422" not in operation["responses"], path


def test_every_example_of_a_body_is_one(document: Any) -> None:
    tried = 0
    for path, methods in document["paths"].items():
        for operation in methods.values():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            if ref := content.get("schema", {}).get("$ref"):
                kind = _described[ref.rpartition("/")[2]]
                assert isinstance(decode(json.dumps(content["example"]).encode(), kind), kind), path
                tried += 1
    assert tried >= 8


def test_every_act_can_be_repeated_safely(document: Any) -> None:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            asks = path.endswith(("/preview", "/check", "/secret", "/reparse")) or path.startswith("/webhooks/")
            acts = method in ("post", "put", "delete") and not asks
            named = [parameter["name"] for parameter in operation.get("parameters", ())]
            assert ("Idempotency-Key" in named) is acts, path


def test_the_page_shows_every_operation(world: World, document: Any) -> None:
    page = world.page("/docs")
    assert all(path in page for path in document["paths"])


def test_there_is_no_page_from_a_foreign_host(world: World) -> None:
    assert world.client.get("/redoc").status_code == 404
    assert "cdn" not in world.page("/docs")
