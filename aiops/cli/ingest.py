"""How do log files come in? In chunks, as fast as the server takes them."""

import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, BinaryIO, Self
from uuid import uuid4

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from aiops.cli.chatter import say
from aiops.cli.errors import USAGE
from aiops.cli.session import client
from aiops.cli.shape import examples, family
from aiops.client import Client
from aiops.domain.errors import Unavailable

MOST_LINES = 500
MOST_BYTES = 1_000_000
LONGEST_LINE = 64 * 1024  # bytes; a longer one is read, and sent, in pieces
TRIES = 8
LONGEST_PAUSE = 30.0  # seconds between two tries


app = family()


@app.command(
    epilog=examples(
        "ingest app.log --service orders",
        "ingest events.jsonl",
        "--url http://alerts.example.org:8080 ingest - --service orders < app.log",
    )
)
def ingest(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="Log file, plain or JSON lines; -: standard input.")],
    service: Annotated[str, typer.Option(help="Whose log it is; default: what each line says of itself.")] = "",
) -> None:
    """Read a log file: each line becomes an event; errors and never-seen messages can become alerts."""
    started = time.monotonic()
    lines = deliveries = 0
    with _opened(file) as stream, client(context, new=True) as one, _Progress(file, stream) as progress:
        run = uuid4().hex
        for chunk in chunks(stream):
            deliver(one, b"".join(chunk), service, f"{run}-{deliveries}")
            lines, deliveries = lines + len(chunk), deliveries + 1
            progress.advance(sum(map(len, chunk)), lines)
    seconds = time.monotonic() - started
    say(
        f"{lines} lines accepted in {deliveries} deliveries, {seconds:.1f} s ({lines / max(seconds, 1e-3):.0f} lines/s)"
    )
    say("`aiops patterns templates` shows their shapes, `aiops ledger` what became of them")


def chunks(stream: BinaryIO) -> Iterator[list[bytes]]:
    """Yield lines by up to 500 or 1 MB; each ends with a newline, blank ones are left out."""
    chunk: list[bytes] = []
    size = 0
    for line in _lines(stream):
        if chunk and (len(chunk) >= MOST_LINES or size + len(line) > MOST_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(line)
        size += len(line)
    if chunk:
        yield chunk


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    while line := stream.readline(LONGEST_LINE):
        if line.strip():
            yield line if line.endswith(b"\n") else line + b"\n"


def deliver(one: Client, body: bytes, service: str, key: str) -> None:
    """Send one chunk; when the server cannot take it now, wait as long as it says, and longer each time."""
    for attempt in range(TRIES):
        try:
            one.deliver("logs", body, {"service": service}, "text/plain; charset=utf-8", key)
            return
        except Unavailable as problem:
            if attempt == TRIES - 1:
                raise
            time.sleep(min(LONGEST_PAUSE, max(problem.retry_after, 0.25 * 2**attempt)))


def _opened(file: str) -> BinaryIO:
    if file == "-":
        return sys.stdin.buffer
    try:
        return Path(file).open("rb")
    except OSError as error:
        say(f"aiops: {file}: {error.strerror}; name a file that can be read, or - for standard input")
        raise typer.Exit(USAGE) from error


class _Progress:
    """A bar on a terminal, nothing elsewhere."""

    def __init__(self, file: str, stream: BinaryIO) -> None:
        self._total = Path(file).stat().st_size if file != "-" else None
        self._columns: Iterable[object] = ()
        self._bar = None
        if sys.stderr.isatty():
            columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, console=Console(stderr=True))
            self._task = self._bar.add_task(file, total=self._total)

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *raised: object) -> None:
        if self._bar:
            self._bar.stop()

    def advance(self, size: int, lines: int) -> None:
        """So many bytes more; so many lines in all."""
        if self._bar:
            self._bar.update(self._task, advance=size, description=f"{lines} lines")
