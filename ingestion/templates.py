"""Which shape does a message have? Drain3's tree, one per scope, over masked tokens.

Drain (He et al., ICWS 2017; the core of the package drain3): messages of one length and one first token share a leaf;
there the template with most equal tokens takes the message if that share is at least ``similarity``, and generalises
where they differ (``<*>``); else the message founds a template. A higher ``similarity`` makes more, narrower templates;
a higher ``depth`` asks that more leading tokens agree; beyond ``max_children`` leading tokens share a branch.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import eq
from typing import NamedTuple

import msgspec
from drain3.drain import Drain, LogCluster, Node

from aiops.domain.alerts import Templated
from aiops.domain.base import stable_hash
from aiops.domain.changes import TEMPLATES
from aiops.domain.events import Event, EventKind
from aiops.domain.graph import Entity
from aiops.domain.masking import MASKS, mask, masked_tokens, raw_tokens
from aiops.domain.part import Document, Part
from aiops.domain.records import Template
from aiops.domain.settings import TemplateSettings

__all__ = ["Templates", "mask"]

MOST_SCOPES = 1_000  # the least recently used is forgotten
MOST_TEMPLATES = 100_000  # over all scopes, as long as there is more than one
MOST_PARAMETERS = 20
LONGEST_PARAMETER = 200
MOST_MATCHES = 50_000  # remembered; when full, all are forgotten (they are only a short cut)
WILDCARD = "<*>"  # Drain's own
PLACEHOLDERS = (WILDCARD, *MASKS)


class Templates(Part):
    """All templates, by id, and the trees that find them."""

    def __init__(self, settings: TemplateSettings) -> None:
        super().__init__()
        self.records: dict[str, Template] = {}
        self._settings = settings
        self._scopes: OrderedDict[str, _Scope] = OrderedDict()
        self._matches: dict[tuple[str, tuple[str, ...]], _Match] = {}
        self._seen: dict[str, tuple[int, datetime]] = {}  # template id -> messages since the last drain, newest receipt

    @property
    def settings(self) -> TemplateSettings:
        """Drain's parameters; setting others builds the trees anew from the templates there are."""
        return self._settings

    @settings.setter
    def settings(self, settings: TemplateSettings) -> None:
        if settings != self._settings:
            self._settings = settings
            self._matches.clear()
            for scope in self._scopes.values():
                self._forget(scope.rebuild(settings))

    def learn(self, event: Event, entity: Entity) -> Templated:
        """Return the shape of the event's text, learning from it: scope is the source, for logs with the entity."""
        name = f"{event.source}/{entity.name}" if event.kind is EventKind.LOG else event.source
        masked = masked_tokens(event.text)
        scope = self._scopes.get(name) or self._open(name)
        self._scopes.move_to_end(name)
        match, first = self._matches.get((name, masked)), False
        if match is None or match.generation != scope.generation[len(masked)]:
            match, first = self._match(scope, masked, event.received_at)
        else:
            scope.touch(match.cluster)
        template_id = match.cluster.template_id
        count, newest = self._seen.get(template_id, (0, event.received_at))
        self._seen[template_id] = (count + 1, max(newest, event.received_at))
        record = self.records[template_id]
        raw = raw_tokens(event.text) if match.places else ()
        return Templated(
            template_id=template_id,
            text=record.text,
            masked=match.masked,
            parameters=tuple([raw[place][:LONGEST_PARAMETER] for place in match.places]),
            first=first,
            version=record.version,
        )

    def drain(self) -> list[Document]:
        """Hand over the templates that were seen, with their counts."""
        self._count()
        return super().drain()

    def _open(self, name: str) -> "_Scope":
        self._scopes[name] = scope = _Scope(name, self._settings)
        self._bound()
        return scope

    def _bound(self) -> None:
        """Forget the least recently used scopes beyond the bounds; the one at hand is the newest."""
        while len(self._scopes) > MOST_SCOPES or (len(self.records) > MOST_TEMPLATES and len(self._scopes) > 1):
            oldest = self._scopes.popitem(last=False)[1]
            self._forget(cluster.template_id for cluster in oldest.clusters.values())
            self._matches.clear()

    def _match(self, scope: "_Scope", masked: tuple[str, ...], now: datetime) -> tuple["_Match", bool]:
        """Search the tree, and learn: a new template, a more general one, or only a count."""
        cluster, change = scope.learn(masked)
        if change == "created":
            self._forget(scope.evict())
            self._found(scope, cluster, now)
            self._bound()
        elif change == "changed":
            record = self.records[cluster.template_id]
            text = cluster.get_template()
            self.records[record.template_id] = msgspec.structs.replace(record, text=text, version=record.version + 1)
        tokens = enumerate(cluster.log_template_tokens)
        places = [place for place, token in tokens if any(mark in token for mark in PLACEHOLDERS)]
        match = _Match(scope.generation[len(masked)], cluster, " ".join(masked), tuple(places[:MOST_PARAMETERS]))
        if not change:  # only what left the tree as it was is found again in the same way
            if len(self._matches) >= MOST_MATCHES:
                self._matches.clear()
            self._matches[scope.name, masked] = match
        return match, change == "created"

    def _found(self, scope: "_Scope", cluster: "_Cluster", now: datetime) -> None:
        """Give a new cluster its id: a hash of scope and first-seen tokens, salted while another template bears it."""
        text, salt = cluster.get_template(), 0
        template_id = stable_hash(scope.name, text)
        while template_id in self.records:
            salt += 1
            template_id = stable_hash(scope.name, text, str(salt))
        cluster.template_id = template_id
        self.records[template_id] = Template(
            template_id=template_id, scope=scope.name, text=text, first_seen=now, last_seen=now, count=0, example=text
        )

    def _forget(self, template_ids: Iterable[str]) -> None:
        for template_id in template_ids:
            self.records.pop(template_id, None)
            self._seen.pop(template_id, None)

    def _count(self) -> None:
        """Add up what was seen; once an entry and not once a message, because a log delivery holds thousands."""
        for template_id, (count, newest) in self._seen.items():
            record = self.records[template_id]
            record = msgspec.structs.replace(
                record, count=record.count + count, last_seen=max(newest, record.last_seen)
            )
            self.records[template_id] = record
            self.put(TEMPLATES, record)
        self._seen.clear()

    def dump(self) -> bytes:
        self._count()
        scopes = [scope.dump() for scope in self._scopes.values()]
        return msgspec.msgpack.encode((self._settings, list(self.records.values()), scopes))

    def load(self, state: bytes) -> None:
        shape = tuple[TemplateSettings, list[Template], list[_ScopeState]]
        self._settings, records, scopes = msgspec.msgpack.decode(state, type=shape)
        self.records = {record.template_id: record for record in records}
        self._scopes = OrderedDict((scope.name, _Scope.load(scope, self._settings)) for scope in scopes)
        self._matches, self._seen = {}, {}


