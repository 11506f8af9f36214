"""What does a webhook of AppVeyor say, in our words?"""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import EventKind, Parsed
from ingestion.reading.shape import Shape, always, tell

NAME = "appveyor"

_BUILD = Shape(
    kind=EventKind.BUILD,
    what="build",
    title="eventData.projectName",
    message="eventData.commitMessage",
    service="eventData.repositoryName eventData.projectName",
    starts="eventData.started",
    ends="eventData.finished",
    url="eventData.buildUrl",
    identity="eventData.projectId eventData.buildVersion",
    facts={
        "result": "eventData.status eventName",
        "ref": "eventData.branch",
        "sha": "eventData.commitId",
        "actor": "eventData.commitAuthor eventData.committerName",
        "number": "eventData.buildNumber",
    },
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per delivery."""
    return tell(delivery, received_at, always(_BUILD))
