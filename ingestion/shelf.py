"""Where do the alerts stand that we know of? By fingerprint and in order; what lies idle is kept encoded.

Only the alerts that were asked for last are objects; the others are bytes, as a snapshot wants them: so a dump is
mostly a copy, however many changed since the one before, a load decodes nothing, and an idle alert takes less memory.
"""

from collections import OrderedDict
from collections.abc import Iterator

import msgspec

from aiops.domain.alerts import Alert

MOST_DECODED = 2_000  # alerts held as objects

_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Alert)


Shelved = tuple[list[str], list[msgspec.Raw]]  # fingerprints and encoded alerts, in order


class Shelf:
    """Alerts by fingerprint. A new one stands last; ``move_last`` makes it so again."""

    def __init__(self) -> None:
        self._alerts: OrderedDict[str, Alert | msgspec.Raw] = OrderedDict()
        self._decoded: OrderedDict[str, None] = OrderedDict()  # longest ago first

    def __len__(self) -> int:
        return len(self._alerts)

    def __contains__(self, fingerprint: str) -> bool:
        return fingerprint in self._alerts

    def __iter__(self) -> Iterator[Alert]:
        """Yield all alerts, first to last; one at a time, because most may be encoded."""
        return map(_alert, self._alerts.values())

    def get(self, fingerprint: str) -> Alert | None:
        """Return the alert of this fingerprint; None when there is none."""
        kept = self._alerts.get(fingerprint)
        if isinstance(kept, msgspec.Raw):  # it will be asked for again: the next state of it is at hand
            kept = _alert(kept)
            self.put(kept)
        return kept

    def put(self, alert: Alert) -> None:
        """Keep this version, at the place of the one before."""
        self._alerts[alert.fingerprint] = alert
        self._decoded[alert.fingerprint] = None
        self._decoded.move_to_end(alert.fingerprint)
        if len(self._decoded) > MOST_DECODED:
            self._encode(self._decoded.popitem(last=False)[0])

    def pop(self, fingerprint: str) -> None:
        """Remove one; nothing happens when there is none."""
        self._alerts.pop(fingerprint, None)
        self._decoded.pop(fingerprint, None)

    def move_last(self, fingerprint: str) -> None:
        """Let one that there is stand last."""
        self._alerts.move_to_end(fingerprint)

    @property
    def first(self) -> str:
        """The fingerprint that stands first; there must be one."""
        return next(iter(self._alerts))

    def dump(self) -> Shelved:
        """Return all fingerprints and alerts, for msgpack: two lists, because a pair each would wake the collector."""
        while self._decoded:
            self._encode(self._decoded.popitem(last=False)[0])
        return list(self._alerts), [kept for kept in self._alerts.values() if isinstance(kept, msgspec.Raw)]

    @classmethod
    def load(cls, state: Shelved) -> "Shelf":
        """Take over what ``dump`` returned."""
        shelf = cls()
        shelf._alerts.update((fingerprint, raw.copy()) for fingerprint, raw in zip(*state, strict=True))
        return shelf

    def _encode(self, fingerprint: str) -> None:
        self._alerts[fingerprint] = msgspec.Raw(_ENCODER.encode(self._alerts[fingerprint]))


def _alert(kept: Alert | msgspec.Raw) -> Alert:
    return _DECODER.decode(kept) if isinstance(kept, msgspec.Raw) else kept
