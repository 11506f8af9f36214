"""Which observations are worth an alert? One file each; what they make goes the same way as everyone's alerts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from aiops.domain.alerts import Templated
from aiops.domain.events import Event
from aiops.domain.graph import Entity
from aiops.domain.part import Part
from aiops.domain.settings import LogSettings
from aiops.domain.signatures import Found
from ingestion.detectors import known_bad, log_errors, log_new_template


class Detector(Protocol):
    """What every detector's file holds, beside its NAME: observations in, at most one alert event out."""

    def observe(self, event: Event, entity: Entity, templated: Templated, settings: LogSettings) -> Event | None:
        """Return an alert Event (made with ``alert_of``), or None. No clock, no chance, bounded memory."""
        ...

    def dump(self) -> bytes:
        """Return all memory, for a snapshot."""
        ...

    def load(self, state: bytes) -> None:
        """Take over what ``dump`` returned."""
        ...


class Detectors(Part):
    """All detectors, asked in this order."""

    def __init__(self, settings: LogSettings) -> None:
        super().__init__()
        self.settings = settings
        self._detectors: dict[str, Detector] = {
            log_errors.NAME: log_errors.LogErrors(),
            log_new_template.NAME: log_new_template.LogNewTemplate(),
        }

    def observe(
        self, event: Event, entity: Entity, templated: Templated, found: Sequence[Found], now: datetime
    ) -> list[Event]:
        """Return the alert Events that this observation, and what is ``found`` of known bad, give rise to, ``now``."""
        made = [detector.observe(event, entity, templated, self.settings) for detector in self._detectors.values()]
        made += [known_bad.alert(one, event, entity, self.settings) for one in found]
        return [msgspec.structs.replace(alert, received_at=now) for alert in made if alert is not None]

    def dump(self) -> bytes:
        return msgspec.msgpack.encode({name: detector.dump() for name, detector in self._detectors.items()})

    def load(self, state: bytes) -> None:
        for name, kept in msgspec.msgpack.decode(state, type=dict[str, bytes]).items():
            if name in self._detectors:
                self._detectors[name].load(kept)
