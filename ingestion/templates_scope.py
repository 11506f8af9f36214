"""What does one scope know? The templates that its own lines showed, and a tree for all other messages."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from aiops.domain.learned import ScopeTemplates
from aiops.domain.settings import TemplateSettings
from ingestion.templates_known import Known
from ingestion.templates_sample import Room, Sample, SampleState
from ingestion.templates_tree import Cluster, Scope, ScopeState

MOST_KNOWN = 4_000  # patterns of a scope, those chosen last

Tokens = tuple[str, ...]


class Choice(msgspec.Struct, frozen=True):
    """By what a scope goes in place of everybody's settings."""

    version: int = 0  # 0: nothing was chosen yet
    similarity: float = 0.0
    depth: int = 0
    lines: int = 0  # messages that it was chosen from
    at: datetime | None = None

    def over(self, settings: TemplateSettings) -> TemplateSettings:
        """Return ``settings`` with what was chosen."""
        if not self.version:
            return settings
        return msgspec.structs.replace(settings, similarity=self.similarity, depth=self.depth)


class OneScopeState(msgspec.Struct, array_like=True):
    """One scope in a snapshot."""

    tree: ScopeState
    choice: Choice
    sample: SampleState
    known: list[tuple[str, str]]  # template id, pattern


class OneScope:
    """Known templates first, then Drain's tree by the settings in force; and the sample for the next choice."""

    def __init__(self, name: str, settings: TemplateSettings, room: Room) -> None:
        self.name = name
        self.tree = Scope(name, settings)
        self.known = Known()
        self.choice = Choice()
        self.sample = Sample(room, SampleState())

    def learn(self, tokens: Tokens) -> tuple[Cluster, str]:
        """Return the cluster of ``tokens`` and what they changed: "created", "changed" or nothing."""
        known = self.known.find(tokens)
        return (known, "") if known else self.tree.learn(tokens)

    def generation(self, length: int) -> int:
        """Return what counts the changes of templates of this length."""
        return self.tree.generation[length]

    def template_ids(self) -> Iterator[str]:
        """Yield the ids of all templates; one that has several patterns comes several times."""
        for cluster in (*self.known.clusters, *self.tree.clusters.values()):
            yield cluster.template_id

    def adopt(self, found: ScopeTemplates, ids: Sequence[str], settings: TemplateSettings, now: datetime) -> set[str]:
        """Go by ``found``, whose templates have these ``ids``; return the ids that are of no use any more.

        Patterns of an earlier choice stay, behind the new ones, unless their template has a successor.
        """
        before = {*ids, *self.template_ids()}
        self.choice = Choice(found.version, found.similarity, found.depth, found.lines, now)
        self.sample.answered()
        new = [
            _cluster(template_id, pattern)
            for template_id, template in zip(ids, found.templates, strict=True)
            for pattern in template.patterns
        ]
        kept = [one for one in self.known.clusters if one.template_id not in found.successors]
        self.known = Known()
        self.known.add([*new, *kept][:MOST_KNOWN])
        replaced = {*ids, *found.successors}
        for number in [number for number, one in self.tree.clusters.items() if one.template_id in replaced]:
            del self.tree.clusters[number]
        self.rebuild(settings)
        return before - set(self.template_ids())

    def rebuild(self, settings: TemplateSettings) -> list[str]:
        """Plant the tree anew by everybody's ``settings``, or by the scope's own; return the ids that found no room."""
        return self.tree.rebuild(self.choice.over(settings))

    def dump(self) -> OneScopeState:
        """Return all state, for a snapshot."""
        known = [(one.template_id, " ".join(one.log_template_tokens)) for one in self.known.clusters]
        return OneScopeState(self.tree.dump(), self.choice, self.sample.dump(), known)

    @classmethod
    def load(cls, state: OneScopeState, settings: TemplateSettings, room: Room) -> "OneScope":
        """Take over what ``dump`` returned."""
        scope = cls(state.tree.name, settings, room)
        scope.choice = state.choice
        scope.tree = Scope.load(state.tree, state.choice.over(settings))
        scope.known.add(_cluster(template_id, pattern) for template_id, pattern in state.known)
        scope.sample = Sample(room, state.sample)
        return scope


def _cluster(template_id: str, pattern: str) -> Cluster:
    """Return a cluster that no tree holds: its number is 0."""
    cluster = Cluster(tuple(pattern.split()), 0)
    cluster.template_id = template_id
    return cluster
