"""What do GitHub's webhooks say, in our words? Alerts of scanners; pushes, runs, deployments; who may do what."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from aiops.domain.entries import Delivery
from aiops.domain.events import EventKind, Parsed
from ingestion.reading import fields
from ingestion.reading.shape import Item, Shape, tell

NAME = "github"

_REPOSITORY = "repository.full_name organization.login"
_ALERT = Shape(
    title="alert.rule.description alert.security_advisory.summary alert.secret_type_display_name alert.secret_type",
    message="alert.rule.full_description alert.security_advisory.description",
    severity="alert.rule.security_severity_level alert.rule.severity alert.security_advisory.severity",
    status="alert.state action",
    service=_REPOSITORY,
    starts="alert.created_at",
    ends="alert.fixed_at alert.dismissed_at alert.resolved_at",
    url="alert.html_url",
    identity="repository.full_name _event alert.number",
    named={
        "rule": "alert.rule.id",
        "tool": "alert.tool.name",
        "package": "alert.dependency.package.name",
        "cve_id": "alert.security_advisory.cve_id",
    },
    facts={"actor": "sender.login", "action": "action", "ref": "ref", "sha": "commit_oid"},
)
_RUN = Shape(
    kind=EventKind.BUILD,
    what="pipeline",
    title="workflow_run.name workflow.name workflow_run.display_title",
    service=_REPOSITORY,
    starts="workflow_run.run_started_at workflow_run.created_at",
    ends="_ended",
    url="workflow_run.html_url",
    identity="workflow_run.id",
    facts={
        "result": "workflow_run.conclusion workflow_run.status action",
        "actor": "workflow_run.triggering_actor.login workflow_run.actor.login sender.login",
        "ref": "workflow_run.head_branch",
        "sha": "workflow_run.head_sha",
        "event": "workflow_run.event",
    },
)
_JOB = Shape(
    kind=EventKind.BUILD,
    what="job",
    title="workflow_job.name",
    service=_REPOSITORY,
    starts="workflow_job.started_at workflow_job.created_at",
    ends="workflow_job.completed_at",
    url="workflow_job.html_url",
    identity="workflow_job.id",
    facts={
        "result": "workflow_job.conclusion workflow_job.status action",
        "actor": "sender.login",
        "ref": "workflow_job.head_branch",
        "sha": "workflow_job.head_sha",
        "run": "workflow_job.run_id",
        "failed_steps": "_failed",
    },
)
_CHECK = Shape(
    kind=EventKind.BUILD,
    what="check",
    title="check_run.name check_suite.app.name context",
    service=f"{_REPOSITORY} name",
    starts="check_run.started_at check_suite.created_at created_at",
    ends="check_run.completed_at check_suite.updated_at",
    url="check_run.html_url target_url",
    identity="check_run.id check_suite.id id",
    facts={
        "result": "check_run.conclusion check_suite.conclusion state check_run.status check_suite.status",
        "actor": "sender.login",
        "ref": "check_run.check_suite.head_branch check_suite.head_branch branches.0.name",
        "sha": "check_run.head_sha check_suite.head_sha sha",
    },
)
_PUSH = Shape(
    kind=EventKind.CHANGE,
    what="push",
    title="head_commit.message _title",
    service=_REPOSITORY,
    starts="head_commit.timestamp",
    url="compare",
    identity="after",
    facts={
        "actor": "pusher.name sender.login",
        "ref": "ref",
        "sha": "after",
        "deleted": "deleted",
        "forced": "forced",
        "commits": "_commits",
    },
)
_DEPLOYMENT = Shape(
    kind=EventKind.CHANGE,
    what="deployment",
    title="deployment.description deployment.task deployment.environment",
    service=_REPOSITORY,
    environment="deployment_status.environment deployment.environment",
    starts="deployment.created_at",
    ends="deployment_status.created_at",
    url="deployment_status.log_url deployment_status.target_url",
    identity="deployment.id",
    facts={
        "result": "deployment_status.state action",
        "actor": "deployment.creator.login sender.login",
        "ref": "deployment.ref",
        "sha": "deployment.sha",
    },
)
_MERGE = Shape(
    kind=EventKind.CHANGE,
    what="pull_request",
    title="pull_request.title release.name release.tag_name issue.title",
    service=_REPOSITORY,
    starts="pull_request.merged_at pull_request.updated_at release.published_at issue.updated_at",
    url="pull_request.html_url release.html_url issue.html_url",
    identity="pull_request.id release.id issue.id action",
    facts={
        "action": "action",
        "actor": "sender.login",
        "ref": "pull_request.base.ref release.tag_name",
        "sha": "pull_request.merge_commit_sha pull_request.head.sha",
        "merged": "pull_request.merged",
    },
)
_AUDIT = Shape(
    kind=EventKind.AUDIT,
    title="_action",
    service=_REPOSITORY,
    starts="@timestamp created_at",
    identity="_action _document_id",
    facts={
        "action": "_action",
        "actor": "sender.login actor",
        "target": "member.login membership.user.login team.name repository.full_name user key.title",
        "source_ip": "actor_ip",
    },
)
_SHAPES = {
    "workflow_run": _RUN,
    "workflow_job": _JOB,
    "check_run": _CHECK,
    "check_suite": _CHECK,
    "status": _CHECK,
    "push": _PUSH,
    "deployment_status": _DEPLOYMENT,
    "deployment": _DEPLOYMENT,
    "pull_request": _MERGE,
    "release": msgspec.structs.replace(_MERGE, what="release"),
    "issues": msgspec.structs.replace(_MERGE, what="ticket"),
}
_BY_FIELD = (
    "workflow_run",
    "workflow_job",
    "check_run",
    "check_suite",
    "deployment_status",
    "deployment",
    "pull_request",
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per delivery; what has no shape of its own is an audit event: who did what to whom."""
    named = delivery.headers.get("x-github-event", "")

    def items(document: object) -> Iterator[Item]:
        if isinstance(document, Mapping):
            yield _item(document, named or _event(document))

    return tell(delivery, received_at, items)


