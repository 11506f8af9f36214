"""To which template does a message belong? Drain3's tree over masked tokens, with an index in its large leaves.

Drain (He et al., ICWS 2017; the core of the package drain3): messages of one length and one first token share a leaf;
there the template with most equal tokens takes the message if that share is at least ``similarity``, and generalises
where they differ (``<*>``); else the message founds a template. A higher ``similarity`` makes more, narrower templates;
a higher ``depth`` asks that more leading tokens agree; beyond ``max_children`` leading tokens share a branch.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from operator import eq

import msgspec
from drain3.drain import Drain, LogCluster, Node

from aiops.domain.settings import TemplateSettings
from ingestion.templates_leaves import FEW, Leaf, least_equal

WILDCARD = "<*>"  # Drain's own


class Cluster(LogCluster):  # type: ignore[misc]  # drain3 is untyped
    """Drain's cluster, with our id for it."""

    __slots__ = ("template_id",)

    def __init__(self, tokens: Sequence[str], cluster_id: int) -> None:
        super().__init__(tokens, cluster_id)
        self.template_id = ""


class Tree(Drain):  # type: ignore[misc]  # drain3 is untyped
    """Drain's tree with the same answers: token lists are compared in C, large leaves have an index."""

    def __init__(self, settings: TemplateSettings, clusters: OrderedDict[int, Cluster]) -> None:
        super().__init__(settings.depth, settings.similarity, settings.max_children)
        self.id_to_cluster = clusters
        self._leaves: dict[Node, Leaf] = {}

    def nearest(self, tokens: tuple[str, ...]) -> Cluster | None:
        """Return the cluster whose template is most like ``tokens``, if it is enough so."""
        node = self._node(tokens)
        if node is None:
            return None
        if not tokens:
            return self.id_to_cluster.get(node.cluster_ids[0])
        ids, least = node.cluster_ids, least_equal(self.sim_th, len(tokens))
        if len(ids) > FEW and least:
            ids = self._leaf(node).near(tokens, least)
        cluster: Cluster | None = self.fast_match(ids, tokens, self.sim_th, False)
        return cluster

    def add(self, cluster: Cluster) -> None:
        """Hang a cluster into its leaf.

        Drain clears a leaf of forgotten clusters at each call: it is handed an empty one, cleared when it has doubled.
        """
        tokens = cluster.log_template_tokens
        node = self._node(tokens)
        if node is None:
            self.add_seq_to_prefix_tree(self.root_node, cluster)
            return
        ids, node.cluster_ids = node.cluster_ids, []
        self.add_seq_to_prefix_tree(self.root_node, cluster)
        here, node.cluster_ids = bool(node.cluster_ids), ids  # else a leaf of its own was made
        if not here:
            return
        ids.append(cluster.cluster_id)
        if leaf := self._leaves.get(node):
            leaf.add(cluster.cluster_id, tokens)
        if not tokens or len(ids) & (len(ids) - 1) == 0:
            node.cluster_ids = [one for one in ids if one in self.id_to_cluster]
            self._leaves.pop(node, None)

    def _leaf(self, node: Node) -> Leaf:
        """Return the index of a node, made when it is first asked for."""
        leaf = self._leaves.get(node)
        if leaf is None:
            leaf = self._leaves[node] = Leaf(WILDCARD)
            for cluster_id in node.cluster_ids:
                if cluster := self.id_to_cluster.get(cluster_id):
                    leaf.add(cluster_id, cluster.log_template_tokens)
        return leaf

    def _node(self, tokens: tuple[str, ...]) -> Node | None:
        """Walk to the leaf of ``tokens``, as Drain.tree_search does."""
        node = self.root_node.key_to_child_node.get(str(len(tokens)))
        for token in tokens[: min(self.max_node_depth, len(tokens)) - 1]:
            if node is None:
                return None
            children = node.key_to_child_node
            node = children.get(token) or children.get(WILDCARD)
        return node

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


class ScopeState(msgspec.Struct, array_like=True):
    """A scope in a snapshot."""

    name: str
    counter: int
    clusters: list[_ClusterState]  # least recently used first
    tree: _NodeState


class Scope:
    """One tree and its clusters, least recently used first."""

    def __init__(self, name: str, settings: TemplateSettings) -> None:
        self.name = name
        self.clusters: OrderedDict[int, Cluster] = OrderedDict()
        self.generation: defaultdict[int, int] = defaultdict(int)  # by length: counts changes of templates
        self.counter = 0
        self._plant(settings)

    def _plant(self, settings: TemplateSettings) -> None:
        self.most = settings.max_clusters
        self.tree = Tree(settings, self.clusters)

    def learn(self, tokens: tuple[str, ...]) -> tuple[Cluster, str]:
        """Return the cluster of ``tokens`` and what they changed: "created", "changed" or nothing.

        As Drain.add_log_message does, without making a text of the tokens first.
        """
        tree = self.tree
        cluster = tree.nearest(tokens)
        if cluster is None:
            self.counter += 1
            cluster = self.clusters[self.counter] = Cluster(tokens, self.counter)
            tree.add(cluster)
            self.generation[len(tokens)] += 1
            return cluster, "created"
        self.touch(cluster)
        general = tuple(tree.create_template(tokens, cluster.log_template_tokens))
        if general == cluster.log_template_tokens:
            return cluster, ""
        cluster.log_template_tokens = general
        self.generation[len(tokens)] += 1
        return cluster, "changed"

    def touch(self, cluster: Cluster) -> None:
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
            self.tree.add(cluster)
        self.generation.clear()
        return gone

    def dump(self) -> ScopeState:
        """Return the clusters and the tree as it grew: branches of forgotten clusters decide where later ones go."""
        kept = self.clusters.values()
        clusters = [_ClusterState(one.cluster_id, one.template_id, one.log_template_tokens) for one in kept]
        return ScopeState(self.name, self.counter, clusters, _node_state(self.tree.root_node))

    @classmethod
    def load(cls, state: ScopeState, settings: TemplateSettings) -> "Scope":
        """Take over what ``dump`` returned."""
        scope = cls(state.name, settings)
        scope.counter = state.counter
        for kept in state.clusters:
            scope.clusters[kept.id] = cluster = Cluster(kept.tokens, kept.id)
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
