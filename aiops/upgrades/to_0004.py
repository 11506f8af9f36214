"""What do the parts keep otherwise than in format 3? What spans tell of operations and pairs; where incidents were."""

import msgspec

NO_METRICS = msgspec.msgpack.encode(([], {}))  # series, and those of each node


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
    return msgspec.msgpack.encode([*msgspec.msgpack.decode(old), NO_METRICS, NO_METRICS]) if old else old
