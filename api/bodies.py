"""What are the bytes of a request? Read within a bound, whatever the sender claims about them."""

import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from difflib import get_close_matches
from typing import TypeVar
from urllib.parse import parse_qsl

import msgspec
from anyio import CapacityLimiter, to_thread
from starlette.requests import Request

from aiops.domain.errors import BadInput
from api.errors import TooLarge

T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)

GZIP, DEFLATE, RAW_DEFLATE = 31, 15, -15  # zlib's window bits for each wrapping
_PACKINGS = {"gzip", "x-gzip", "deflate", "zlib"}
_HEAD, _TEXT = 256, bytes((9, 10, 13, *range(32, 127)))  # a body that begins with so much plain text is not packed
MOST_FIELDS = 5_000  # of one form
SMALL = 64 << 10  # bytes of a body that the event loop may work on itself: some milliseconds
_ASIDE = CapacityLimiter(2)  # threads for what is larger: more would only take the processor from one another


async def read_body(request: Request, most: int) -> bytes:
    """Return the body, decompressed; TooLarge when it, or what it unpacks to, exceeds ``most`` bytes."""
    return await unpacked(request, await read_raw(request, most), most)


async def read_raw(request: Request, most: int) -> bytes:
    """Return the body as it was sent, which is what a signature is over; TooLarge when it exceeds ``most`` bytes."""
    said = request.headers.get("content-length", "")
    if said.isdigit() and int(said) > most:
        raise TooLarge(f"the body has {said} bytes; at most {most} are taken")
    return await _gather(request.stream(), most)


async def unpacked(request: Request, body: bytes, most: int) -> bytes:
    """Return what ``body`` holds once it is decompressed; TooLarge when that exceeds ``most`` bytes."""
    return await aside(lambda: unpack(body, request.headers.get("content-encoding", ""), most), body)


async def aside(work: Callable[[], T], body: bytes) -> T:
    """Do ``work`` on ``body``: on a thread where it is large, so that the event loop goes on serving the others."""
    if len(body) <= SMALL:
        return work()
    return await to_thread.run_sync(work, limiter=_ASIDE)


async def _gather(chunks: AsyncIterator[bytes], most: int) -> bytes:
    parts, size = [], 0
    async for chunk in chunks:
        size += len(chunk)
        if size > most:
            raise TooLarge(f"the body has more than the {most} bytes that are taken")
        parts.append(chunk)
    return b"".join(parts)


def unpack(body: bytes, encoding: str, most: int) -> bytes:
    """Undo gzip or deflate. The bytes count, not the header: senders mislabel both ways, or name several."""
    if body[:2] == b"\x1f\x8b":
        return _inflate(body, GZIP, most)
    named = {name.strip().lower() for name in encoding.split(",")}
    if not named & _PACKINGS or body[:1] in b'{["<' or not body[:_HEAD].translate(None, _TEXT):
        return body
    try:
        return _inflate(body, DEFLATE, most)
    except BadInput:
        return _inflate(body, RAW_DEFLATE, most)


def _inflate(body: bytes, window: int, most: int) -> bytes:
    unpacker = zlib.decompressobj(window)
    try:
        unpacked = unpacker.decompress(body, most + 1)
    except zlib.error as error:
        fix = "send the body as its Content-Encoding says, or without one"
        raise BadInput(f"cannot be unpacked: {error}", place="body", fix=fix) from error
    if len(unpacked) > most:
        raise TooLarge(f"the body unpacks to more than the {most} bytes that are taken")
    if not unpacker.eof:
        raise BadInput("the packed body is cut short", place="body", fix="send all of it")
    return unpacked


class Form:
    """The fields of an HTML form or of a URL's query; a field may come several times."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self.pairs = pairs

    def get(self, name: str, default: str = "") -> str:
        """Return the first value of ``name``, without the blanks around it."""
        return next((value.strip() for key, value in self.pairs if key == name), default)

    def all(self, name: str) -> list[str]:
        """Return every value of ``name``, in order."""
        return [value for key, value in self.pairs if key == name]

    def read(self, kind: type[S]) -> S:
        """Read all fields as ``kind``; several values of one field where it is a tuple. Empty ones are left out."""
        known = {field.name: field for field in msgspec.structs.fields(kind)}
        values: dict[str, str | list[str]] = {}
        for name, value in self.pairs:
            if name not in known:
                close = get_close_matches(name, known, 1)
                fix = f"did you mean {close[0]!r}?" if close else f"use some of {', '.join(known)}"
                raise BadInput("is not known here", place=name, fix=fix)
            if "tuple" in str(known[name].type):
                values.setdefault(name, []).extend(part for part in value.split(",") if part)  # type: ignore[union-attr]
            elif value:
                values[name] = value
        try:
            return msgspec.convert(values, kind, strict=False)
        except msgspec.ValidationError as error:
            raise _unfit(error, "query") from error


def form_of(body: bytes) -> Form:
    """Read ``application/x-www-form-urlencoded``."""
    try:
        return Form(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError as error:
        raise BadInput(f"not a form: {error}", place="body", fix="send application/x-www-form-urlencoded") from error


def decode(body: bytes, kind: type[S]) -> S:
    """Read JSON as ``kind``; BadInput names the field that does not fit."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _unfit(error, "body") from error


def _unfit(error: Exception, where: str) -> BadInput:
    text, _, path = str(error).partition(" - at ")
    return BadInput(text, place=path.strip("`$.") or where, fix="see /docs for the shape of this request")
