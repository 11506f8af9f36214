"""Where does each service stand in the picture of an incident? Layers: callers left, dependencies right."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aiops.domain.graph import Edge, Relation

BOX_WIDTH, BOX_HEIGHT, GAP_X, GAP_Y = 150, 30, 62, 14
MOST_NODES = 30
ROUNDS = 4  # of barycentre ordering
LONGEST_NAME = 19


@dataclass(frozen=True)
class Box:
    """One service."""

    name: str
    short: str
    kind: str  # cause, alerting, quiet
    severity: str  # worst of its alerts; empty: none
    x: int
    y: int


@dataclass(frozen=True)
class Line:
    """One edge as the path of a curve."""

    source: str
    target: str
    path: str
    between_alerting: bool


@dataclass(frozen=True)
class Picture:
    """The affected part of the service graph."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    width: int
    height: int
    more: int  # alerting services that are not drawn


def picture(alerting: Mapping[str, str], cause: str, edges: Iterable[Edge]) -> Picture:
    """Draw the alerting services (name -> worst severity, cause first) and how they depend on one another.

    Services that merely lie between two alerting ones are drawn too, quietly.
    """
    drawn = list(dict.fromkeys((*([cause] if cause else []), *alerting)))[:MOST_NODES]
    pairs = [(edge.source, edge.target) for edge in edges if edge.relation is not Relation.PART_OF]
    between = _between(set(drawn), pairs)[: MOST_NODES - len(drawn)]
    nodes = [*drawn, *between]
    inside = sorted({pair for pair in pairs if set(pair) <= set(nodes) and pair[0] != pair[1]})
    columns = _ordered(_layers(nodes, inside), inside)
    tallest = max((len(column) for column in columns), default=0)
    at = {
        name: (number * (BOX_WIDTH + GAP_X), round((tallest - len(column)) / 2 * (BOX_HEIGHT + GAP_Y)) + row * _step())
        for number, column in enumerate(columns)
        for row, name in enumerate(column)
    }
    boxes = tuple(
        Box(name, _short(name), _kind(name, cause, alerting), alerting.get(name, ""), *at[name]) for name in at
    )
    lines = tuple(_line(source, target, at, alerting) for source, target in inside)
    width = max(1, len(columns)) * (BOX_WIDTH + GAP_X) - GAP_X
    return Picture(boxes, lines, width, tallest * _step() - GAP_Y, max(0, len(alerting) - MOST_NODES))


def _step() -> int:
    return BOX_HEIGHT + GAP_Y


def _between(drawn: set[str], pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Return quiet services with an alerting caller and an alerting dependency."""
    calls = {target for source, target in pairs if source in drawn}
    called = {source for source, target in pairs if target in drawn}
    return sorted((calls & called) - drawn)


def _layers(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Give every node a column behind all its callers; edges inside a cycle are drawn, but place nothing."""
    placing = [(source, target) for source, target in edges if not _reaches(target, source, edges)]
    depth = dict.fromkeys(nodes, 0)
    for _ in nodes:
        for source, target in placing:
            depth[target] = max(depth[target], depth[source] + 1)
    used = {value: number for number, value in enumerate(sorted(set(depth.values())))}
    columns: list[list[str]] = [[] for _ in used]
    for name in nodes:
        columns[used[depth[name]]].append(name)
    return columns


def _reaches(start: str, goal: str, edges: Sequence[tuple[str, str]]) -> bool:
    """Is there a way from ``start`` to ``goal``?"""
    seen, queue = {start}, [start]
    for node in queue:
        for source, target in edges:
            if source == node and target not in seen:
                seen.add(target)
                queue.append(target)
    return goal in seen


def _ordered(columns: list[list[str]], edges: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Order each column by where its neighbours stand, so that few lines cross (barycentre heuristic)."""
    for _ in range(ROUNDS):
        place = {name: row - len(column) / 2 for column in columns for row, name in enumerate(column)}
        columns = [sorted(column, key=lambda name: (_barycentre(name, place, edges), name)) for column in columns]
    return columns


def _barycentre(name: str, place: Mapping[str, float], edges: Sequence[tuple[str, str]]) -> float:
    near = [place[target] for source, target in edges if source == name]
    near += [place[source] for source, target in edges if target == name]
    return sum(near) / len(near) if near else place[name]


def _kind(name: str, cause: str, alerting: Mapping[str, str]) -> str:
    if name == cause:
        return "cause"
    return "alerting" if name in alerting else "quiet"


def _line(source: str, target: str, at: Mapping[str, tuple[int, int]], alerting: Mapping[str, str]) -> Line:
    (x1, y1), (x2, y2) = at[source], at[target]
    x1, y1, y2 = x1 + BOX_WIDTH, y1 + BOX_HEIGHT // 2, y2 + BOX_HEIGHT // 2
    bend = (x2 - x1) // 2
    path = f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2 - 5} {y2}"
    return Line(source, target, path, source in alerting and target in alerting)


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
