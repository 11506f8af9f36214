"""How do tests run other people's programs, as Debian packages them, against a real server of ours?"""

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.aiops.served import Server, until

PLACES = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/lib/systemd", "/lib/systemd"))


def program(name: str, package: str) -> str:
    """Return the path of an installed program; skip where its package is missing (in CI that is a failure)."""
    if found := shutil.which(name, path=PLACES):
        return found
    pytest.skip(f"{name} is not installed: apt-get install {package}")


def free_port() -> int:
    """Return a port that nobody listens at now."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


class Site:
    """A folder with our server, and other programs that talk to it; all end with the test."""

    def __init__(self, folder: Path, cleanup: ExitStack) -> None:
        self.folder, self._cleanup = folder, cleanup
        self.port = free_port()
        self.server: Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def serve(self, more: str = "", **listeners: str) -> Server:
        """Start our server, always at the same port; ``more`` is TOML beside the listeners."""
        lines = "".join(f"{name} = {value!r}\n" for name, value in listeners.items())
        (self.folder / "aiops.toml").write_text(f"[listeners]\n{lines}{more}")
        (self.folder / "data" / "address").unlink(missing_ok=True)  # of one that was killed
        self.server = Server(self.folder / "data", "--port", str(self.port)).ready()
        self._cleanup.callback(_end, self.server.process)
        return self.server

    def kill(self) -> None:
        """End all of our server at once, as a power cut would."""
        assert self.server is not None
        whole = psutil.Process(self.server.process.pid)
        dying = [whole, *whole.children(recursive=True)]
        for one in dying:
            one.kill()
        self.server.process.wait()
        psutil.wait_procs(dying, timeout=10)  # until then their connections are open

    def run(self, *command: str | Path) -> subprocess.Popen[bytes]:
        """Start a program that runs until the test ends; what it says goes to a file."""
        log = self._cleanup.enter_context((self.folder / f"{Path(command[0]).name}.log").open("ab"))
        process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self._cleanup.callback(_end, process)
        return process

    def write(self, name: str, content: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path

    def alerts(self, source: str = "") -> list[dict[str, Any]]:
        assert self.server is not None
        answer = self.server.get(f"/api/alerts?limit=200{f'&source={source}' if source else ''}")
        return list(answer.json()["items"]) if answer.is_success else []

    def states(self, name: Callable[[dict[str, Any]], str]) -> dict[str, str]:
        """Return the status of every alert under a name of its own."""
        return {name(alert): alert.get("status", "firing") for alert in self.alerts()}

    def comes(self, there: Callable[[], Any], what: str) -> Any:
        try:
            return until(there, what)
        except AssertionError as error:
            said = [f"== {log.name}\n{log.read_text(errors='replace')[-1500:]}" for log in self.folder.glob("*.log")]
            raise AssertionError("\n".join([str(error), f"{self.alerts()}"[:800], *said])) from None


@contextmanager
def site(folder: Path) -> Iterator[Site]:
    with ExitStack() as cleanup:
        yield Site(folder, cleanup)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
