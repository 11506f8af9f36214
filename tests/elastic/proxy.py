"""What lies between us and a server that misbehaves? A proxy that delays, refuses, rewrites, or is away."""

import contextlib
import http.client
import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

Answer = tuple[int, dict[str, Any]]
Hook = Callable[[str, str, bytes], Answer | None]  # method, path, body -> an answer in place of the server's


class Proxy:
    """Forwards to ``target``; ``hook`` may answer instead, ``delay`` (seconds) slows every request."""

    def __init__(self, target: str) -> None:
        self._target = urlsplit(target)
        self.hook: Hook = lambda method, path, body: None
        self.delay = 0.0
        self.seen: list[tuple[str, str]] = []  # method and path
        self.headers: list[dict[str, str]] = []
        self._server: ThreadingHTTPServer | None = None
        self._port = 0
        self._underway, self._idle = 0, threading.Condition()
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def is_away(self) -> bool:
        return self._server is None

    def start(self) -> None:
        """Answer, at the same address as before."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                if outer.is_away:  # a connection from before: hang up
                    self.close_connection = True
                    return
                status, content = outer.answer(self.command, self.path, body, dict(self.headers))
                self.send_response(status)
                for name, value in (("content-type", "application/json"), ("x-elastic-product", "Elasticsearch")):
                    self.send_header(name, value)
                self.send_header("content-length", str(len(content)))
                with contextlib.suppress(BrokenPipeError):  # who asked did not wait
                    self.end_headers()
                    self.wfile.write(content)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        self._server.daemon_threads = True
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Be away: nobody listens any more, and what a caller gave up on has reached the server (or never will)."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        with self._idle:
            assert self._idle.wait_for(lambda: not self._underway, timeout=60), "a request hangs"

    def answer(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        with self._idle:
            self._underway += 1
        try:
            return self._answer(method, path, body, headers)
        finally:
            with self._idle:
                self._underway -= 1
                self._idle.notify_all()

    def _answer(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        self.seen.append((method, path))
        self.headers.append(headers)
        if self.delay:
            time.sleep(self.delay)
        instead = self.hook(method, path, body)
        if instead is not None:
            return instead[0], json.dumps(instead[1]).encode()
        connection = http.client.HTTPConnection(self._target.hostname or "", self._target.port, timeout=30)
        kept = {name: value for name, value in headers.items() if name.lower() in ("content-type", "accept")}
        connection.request(method, path, body or None, kept)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response.status, content

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
