"""What can a background worker find out? Results come back to the engine as ``learned`` entries."""

from aiops.domain.base import Noun


class Family(Noun, frozen=True, kw_only=True):
    """One pattern as clustering found it."""

    pattern_id: str  # stable across re-clustering
    name: str  # what a person calls it: the plainest of its central texts, entity names stripped
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


class ScopeTemplate(Noun, frozen=True, kw_only=True):
    """One template as a scope's own lines show it."""

    patterns: tuple[str, ...]  # masked messages with <*> for a token that varies; the most frequent one is its text
    template_id: str = ""  # of the former template that stays it; empty: it is a new one
    origin: str = ""  # the former template that most of a new one's lines belonged to; empty: none


class ScopeTemplates(Noun, frozen=True, kw_only=True, tag="templates"):
    """What suits the messages of one scope: Drain's settings, and the templates that its own lines show."""

    scope: str
    version: int  # of the scope's choices, from 1
    lines: int  # how many messages it was chosen from
    similarity: float
    depth: int
    templates: tuple[ScopeTemplate, ...]
    successors: dict[str, int]  # former template -> place, in ``templates``, of the one that most of its lines are in


class Direction(Noun, frozen=True, kw_only=True):
    """Where something lies in the space of a model's embeddings. Of an incident: the mean of its members' templates."""

    key: str  # of the pattern or incident
    vector: bytes  # as aiops/domain/vectors.py writes it; empty: it has none (any longer), and is near nothing
    model: str
    episodes: int = 0  # members that an incident's vector is the mean of, embedded or not
    traits: tuple[str, ...] = ()  # of an incident: kinds of alerts, each with its service, of its first members
    revision: int = 0


class Directions(Noun, frozen=True, kw_only=True, tag="directions"):
    """Where incidents lie, by the members that they had at ``based_on``."""

    model: str
    incidents: tuple[Direction, ...]


Result = Families | ScopeTemplates | Directions