class _Match(NamedTuple):
    """What the tree answered for one masked message; holds while no template of that length has changed."""

    generation: int
    cluster: "_Cluster"
    masked: str
    places: tuple[int, ...]  # of its parameters


class _Cluster(LogCluster):  # type: ignore[misc]  # drain3 is untyped
    """Drain's cluster, with our id for it."""

    __slots__ = ("template_id",)

    def __init__(self, tokens: Sequence[str], cluster_id: int) -> None:
        super().__init__(tokens, cluster_id)
        self.template_id = ""


class _Tree(Drain):  # type: ignore[misc]  # drain3 is untyped
    """Drain's tree; token lists are compared in C, with the same result."""

    def get_seq_distance(self, seq1: Sequence[str], seq2: Sequence[str], include_params: bool) -> tuple[float, int]:
        if not seq1:
            return 1.0, 0
        wildcards = seq1.count(WILDCARD)
        equal = sum(map(eq, seq1, seq2))
        if wildcards and WILDCARD in seq2:
            equal -= sum(one == other == WILDCARD for one, other in zip(seq1, seq2, strict=True))
        return (equal + wildcards * include_params) / len(seq1), wildcards


class _NodeState(msgspec.Struct, array_like=True):
    clusters: list[int]
    children: dict[str, "_NodeState"]


