"""Who keeps sending and acting while processes die, and what were they promised?

Every sender and operator repeats a request until it is answered, as the real ones do; the answers of 2xx are kept.
"""

import itertools
import json
import random
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import httpx

PAUSE = 0.05  # seconds before a request is repeated
PATIENCE = 60.0  # seconds until an answer is given up
AGAIN = (429, 503)  # "come later"; everything else that is neither 2xx nor 409 is a finding
SENDERS = ((1, 0.02), (10, 0.05), (50, 0.2))  # (most alerts of a delivery, mean seconds between two)
SERVICES = 30


@dataclass
class Address:
    """Where the server answers now; a restart moves it."""

    url: str = ""


@dataclass
class Sent:
    """One request, how often it was tried, and what came back."""

    path: str
    body: bytes
    events: int = 0  # that a delivery holds
    key: str = ""  # Idempotency-Key of an act
    attempts: int = 0
    answer: dict[str, Any] = field(default_factory=dict)
    status: int = 0  # 0: never answered


class Load:
    """Threads that send, each another rate and size of batch, and one that operates, while the ``with`` block lasts."""

    def __init__(self, address: Address, seed: int) -> None:
        self._address, self._seed = address, seed
        self._stop = threading.Event()
        self.deliveries: list[Sent] = []
        self.acts: list[Sent] = []
        self.findings: list[str] = []  # answers that nobody should get
        senders = [threading.Thread(target=self._send, args=(number,)) for number in range(len(SENDERS))]
        self._threads = [*senders, threading.Thread(target=self._operate)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _send(self, number: int) -> None:
        rng, (most, mean) = random.Random(f"{self._seed}-sender-{number}"), SENDERS[number]
        firing: list[dict[str, str]] = []
        with httpx.Client(timeout=5, trust_env=False) as client:
            for count in itertools.count():
                if self._stop.wait(rng.expovariate(1 / mean)):
                    return
                size = rng.randint(1, most)
                alerts = [_alert(rng, f"{number}-{count}-{index}", firing) for index in range(size)]
                body = json.dumps({"version": "4", "status": "firing", "alerts": alerts}).encode()
                self.deliveries.append(sent := Sent("/webhooks/alertmanager", body, events=size))
                self._insist(client, sent)

    def _operate(self) -> None:
        rng = random.Random(f"{self._seed}-operator")
        with httpx.Client(timeout=5, trust_env=False) as client:
            for count in itertools.count():
                if self._stop.wait(rng.expovariate(1 / 0.15)):
                    return
                path, body = _act(rng, count, self._incidents(client))
                key = f"act-{self._seed}-{count}"
                self.acts.append(sent := Sent(path, json.dumps(body).encode(), key=key))
                self._insist(client, sent)
                if rng.random() < 0.3:
                    self._repeat(client, sent)

    def _incidents(self, client: httpx.Client) -> list[str]:
        try:
            response = client.get(f"{self._address.url}/api/incidents")
        except httpx.HTTPError:
            return []
        return [one["incident_id"] for one in response.json()["items"]] if response.is_success else []

    def _insist(self, client: httpx.Client, sent: Sent) -> None:
        """Repeat until it is answered."""
        headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": sent.key} if sent.key else {})
        for response in self._tries(client, sent, headers):
            if response.status_code not in AGAIN:
                sent.status, sent.answer = response.status_code, response.json()
                if not (response.is_success or (sent.key and response.status_code == 409)):
                    self.findings.append(f"{sent.path} was answered {response.status_code}: {response.text[:300]}")
                return
        self.findings.append(f"{sent.path} was not answered within {PATIENCE:.0f} s, {sent.attempts} attempts")

    def _repeat(self, client: httpx.Client, sent: Sent) -> None:
        """Act once more as if the answer had got lost: nothing new comes of it."""
        status, answer = sent.status, sent.answer
        self._insist(client, sent)
        if status == sent.status == 200 and answer != sent.answer:
            self.findings.append(f"{sent.path} was answered {answer}, then {sent.answer}")

    def _tries(self, client: httpx.Client, sent: Sent, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            sent.attempts += 1
            try:
                response = client.post(self._address.url + sent.path, content=sent.body, headers=headers)
            except httpx.HTTPError:  # it died, or is not there yet
                time.sleep(PAUSE)
                continue
            yield response
            time.sleep(PAUSE)


def _alert(rng: random.Random, unique: str, firing: list[dict[str, str]]) -> dict[str, Any]:
    """Make an alert that no other delivery has, or let one that fires end."""
    ends = bool(firing) and rng.random() < 0.3
    if ends:
        labels = firing.pop(rng.randrange(len(firing)))
    else:
        labels = {"alertname": f"Check{rng.randrange(8)}", "service": f"s{rng.randrange(SERVICES)}"}
        labels |= {"severity": "critical", "unique": f"u{unique}"}
        firing.append(labels)
    return {
        "status": "resolved" if ends else "firing",
        "labels": labels,
        "annotations": {"summary": f"{labels['alertname']} of {labels['service']} failed"},
        "startsAt": "2026-01-01T00:00:00Z",
        "endsAt": "2026-01-01T00:05:00Z" if ends else "0001-01-01T00:00:00Z",
    }


def _act(rng: random.Random, count: int, incidents: list[str]) -> tuple[str, dict[str, Any]]:
    """Choose what an operator does next: (path, body)."""
    kind = rng.choice(("acknowledge", "comment", "comment", "rule", "silence"))
    if incidents and kind in ("acknowledge", "comment"):
        body = {"text": words_of(count)} if kind == "comment" else {}
        return f"/api/incidents/{rng.choice(incidents)}/{kind}", body
    end = (datetime.now(UTC) + timedelta(seconds=rng.uniform(3, 60))).isoformat()
    matchers = [{"field": "service", "value": f"s{rng.randrange(SERVICES)}"}]
    what = {"matchers": matchers, "owner": "noc", "reason": words_of(count)}
    if kind == "rule":
        return "/api/rules", what | {"id": f"rule-{rng.randrange(6)}", "verdict": "known_good", "expires": end}
    return "/api/silences", what | {"id": f"silence-{rng.randrange(6)}", "ends_at": end}


def words_of(count: int) -> str:
    """Return a text that no other act has."""
    return f"act number {count} of this run"
