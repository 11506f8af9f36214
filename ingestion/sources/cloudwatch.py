"""What does Amazon SNS bring, in our words? Alarms of CloudWatch, other messages, and requests to confirm.

The request to confirm is shown and never followed: its address is the sender's word.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed, Problem, Severity, Status
from ingestion.reading import fields, words
from ingestion.reading.documents import documents
from ingestion.reading.shape import DAY, Item, Shape, tell
from ingestion.reading.shape import first_line as line

NAME = "cloudwatch"

_STATUSES = {"alarm": Status.FIRING, "ok": Status.RESOLVED, "insufficient_data": Status.FIRING}
_SEVERITIES = {"alarm": Severity.HIGH, "ok": Severity.INFO, "insufficient_data": Severity.WARNING}

ALARM = Shape(
    title="AlarmName alarmName",
    message="AlarmDescription NewStateReason",
    severity="NewStateValue",
    status="NewStateValue",
    host="_labels.InstanceId _labels.HostName",
    service="_labels.ServiceName _labels.FunctionName",
    time="StateChangeTime",
    identity="AWSAccountId Region AlarmName",
    labels="_labels",
    named={"region": "Region", "account": "AWSAccountId", "namespace": "Trigger.Namespace"},
    facts={"reason": "NewStateReason", "metric": "Trigger.MetricName"},
    severities=_SEVERITIES,
    statuses=_STATUSES,
)
_MESSAGE = Shape(
    title="Subject _held.title _held.detail-type _held.name Message",
    message="Message",
    severity="_severity",
    host="_host",
    time="Timestamp",
    identity="TopicArn Subject _first",
    named={"topic": "TopicArn"},
    lease=DAY,
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per notification; a request to confirm becomes a warning that says who confirms it."""
    asked = [
        confirmation(document)
        for document in documents(delivery.body, delivery.content_type)
        if fields.first_of(document, ("Type",)) in ("SubscriptionConfirmation", "UnsubscribeConfirmation")
    ]
    return Parsed(warnings=tuple(asked)) if asked else tell(delivery, received_at, _items)


def confirmation(document: object) -> Problem:
    """Return what to tell of a request to confirm a subscription."""
    topic = fields.first_of(document, ("TopicArn",))
    said = f"Amazon SNS asks to confirm the subscription of {topic[:200]}"
    fix = "where the source has its topic as a secret we do so by ourselves; else open the SubscribeURL once"
    return Problem(place="SubscribeURL", problem=said, fix=fix)


def _items(document: object) -> Iterator[Item]:
    if not isinstance(document, Mapping):
        return
    held = fields.container(document.get("Message")) if "Message" in document else document
    if isinstance(held, dict) and "AlarmName" in held:
        yield ALARM, {**held, "_labels": fields.labels_of(fields.dig(held, "Trigger.Dimensions"))}
    else:
        yield _MESSAGE, {**document, **_guessed(document), "_held": held}


def _guessed(document: Mapping[str, object]) -> dict[str, object]:
    """A level in brackets before the subject, and a host behind "on": how scripts write to a topic."""
    subject = fields.first_of(document, ("Subject",))
    level = subject[1:].partition("]")[0] if subject.startswith("[") else ""
    _, assumed = words.severity(level)
    known = bool(level) and not any("not a word" in reason.text for reason in assumed)
    host = subject.rpartition(" on ")[2]
    return {
        "_severity": level if known else "",
        "_host": host if " on " in subject and " " not in host else "",
        "_first": "" if subject else line(fields.first_of(document, ("Message",))),
    }
