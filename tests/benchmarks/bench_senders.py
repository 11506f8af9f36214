"""``make bench-senders SHARED=../shared``: how well are the bodies of real senders read?

Goes through the index of a folder with recorded bodies, hands each to ``sources.parse`` as the door would, writes what
became of it as one JSON line per file, and has the folder's own scorer print its result.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from aiops.domain.entries import Delivery
from aiops.domain.errors import BadInput
from aiops.domain.events import Event, EventKind
from api.bodies import unpack
from ingestion.dedup import fingerprint_of
from ingestion.sources.registry import AUTO, is_document, parse

MOST = 50_000_000
FORM = "application/x-www-form-urlencoded"
TYPES = {EventKind.BUILD: "change", EventKind.TEST: "test_report"}
NUMBERS = ("tests", "failures", "errors", "skipped")
SERVICE = ("service", "service_name", "app")
HOST = ("host", "hostname", "instance", "node")
ENVIRONMENT = ("environment", "env")


def main(arguments: Sequence[str] = ()) -> None:
    """Score the folder that is named; says so where there is none."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("shared", nargs="?", default="../shared", help="the folder that holds payloads/")
    reader.add_argument("--index", help="another index.json; the bodies stand beside its folder")
    reader.add_argument("--out", help="keep what was made of the bodies")
    reader.add_argument("--verbose", action="store_true")
    given = reader.parse_args(arguments)
    payloads = Path(given.shared) / "payloads"
    index = Path(given.index) if given.index else payloads / "dev" / "index.json"
    if not index.exists():
        print(f"no recorded bodies: {index} is missing")
        return
    files = msgspec.json.decode(index.read_bytes())
    now = datetime.now(UTC)
    with TemporaryDirectory() as folder:
        out = Path(given.out or f"{folder}/senders.jsonl")
        out.write_bytes(b"\n".join(msgspec.json.encode(outcome(entry, payloads, now)) for entry in files))
        scorer = [sys.executable, str(payloads / "score.py"), str(out), "--index", str(index)]
        subprocess.run([*scorer, *(["--verbose"] if given.verbose else [])], check=True)


def outcome(entry: dict[str, Any], root: Path, now: datetime) -> dict[str, Any]:
    """Return the scorer's line for one file: what the door answers, and the events in the scorer's words."""
    try:
        made = delivery(entry, (root / entry["file"]).read_bytes())
        is_document(made.body, made.content_type)
    except BadInput:
        return {"file": entry["file"], "http": 400, "events": []}
    parsed = parse(made, received(entry, now))
    return {"file": entry["file"], "http": 202, "events": [told(event) for event in parsed.events]}


def delivery(entry: dict[str, Any], body: bytes) -> Delivery:
    """Return the request as the door passes it on; the query of a request without a body is a form."""
    headers = {name.lower(): value for name, value in (entry.get("headers") or {}).items()}
    _, _, target = (entry.get("request") or "").partition(" ")
    path, _, query = target.partition("?")
    body = unpack(body, headers.get("content-encoding", ""), MOST)
    content_type = entry.get("content_type") or headers.get("content-type", "")
    if not body.strip() and query:
        body, content_type = query.encode(), FORM
    return Delivery(
        source=AUTO,
        body=body,
        content_type=content_type,
        headers=headers,
        query={**dict(parse_qsl(query)), "path": path},
    )


def received(entry: dict[str, Any], now: datetime) -> datetime:
    """Return when the body was recorded, where its note says so; else now."""
    _, found, stamp = (entry.get("note") or "").partition("received_at=")
    return datetime.fromisoformat(stamp.split(";")[0].strip()) if found else now


def told(event: Event) -> dict[str, Any]:
    """Return an Event in the scorer's words."""
    facts: dict[str, Any] = dict(event.facts)
    if "failed_names" in facts:
        facts["failed_names"] = [name for name in str(facts["failed_names"]).split("\n") if name]
    return {
        "type": TYPES.get(event.kind, str(event.kind)),
        "title": event.title,
        "description": event.message,
        "message": event.text,
        "severity": event.severity,
        "status": event.status,
        "service": first(event.labels, SERVICE),
        "host": first(event.labels, HOST),
        "environment": first(event.labels, ENVIRONMENT),
        "starts_at": event.starts_at,
        "ends_at": event.ends_at,
        "timestamp": event.occurred_at,
        "fingerprint": fingerprint_of(event),
        "url": event.url or facts.get("path"),
        "labels": event.labels,
        **facts,
    }


def first(labels: dict[str, str], names: tuple[str, ...]) -> str | None:
    """Return the first of the labels that is there."""
    return next((labels[name] for name in names if labels.get(name)), None)


if __name__ == "__main__":
    main(sys.argv[1:])
