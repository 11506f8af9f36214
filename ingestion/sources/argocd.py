"""What do notifications of Argo CD say, in our words? An application object, or the usual flat template."""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import EventKind, Parsed
from ingestion.reading.shape import Shape, always, tell

NAME = "argocd"

_SYNC = Shape(
    kind=EventKind.CHANGE,
    what="deployment",
    title="app.metadata.name metadata.name application app_name app name title",
    message="app.status.operationState.message status.operationState.message message text",
    service="app.metadata.name metadata.name application app_name app name",
    environment="app.metadata.labels.environment metadata.labels.environment environment",
    starts="app.status.operationState.startedAt status.operationState.startedAt startedAt started_at",
    ends="app.status.operationState.finishedAt status.operationState.finishedAt finishedAt finished_at",
    url="context.argocdUrl url link app_url",
    identity="app.metadata.name metadata.name application revision app.status.operationState.syncResult.revision",
    named={
        "namespace": "app.spec.destination.namespace spec.destination.namespace namespace",
        "project": "app.spec.project spec.project project",
        "health": "app.status.health.status status.health.status health healthStatus health_status",
    },
    facts={
        "result": "app.status.operationState.phase status.operationState.phase phase sync_status status state",
        "sha": "app.status.operationState.syncResult.revision status.sync.revision app.status.sync.revision revision",
        "ref": "app.spec.source.targetRevision spec.source.targetRevision targetRevision",
        "actor": "app.status.operationState.operation.initiatedBy.username initiatedBy user",
    },
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per delivery."""
    return tell(delivery, received_at, always(_SYNC))
