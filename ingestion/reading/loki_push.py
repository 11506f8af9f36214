"""What does a push to Loki hold that comes as protobuf in snappy (Promtail, Alloy, Fluent Bit)? The same as its JSON.

Loki's ``logproto.PushRequest``: streams (1) of labels (1), a text as PromQL writes it, and entries (2) of timestamp
(1), line (2) and structured metadata (3). https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs
"""

import cramjam
import msgspec
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2
from google.protobuf.message import DecodeError, Message

from aiops.domain.errors import BadInput

MOST = 10 << 20  # bytes after unpacking
_SECOND = 1_000_000_000  # ns
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}


def _push_request() -> type[Message]:
    """Declare the message: no package with it is published for Python."""
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="aiops_loki_push.proto", package="logproto", syntax="proto3")
    file.dependency.append(timestamp_pb2.DESCRIPTOR.name)
    shapes: dict[str, tuple[tuple[str, str], ...]] = {
        "LabelPairAdapter": (("name", ""), ("value", "")),
        "EntryAdapter": (
            ("timestamp", ".google.protobuf.Timestamp"),
            ("line", ""),
            ("metadata", "*.logproto.LabelPairAdapter"),
        ),
        "StreamAdapter": (("labels", ""), ("entries", "*.logproto.EntryAdapter")),
        "PushRequest": (("streams", "*.logproto.StreamAdapter"),),
    }
    for name, parts in shapes.items():
        message = file.message_type.add(name=name)
        for number, (part, kind) in enumerate(parts, 1):
            added = message.field.add(name=part, number=number, label=field.LABEL_OPTIONAL, type=field.TYPE_STRING)
            if kind:
                added.type, added.type_name = field.TYPE_MESSAGE, kind.removeprefix("*")
            if kind.startswith("*"):
                added.label = field.LABEL_REPEATED
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("logproto.PushRequest"))


PushRequest = _push_request()


def as_json(body: bytes) -> bytes:
    """Return a push as JSON; one that is JSON already as it is. BadInput when it is neither."""
    if body.lstrip()[:1] in (b"{", b""):
        return body
    request = PushRequest()
    try:
        if cramjam.snappy.decompress_raw_len(body) > MOST:
            raise BadInput("unpacks to too much", place="body", fix=f"push at most {MOST} bytes at once")
        request.ParseFromString(bytes(cramjam.snappy.decompress_raw(body)))
    except (cramjam.DecompressionError, DecodeError) as error:
        fix = "push JSON, or protobuf in snappy, as Loki's clients do"
        raise BadInput(f"no push of Loki: {error}"[:200], place="body", fix=fix) from error
    return msgspec.json.encode({"streams": [_stream(stream) for stream in _all(request, "streams")]})


def _stream(stream: Message) -> dict[str, object]:
    return {"stream": labels(_text(stream, "labels")), "values": [_entry(entry) for entry in _all(stream, "entries")]}


def _entry(entry: Message) -> list[object]:
    at = getattr(entry, "timestamp")  # noqa: B009  the class is made above: nothing else knows its fields
    metadata = {_text(pair, "name"): _text(pair, "value") for pair in _all(entry, "metadata")}
    said: list[object] = [str(at.seconds * _SECOND + at.nanos), _text(entry, "line")]
    return [*said, metadata] if metadata else said


def _all(message: Message, name: str) -> list[Message]:
    return list(getattr(message, name))


def _text(message: Message, name: str) -> str:
    return str(getattr(message, name))


def labels(text: str) -> dict[str, str]:
    """Read ``{job="shop", path="C:\\\\logs"}``; what is cut short ends there."""
    found: dict[str, str] = {}
    rest = text.strip().removeprefix("{")
    while (equals := rest.find('="')) >= 0:
        name, at, value = rest[:equals].strip(", "), equals + 2, ""
        while at < len(rest) and rest[at] != '"':
            if rest[at] == "\\" and at + 1 < len(rest):
                at += 1
                value += _ESCAPED.get(rest[at], rest[at])
            else:
                value += rest[at]
            at += 1
        found[name] = value
        rest = rest[at + 1 :]
    return found
