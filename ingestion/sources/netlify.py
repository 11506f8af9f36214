"""What does a deploy notification of Netlify say, in our words?"""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import EventKind, Parsed
from ingestion.reading.shape import Shape, always, tell

NAME = "netlify"

_DEPLOY = Shape(
    kind=EventKind.CHANGE,
    what="deployment",
    title="title name",
    message="error_message summary.status",
    service="name",
    environment="context",
    starts="created_at",
    ends="published_at updated_at",
    url="admin_url deploy_ssl_url ssl_url url",
    identity="id",
    facts={"result": "state", "ref": "branch", "sha": "commit_ref", "actor": "committer"},
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per delivery."""
    return tell(delivery, received_at, always(_DEPLOY))
