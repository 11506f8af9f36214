"""What can a background worker find out? Results come back to the engine as ``learned`` entries."""

from aiops.domain.base import Noun


class Family(Noun, frozen=True, kw_only=True):
    """One pattern as clustering found it."""

    pattern_id: str  # stable across re-clustering
    name: str  # what a person calls it: the medoid's template text, entity names stripped
    template_ids: tuple[str, ...]
    medoid: str  # the template that stands for it
    cohesion: float  # mean cosine of members to the medoid, 0..1


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


Result = Families
