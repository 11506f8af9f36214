"""Who is told of which incident, over which channels? Routes as an operator writes them, and what refuses them."""

from collections.abc import Sequence

import msgspec

from aiops.domain.base import Noun
from aiops.domain.errors import BadInput
from aiops.domain.matching import Matcher, parse_matcher

NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")  # letters of a name
LONGEST_NAME = 60
MOST_ROUTES = 500


class Route(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is told when all of ``match`` holds. Routes are tried in order; the first that matches wins."""

    name: str  # the person or team to be told
    match: tuple[str, ...] = ()  # matchers such as ``service=~"db.*"``; none: every incident
    channels: tuple[str, ...] = ()  # names of channels; none: the default ones
    goes_on: bool = msgspec.field(default=False, name="continue")  # later routes are tried too

    def __str__(self) -> str:
        over = f" over {', '.join(self.channels)}" if self.channels else ""
        return f"{self.name}: {', '.join(self.match) or 'every incident'}{over}"

    def matchers(self, place: str) -> tuple[Matcher, ...]:
        """Return ``match``, read. BadInput names ``place``."""
        return tuple(parse_matcher(text, f"{place}.match[{number}]") for number, text in enumerate(self.match))


def check_routes(routes: Sequence[Route], channels: Sequence[str], place: str) -> None:
    """Refuse routes that cannot work, or that name a channel there is none of. BadInput names ``place`` and number."""
    if len(routes) > MOST_ROUTES:
        fix = f"keep to {MOST_ROUTES}; one with a regular expression can stand for many"
        raise BadInput(f"{len(routes)} routes", place=place, fix=fix)
    seen: set[str] = set()
    for number, route in enumerate(routes):
        here = f"{place}[{number}]"
        check_name(route.name, f"{here}.name")
        if route.name in seen:
            raise BadInput(f"a second route {route.name!r}", place=f"{here}.name", fix="give each its own name")
        seen.add(route.name)
        route.matchers(here)
        check_channels(route.channels, channels, f"{here}.channels")


def check_channels(named: Sequence[str], channels: Sequence[str], place: str) -> None:
    """Refuse the name of a channel that does not exist."""
    for name in named:
        if name not in channels:
            known = ", ".join(channels) or "there is none yet: add one to pages.channels"
            raise BadInput(f"no channel {name!r}", place=place, fix=f"name one of: {known}")


def check_name(name: str, place: str) -> None:
    """Refuse a name that could not stand in a URL, a header or a key as it is."""
    if not name or len(name) > LONGEST_NAME or not NAME.issuperset(name):
        fix = f"use 1 to {LONGEST_NAME} letters, digits, dots, dashes and underscores"
        raise BadInput(f"{name!r} is no name", place=place, fix=fix)
