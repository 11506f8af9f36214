"""What do Windows' event logs say, in our words? One JSON object an event, as Winlogbeat, NXLog and others send it."""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import EventKind, Parsed, Severity
from ingestion.reading.shape import Shape, always, tell

NAME = "windows"

_EVENT = Shape(
    kind=EventKind.AUDIT,
    title="message Message Channel winlog.channel",
    service="winlog.provider_name Provider_Name ProviderName SourceName Event.System.Provider.Name",
    host="winlog.computer_name Computer Hostname ComputerName Event.System.Computer",
    starts="@timestamp TimeCreated_SystemTime EventTime UtcTime TimeCreated Event.System.TimeCreated.SystemTime",
    identity="Computer winlog.computer_name Channel winlog.channel EventRecordID winlog.record_id RecordNumber",
    named={"channel": "winlog.channel Channel Event.System.Channel"},
    facts={
        "action": "EventID winlog.event_id Event.System.EventID",
        "actor": "User SubjectUserName winlog.event_data.User winlog.event_data.SubjectUserName",
        "target": "Image TargetObject TargetFilename winlog.event_data.Image",
    },
    usual=Severity.INFO,
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per object."""
    return tell(delivery, received_at, always(_EVENT))
