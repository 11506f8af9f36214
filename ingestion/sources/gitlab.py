"""What do GitLab's webhooks say, in our words? Pipelines, jobs, pushes, deployments, merge requests."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from aiops.domain.entries import Delivery
from aiops.domain.events import EventKind, Parsed
from ingestion.reading import fields
from ingestion.reading.shape import Item, Shape, tell

NAME = "gitlab"

_PROJECT = "project.path_with_namespace project_name repository.name"
_PIPELINE = Shape(
    kind=EventKind.BUILD,
    what="pipeline",
    title="object_attributes.name commit.title commit.message object_attributes.ref",
    service=_PROJECT,
    starts="object_attributes.started_at object_attributes.created_at",
    ends="object_attributes.finished_at",
    url="object_attributes.url",
    identity="object_attributes.id",
    facts={
        "result": "object_attributes.status",
        "actor": "user.username user.name",
        "ref": "object_attributes.ref",
        "sha": "object_attributes.sha",
        "duration_s": "object_attributes.duration",
    },
)
_JOB = Shape(
    kind=EventKind.BUILD,
    what="job",
    title="build_name",
    service=_PROJECT,
    environment="environment.name",
    starts="build_started_at build_created_at",
    ends="build_finished_at",
    identity="build_id",
    named={"stage": "build_stage"},
    facts={
        "result": "build_status",
        "actor": "user.username user.name",
        "ref": "ref",
        "sha": "sha",
        "duration_s": "build_duration",
        "reason": "build_failure_reason",
    },
)
_PUSH = Shape(
    kind=EventKind.CHANGE,
    what="push",
    title="_title",
    service=_PROJECT,
    starts="_last.timestamp",
    url="_last.url",
    identity="after",
    facts={
        "actor": "user_username user_name",
        "ref": "ref",
        "sha": "after checkout_sha",
        "commits": "total_commits_count",
    },
)
_DEPLOYMENT = Shape(
    kind=EventKind.CHANGE,
    what="deployment",
    title="commit_title environment",
    service=_PROJECT,
    environment="environment environment_tier",
    starts="status_changed_at",
    url="deployable_url environment_external_url",
    identity="deployment_id",
    facts={"result": "status", "actor": "user.username", "ref": "ref", "sha": "short_sha"},
)
_OTHER = Shape(
    kind=EventKind.CHANGE,
    what="merge_request",
    title="object_attributes.title name object_attributes.note object_kind event_name",
    service=_PROJECT,
    starts="object_attributes.updated_at released_at created_at updated_at",
    url="object_attributes.url url",
    identity="object_attributes.id id object_attributes.action",
    facts={
        "action": "object_attributes.action action event_name",
        "actor": "user.username user_username username",
        "ref": "object_attributes.target_branch tag",
        "sha": "object_attributes.last_commit.id commit.id",
        "result": "object_attributes.state",
    },
)
_INCIDENT = Shape(
    title="title object_attributes.title",
    message="description object_attributes.description",
    severity="severity object_attributes.severity",
    status="status object_attributes.state",
    service=_PROJECT,
    starts="start_time object_attributes.created_at",
    ends="end_time object_attributes.closed_at",
    url="url object_attributes.url",
    identity="iid object_attributes.iid project.id",
)
_SHAPES = {
    "pipeline": _PIPELINE,
    "build": _JOB,
    "job": _JOB,
    "push": _PUSH,
    "tag_push": _PUSH,
    "deployment": _DEPLOYMENT,
    "incident": _INCIDENT,
    "merge_request": _OTHER,
    "release": msgspec.structs.replace(_OTHER, what="release"),
    "issue": msgspec.structs.replace(_OTHER, what="ticket"),
    "work_item": msgspec.structs.replace(_OTHER, what="ticket"),
    "note": msgspec.structs.replace(_OTHER, what="note"),
    "wiki_page": msgspec.structs.replace(_OTHER, what="note"),
}
_ACT = msgspec.structs.replace(_OTHER, kind=EventKind.AUDIT, what="")


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per hook; a Job Hook calls itself ``build``, and system hooks are audit events."""
    return tell(delivery, received_at, _items)


def _items(document: object) -> Iterator[Item]:
    if isinstance(document, Mapping):
        commits = document.get("commits")
        last = commits[-1] if isinstance(commits, list) and commits else {}
        title = fields.first_of(last, ("title", "message")) or f"push to {document.get('ref')}"
        kind = fields.first_of(document, ("object_kind", "event_type", "event_name"))
        yield _SHAPES.get(kind, _ACT), {**document, "_last": last, "_title": title}
