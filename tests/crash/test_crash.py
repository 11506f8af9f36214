"""Real kills under load: what was accepted is there once, and the folder is as if nothing had died."""

import os
from collections import Counter
from pathlib import Path

import pytest

from tests.crash.kills import RESTARTED, Kind, schedule
from tests.crash.load import Sent
from tests.crash.run import Report, run
from tests.crash.verdict import promises, said

SEED = 18  # engine, responder, all at once, engine in a snapshot, API, all during a shutdown
KILLS = 6  # a round
SEEDS = range(SEED, SEED + 5) if os.environ.get("CI") else (SEED,)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.slow
@pytest.mark.timeout(180)
def test_what_was_accepted_survives_every_kill_and_a_broken_promise_is_seen(tmp_path: Path, seed: int) -> None:
    report = run(tmp_path, seed, KILLS)
    assert report.findings == []
    assert sum(len(times) for times in report.returns.values()) == KILLS
    assert report.deliveries > 50
    assert report.acts > 5
    assert_is_not_blind(tmp_path / "data", report)


def assert_is_not_blind(data: Path, report: Report) -> None:
    """The judge finds what a server that loses would have answered."""
    lost = Sent("/webhooks/alertmanager", b"{}", 1, "", 1, {"delivery_id": f"0-{report.entries + 9}"}, 202)
    other = Sent("/webhooks/alertmanager", b"{}", 1, "", 1, {"delivery_id": "0-1"}, 202)
    act = Sent("/api/rules", b"{}", 0, "never-done", 1, {"command_id": "never-done"}, 202)
    findings = "\n".join(promises(data, [lost, other, other], [act]).findings)
    assert f"accepted as 0-{report.entries + 9}, and not in the journal" in findings
    assert "accepted as 0-1, and not in the journal" in findings
    assert "0-1 was given to 2 deliveries" in findings
    assert f"0-{report.entries + 9} had 1 good events; recorded: None" in findings
    assert "answered 202, and not in the journal" in findings


def test_a_seed_repeats_its_kills() -> None:
    assert schedule(1, 30) == schedule(1, 30)
    assert schedule(1, 30) != schedule(2, 30)


def test_every_kind_of_kill_has_its_turn_and_every_third_restarts_all() -> None:
    strikes = schedule(3, 30)
    assert set(Counter(strike.kind for strike in strikes).values()) <= {3, 4}
    assert {strike.kind for strike in strikes} == set(Kind)
    assert all((strike.kind in RESTARTED) == (number % 3 == 2) for number, strike in enumerate(strikes))


def test_only_errors_that_a_kill_explains_are_passed_over() -> None:
    killed: dict[str, object] = {
        "level": "error",
        "event": "a process ended by itself; it will be started again",
        "child": "api",
    }
    failed: dict[str, object] = {"level": "error", "event": "the engine failed on an entry and goes on"}
    assert list(said([{"level": "info", "event": "serving"}, killed, failed])) == [f"in the log: {failed}"]
