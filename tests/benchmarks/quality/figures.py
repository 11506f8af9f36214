"""What is one measured figure, and how is it shown?"""

import math
from collections.abc import Sequence

from aiops.domain.base import Noun

Z = 1.96  # standard deviations of a 95 % interval


class Figure(Noun, frozen=True, kw_only=True):
    """One measure of one set (or of one system of it), beside what others reach."""

    set: str  # "ait-ads", or "ait-ads/fox" for one system of it
    measure: str
    ours: float
    floor: float | None = None  # what a simple baseline reaches
    published: str = ""  # published or best known, as its source states it
    n: int | None = None  # cases behind it
    proportion: bool = False  # of ``n`` cases: shown with its 95 % Wilson interval
    note: str = ""  # held-out or seen, supervised or not, seeds


def wilson(share: float, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a proportion seen in ``n`` cases (Wilson 1927)."""
    spread = 1 + Z * Z / n
    middle = share + Z * Z / (2 * n)
    half = Z * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    return max(0.0, (middle - half) / spread), min(1.0, (middle + half) / spread)


HEADERS = ("set", "measure", "ours", "95 %", "floor", "published", "n", "note")


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as a Markdown table."""
    rows = [HEADERS, *(_cells(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADERS))]
    lines = [_line(row, widths) for row in rows]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"


def _cells(figure: Figure) -> tuple[str, ...]:
    interval = ""
    if figure.proportion and figure.n:
        least, most = wilson(figure.ours, figure.n)
        interval = f"{_number(least)} to {_number(most)}"
    return (
        figure.set,
        figure.measure,
        _number(figure.ours),
        interval,
        _number(figure.floor),
        figure.published,
        "" if figure.n is None else str(figure.n),
        figure.note,
    )


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if abs(value) < 10 and value != int(value) else f"{value:.5g}"
