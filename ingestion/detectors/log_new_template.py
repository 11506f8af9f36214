"""Which log lines say what their service never said before? Only once the service is known, else all is new."""

from collections import OrderedDict

import msgspec

from aiops.domain.alerts import Templated
from aiops.domain.events import Event, EventKind, Severity
from aiops.domain.graph import Entity
from aiops.domain.settings import LogSettings
from ingestion.detectors.making import alert_of

NAME = "log_new_template"
MOST_SERVICES = 5_000  # the least recently heard is forgotten and learned anew
MOST_FIRSTS = 1_000  # of one service that are remembered: beyond it the share is taken as this many


class _Service(msgspec.Struct, array_like=True):
    lines: int = 0
    firsts: list[int] = []  # the numbers of the newest lines that made a template, ascending


class LogNewTemplate:
    """Makes an alert event of a line that founds a template, while the service has few such lines.

    A service is known when ``learning_lines`` of it were seen and of the last ``learning_lines`` at most
    ``settled_share`` made a template. Lines at an error level are left to the log_errors detector.
    """

    def __init__(self) -> None:
        self._services: OrderedDict[str, _Service] = OrderedDict()

    def observe(self, event: Event, entity: Entity, templated: Templated, settings: LogSettings) -> Event | None:
        """Return an alert event, or None when the line is of a known shape or its service is still being learned."""
        if event.kind is not EventKind.LOG:
            return None
        service = self._service(f"{event.source}/{entity.name}")
        known = templated.first and _known(service, settings)
        service.lines += 1
        level = event.labels.get("level", "")
        if templated.first:
            service.firsts = [*service.firsts, service.lines][-MOST_FIRSTS:]
        if not known or level in settings.error_levels:
            return None
        return alert_of(
            detector=NAME,
            event=event,
            entity=entity,
            templated=templated,
            title=f'{entity.name or event.source} logs something new: "{templated.text[:200]}"',
            severity=Severity.WARNING if level in ("warn", "warning") else Severity.INFO,
            lease=settings.log_alert_lease,
        )

    def _service(self, name: str) -> _Service:
        service = self._services.get(name)
        if service is None:
            service = self._services[name] = _Service()
            if len(self._services) > MOST_SERVICES:
                self._services.popitem(last=False)
        self._services.move_to_end(name)
        return service

    def dump(self) -> bytes:
        return msgspec.msgpack.encode(list(self._services.items()))

    def load(self, state: bytes) -> None:
        """Take over what ``dump`` returned."""
        self._services = OrderedDict(msgspec.msgpack.decode(state, type=list[tuple[str, _Service]]))


def _known(service: _Service, settings: LogSettings) -> bool:
    """Were there enough lines, and few enough new shapes in the last of them?"""
    if service.lines < settings.learning_lines:
        return False
    recent = sum(number > service.lines - settings.learning_lines for number in service.firsts)
    return recent <= settings.settled_share * settings.learning_lines
