"""How does one run the crash test by hand? `make crash`, or with a seed that a failure has named."""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.crash.run import Report, run

PER_FOLDER = 25  # kills; then a new folder, so that a long run's journal can still be run again
SHOWN = 20  # findings


def main() -> int:
    """Return 0 when every promise was kept, else 1 with the evidence left in place."""
    parser = argparse.ArgumentParser(prog="tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    left, seed = arguments.kills, arguments.seed
    while left > 0:
        kills = min(left, PER_FOLDER)
        _say(f"seed {seed}, {kills} kills")
        if not _round(seed, kills):
            return 1
        left, seed = left - kills, seed + 1
    return 0


def _round(seed: int, kills: int) -> bool:
    folder, started = Path(tempfile.mkdtemp(prefix="aiops-crash-")), time.monotonic()
    try:
        report = run(folder, seed, kills)
    except (AssertionError, subprocess.TimeoutExpired) as problem:
        _say(f"FAILED: {problem}\nevidence: {folder}\nagain: python -m tests.crash --kills {kills} --seed {seed}")
        return False
    _tell(report, time.monotonic() - started)
    if report.findings:
        _say(f"FAILED: {len(report.findings)} findings", *(f"  {one[:1_000]}" for one in report.findings[:SHOWN]))
        _say(f"evidence: {folder}", f"again: python -m tests.crash --kills {kills} --seed {seed}")
        return False
    shutil.rmtree(folder)
    return True


def _tell(report: Report, seconds: float) -> None:
    for kind, times in sorted(report.returns.items()):
        _say(f"  {kind:38} {len(times):3} kills, back after {statistics.median(times):.1f} s, at most {max(times):.1f}")
    _say(
        f"  accepted: {report.deliveries} deliveries with {report.alerts} alerts; answered: {report.acts} acts; "
        f"sent more than once: {report.repeated}; snapshots torn: {report.torn}",
        f"  {report.entries} entries; replay: {report.replay}",
        f"  {len(report.findings)} findings in {seconds:.0f} s",
    )


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
