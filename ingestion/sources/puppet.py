"""What do Puppet's reports say, in our words? YAML full of Ruby's tags: they are ignored, nothing is made of them."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import yaml

from aiops.domain.entries import Delivery
from aiops.domain.errors import BadInput
from aiops.domain.events import EventKind, Parsed
from ingestion.reading.documents import documents
from ingestion.reading.shape import Item, Shape, event

NAME = "puppet"

_RUN = Shape(
    kind=EventKind.CHANGE,
    what="config-run",
    title="host",
    host="host",
    starts="time",
    identity="transaction_uuid host",
    environment="environment",
    facts={"result": "status", "failed_resources": "_failed", "configuration": "configuration_version"},
)


class _Untagged(yaml.SafeLoader):
    """Reads plain values only, whatever tag stands before them."""


def _plain(loader: yaml.SafeLoader, _: str, node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return node.value


_Untagged.add_multi_constructor("!", _plain)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event per report; ``changed`` and ``unchanged`` are successes."""
    found = documents(delivery.body, delivery.content_type)
    items = [item for document in found for item in _items(document)]
    return Parsed(events=tuple(event(item, shape, delivery.source, received_at) for shape, item in items))


def _items(document: object) -> Iterator[Item]:
    report = _loaded(document) if isinstance(document, str) else document
    if not isinstance(report, Mapping):
        raise BadInput("no report", place="body", fix="send a Puppet report (reports = http)")
    statuses = report.get("resource_statuses")
    resources = statuses.items() if isinstance(statuses, Mapping) else ()
    failed = sorted(str(name) for name, status in resources if isinstance(status, Mapping) and status.get("failed"))
    yield _RUN, {**report, "_failed": "\n".join(failed)}


def _loaded(text: str) -> object:
    try:
        found: object = yaml.load(text, _Untagged)  # a SafeLoader: it makes no objects
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BadInput(f"not YAML: {error}"[:300], place="body", fix="send the report as Puppet writes it") from error
    return found
