"""Which of the templates that a scope's own lines showed has a message? The narrowest pattern that fits it."""

from collections.abc import Iterable
from operator import itemgetter
from typing import NamedTuple

from ingestion.templates_fold import loosen
from ingestion.templates_tree import WILDCARD, Cluster

Tokens = tuple[str, ...]


class _Layer(NamedTuple):
    """The patterns of one length that have their constants at the same places."""

    places: tuple[int, ...]
    patterns: dict[object, Cluster]  # by the constants there (by the constant itself, where it is one)


class Known:
    """Patterns by length and places of their constants: a look-up costs one step for each such layer.

    All values are alike here, as they were when the patterns were found: "<num> MB" fits where "<num> KB" was seen.
    """

    def __init__(self) -> None:
        self.clusters: list[Cluster] = []
        self._layers: dict[int, list[_Layer]] = {}  # by length; most constants first

    def __len__(self) -> int:
        return len(self.clusters)

    def add(self, found: Iterable[Cluster]) -> None:
        """Enter patterns, each with at least one constant; of equal ones the first counts."""
        for cluster in found:
            tokens = cluster.log_template_tokens
            places = tuple(place for place, token in enumerate(tokens) if token != WILDCARD)
            layers = self._layers.setdefault(len(tokens), [])
            layer = next((one for one in layers if one.places == places), None)
            if layer is None:
                layer = _Layer(places, {})
                layers.append(layer)
            constants = itemgetter(*places)(tuple(map(loosen, tokens)))
            if constants not in layer.patterns:
                layer.patterns[constants] = cluster
                self.clusters.append(cluster)
        for layers in self._layers.values():
            layers.sort(key=lambda layer: (-len(layer.places), layer.places))

    def find(self, tokens: Tokens) -> Cluster | None:
        """Return the pattern with most constants that fits ``tokens``; of several, the one with them further left."""
        layers = self._layers.get(len(tokens), ())
        loose = tuple(map(loosen, tokens)) if layers else ()
        for places, patterns in layers:
            if cluster := patterns.get(itemgetter(*places)(loose)):
                return cluster
        return None
