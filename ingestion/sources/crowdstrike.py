"""What does CrowdStrike Falcon say of a detection or incident, in our words? It never tells the end."""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed, Severity, Status
from ingestion.reading.shape import DAY, Shape, always, tell

NAME = "crowdstrike"

_ALERT = Shape(
    title="event.DetectName event.Name detection.name data.detections.name name event.IncidentType event.Description",
    message="event.DetectDescription event.Description detection.description description",
    severity="event.SeverityName severity_name event.Severity severity event.FineScore",
    status="event.Status status",
    host="event.ComputerName event.Hostname event.HostName device.hostname host hostname",
    time="metadata.eventCreationTime event.ProcessStartTime event.ContextTimeStamp created_timestamp timestamp",
    url="event.FalconHostLink falcon_link url",
    identity="event.DetectId event.CompositeId event.IncidentID composite_id detection_id id",
    named={
        "tactic": "event.Tactic tactic",
        "technique": "event.Technique technique",
        "customer": "metadata.customerIDString",
    },
    facts={
        "actor": "event.UserName user_name",
        "process": "event.FileName filename",
        "source_ip": "event.LocalIP local_ip",
    },
    severities={
        "5": Severity.CRITICAL,
        "4": Severity.HIGH,
        "3": Severity.WARNING,
        "2": Severity.INFO,
        "1": Severity.INFO,
    },
    statuses={"true_positive": Status.FIRING, "false_positive": Status.RESOLVED, "ignored": Status.RESOLVED},
    lease=DAY,
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state that is told."""
    return tell(delivery, received_at, always(_ALERT))
