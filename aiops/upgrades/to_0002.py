"""What do the parts keep otherwise than in format 1? A line for each, from its old state to its new one, undecoded."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec


def _templates(old: Any) -> Any:
    """Beside its tree a scope keeps its choice, its sample and the chosen patterns: none yet."""
    settings, records, scopes = old
    return settings, records, [[tree, {}, [], []] for tree in scopes]


def _correlator(old: Any) -> Any:
    """(archive, assembly) -> (archive, assembly, witnesses): nothing is known of earlier causes and measurements."""
    return (*old, b"")


# part -> what makes its new state of the old one (both as msgpack without types); a new part begins empty by itself
CHANGES: Mapping[str, Callable[[Any], Any]] = {"templates": _templates, "correlator": _correlator}


def upgrade(state: dict[str, bytes]) -> dict[str, bytes]:
    """Return the state of a snapshot of format 1 as format 2."""
    changed = {
        name: msgspec.msgpack.encode(change(msgspec.msgpack.decode(state[name]))) for name, change in CHANGES.items()
    }
    return state | changed
