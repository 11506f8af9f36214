"""Which log lines say by their level that something is wrong? Those of one service and template are one alert."""

from aiops.domain.alerts import Templated
from aiops.domain.events import Event, EventKind, Severity
from aiops.domain.graph import Entity
from aiops.domain.settings import LogSettings
from ingestion.detectors.making import alert_of

NAME = "log_errors"
WORST = frozenset(("critical", "crit", "fatal", "alert", "emerg", "emergency", "panic"))


class LogErrors:
    """Makes an alert event of every line at one of ``error_levels``; needs no memory."""

    def observe(self, event: Event, entity: Entity, templated: Templated, settings: LogSettings) -> Event | None:
        """Return an alert event, or None when the line is no error."""
        level = event.labels.get("level", "")
        if event.kind is not EventKind.LOG or level not in settings.error_levels:
            return None
        return alert_of(
            detector=NAME,
            event=event,
            entity=entity,
            templated=templated,
            title=f'{entity.name or event.source} logs errors: "{templated.text[:200]}"',
            severity=Severity.CRITICAL if level in WORST else Severity.HIGH,
            lease=settings.log_alert_lease,
        )

    def dump(self) -> bytes:
        return b""

    def load(self, state: bytes) -> None:
        """Nothing to take over."""
