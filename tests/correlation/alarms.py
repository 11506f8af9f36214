"""Alarms of a graph that is known, made up: what the search for edges is tuned, calibrated and tested on."""

import random
from collections.abc import Mapping
from typing import NamedTuple

DAY = 86_400.0
Pair = tuple[str, str]


class Alarms(NamedTuple):
    """What began where and when, and what really brings about what."""

    starts: tuple[tuple[float, str, str], ...]  # (seconds, kind, place), in order of time
    edges: frozenset[Pair]  # (cause, effect)


def alarms(
    seed: int,
    *,
    kinds: int = 20,
    places: int = 40,
    days: float = 6,
    parents: float = 1.7,  # causes of a kind, on average
    daily: float = 0.25,  # how often a kind begins by itself, a day and place, on average
    strength: tuple[float, float] = (0.3, 0.9),  # how often an effect follows
    delay: float = 12.0,  # mean seconds until it does
    again: float = 0.15,  # how often a kind begins again soon by itself
    lost: float = 0.0,  # share of starts that nobody hears of
) -> Alarms:
    """Let every kind begin by chance, and bring about its effects at the same place, along a random acyclic graph."""
    draw = random.Random(seed)
    order = [f"k{number:02d}" for number in range(kinds)]
    draw.shuffle(order)
    chances: dict[Pair, float] = {}
    for index, effect in enumerate(order[1:], 1):
        for cause in draw.sample(order[:index], min(index, int(draw.random() * 2 * parents + 0.5))):
            chances[cause, effect] = draw.uniform(*strength)
    effects: dict[str, list[tuple[str, float, float]]] = {kind: [] for kind in order}
    for (cause, effect), chance in chances.items():
        effects[cause].append((effect, chance, draw.uniform(0.3, 2.5) * delay))
    rates = {kind: draw.lognormvariate(0, 1) * daily / DAY for kind in sorted(order)}
    starts = [start for place in range(places) for start in _place(f"d{place}", rates, effects, days, again, draw)]
    heard = [start for start in sorted(starts) if draw.random() >= lost]
    return Alarms(tuple(heard), frozenset(chances))


def _place(
    place: str,
    rates: Mapping[str, float],
    effects: Mapping[str, list[tuple[str, float, float]]],
    days: float,
    again: float,
    draw: random.Random,
) -> list[tuple[float, str, str]]:
    todo: list[tuple[float, str]] = []
    for kind, rate in rates.items():
        at = draw.expovariate(rate)
        while at < days * DAY:
            todo.append((at, kind))
            at += draw.expovariate(rate)
    starts = []
    while todo:
        at, kind = todo.pop()
        starts.append((float(int(at)), kind, place))
        if draw.random() < again:
            todo.append((at + draw.uniform(20, 200), kind))
        for effect, chance, delay in effects[kind]:
            if draw.random() < chance:
                todo.append((at + draw.expovariate(1 / delay), effect))
    return starts


WORLDS: Mapping[str, Mapping[str, object]] = {
    "plain": {},
    "dense": {"parents": 2.8, "days": 3},
    "weak": {"strength": (0.1, 0.5)},
    "slow": {"delay": 30.0},
    "few places": {"places": 5, "days": 14},
    "lossy": {"lost": 0.25},
    "rare": {"daily": 0.05, "days": 14},
}