class _ClusterState(msgspec.Struct, array_like=True):
    id: int
    template_id: str
    tokens: tuple[str, ...]


class _ScopeState(msgspec.Struct, array_like=True):
    name: str
    counter: int
    clusters: list[_ClusterState]  # least recently used first
    tree: _NodeState


class _Scope:
    """One tree and its clusters, least recently used first."""

    def __init__(self, name: str, settings: TemplateSettings) -> None:
        self.name = name
        self.clusters: OrderedDict[int, _Cluster] = OrderedDict()
        self.generation: defaultdict[int, int] = defaultdict(int)  # by length: counts changes of templates
        self.counter = 0
        self._plant(settings)

    def _plant(self, settings: TemplateSettings) -> None:
        self.most = settings.max_clusters
        self.tree = _Tree(depth=settings.depth, sim_th=settings.similarity, max_children=settings.max_children)
        self.tree.id_to_cluster = self.clusters

    def learn(self, tokens: tuple[str, ...]) -> tuple[_Cluster, str]:
        """Return the cluster of ``tokens`` and what they changed: "created", "changed" or nothing.

        As Drain.add_log_message does, without making a text of the tokens first.
        """
        tree = self.tree
        cluster: _Cluster | None = tree.tree_search(tree.root_node, tokens, tree.sim_th, False)
        if cluster is None:
            self.counter += 1
            cluster = self.clusters[self.counter] = _Cluster(tokens, self.counter)
            tree.add_seq_to_prefix_tree(tree.root_node, cluster)
            self.generation[len(tokens)] += 1
            return cluster, "created"
        self.touch(cluster)
        general = tuple(tree.create_template(tokens, cluster.log_template_tokens))
        if general == cluster.log_template_tokens:
            return cluster, ""
        cluster.log_template_tokens = general
        self.generation[len(tokens)] += 1
        return cluster, "changed"

    def touch(self, cluster: _Cluster) -> None:
        """It was used: of all clusters it is forgotten last."""
        self.clusters.move_to_end(cluster.cluster_id)

    def evict(self) -> list[str]:
        """Forget the least recently used clusters beyond the bound; return their template ids."""
        gone = []
        while len(self.clusters) > self.most:
            _, cluster = self.clusters.popitem(last=False)
            self.generation[len(cluster.log_template_tokens)] += 1
            gone.append(cluster.template_id)
        return gone

    def rebuild(self, settings: TemplateSettings) -> list[str]:
        """Plant a tree by other settings with the clusters there are; return the template ids that found no room."""
        self._plant(settings)
        gone = self.evict()
        for cluster in sorted(self.clusters.values(), key=lambda cluster: cluster.cluster_id):
            self.tree.add_seq_to_prefix_tree(self.tree.root_node, cluster)
        self.generation.clear()
        return gone

    def dump(self) -> _ScopeState:
        """Return the clusters and the tree as it grew: branches of forgotten clusters decide where later ones go."""
        kept = self.clusters.values()
        clusters = [_ClusterState(one.cluster_id, one.template_id, one.log_template_tokens) for one in kept]
        return _ScopeState(self.name, self.counter, clusters, _node_state(self.tree.root_node))

    @classmethod
    def load(cls, state: _ScopeState, settings: TemplateSettings) -> "_Scope":
        """Take over what ``dump`` returned."""
        scope = cls(state.name, settings)
        scope.counter = state.counter
        for kept in state.clusters:
            scope.clusters[kept.id] = cluster = _Cluster(kept.tokens, kept.id)
            cluster.template_id = kept.template_id
        scope.tree.root_node = _node(state.tree)
        return scope


def _node_state(node: Node) -> _NodeState:
    return _NodeState(node.cluster_ids, {key: _node_state(child) for key, child in node.key_to_child_node.items()})


def _node(state: _NodeState) -> Node:
    node = Node()
    node.cluster_ids = state.clusters
    node.key_to_child_node = {key: _node(child) for key, child in state.children.items()}
    return node
