"""Who receives pages in tests? Real servers on loopback, on ports of their own, that remember what came."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Posted:
    """One request that came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


@dataclass
class Receiver:
    """What an HTTP receiver got, and how it answers: ``answer(number)`` for the number-th request, from 1."""

    url: str = ""
    got: list[Posted] = field(default_factory=list)
    answer: Callable[[int], tuple[int, dict[str, str], bytes]] = lambda _: (202, {}, b"{}")


@contextmanager
def http_receiver() -> Iterator[Receiver]:
    """Run an HTTP server that keeps every POST."""
    receiver = Receiver()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            with lock:
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.got.append(Posted(self.path, headers, body))
                status, more, content = receiver.answer(len(receiver.got))
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@dataclass
class MailBox:
    """What a mail server took, and what it says to a recipient."""

    port: int = 0
    got: list[bytes] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    refusal: Callable[[str], str] = lambda _: ""
    taken: Callable[[int], None] = lambda _: None  # called with the number of the mail, before it is answered

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, _: list[str]) -> str:
        """Take a recipient, or refuse."""
        if answer := self.refusal(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep the mail."""
        assert isinstance(envelope.content, bytes)
        self.got.append(envelope.content)
        self.recipients.append(list(envelope.rcpt_tos))
        self.taken(len(self.got))
        return "250 taken"


@contextmanager
def mail_server(**options: Any) -> Iterator[MailBox]:
    """Run an SMTP server."""
    box = MailBox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        box.port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=box.port, **options)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()
