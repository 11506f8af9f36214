"""What do Ansible's callbacks, and AWX (Tower, AAP), say of playbooks and jobs, in our words?"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import EventKind, Parsed
from ingestion.reading import fields
from ingestion.reading.shape import Item, Shape, tell

NAME = "ansible"

_JOB = Shape(
    kind=EventKind.CHANGE,
    what="job",
    title="name playbook",
    service="project",
    starts="started",
    ends="finished",
    url="url",
    identity="id",
    named={"inventory": "inventory", "playbook": "playbook"},
    facts={"result": "status", "actor": "created_by", "failed_hosts": "_failed", "reason": "traceback"},
)
_PLAYBOOK = Shape(
    kind=EventKind.CHANGE,
    what="playbook",
    title="plays.0.play.path plays.0.play.name",
    starts="plays.0.play.duration.start",
    identity="plays.0.play.id",
    facts={"result": "_result", "failed_hosts": "_failed"},
)
TASK = Shape(
    kind=EventKind.CHANGE,
    what="task",
    title="ansible_task.name ansible_task ansible_type",
    message="ansible_result.stderr ansible_result.msg",
    host="ansible_host host",
    starts="timestamp",
    identity="session uuid ansible_host",
    named={"playbook": "ansible_playbook"},
    facts={"result": "status", "actor": "user", "rc": "ansible_result.rc"},
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per job, playbook or task. An ignored failure fails no host; an unreachable host has failed."""
    return tell(delivery, received_at, _items)


def _items(document: object) -> Iterator[Item]:
    if not isinstance(document, Mapping):
        return
    event = document.get("event")
    if isinstance(event, Mapping) or "ansible_task" in document:
        yield TASK, event if isinstance(event, Mapping) else document
    elif "plays" in document:
        failed = _failed(document.get("stats"))
        yield _PLAYBOOK, {**document, "_failed": failed, "_result": "failure" if failed else "success"}
    else:
        yield _JOB, {**document, "_failed": _failed(document.get("hosts"))}


def _failed(stats: object) -> str:
    """The hosts with failures, or that could not be reached, one a line."""
    hosts = stats.items() if isinstance(stats, Mapping) else ()
    bad = ("failures", "unreachable", "dark")
    return "\n".join(
        sorted(str(host) for host, counts in hosts if any(fields.number_of(fields.dig(counts, name)) for name in bad))
    )
