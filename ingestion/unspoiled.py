"""How do secrets leave a body whose bytes count their own lengths? Text by text, so that it stays readable."""

from collections.abc import Iterator

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from ingestion.redact import redact

_PROTOBUF = ("application/x-protobuf", "application/protobuf")
_JOURNAL = "application/vnd.fdo.journal"
_LENGTH = 8  # bytes before a binary field of the journal's export format, little-endian


def redacted(body: bytes, content_type: str) -> bytes:
    """Return ``body`` without secrets, as ``redact`` does; protobuf and journal exports of the same build as before.

    Protobuf that is no OTLP log is left alone: nothing here reads a text out of it.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind in _PROTOBUF:
        return _protobuf(body)
    if kind == _JOURNAL:
        return b"".join(_journal(body))
    return redact(body)


def _protobuf(body: bytes) -> bytes:
    request = ExportLogsServiceRequest()
    try:
        request.ParseFromString(body)
    except DecodeError:
        return body
    return request.SerializeToString() if _cleaned(request) else body


def _cleaned(message: Message) -> bool:
    """Redact every text in ``message``; was there a secret?"""
    changed = False
    for field, value in message.ListFields():
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            parts = [value] if isinstance(value, Message) else value
            changed = any([_cleaned(part) for part in parts]) or changed
        elif field.type == FieldDescriptor.TYPE_STRING and isinstance(value, str):
            clean = redact(value.encode()).decode()
            changed = changed or clean != value
            setattr(message, field.name, clean)
    return changed


def _journal(body: bytes) -> Iterator[bytes]:
    """Yield the fields: ``NAME=text`` to the end of the line, or ``NAME``, the length, that many bytes, an end of line.

    What is cut short is passed on as it is.
    """
    at = 0
    while at < len(body):
        end = body.find(b"\n", at) + 1 or len(body)
        line, at = body[at:end], end
        if b"=" in line or line == b"\n":
            yield redact(line)
            continue
        size = int.from_bytes(body[at : at + _LENGTH], "little")
        value, rest = body[at + _LENGTH : at + _LENGTH + size], at + _LENGTH + size
        if len(value) < size or body[rest : rest + 1] != b"\n":
            yield line + body[at:]
            return
        clean = redact(value)
        yield line + len(clean).to_bytes(_LENGTH, "little") + clean + b"\n"
        at = rest + 1
