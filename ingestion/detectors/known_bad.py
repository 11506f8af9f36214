"""What does an alert say that a signature of known bad raises of an audit or log event?"""

from aiops.domain.base import stable_hash
from aiops.domain.events import Event, EventKind
from aiops.domain.graph import Entity
from aiops.domain.reasons import Reason
from aiops.domain.settings import LogSettings
from aiops.domain.signatures import Signature

NAME = "known_bad"
LONGEST = 2_000  # characters of the message
_PASSED_ON = ("host", "environment", "namespace", "region", "account")
_FACTS = ("actor", "target", "source_ip", "action")


def alert(signature: Signature, event: Event, entity: Entity, settings: LogSettings) -> Event:
    """Return a firing alert; one condition per signature, service, actor and target. Its text is the event's.

    The verdict comes from the signature by the label ``signature``, so that whoever ends it ends the verdict too.
    """
    facts = {name: str(event.facts[name]) for name in _FACTS if event.facts.get(name)}
    labels = {name: event.labels[name] for name in _PASSED_ON if name in event.labels}
    labels |= {"signature": signature.id, "pack": signature.pack, **facts, "service": entity.name}
    labels.pop("action", None)
    who = f" by {facts['actor']}" if "actor" in facts else ""
    whom = f" on {facts['target']}" if "target" in facts else ""
    where = entity.name or event.source
    text = f"signature {signature.id} ({signature.title}) fits this {event.kind} event of {where}"
    return Event(
        kind=EventKind.ALERT,
        source=f"detector:{NAME}",
        event_id=f"{event.event_id}-{NAME}-{signature.id}",
        received_at=event.received_at,
        occurred_at=event.occurred_at,
        title=f"{signature.title}{who}{whom}"[:300],
        message=f"{signature.title}: {event.text}"[:LONGEST],
        labels={name: value for name, value in labels.items() if value},
        annotations={"description": signature.description} if signature.description else {},
        facts=event.facts,
        url=event.url or next(iter(signature.references), ""),
        severity=signature.severity,
        fingerprint=stable_hash(NAME, signature.id, where, *(facts.get(name, "") for name in ("actor", "target"))),
        starts_at=event.occurred_at,
        lease=settings.log_alert_lease,
        reasons=(Reason(step="parse", text=text, evidence={"event": event.event_id, "signature": signature.id}),),
    )
