"""Where does the server of a data folder answer? It leaves its URL there while it runs."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

FILE = "address"
ANY = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # a bind to all is reached on the loopback too


def address_of(data: Path) -> str:
    """Return the URL that was left in ``data``; empty: none. Whoever left it may be dead."""
    try:
        return (data / FILE).read_text("utf-8").strip()
    except OSError:
        return ""


@contextlib.contextmanager
def announced(data: Path, listener: socket.socket) -> Iterator[str]:
    """Leave the URL of ``listener`` in ``data`` for as long as this lasts."""
    host, port = listener.getsockname()[:2]
    url = f"http://{ANY.get(host, f'[{host}]' if ':' in host else host)}:{port}"
    (data / FILE).write_text(url, "utf-8")
    try:
        yield url
    finally:
        with contextlib.suppress(OSError):
            (data / FILE).unlink()
