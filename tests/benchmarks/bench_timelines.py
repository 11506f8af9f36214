"""``make bench-timelines SHARED=../shared``: do recorded retry storms end in the true state?

Folds each recorded timeline (one JSON line a post: its time and body) through the shipped engine, post by post at the
recorded time, and compares the state of every alert at the end with the truth. A sender that cut its lists cannot be
known better than what it said last; that it cut them must be said.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from aiops import fold
from aiops.domain.alerts import Alert
from aiops.domain.documents import ALERTS, DELIVERIES, SOURCES
from aiops.domain.entries import Delivery, Tick
from aiops.domain.queries import Query
from aiops.engine import Engine
from aiops.storage.memory import MemoryJournal, MemoryStore
from ingestion.sources.alertmanager import fingerprint

END = datetime(2026, 11, 23, 2, 43, 55, tzinfo=UTC)  # when the truth was taken
TRUNCATED = "am-max_alerts-1"


class Ending(NamedTuple):
    """What is known of one timeline at its end."""

    states: Mapping[str, str]  # alert's fingerprint -> status
    resends: int
    episodes: int
    warned: bool  # that the sender truncates
    balanced: bool


def main(arguments: Sequence[str] = ()) -> int:
    """Print a line for each timeline; return how many did not end as they should."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("shared", nargs="?", default="../shared", help="the folder that holds payloads/replay")
    folder = Path(reader.parse_args(arguments).shared) / "payloads" / "replay"
    if not (folder / "expected.json").exists():
        print(f"no recorded timelines: {folder / 'expected.json'} is missing")
        return 0
    expected = msgspec.json.decode((folder / "expected.json").read_bytes())
    wrong = 0
    for file in sorted(folder.glob("*.jsonl")):
        truncated = file.stem == TRUNCATED
        wanted = expected["routes"][file.stem]["last_seen_state"] if truncated else expected["truth"]["alerts"]
        ending = run(file)
        right = ending.states == {key: one["status"] for key, one in wanted.items()}
        well = right and ending.warned is truncated and ending.balanced
        wrong += not well
        print(f"{'ok   ' if well else 'WRONG'} {file.stem}: {_said(ending)}")
    print(f"{wrong} of the timelines did not end as they should")
    return wrong


def run(file: Path) -> Ending:
    """Fold one timeline."""
    journal, store, engine = MemoryJournal(clock=lambda: END), MemoryStore(), Engine()
    for at, delivery in posts(file):
        journal.append([delivery], at=at)
    journal.append([Tick()], at=END)
    while fold.step(engine, journal, store):
        pass
    with store.view() as view:
        alerts: list[Alert] = view.find(ALERTS, Query(limit=1_000)).items
        records = view.find(DELIVERIES, Query(limit=1_000)).items
        lines = view.find(SOURCES, Query()).items
    return Ending(
        states={fingerprint(alert.labels): alert.status.value for alert in alerts},
        resends=sum(alert.resends for alert in alerts),
        episodes=sum(alert.episodes for alert in alerts),
        warned=any("sender truncates" in warning.problem for record in records for warning in record.warnings),
        balanced=all(line.balances for line in lines),
    )


def posts(file: Path) -> Iterator[tuple[datetime, Delivery]]:
    """Yield each post with the time at which it came, in order."""
    lines: list[dict[str, Any]] = [msgspec.json.decode(line) for line in file.read_bytes().splitlines()]
    for line in sorted(lines, key=lambda line: float(line["t"])):
        source = "alertmanager_api" if line["path"].endswith("/api/v2/alerts") else "alertmanager"
        body = msgspec.json.encode(line["body"])
        delivery = Delivery(source=source, body=body, content_type="application/json")
        yield datetime.fromtimestamp(line["t"], UTC), delivery


def _said(ending: Ending) -> str:
    firing = sum(state == "firing" for state in ending.states.values())
    warned = ", the sender truncates" if ending.warned else ""
    return f"{len(ending.states)} alerts, {firing} firing, {ending.episodes} episodes, {ending.resends} resends{warned}"


if __name__ == "__main__":
    import sys

    sys.exit(main(sys.argv[1:]))
