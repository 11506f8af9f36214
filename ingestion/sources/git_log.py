"""What does ``git log --numstat`` say, in our words? Commits, in the format that FORMAT names."""

from collections.abc import Iterator
from datetime import datetime

from aiops.domain.base import stable_hash
from aiops.domain.entries import Delivery
from aiops.domain.errors import BadInput
from aiops.domain.events import Event, EventKind, Parsed, Severity
from ingestion.reading import fields
from ingestion.reading.times import believed, moment

NAME = "git_log"
FORMAT = "%x1e%H%x1f%an%x1f%ae%x1f%aI%x1f%cI%x1f%P%x1f%s"  # what the fields are, in order


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one change Event per commit, with how many files and lines it touched; binary files have no lines."""
    service = delivery.query.get("service", "")
    text = delivery.body.decode("utf-8", "replace")
    if "\x1e" not in text:
        fix = f"send the output of: git log --numstat --format='{FORMAT}'"
        raise BadInput("no commits", place="body", fix=fix)

    def read(record: object, place: str) -> Event:
        return _commit(str(record), place, service, delivery.source, received_at)

    return fields.each("commits", list(_records(text)), read)


def _records(text: str) -> Iterator[str]:
    yield from (record for record in text.split("\x1e") if record.strip())


def _commit(record: str, place: str, service: str, source: str, received_at: datetime) -> Event:
    head, _, rest = record.partition("\n")
    parts = head.split("\x1f")
    if len(parts) < 7:
        raise BadInput("not 7 fields", place=place, fix=f"use --format='{FORMAT}'")
    sha, author, _, _, committed, parents, subject = parts[:7]
    stats = [line.split("\t") for line in rest.splitlines() if line.count("\t") >= 2]
    added, removed = (sum(int(line[side]) for line in stats if line[side].isdecimal()) for side in (0, 1))
    at = moment(committed, received_at)
    return Event(
        kind=EventKind.CHANGE,
        source=source,
        received_at=received_at,
        occurred_at=believed(at, received_at) or received_at,
        content_key=stable_hash(source, sha),
        title=subject[: fields.LONGEST_TITLE] or sha,
        labels={"service": service} if service else {},
        facts={
            "what": "commit",
            "sha": sha,
            "actor": author,
            "merge": " " in parents.strip(),
            "files": len(stats),
            "added": added,
            "removed": removed,
            "paths": "\n".join(line[2] for line in stats[:100]),
        },
        severity=Severity.INFO,
        fingerprint=stable_hash(source, sha),
        starts_at=at,
    )
