"""Alarms of a graph that is known, made up: what the search for edges is tuned, calibrated and tested on."""

import random
from collections.abc import Container, Iterator, Mapping
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
    busy: tuple[float, float] = (0.0, 1.0),  # share of hours, the same everywhere, and how many times more begins then
    across: float = 0.0,  # how often an effect shows at the place beside
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
    hours = {hour for hour in range(int(days * 24)) if busy[0] and draw.random() < busy[0]}
    starts = []
    for place in range(places):
        todo = list(_spontaneous(rates, days, hours, busy[1], draw))
        starts += _spread(todo, place, places, effects, again, across, draw)
    heard = [start for start in sorted(starts) if draw.random() >= lost]
    return Alarms(tuple(heard), frozenset(chances))


def _spontaneous(
    rates: Mapping[str, float], days: float, hours: Container[int], times: float, draw: random.Random
) -> Iterator[tuple[float, str]]:
    """Yield what begins by itself: as often as its rate says, and so many times as often in ``hours``."""
    for kind, rate in rates.items():
        at = draw.expovariate(rate * times)
        while at < days * DAY:
            if times == 1 or int(at // 3_600) in hours or draw.random() < 1 / times:
                yield at, kind
            at += draw.expovariate(rate * times)


def _spread(
    own: list[tuple[float, str]],
    place: int,
    places: int,
    effects: Mapping[str, list[tuple[str, float, float]]],
    again: float,
    across: float,
    draw: random.Random,
) -> list[tuple[float, str, str]]:
    """Return all that begins because of what began at ``place``: there, and now and then at the place beside."""
    todo = [(at, kind, place) for at, kind in own]
    starts = []
    while todo:
        at, kind, where = todo.pop()
        starts.append((float(int(at)), kind, f"d{where}"))
        if draw.random() < again:
            todo.append((at + draw.uniform(20, 200), kind, where))
        for effect, chance, delay in effects[kind]:
            if draw.random() < chance:
                beside = (where + 1) % places if across and draw.random() < across else where
                todo.append((at + draw.expovariate(1 / delay), effect, beside))
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
