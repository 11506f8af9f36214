"""Which documents do these bytes hold?"""

import json
import math
from collections.abc import Iterator
from email import message_from_bytes, policy
from urllib.parse import parse_qsl

import msgspec

from aiops.domain.errors import BadInput

MOST_FIELDS = 1_000  # of a form
BINARY = ("application/x-protobuf", "application/protobuf", "application/vnd.fdo.journal")  # read by their sources
_HELD = ("payload", "data")  # fields of a form that carry the whole as JSON
_SPACE = " \t\r\n\ufeff\x1e"  # with the byte order mark and the record separator of JSON text sequences


def documents(body: bytes, content_type: str) -> list[object]:
    """Return what ``body`` holds: JSON values (one, many lines, or concatenated), the fields of a form, or one text.

    A list at the top level is one document. What senders get wrong is forgiven (NaN, lone surrogates, undecodable
    bytes, a form's content type around JSON); BadInput says why it is no document at all.
    """
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n\x1e")[:1]
    if not start:
        raise BadInput("an empty body", place="body", fix="send JSON, lines of JSON, a form or text")
    kind = content_type.partition(";")[0].strip().lower()
    if kind in BINARY:
        return [body]
    if "json" in kind or (start == b"{" and not kind.startswith(("text/", "multipart/"))):
        return _json(body)
    if kind == "application/x-www-form-urlencoded":
        return _form(body)
    if kind == "multipart/form-data":
        return _fields(_parts(body, content_type))
    if start in (b"[", b"{"):
        try:
            return _json(body)
        except BadInput:
            pass  # a line of text may begin with a bracket
    if b"\x00" in body:
        raise BadInput("binary data", place="body", fix="send JSON, lines of JSON, a form or text")
    return [body.decode("utf-8", "replace").strip(_SPACE)]


def is_document(body: bytes, content_type: str) -> None:
    """Raise BadInput when ``body`` is no document at all, so that the door can refuse it."""
    documents(body, content_type)


def _json(body: bytes) -> list[object]:
    try:
        return [msgspec.json.decode(body)]
    except (msgspec.DecodeError, ValueError, RecursionError):
        return _forgiving(body.decode("utf-8", "replace"))


def _forgiving(text: str) -> list[object]:
    """Read what a strict decoder refuses."""
    try:
        found = [_clean(value) for value in _values(text)]
    except json.JSONDecodeError as error:
        place = f"body line {error.lineno} column {error.colno}"
        raise BadInput(f"not JSON: {error.msg}", place=place, fix="send valid JSON") from error
    except (ValueError, RecursionError) as error:
        raise BadInput(
            f"unreadable JSON: {error}", place="body", fix="send numbers and nesting of usual size"
        ) from error
    if len(found) > 1 and not all(isinstance(value, dict | list) for value in found):
        raise BadInput("several values that are no objects", place="body", fix="send one JSON document")
    return found


def _values(text: str) -> Iterator[object]:
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        if text[at] in _SPACE:
            at += 1
            continue
        value, at = decoder.raw_decode(text, at)
        yield value


def _clean(value: object) -> object:
    """Make it storable: no NaN or infinity, no lone surrogates."""
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case float() if not math.isfinite(value):
            return None
        case dict():
            return {_clean(key): _clean(item) for key, item in value.items()}
        case list():
            return [_clean(item) for item in value]
        case _:
            return value


def _form(body: bytes) -> list[object]:
    """The fields of a form, or the JSON that a field named ``payload`` or ``data`` carries."""
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise BadInput(str(error), place="body", fix=f"send at most {MOST_FIELDS} fields") from error
    return _fields(pairs)


def _parts(body: bytes, content_type: str) -> list[tuple[str, str]]:
    """The fields of a multipart form; files are left out."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    found = []
    for part in message_from_bytes(head + body, policy=policy.HTTP).iter_parts():
        name, content = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes) and not part.get_filename():
            found.append((name, content.decode("utf-8", "replace")))
    if not found:
        raise BadInput("no fields in the form", place="body", fix="send multipart/form-data with its boundary")
    return found[:MOST_FIELDS]


def _fields(pairs: list[tuple[str, str]]) -> list[object]:
    fields: dict[str, object] = dict(reversed(pairs))
    for name in _HELD:
        held = fields.get(name)
        if isinstance(held, str) and held.lstrip()[:1] in ("{", "["):
            return _json(held.encode())
    return [dict(reversed(fields.items()))]
