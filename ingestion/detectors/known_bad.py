"""What does an alert say that a signature of known bad raises of an audit or log event?"""

from aiops.domain.alerts import BY_SIGNATURE
from aiops.domain.base import stable_hash
from aiops.domain.events import Event, EventKind
from aiops.domain.graph import Entity
from aiops.domain.reasons import Reason
from aiops.domain.settings import LogSettings
from aiops.domain.signatures import Found

NAME = "known_bad"
LONGEST = 2_000  # characters of the message
_PASSED_ON = ("host", "environment", "namespace", "region", "account")
_FACTS = ("actor", "target", "source_ip", "action")


def alert(found: Found, event: Event, entity: Entity, settings: LogSettings) -> Event:
    """Return a firing alert; one condition per signature, service, actor and target, or per group of a correlation.

    Its text is the event's, or what came together. The verdict comes from the signature by the label ``signature``, so
    that whoever ends it ends the verdict too.
    """
    signature = found.signature
    facts = {name: str(event.facts[name]) for name in _FACTS if event.facts.get(name)}
    passed_on = {name: event.labels[name] for name in _PASSED_ON if name in event.labels}
    where = entity.name or event.source
    if found.text:
        whom = f" for {', '.join(value for _, value in found.group)}" if found.group else ""
        about, identity = dict(found.group), [text for pair in found.group for text in pair]
        text = f"signature {signature.id} ({signature.title}) fits what came together: {found.text}"
        evidence, part = ", ".join(found.events), f"-{stable_hash(found.group)}"
    else:
        by = f" by {facts['actor']}" if "actor" in facts else ""
        whom = by + (f" on {facts['target']}" if "target" in facts else "")
        about = {name: value for name, value in facts.items() if name != "action"}
        identity = [where, *(facts.get(name, "") for name in ("actor", "target"))]
        text = f"signature {signature.id} ({signature.title}) fits this {event.kind} event of {where}"
        evidence, part = event.event_id, ""
    labels = {**passed_on, **about, "signature": signature.id, "pack": signature.pack, "service": entity.name}
    return Event(
        kind=EventKind.ALERT,
        source=BY_SIGNATURE,
        event_id=f"{event.event_id}-{NAME}-{signature.id}{part}",
        received_at=event.received_at,
        occurred_at=event.occurred_at,
        title=f"{signature.title}{whom}"[:300],
        message=f"{signature.title}: {found.text or event.text}"[:LONGEST],
        labels={name: value for name, value in labels.items() if value},
        annotations={"description": signature.description} if signature.description else {},
        facts=event.facts,
        url=event.url or next(iter(signature.references), ""),
        severity=signature.severity,
        fingerprint=stable_hash(NAME, signature.id, *identity),
        starts_at=event.occurred_at,
        lease=settings.log_alert_lease,
        reasons=(Reason(step="parse", text=text, evidence={"event": evidence, "signature": signature.id}),),
    )
