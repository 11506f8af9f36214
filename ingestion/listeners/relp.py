"""Who must know that a message arrived? RELP (rsyslog's omrelp): each message is acknowledged once it is on disk.

``TXNR COMMAND LENGTH [DATA]`` and an end of line, both ways; an answer is the command ``rsp``. What is not
acknowledged when a connection breaks, its sender sends again: nothing is lost, and at most a window (128) comes twice.
https://github.com/rsyslog/librelp/blob/master/doc/relp.html
"""

import asyncio
from functools import partial
from typing import NamedTuple

from aiops.domain.errors import BadInput
from ingestion.listeners.intake import Intake, Message
from ingestion.listeners.network import HANDSHAKE, PARTIAL, Heard, Reader, Streams, Writer, peer_of

OFFER = b"200 OK\nrelp_version=0\nrelp_software=aiops\ncommands=syslog"
CLOSING = b"0 serverclose 0\n"
LONGEST_WORD = 32  # bytes of a command's name; a number has at most 9 digits


class Command(NamedTuple):
    """One command of a peer."""

    number: bytes
    name: bytes
    data: bytes
    cut: bool


class RelpStreams(Streams):
    """Sessions of RELP. Where there is no room nothing is read, and the peer's window stays shut."""

    def __init__(self, intake: Intake, most: int, longest: int) -> None:
        super().__init__(intake, most)
        self._longest = longest

    async def converse(self, reader: Reader, writer: Writer, heard: Heard) -> None:
        """Answer ``open``, ``syslog`` and ``close``; whoever speaks something else goes."""
        peer, patience = peer_of(writer.get_extra_info("peername")), HANDSHAKE
        last: asyncio.Future[None] | None = None  # done once the message before is on disk
        try:
            while command := await self._command(reader, patience):
                patience = 0.0
                if command.name == b"syslog":
                    heard()
                    self.intake.standing.truncated += command.cut
                    last = asyncio.get_running_loop().create_future()
                    durable = partial(_acknowledge, writer, command.number, last)
                    await self.intake.put(Message(command.data or b"-", peer, durable))
                elif command.name == b"open":
                    _answer(writer, command.number, OFFER)
                elif command.name == b"close":
                    if last:
                        await last
                    _answer(writer, command.number, b"")
                    writer.write(CLOSING)
                    break
                else:
                    _answer(writer, command.number, b"500 only syslog is taken")
                await writer.drain()
        except (BadInput, TimeoutError, asyncio.IncompleteReadError) as error:
            self.intake.standing.trouble(f"a peer does not speak RELP: {error}", self.intake.clock())

    async def farewell(self, writer: Writer) -> None:
        """Say that this end closes: the peer goes, and sends again elsewhere what was not acknowledged."""
        await self.ending.wait()
        if not writer.is_closing():
            writer.write(CLOSING)

    async def _command(self, reader: Reader, patience: float) -> Command | None:
        """Read one command; None at the end. A session may be silent, but who begins a command ends it in time."""
        try:
            first = await asyncio.wait_for(reader.readexactly(1), patience or None)
        except asyncio.IncompleteReadError:
            return None
        return await asyncio.wait_for(self._rest(reader, first), PARTIAL)

    async def _rest(self, reader: Reader, first: bytes) -> Command:
        number, _ = await _word(reader, first)
        name, _ = await _word(reader)
        length, end = await _word(reader)
        if not number.isdigit() or not length.isdigit() or len(length) > 9:
            raise BadInput("no number", place="head of a command", fix="send RELP, or to the port of syslog")
        size, data = int(length), b""
        if end == b" ":
            data = await reader.readexactly(min(size, self._longest))
            await _pass_over(reader, size - len(data))
            await reader.readexactly(1)
        return Command(number, name, data, size > len(data))


async def _word(reader: Reader, first: bytes = b"") -> tuple[bytes, bytes]:
    """Read up to a blank or an end of line, and say which it was."""
    word, byte = first, await reader.readexactly(1)
    while byte not in (b" ", b"\n"):
        word += byte
        if len(word) > LONGEST_WORD:
            raise BadInput("no command", place="head of a command", fix="send RELP, or to the port of syslog")
        byte = await reader.readexactly(1)
    return word, byte


async def _pass_over(reader: Reader, left: int) -> None:
    while left > 0:
        data = await reader.read(min(left, 1 << 16))
        if not data:
            raise asyncio.IncompleteReadError(b"", left)
        left -= len(data)


def _answer(writer: Writer, number: bytes, text: bytes) -> None:
    if not writer.is_closing():
        writer.write(b"%s rsp %d" % (number, len(text)) + (b" " + text if text else b"") + b"\n")


def _acknowledge(writer: Writer, number: bytes, done: "asyncio.Future[None]") -> None:
    _answer(writer, number, b"200 OK")
    if not done.done():  # the session may have been cancelled meanwhile
        done.set_result(None)
