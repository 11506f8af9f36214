"""What do the parts keep otherwise than in format 3? Spans of operations and pairs, what people taught, places."""

import msgspec

NO_METRICS = msgspec.msgpack.encode(([], {}))  # series, and those of each node
UNTAUGHT: tuple[float, dict[str, float]] = (1.0, {})  # slope, and weights


def upgrade(state: dict[str, bytes]) -> dict[str, bytes]:
    """Return the state of a snapshot of format 3 as format 4."""
    if "correlator" not in state:
        return state
    archive, assembly, witnesses = msgspec.msgpack.decode(state["correlator"])
    return state | {"correlator": msgspec.msgpack.encode((archive, _assembly(assembly), _witnesses(witnesses)))}


def _assembly(old: bytes) -> bytes:
    """Nothing was kept of where shown incidents were of late: it begins empty."""
    return msgspec.msgpack.encode([*msgspec.msgpack.decode(old), b""])


def _witnesses(old: bytes) -> bytes:
    """Nothing was kept of operations, nor of pairs: both begin empty."""
    if not old:
        return old
    experience, *others = msgspec.msgpack.decode(old)
    return msgspec.msgpack.encode([_experience(experience), *others, NO_METRICS, NO_METRICS])


def _experience(old: bytes) -> bytes:
    """Nobody kept what cases scored, nor what their kinds counted: fully, and no more; the next cause named teaches."""
    counts, (causes, cases, confirmed, _weights, _own, trust) = msgspec.msgpack.decode(old)
    told = {incident_id: _case(*case) for incident_id, case in cases.items()}
    return msgspec.msgpack.encode((counts, (causes, told, confirmed, UNTAUGHT, 0.0, trust)))


def _case(kinds: dict[str, list[str]], _features: object, *others: object) -> list[object]:
    """A node's score beside what it says itself was at about nought."""
    counted = {node: dict.fromkeys(sorted(mine), 1.0) for node, mine in kinds.items()}
    return [counted, dict.fromkeys(kinds, 0.0), 1.0, *others]
