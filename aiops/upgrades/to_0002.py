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
    archive, assembly = old
    return archive, _made(_assembly, assembly), b""


def _assembly(old: Any) -> Any:
    """Nothing is learned yet of clocks and of what follows from what; which source a member is of is not known."""
    rates, (number, tables, held, active, lives) = old
    present = [one if isinstance(one, str) else _member(one) for one in active]
    state = (number, tables, [_member(one) for one in held], present, lives)
    return _made(lambda rate: (*rate, {}), rates), b"", b"", state


def _member(old: Any) -> Any:
    source, chance, counted = "", 0.0, 0.0
    return [*old[:12], source, old[6], *old[12:14], chance, counted, *old[14:]]


# part -> what makes its new state of the old one (both as msgpack without types); a new part begins empty by itself
CHANGES: Mapping[str, Callable[[Any], Any]] = {
    "engine": lambda old: (*old[:-1], None, old[-1]),  # before the timers: the heartbeat, of which nothing was heard
    "dedup": lambda old: (*old, []),  # how each alert usually comes and goes
    "templates": _templates,
    "correlator": _correlator,
    "book": lambda old: [*old, [], 0],  # rules that have expired, lines of the audit log
    "settle": lambda old: (old[0], [], []),  # nothing is remembered of alerts or held back yet
}
# new part -> the old part that kept it, and what makes its state of that
MOVED: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "outbox": ("settle", lambda old: ([_with_channel(page) for page in old[1]], [])),
}


def upgrade(state: dict[str, bytes]) -> dict[str, bytes]:
    """Return the state of a snapshot of format 1 as format 2."""
    moved = {name: _made(change, state[old]) for name, (old, change) in MOVED.items()}
    return state | {name: _made(change, state[name]) for name, change in CHANGES.items() if name in state} | moved


def _made(change: Callable[[Any], Any], old: bytes) -> bytes:
    return msgspec.msgpack.encode(change(msgspec.msgpack.decode(old)))


def _with_channel(page: dict[str, Any]) -> dict[str, Any]:
    """A page that was under way went over the only channel that there was."""
    return {**page, "sendings": [{"channel": "webhook", "tries": page.get("tries", 0)}]}
