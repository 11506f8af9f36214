"""How good are rankings of causes? AC@k with strict positions, and how well the probabilities are calibrated."""

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from tests.benchmarks.quality.figures import Figure

BINS = 10

Answer = tuple[Sequence[str], str, float]  # ranking, truth, probability of the first


def figures(
    system: str, answers: Mapping[str, Answer], *, note: str, floor: float | None = None, published: str = ""
) -> list[Figure]:
    """Return AC@1, AC@3, AC@5, the expected calibration error and the Brier score of the first candidates."""
    positions = [_position(ranking, truth) for ranking, truth, _ in answers.values()]
    n = len(positions)
    found = [
        Figure(
            set=system,
            measure=f"AC@{k}",
            ours=sum(position <= k for position in positions) / n,
            floor=floor if k == 1 else None,
            published=published if k == 1 else "",
            n=n,
            proportion=True,
            note=note,
        )
        for k in (1, 3, 5)
    ]
    said = [(answer[2], position == 1) for answer, position in zip(answers.values(), positions, strict=True)]
    brier = sum((share - right) ** 2 for share, right in said) / n
    found.append(Figure(set=system, measure="ECE", ours=calibration_error(said), n=n, note=note))
    found.append(Figure(set=system, measure="Brier", ours=brier, n=n, note=note))
    return found


def calibration_error(said: Collection[tuple[float, bool]]) -> float:
    """Return the mean gap between stated probability and how often it came true, over ten equal bins."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for share, right in said:
        bins.setdefault(min(BINS - 1, int(share * BINS)), []).append((share, right))
    gaps = (abs(sum(share - right for share, right in inside)) for inside in bins.values())
    return sum(gaps) / len(said)


def write(path: Path, rankings: Mapping[str, Sequence[str]]) -> None:
    """Write the rankings as bench/score.py rank reads them."""
    lines = (json.dumps({"case": case, "ranking": list(ranking)}) for case, ranking in rankings.items())
    path.write_text("".join(f"{line}\n" for line in lines))


def _position(ranking: Sequence[str], truth: str) -> int:
    return ranking.index(truth) + 1 if truth in ranking else len(ranking) + 1_000


def average_at_5(system: str, answers: Mapping[str, Answer], *, note: str) -> Figure:
    """Return the mean of AC@1 to AC@5."""
    positions = [_position(ranking, truth) for ranking, truth, _ in answers.values()]
    mean = sum(position <= k for position in positions for k in range(1, 6)) / (5 * len(positions))
    return Figure(set=system, measure="Avg@5", ours=mean, n=len(positions), note=note)
