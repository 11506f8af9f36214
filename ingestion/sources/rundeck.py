"""What do webhook notifications of Rundeck say, in our words?"""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import EventKind, Parsed
from ingestion.reading.shape import Shape, always, tell

NAME = "rundeck"

_JOB = Shape(
    kind=EventKind.CHANGE,
    what="job",
    title="execution.job.name execution.description",
    message="execution.description",
    service="execution.project execution.job.project",
    starts="execution.date-started.unixtime execution.date-started.date",
    ends="execution.date-ended.unixtime execution.date-ended.date",
    url="execution.permalink execution.href",
    identity="executionId execution.id",
    named={"job_group": "execution.job.group"},
    facts={"result": "status execution.status trigger", "actor": "execution.user", "argstring": "execution.argstring"},
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per delivery."""
    return tell(delivery, received_at, always(_JOB))
