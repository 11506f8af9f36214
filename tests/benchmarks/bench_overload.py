"""Does memory stay flat at ten times what the engine can fold, and is nothing lost that was accepted?

A real server. First one sender fills the tables that are bounded (200,000 contents of the last day, 50 values of each
alert), and shows how many alerts a second are folded while enough wait; then many send as fast as they are answered,
for five minutes. PSS of all processes is sampled: flat means that the last minute needs no more than the first.
Afterwards every accepted alert must be in the ledger once; whoever was not accepted was told so.
"""

import argparse
import json
import statistics
import threading
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import psutil

from tests.aiops.served import Server

SENDERS = 8
PER_POST = 100  # alerts of one delivery
SHAPES = 30  # deliveries, over which the services are spread
SERVICES = 300
MOST_BEHIND = 1_000  # entries that may wait: small, so that the bound is reached
PAUSE = 0.005  # seconds that a sender waits when it is told to come later: none is patient here
CAPACITY_SECONDS = 20.0
FILLED = 260_000  # alerts, after which the tables are full
MINUTE = 60.0
MARK = "@@@@@@@@"


def shapes(per_post: int) -> list[str]:
    """Return the deliveries, with a mark where each has words of its own."""
    alerts = [
        {
            "status": "firing",
            "labels": {"alertname": f"A{number // SERVICES}", "service": f"s{number % SERVICES}"},
            "annotations": {"summary": f"value {MARK} over limit"},
            "startsAt": "2026-11-25T00:00:00Z",
        }
        for number in range(SHAPES * per_post)
    ]
    parts = [alerts[start : start + per_post] for start in range(0, len(alerts), per_post)]
    return [json.dumps({"version": "4", "status": "firing", "alerts": part}) for part in parts]


class Load:
    """Senders until told to stop; what they were answered."""

    def __init__(
        self, url: str, senders: range = range(1, SENDERS + 1), source: str = "alertmanager", per_post: int = PER_POST
    ) -> None:
        self.answers: Counter[int] = Counter()
        self._url, self._shapes, self._per_post = f"{url}/webhooks/{source}", shapes(per_post), per_post
        self._stop, self._lock = threading.Event(), threading.Lock()
        self._threads = [threading.Thread(target=self._send, args=(number,)) for number in senders]

    @property
    def accepted(self) -> int:
        """How many alerts were accepted?"""
        return self.answers[202] * self._per_post

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, once every request is answered."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _send(self, name: int) -> None:
        count = name * 10_000_000  # what one sends, no other does
        with httpx.Client(timeout=30, trust_env=False) as client:
            while not self._stop.is_set():
                count += 1
                body = self._shapes[count % SHAPES].replace(MARK, str(count))
                status = client.post(self._url, content=body).status_code
                with self._lock:
                    self.answers[status] += 1
                if status != 202:
                    self._stop.wait(PAUSE)


def memory(server: Server) -> dict[str, float]:
    """Return the PSS of each process in MB, by its role."""
    root = psutil.Process(server.process.pid)
    found: dict[str, float] = {}
    for process in (root, *root.children(recursive=True)):
        try:
            role = process.cmdline()[-1].rpartition(".")[2] if process != root else "supervisor"
            found[role] = found.get(role, 0.0) + process.memory_full_info().pss / 1e6
        except (psutil.NoSuchProcess, IndexError):
            continue
    return found


def received(server: Server) -> int:
    """Return how many alerts are folded."""
    return int(server.get("/api/ledger").json()["total"]["received"])


def capacity(server: Server, filled: int) -> float:
    """Fill the tables; return how many alerts a second are folded then, while there are always some that wait."""
    load = Load(server.url, range(1))
    load.start()
    while received(server) < filled:
        time.sleep(1)
    began, before = time.monotonic(), received(server)
    time.sleep(CAPACITY_SECONDS)
    rate = (received(server) - before) / (time.monotonic() - began)
    load.stop()
    _say(f"capacity: {rate:,.0f} alerts a second are folded, {dict(load.answers)} answered to one sender")
    drain(server)
    return rate


def drain(server: Server) -> None:
    """Wait until all that was accepted is folded."""
    while not server.folded():
        time.sleep(1)


def overload(server: Server, load: Load, seconds: float) -> list[tuple[float, float]]:
    """Send for so long; return (second, MB of all processes) as sampled."""
    load.start()
    began, samples = time.monotonic(), []
    while (passed := time.monotonic() - began) < seconds:
        time.sleep(min(10.0, seconds / 4))
        status, by_role = server.get("/api/status").json(), memory(server)
        samples.append((passed, sum(by_role.values())))
        roles = ", ".join(f"{role} {size:.0f}" for role, size in by_role.items())
        _say(
            f"{passed:4.0f} s: {sum(by_role.values()):6.1f} MB ({roles}), answers {dict(load.answers)}, "
            f"{received(server):,} folded, {status['lag']:,} entries wait, "
            f"undone: {', '.join(status['shed']) or 'nothing'}"
        )
    load.stop()
    _say(f"offered {sum(load.answers.values()) * PER_POST / (time.monotonic() - began):,.0f} alerts a second")
    return samples


def flat(samples: list[tuple[float, float]]) -> str:
    """Compare the first minute with the last one."""
    end = samples[-1][0]
    if end < 2 * MINUTE:
        return "too short to say whether memory is flat"
    first = statistics.median(size for second, size in samples if second <= MINUTE)
    last = statistics.median(size for second, size in samples if second >= end - MINUTE)
    return f"memory: {first:.0f} MB in the first minute, {last:.0f} MB in the last: {last / first:.2f}"


def _say(text: str) -> None:
    print(text, flush=True)


def main() -> None:
    """Print capacity, memory over time, answers, and whether what was accepted is there."""
    parser = argparse.ArgumentParser(prog="bench_overload", description=__doc__)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--filled", type=int, default=FILLED, help="alerts before it begins")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        (Path(folder) / "aiops.toml").write_text(f"[server]\nmost_behind = {MOST_BEHIND}\n", "utf-8")
        server = Server(Path(folder) / "data").ready()
        try:
            rate, before = capacity(server, options.filled), received(server)
            load = Load(server.url)
            samples = overload(server, load, options.seconds)
            offered = sum(load.answers.values()) * PER_POST / options.seconds
            drain(server)
            there = received(server) - before
            _say(f"offered {offered / rate:.1f} times the capacity; {flat(samples)}")
            _say(f"accepted {load.accepted:,}, in the ledger {there:,}: {'equal' if load.accepted == there else 'NOT'}")
            _say(f"other answers: {({code: n for code, n in load.answers.items() if code != 202}) or 'none'}")
            _say(f"memory at the end: {sum(memory(server).values()):.1f} MB")
        finally:
            server.end()


if __name__ == "__main__":
    main()
