"""Where does an incident lie among the embeddings? At the mean of its members' templates, so that like finds like."""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from aiops.domain.learned import Direction
from aiops.domain.vectors import written
from correlation.placing import Story

Vectors = NDArray[np.float32]


def directions(stories: Iterable[Story], vectors: Mapping[str, Vectors], model: str) -> tuple[Direction, ...]:
    """Return the mean direction of each; ``vectors`` by template_id. What has no template that is known has none.

    A template counts by the logarithm of its members: a storm of one message does not hide what else went on.
    """
    return tuple(
        Direction(
            key=story.incident_id,
            vector=_mean(story, vectors),
            model=model,
            episodes=story.episodes,
            traits=story.traits,
        )
        for story in stories
    )


def _mean(story: Story, vectors: Mapping[str, Vectors]) -> bytes:
    known = sorted((template_id, count) for template_id, count in story.templates.items() if template_id in vectors)
    if not known:
        return b""
    rows = np.stack([vectors[template_id] for template_id, _ in known])
    weights = np.log1p(np.array([count for _, count in known], dtype=np.float32))
    return written(weights @ rows)
