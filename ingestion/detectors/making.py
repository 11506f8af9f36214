"""What does an alert event look like that a detector makes of an observation?"""

from datetime import timedelta

from aiops.domain.alerts import Templated
from aiops.domain.base import stable_hash
from aiops.domain.events import Event, EventKind, Severity
from aiops.domain.graph import Entity
from aiops.domain.reasons import Reason


def alert_of(
    *,
    detector: str,
    event: Event,
    entity: Entity,
    templated: Templated,
    title: str,
    severity: Severity,
    lease: timedelta,
) -> Event:
    """Return a firing alert about ``event``; one condition per detector, service and template.

    Its message is the observed text and its template the observed one, so what is said of the line (by a rule that
    matches its text, by a label on its template) is said of the alert.
    """
    labels = {"template": templated.template_id, "level": event.labels.get("level", "")}
    if entity.name:
        labels["service"] = entity.name
    where = entity.name or event.source
    text = f"the {detector} detector made this of a {event.kind} event of {where}"
    return Event(
        kind=EventKind.ALERT,
        source=f"detector:{detector}",
        event_id=f"{event.event_id}-{detector}",
        received_at=event.received_at,
        occurred_at=event.occurred_at,
        title=title,
        message=event.text,
        scope=templated.scope,
        labels={name: value for name, value in labels.items() if value},
        severity=severity,
        fingerprint=stable_hash(detector, where, templated.template_id),
        starts_at=event.occurred_at,
        lease=lease,
        reasons=(Reason(step="parse", text=text, evidence={"event": event.event_id}),),
    )
