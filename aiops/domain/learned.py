"""What can a background worker find out? Results come back to the engine as ``learned`` entries."""

from aiops.domain.base import Noun


class Family(Noun, frozen=True, kw_only=True):
    """One pattern as clustering found it."""

    pattern_id: str  # stable across re-clustering
    name: str  # what a person calls it: the medoid's template text, entity names stripped
    template_ids: tuple[str, ...]
    medoid: str  # the template that stands for it
    cohesion: float  # mean cosine of members to the medoid, 0..1
    vector: bytes = b""  # the medoid's, as aiops/domain/vectors.py writes it; empty: not known


class Families(Noun, frozen=True, kw_only=True, tag="families"):
    """A clustering of all templates known at ``based_on``; one chunk of ``chunks``.

    Chunks are whole families, so each is applied as it arrives; patterns not named by any chunk of a ``run`` are
    retired when the last one is applied.
    """

    model: str  # embedder name + content hash
    run: str  # id of this clustering
    chunk: int  # 0-based
    chunks: int
    families: tuple[Family, ...]


class Direction(Noun, frozen=True, kw_only=True):
    """Where something lies in the space of a model's embeddings. Of an incident: the mean of its members' templates."""

    key: str  # of the pattern or incident
    vector: bytes  # as aiops/domain/vectors.py writes it; empty: it has none (any longer), and is near nothing
    model: str
    episodes: int = 0  # members that an incident's vector is the mean of, embedded or not
    revision: int = 0


class Directions(Noun, frozen=True, kw_only=True, tag="directions"):
    """Where incidents lie, by the members that they had at ``based_on``."""

    model: str
    incidents: tuple[Direction, ...]


Result = Families | Directions
