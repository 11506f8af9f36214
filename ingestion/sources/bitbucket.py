"""What do Bitbucket's webhooks say, in our words? Pushes, commit statuses, pull requests."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import EventKind, Parsed
from ingestion.reading import fields
from ingestion.reading.shape import Item, Shape, tell

NAME = "bitbucket"

_REPOSITORY = "repository.full_name repository.slug"
_ACTOR = "actor.nickname actor.display_name actor.name"
_PUSH = Shape(
    kind=EventKind.CHANGE,
    what="push",
    title="_change.new.target.message _change.ref.displayId",
    service=_REPOSITORY,
    starts="_change.new.target.date date",
    url="_change.links.html.href",
    identity="_change.new.target.hash _change.toHash _change.old.target.hash",
    facts={
        "actor": _ACTOR,
        "ref": "_change.new.name _change.old.name _change.ref.displayId",
        "sha": "_change.new.target.hash _change.toHash",
        "deleted": "_change.closed",
        "forced": "_change.forced",
    },
)
_STATUS = Shape(
    kind=EventKind.BUILD,
    what="pipeline",
    title="commit_status.name commit_status.key",
    message="commit_status.description",
    service=_REPOSITORY,
    starts="commit_status.created_on",
    ends="_ended",
    url="commit_status.url",
    identity="commit_status.key commit_status.commit.hash",
    facts={
        "result": "commit_status.state",
        "actor": _ACTOR,
        "ref": "commit_status.refname",
        "sha": "commit_status.commit.hash",
    },
)
_MERGE = Shape(
    kind=EventKind.CHANGE,
    what="pull_request",
    title="pullrequest.title pullRequest.title issue.title",
    service=f"{_REPOSITORY} pullRequest.toRef.repository.slug",
    starts="pullrequest.updated_on pullrequest.created_on date issue.updated_on",
    url="pullrequest.links.html.href issue.links.html.href",
    identity="pullrequest.id pullRequest.id issue.id pullrequest.updated_on",
    facts={
        "result": "pullrequest.state pullRequest.state issue.state",
        "actor": _ACTOR,
        "ref": "pullrequest.destination.branch.name",
        "sha": "pullrequest.merge_commit.hash pullrequest.source.commit.hash",
    },
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per branch that was pushed, per status of a build, per step of a pull request."""
    return tell(delivery, received_at, _items)


def _items(document: object) -> Iterator[Item]:
    if not isinstance(document, Mapping):
        return
    changes = fields.dig(document, "push.changes") or document.get("changes")
    if isinstance(changes, list):
        yield from ((_PUSH, {**document, "_change": change}) for change in changes)
    elif "commit_status" in document:
        over = fields.first_of(document, ("commit_status.state",)) != "INPROGRESS"
        ended = fields.dig(document, "commit_status.updated_on") if over else None
        yield _STATUS, {**document, "_ended": ended}
    else:
        yield _MERGE, document
