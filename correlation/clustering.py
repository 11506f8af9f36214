"""Which templates say the same kind of thing? Families by density (HDBSCAN), with a home for every template.

Two thirds of real templates are noise to HDBSCAN; here each joins the nearest family, or is one by itself.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import hdbscan
import msgspec
import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from aiops.domain.base import stable_hash
from aiops.domain.learned import Family
from aiops.domain.vectors import written
from correlation.titles import called, told_apart

Vectors = NDArray[np.float32]
Labels = NDArray[np.int64]
NOISE = -1


class Member(NamedTuple):
    """One template to cluster."""

    template_id: str
    title: str  # its text for people: what its family is called when it is the medoid
    previous: str = ""  # pattern id by the clustering before; empty: none


class Clustering(NamedTuple):
    """How alike is alike. Measured on tests/correlation/labelled_templates.py, alone and among 600 other templates.

    Epsilon (merging clusters closer than a distance) is left out: it gains on 60 texts and chains 600 into one.
    """

    dimensions: int = 50  # PCA, where there are more templates and dimensions than that; more: slower, fewer: blurred
    dense_from: int = 10  # fewer distinct texts have no density to speak of: only the two cosines below count
    smallest: int = 2  # templates of the smallest cluster; 3 would leave pairs to the two cosines below
    near: float = 0.35  # least cosine of a member to the medoid of its family; lower: broader families
    alike: float = 0.65  # least cosine of two medoids to be one family; lower: fewer, broader families

    def families(self, members: Sequence[Member], vectors: Vectors) -> list[Family]:
        """Return the families of ``members``, each in exactly one; ``vectors`` has a row of unit length for each.

        The result depends on neither order nor chance. A family keeps the pattern id of the former one that it
        overlaps most.
        """
        if not members:
            return []
        with threadpool_limits(1):
            distinct, which = np.unique(vectors, axis=0, return_inverse=True)
            labels = self._housed(distinct, self._dense(distinct))[which.reshape(-1)]
        groups: dict[int, list[int]] = {}
        for row in sorted(range(len(members)), key=lambda row: members[row].template_id):
            groups.setdefault(int(labels[row]), []).append(row)
        found = [_family([members[row] for row in rows], vectors[rows]) for rows in groups.values()]
        before = {member.template_id: member.previous for member in members if member.previous}
        return _told_apart(_with_ids(found, before))

    def _dense(self, vectors: Vectors) -> Labels:
        """Label rows by HDBSCAN (Campello et al. 2013), exact and on one thread: equal input, equal output."""
        if len(vectors) < self.dense_from:
            return np.full(len(vectors), NOISE)
        points = vectors.astype(np.float64)
        if min(points.shape) > self.dimensions:
            points = PCA(self.dimensions, svd_solver="covariance_eigh").fit_transform(points)
        model = hdbscan.HDBSCAN(
            min_cluster_size=self.smallest,
            min_samples=1,
            cluster_selection_method="leaf",  # the smallest families: merging is conservative
            approx_min_span_tree=False,
            core_dist_n_jobs=1,
        )
        labels: Labels = model.fit_predict(points).astype(np.int64)
        return labels

    def _housed(self, vectors: Vectors, dense: Labels) -> Labels:
        """Return a family for every row: its cluster's, the nearest home's where it has none, or one of its own.

        A home is a medoid: of a cluster, largest first, unless an earlier home is so alike that the cluster joins it
        (density cuts tight families too fine), then of what found none.
        """
        homes: list[int] = []
        family = np.full(len(vectors), NOISE)
        clusters = [np.flatnonzero(dense == label) for label in range(int(dense.max()) + 1)]
        for rows in sorted(clusters, key=lambda rows: (-len(rows), int(rows[0]))):
            home = self._home(int(rows[_medoid(vectors[rows])]), vectors, homes)
            family[rows] = np.where(vectors[rows] @ vectors[homes[home]] >= self.near, home, NOISE)
        stray = np.flatnonzero(family == NOISE)
        if homes:
            nearest, cosine = _nearest(vectors[stray], vectors[homes])
            family[stray] = np.where(cosine >= self.near, nearest, NOISE)
        settled = len(homes)
        lone: list[int] = []
        for row in np.flatnonzero(family == NOISE):
            family[row] = settled + self._home(int(row), vectors, lone)
        return family

    def _home(self, medoid: int, vectors: Vectors, homes: list[int]) -> int:
        """Return the index of the home that ``medoid`` belongs to; where none is alike it is added to ``homes``."""
        if homes:
            nearest, cosine = _nearest(vectors[[medoid]], vectors[homes])
            if cosine[0] >= self.alike:
                return int(nearest[0])
        homes.append(medoid)
        return len(homes) - 1


def _nearest(rows: Vectors, homes: Vectors) -> tuple[Labels, Vectors]:
    cosines = rows @ homes.T
    nearest = cosines.argmax(axis=1)
    return nearest, cosines[np.arange(len(rows)), nearest]


def _medoid(vectors: Vectors) -> int:
    """Return the row with the largest mean cosine to all rows (the first of equals)."""
    return int(np.argmax((vectors @ vectors.sum(axis=0)).round(6)))


def _family(members: Sequence[Member], vectors: Vectors) -> Family:
    """Describe one group; its id is given later."""
    row = _medoid(vectors)
    return Family(
        pattern_id="",
        name=called([member.title for member in members], (vectors @ vectors.sum(axis=0) / len(vectors)).tolist()),
        template_ids=tuple(member.template_id for member in members),
        medoid=members[row].template_id,
        cohesion=round(float(np.clip((vectors @ vectors[row]).mean(), 0.0, 1.0)), 4),
        vector=written(vectors[row]),
    )


def _told_apart(families: Sequence[Family]) -> list[Family]:
    """Give families names of their own; among equals the larger one's stays as it is, else the one of lower id."""
    order = sorted(range(len(families)), key=lambda row: (-len(families[row].template_ids), families[row].pattern_id))
    names = dict(zip(order, told_apart([families[row].name for row in order]), strict=True))
    return [msgspec.structs.replace(family, name=names[row]) for row, family in enumerate(families)]


def _with_ids(families: Sequence[Family], previous: Mapping[str, str]) -> list[Family]:
    """Name each family after the former one with the largest Jaccard overlap (one to one), else after its medoid."""
    before = Counter(previous.values())
    overlaps = Counter(
        (previous[template_id], index)
        for index, family in enumerate(families)
        for template_id in family.template_ids
        if template_id in previous
    )

    def unlike(pair: tuple[str, int]) -> float:
        old, index = pair
        return -overlaps[pair] / (before[old] + len(families[index].template_ids) - overlaps[pair])

    given: dict[int, str] = {}
    taken: set[str] = set()
    for old, index in sorted(overlaps, key=lambda pair: (unlike(pair), pair)):
        if index not in given and old not in taken:
            given[index] = old
            taken.add(old)
    for index, family in enumerate(families):
        if index not in given:
            given[index] = _fresh(family.medoid, taken)
            taken.add(given[index])
    return [msgspec.structs.replace(family, pattern_id=given[index]) for index, family in enumerate(families)]


def _fresh(medoid: str, taken: set[str]) -> str:
    """Return the id of a family that had none: its medoid's hash, unless another family goes by that already."""
    pattern_id = stable_hash("pattern", medoid)
    while pattern_id in taken:
        pattern_id = stable_hash("pattern", pattern_id)
    return pattern_id
