"""What does a client of Alertmanager's API (v2, v1) say, in our words? Prometheus, rulers, Grafana, Flux, amtool, ...

``endsAt`` in the future is a lease that the client renews, not an end; without one, ``resolve_timeout`` (5 min) counts.
"""

from datetime import datetime, timedelta

import msgspec

from aiops.domain.entries import Delivery
from aiops.domain.events import Event, Parsed, Status
from ingestion.reading.documents import documents
from ingestion.reading.times import moment
from ingestion.sources import alertmanager

NAME = "alertmanager_api"
RESOLVE_TIMEOUT = timedelta(minutes=5)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per alert of the list; identity and fields are those of the webhook."""
    alerts = [part for part in documents(delivery.body, delivery.content_type) for part in _listed(part)]
    wrapped = msgspec.structs.replace(
        delivery,
        source=alertmanager.NAME,
        body=msgspec.json.encode({"alerts": alerts}),
        content_type="application/json",
    )
    parsed = alertmanager.parse(wrapped, received_at)
    if len(parsed.events) != len(alerts):
        alerts = [alert for alert in alerts if isinstance(alert, dict) and alert.get("labels")]
    events = tuple(_leased(event, alert, received_at) for event, alert in zip(parsed.events, alerts, strict=False))
    return msgspec.structs.replace(parsed, events=events)


def _listed(part: object) -> list[object]:
    return part if isinstance(part, list) else [part]


def _leased(event: Event, alert: object, received_at: datetime) -> Event:
    if event.status is Status.RESOLVED:
        return event
    ends = moment(alert.get("endsAt"), received_at) if isinstance(alert, dict) else None
    return msgspec.structs.replace(event, lease=ends - received_at if ends else RESOLVE_TIMEOUT)
