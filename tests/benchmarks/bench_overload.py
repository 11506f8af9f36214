"""Does memory stay flat at many times what the engine can fold, and is nothing lost that was accepted?

A real server, senders that post as fast as they are answered, for five minutes: the sum of PSS of all processes is
sampled; afterwards every accepted delivery must be in the ledger once, and every other one was told to come later.
"""

import argparse
import json
import threading
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import psutil

from tests.aiops.served import Server

SENDERS = 6
PER_POST = 20  # alerts of one delivery, as Alertmanager groups them
MOST_BEHIND = 10_000  # entries that may wait: small, so that the bound is reached
PAUSE = 0.02  # seconds that a sender waits when it is told to come later: none is patient here


class Load:
    """Senders until told to stop; what they were answered."""

    def __init__(self, url: str) -> None:
        self.answers: Counter[int] = Counter()
        self._url, self._stop, self._lock = url, threading.Event(), threading.Lock()
        self._threads = [threading.Thread(target=self._send, args=(number,)) for number in range(SENDERS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _send(self, name: int) -> None:
        count = 0
        with httpx.Client(timeout=30, trust_env=False) as client:
            while not self._stop.is_set():
                count += 1
                alerts = [
                    {
                        "status": "firing",
                        "labels": {"alertname": f"A{number % 40}", "service": f"s{(count * 7 + number) % 300}"},
                        "annotations": {"summary": f"value {count} over limit"},
                        "startsAt": "2026-11-25T00:00:00Z",
                    }
                    for number in range(PER_POST)
                ]
                body = json.dumps({"version": "4", "status": "firing", "groupKey": f"{name}-{count}", "alerts": alerts})
                status = client.post(f"{self._url}/webhooks/alertmanager", content=body).status_code
                with self._lock:
                    self.answers[status] += 1
                if status != 202:
                    self._stop.wait(PAUSE)


def memory(server: Server) -> float:
    """Return the sum of PSS of all processes, in MB."""
    root = psutil.Process(server.process.pid)
    total = 0
    for process in (root, *root.children(recursive=True)):
        try:
            total += process.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue
    return total / 1e6


def main() -> None:
    """Print memory over time, answers, and whether what was accepted is there."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=300)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        settings = Path(folder) / "aiops.toml"
        settings.write_text(f"[server]\nmost_behind = {MOST_BEHIND}\n")
        server = Server(Path(folder) / "data").ready()
        load = Load(server.url)
        load.start()
        began = time.monotonic()
        while (passed := time.monotonic() - began) < options.seconds:
            time.sleep(min(15, options.seconds / 4))
            status = server.get("/api/status").json()
            folded = server.get("/api/ledger").json()["total"]["received"]
            print(
                f"{passed:4.0f} s: {memory(server):6.1f} MB, answers {dict(load.answers)}, {folded:,} events folded, "
                f"{status['lag']:,} entries wait, left undone: {', '.join(status['shed']) or 'nothing'}",
                flush=True,
            )
        load.stop()
        rate = folded / options.seconds
        offered = sum(load.answers.values()) * PER_POST / options.seconds
        print(f"offered {offered:,.0f} alerts a second, folded {rate:,.0f}: {offered / rate:.1f} times as many")
        while not server.folded():
            time.sleep(1)
        received = server.get("/api/ledger").json()["total"]["received"]
        accepted = load.answers[202] * PER_POST
        print(
            f"accepted {accepted:,} alerts, in the ledger {received:,}: {'equal' if accepted == received else 'LOST'}"
        )
        print(f"other answers: {({code: n for code, n in load.answers.items() if code != 202}) or 'none'}")
        print(f"memory at the end {memory(server):.1f} MB")
        server.end()


if __name__ == "__main__":
    main()
