"""Which alerts of an intrusion detection stream are one incident? Networks of the AIT Alert Data Set, no graph known.

Each row (identical alerts of one second) is one JSON document of its detector, through the generic door. What is in no
incident that people are shown (background queue) counts as muted.
"""

import csv
import gzip
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from tests.benchmarks.quality.driving import Drive
from tests.benchmarks.quality.figures import Figure


def run(shared: Path, predictions: Path | None) -> list[Figure]:
    """Incidents, false and missed ones, per network."""
    figures = []
    for network in sorted((shared / "data" / "ait-ads").glob("*/")):
        if (network / "alerts.csv.gz").exists():
            figures += _figures(network.name, score(shared, network, predictions))
    return figures


def _figures(network: str, found: dict[str, float]) -> list[Figure]:
    name = f"ait-ads/{network}"
    note = f"noise reduction {found['noise_reduction']:.5f}; ARI by incident {found['ARI_incident']:.2f}"
    floor = "first 24 h as known good: 55-60 incidents, 26 % of phases missed"
    return [
        Figure(set=name, measure="incidents shown", ours=found["incidents"], published=floor, note=note),
        Figure(set=name, measure="of them false", ours=found["false_incidents"]),
        Figure(set=name, measure="true ones missed", ours=found["incidents_missed"], n=int(found["true_incidents"])),
        Figure(
            set=name,
            measure="phases missed",
            ours=found["phases_missed"] / found["phases"],
            n=int(found["phases"]),
            proportion=True,
        ),
    ]


def score(shared: Path, network: Path, predictions: Path | None = None) -> dict[str, float]:
    """Return what the scorer says of our groups."""
    with TemporaryDirectory() as folder:
        answers = (predictions or Path(folder)) / f"{network.name}.csv.gz"
        with gzip.open(answers, "wt") as out:
            out.write("".join(f"{group}\n" for group in groups(network / "alerts.csv.gz")))
        command = [sys.executable, str(shared / "bench" / "score.py"), "group"]
        files = [str(network / "alerts.csv.gz"), str(network / "labels.csv.gz"), str(answers)]
        answer = subprocess.run([*command, *files], check=True, capture_output=True).stdout
        found: dict[str, float] = msgspec.json.decode(answer)
        return found


def groups(alerts: Path) -> list[str]:
    """Return for each row the incident that people are shown; empty where they are shown none."""
    drive, ids = play(alerts)
    shown = (drive.incident(event_id) for event_id in ids)
    return [incident.incident_id if incident and not incident.background else "" for incident in shown]


def play(alerts: Path) -> tuple[Drive, list[str]]:
    """Send all rows; return the drive and the rows' event ids."""
    drive = Drive()
    with gzip.open(alerts, "rt", newline="") as lines:
        ids = [send(drive, row) for row in csv.DictReader(lines)]
    return drive, ids


def send(drive: Drive, row: dict[str, str]) -> str:
    detector, _, name = row["name"].partition(": ")
    at = float(row["time"])
    labels = {"alertname": name, "host": row["host"]}
    document = {"title": row["name"], "timestamp": at, "labels": labels, "annotations": {"ip": row["ip"]}}
    return drive.send(at, f"{detector.lower()}-ids", document)
