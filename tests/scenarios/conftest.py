"""Every scenario is told twice: with the light embedder and with the semantic one."""

from functools import lru_cache

import pytest

from correlation.embedding import Embedder, choose_embedder
from tests.scenarios.world import World


@lru_cache
def _embedder(name: str) -> Embedder:
    return choose_embedder(name)


@pytest.fixture(params=["light", pytest.param("minilm", marks=pytest.mark.semantic)])
def world(request: pytest.FixtureRequest) -> World:
    """A world without services, rules or alerts."""
    if request.param == "minilm":
        pytest.importorskip("sentence_transformers", reason="the semantic extra is not installed")
    return World(_embedder(request.param))