def _event(document: Mapping[str, object]) -> str:
    """The event's name where the header did not come along."""
    if "pusher" in document or ("before" in document and "after" in document):
        return "push"
    alert = document.get("alert")
    if isinstance(alert, Mapping):
        kinds = (("security_advisory", "dependabot_alert"), ("secret_type", "secret_scanning_alert"))
        return next((kind for key, kind in kinds if key in alert), "code_scanning_alert")
    known = next((name for name in _BY_FIELD if name in document), "")
    return known or next(
        (name for name in ("release", "issue", "member", "membership", "team") if name in document), ""
    )


def _item(document: Mapping[str, object], event: str) -> Item:
    action = fields.first_of(document, ("action",))
    if "alert" in document:
        return _ALERT, {**document, "_event": event}
    shape = _SHAPES.get("issues" if event == "issue" else event)
    if shape is None:
        named = action if "." in action else ".".join(part for part in (event, action) if part)
        return _AUDIT, {**document, "_action": named}
    over = fields.dig(document, "workflow_run.status") == "completed"
    commits = document.get("commits")
    steps = fields.dig(document, "workflow_job.steps")
    failed = [
        fields.first_of(step, ("name",))
        for step in (steps if isinstance(steps, list) else [])
        if fields.first_of(step, ("conclusion",)) == "failure"
    ]
    return shape, {
        **document,
        "_ended": fields.dig(document, "workflow_run.updated_at") if over else None,
        "_failed": "\n".join(failed),
        "_commits": len(commits) if isinstance(commits, list) else None,
        "_title": f"push to {document.get('ref')}" + (" (deleted)" if document.get("deleted") is True else ""),
    }
