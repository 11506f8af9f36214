"""What do clients of Elasticsearch's ``_bulk`` (Beats, Fluent Bit) say, in our words? Documents that are log lines."""

from datetime import datetime

import msgspec

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed
from ingestion.reading.documents import documents
from ingestion.sources import lines

NAME = "elastic_bulk"

_ACTIONS = frozenset(("index", "create", "update", "delete"))


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one log Event per document; the lines that say what to do with each tell nothing themselves."""
    found = documents(delivery.body, "application/x-ndjson")
    said = [document for document in found if not _is_action(document)]
    body = b"\n".join(msgspec.json.encode(document) for document in said)
    return lines.parse(msgspec.structs.replace(delivery, body=body), received_at)


def _is_action(document: object) -> bool:
    return isinstance(document, dict) and len(document) == 1 and set(document) <= _ACTIONS
