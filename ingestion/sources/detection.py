"""Whose delivery is this? The first row of the table of signs that fits tells."""

from aiops.domain.entries import Delivery
from aiops.domain.errors import BadInput
from ingestion.reading import fields
from ingestion.reading.documents import documents
from ingestion.sources.signs import SIGNS, Sign

LONGEST_HEAD = 512  # bytes of a text that are looked at


_FIRST = [next(iter((*sign.has.split(), *sign.values)), "") for sign in SIGNS]  # a path that the row needs
_ROWS = [(sign, first, first.partition(".")[0]) for sign, first in zip(SIGNS, _FIRST, strict=True)]


def recognised(delivery: Delivery) -> str:
    """Return the name of the source that the delivery seems to be of; empty where none fits. Never raises."""
    try:
        found = documents(delivery.body, delivery.content_type)
    except BadInput:
        return ""
    document = found[0] if found else None
    if isinstance(document, list):
        document = document[0] if document else None
    known = document if isinstance(document, dict) else {}
    head = "" if known else _head(delivery.body)
    for sign, first, top in _ROWS:
        needed = not first or top in known or first in known  # most rows are passed over by this alone
        if needed and _fits(sign, delivery, document, head):
            return sign.source
    return ""


def _head(body: bytes) -> str:
    text = body[:LONGEST_HEAD].decode("utf-8", "replace").lstrip()
    number, bracket, _ = text.partition("<")[2][:5].partition(">")
    counted = text.partition("<")[0].strip()
    if bracket and number.isdecimal() and (not counted or counted.isdecimal()) and "CEF:" not in text:
        return f"<pri>{text}"
    return text


def _fits(sign: Sign, delivery: Delivery, document: object, head: str) -> bool:
    """Do all the conditions of the row hold?"""
    if sign.header and sign.header not in delivery.headers:
        return False
    if sign.agent and not delivery.headers.get("user-agent", "").startswith(sign.agent):
        return False
    if sign.path and not delivery.query.get("path", "").endswith(sign.path):
        return False
    if sign.kind and not delivery.content_type.startswith(sign.kind):
        return False
    if sign.text and sign.text not in head:
        return False
    return _holds(sign, document)


def _holds(sign: Sign, document: object) -> bool:
    if any(fields.dig(document, path) is None for path in sign.has.split()):
        return False
    for path, wanted in sign.values.items():
        text = fields.first_of(document, (path,))
        if not any(_matches(text, pattern) for pattern in wanted):
            return False
    return True


def _matches(text: str, pattern: str) -> bool:
    """Text, ``begins*`` or ``*holds*``."""
    if pattern.startswith("*"):
        return pattern.strip("*") in text
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern
