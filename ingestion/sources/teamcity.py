"""What does TeamCity's web hooks plug-in say, in our words?"""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import EventKind, Parsed
from ingestion.reading.shape import Shape, always, tell

NAME = "teamcity"

_BUILD = Shape(
    kind=EventKind.BUILD,
    what="build",
    title="buildFullName buildName",
    message="message text",
    service="projectName projectExternalId",
    host="agentHostname",
    starts="buildStartTime",
    ends="buildFinishTime currentTime",
    url="buildStatusUrl buildUrl",
    identity="buildId",
    facts={
        "result": "buildResult buildStatus",
        "ref": "branchName branchDisplayName branch.displayName",
        "sha": "vcsRevision",
        "actor": "triggeredBy",
        "number": "buildNumber",
        "delta": "buildResultDelta",
        "phase": "notifyType",
    },
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per delivery."""
    return tell(delivery, received_at, always(_BUILD, "build"))
