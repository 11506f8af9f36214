"""What do the parts keep otherwise than in format 2? Correlation keeps earlier episodes, pins, trust and logs."""

import msgspec

FIELDS = 21  # of a member
NO_SAYINGS = msgspec.msgpack.encode(([], {}, {}))  # of logs: templates by node, lines by minute, templates of a node
NO_PINS = msgspec.msgpack.encode((0, []))  # the last number, and those in force


def upgrade(state: dict[str, bytes]) -> dict[str, bytes]:
    """Return the state of a snapshot of format 2 as format 3."""
    if "correlator" not in state or "dedup" not in state:
        return state
    archive, assembly, witnesses = msgspec.msgpack.decode(state["correlator"])
    made = _assembly(assembly, _present(state["dedup"]))
    return state | {"correlator": msgspec.msgpack.encode((archive, made, _witnesses(witnesses)))}


def _present(dedup: bytes) -> set[str]:
    """Return the episodes that alerts stand on: of earlier ones nobody has kept the document."""
    _, firing, resolved, *_ = msgspec.msgpack.decode(dedup)
    return {alert["episode"]["episode_id"] for _, alerts in (firing, resolved) for alert in alerts}


def _assembly(old: bytes, present: set[str]) -> bytes:
    """No document of an earlier episode is kept: what is held of these stays where it is."""
    rates, clocks, kernels, (number, tables, held, active, lives) = msgspec.msgpack.decode(old)
    members = [[*[*member, False, False][:FIELDS], member[0] not in present] for member in held]
    return msgspec.msgpack.encode((rates, clocks, kernels, (number, tables, members, active, lives, []), NO_PINS))


def _witnesses(old: bytes) -> bytes:
    """No claim of a first candidate was kept beside what people named: all are trusted as they ship. Nor were lines."""
    if not old:
        return old
    experience, *others = msgspec.msgpack.decode(old)
    counts, people = msgspec.msgpack.decode(experience)
    return msgspec.msgpack.encode((msgspec.msgpack.encode((counts, [*people, {}])), *others, NO_SAYINGS))
