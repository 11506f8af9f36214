"""Do the sets run on another folder of the same layout, and say no more than is known of it?"""

import csv
import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.quality import __main__ as command
from tests.benchmarks.quality import itbench, loghub2k, rootcausebench, sigma_regression, tvdiag_alerts
from tests.benchmarks.quality.figures import Figure

Json = Mapping[str, Any]
MINUTE = "2026-03-02T09:{:02}:00Z"


def write_lines(path: Path, rows: Sequence[Json]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def write_table(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as out:
        table = csv.DictWriter(out, rows[0])
        table.writeheader()
        table.writerows(rows)


def answers(path: Path) -> dict[str, Any]:
    return {one["case"]: one for one in map(json.loads, path.read_text().splitlines())}


def of(figures: Sequence[Figure], measure: str) -> Figure:
    return next(one for one in figures if one.measure == measure)


def failures(folder: Path, *numbers: int) -> None:
    """A database that fails, told as the set of agents' failures tells it; the last is called unfit for scoring."""
    alerts = [{"name": "HighRequestErrorRate", "service": name} for name in ("db", "web")]
    cases = [{"case": f"itb-{one}", "usable_for_rca": one != numbers[-1], "alerts": alerts} for one in numbers]
    write_lines(folder / "cases.jsonl", cases)
    write_lines(folder / "truth.jsonl", [{"case": f"itb-{one}", "root_cause_service": "db"} for one in numbers])
    write_table(folder / "graph_edges.csv", [{"caller": "web", "callee": "db"}])


@pytest.mark.parametrize(("numbers", "floor"), [((1, 3, 5), itbench.FLOOR), ((2, 4, 6), None)])
def test_a_floor_is_said_of_the_cases_that_it_was_measured_on(
    tmp_path: Path, numbers: tuple[int, ...], floor: float | None
) -> None:
    failures(tmp_path / "data" / "itbench", *numbers)
    found = of(itbench.run(tmp_path, tmp_path), "AC@1")
    assert (found.ours, found.n, found.floor) == (1.0, 2, floor)


def test_what_is_unfit_for_scoring_is_answered_all_the_same(tmp_path: Path) -> None:
    failures(tmp_path / "data" / "itbench", 2, 4, 6)
    itbench.run(tmp_path, tmp_path)
    assert {case: one["ranking"][0] for case, one in answers(tmp_path / "itbench.jsonl").items()} == {
        "itb-2": "db",
        "itb-4": "db",
        "itb-6": "db",
    }


def test_a_system_of_which_nothing_is_published_has_no_such_figure(tmp_path: Path) -> None:
    lines = [f"connection {number} closed by peer" for number in range(30)] + ["", '{"message": "a line of JSON"}']
    rows = [
        {"Content": one, "EventTemplate": "connection <*> closed by peer" if "peer" in one else one} for one in lines
    ]
    write_table(tmp_path / "data" / "loghub2k" / "Other" / "Other_2k.structured_corrected.csv", rows)
    figures = loghub2k.run(tmp_path, tmp_path)
    assert {one.published for one in figures} == {""}
    assert of(figures, "GA").ours == 1.0
    assert len((tmp_path / "Other.txt").read_text().splitlines()) == len(lines)


def test_a_case_needs_no_flags_and_only_the_known_cases_have_published_results(tmp_path: Path) -> None:
    case = tmp_path / "data" / "rootcausebench" / "rcb-77"
    case.mkdir(parents=True)
    alert = {"metric": "latency", "service": "web", "severity": "critical", "fired_at": MINUTE.format(30)}
    (case / "alert.json").write_text(json.dumps(alert))
    deploy = {"timestamp": MINUTE.format(20), "service": "web", "version": "2", "commit_sha": "ab" * 20}
    (case / "deploys.json").write_text(json.dumps([deploy]))
    metrics = [
        {"timestamp": MINUTE.format(one), "service": "web", "metric": "latency", "value": "1"} for one in range(30)
    ]
    write_table(case / "metrics.csv", metrics)
    truth = {"case": "rcb-77", "root_cause_commit": "ab" * 20, "decoy_deploy_commits": None}
    write_lines(case.parent / "truth.jsonl", [truth])
    found = of(rootcausebench.run(tmp_path, tmp_path), "pass rate")
    assert (found.n, found.floor, found.published) == (1, 1.0, "")
    said = answers(tmp_path / "rootcausebench.jsonl")["rcb-77"]
    assert set(said) == {"case", "root_cause_commit", "first_failing_service", "blast_radius", "remediation"}


def test_what_is_missed_is_called_unfit_only_where_that_was_looked_at(tmp_path: Path) -> None:
    rule = {
        "title": "Never",
        "id": "11111111-1111-1111-1111-111111111111",
        "logsource": {"product": "linux"},
        "detection": {"one": {"CommandLine": "this is never run"}, "condition": "one"},
    }
    folder = tmp_path / "data" / "sigma-regression"
    write_lines(folder / "rules.jsonl", [rule])
    write_lines(folder / "events.jsonl", [{"id": "s1", "event": {"CommandLine": "ls"}}])
    write_lines(folder / "truth.jsonl", [{"event": "s1", "rule_id": rule["id"]}])
    found = of(sigma_regression.run(tmp_path, tmp_path), "recall, events")
    assert (found.ours, found.note) == (0.0, sigma_regression.EVERY)


@pytest.mark.parametrize(("number", "scored"), [(3, 0), (42, 2)])
def test_what_people_confirmed_is_neither_scored_nor_asked_for(tmp_path: Path, number: int, scored: int) -> None:
    folder = tmp_path / "data" / "tvdiag-alerts" / "other"
    alerts = [
        {"node": one, "source": "metric", "signal": "cpu", "direction": "up", "text": "cpu is high"}
        for one in ("db", "web")
    ]
    cases = [{"case": f"other-{one}", "nodes": ["db", "web"], "alerts": alerts} for one in range(number)]
    write_table(folder / "call_graph.csv", [{"caller": "web", "callee": "db"}])
    (folder / "cases.jsonl.gz").write_bytes(gzip.compress("\n".join(map(json.dumps, cases)).encode()))
    write_lines(folder / "truth.jsonl", [{"case": one["case"], "root_cause_instance": "db"} for one in cases])
    figures = tvdiag_alerts.run(tmp_path, tmp_path)
    labelled = [one for one in figures if one.note != "unsupervised, online"]
    assert {one.n for one in labelled} == ({scored} if scored else set())
    assert {one.floor for one in figures} == {None}
    assert set(answers(tmp_path / "other.jsonl")) == {one["case"] for one in cases}
    for kind in ("other", "other-after-40") if scored else ("other",):
        assert answers(tmp_path / f"{kind}.jsonl").keys() == answers(tmp_path / f"{kind}-truth.jsonl").keys()


def test_a_folder_that_holds_nothing_ends_in_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "PAGE", tmp_path / "quality.md")
    assert command.main([str(tmp_path), "--only", "itbench"]) == 1
    assert not (tmp_path / "quality.md").exists()
    with pytest.raises(SystemExit):
        command.main([str(tmp_path / "nowhere")])


def test_a_set_that_fails_does_not_end_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "PAGE", tmp_path / "quality.md")
    monkeypatch.setattr(command, "names", lambda: ["huawei_alarms", "itbench"])
    failures(tmp_path / "data" / "itbench", 2, 4, 6)
    broken = tmp_path / "data" / "huawei-alarms" / "other"
    broken.mkdir(parents=True)
    (broken / "alarms.csv.gz").write_bytes(b"not compressed")
    (broken / "truth_causal_edges.csv").write_text("cause,effect\n")
    assert command.main([str(tmp_path), "--predictions", str(tmp_path / "answers")]) == 1
    page = (tmp_path / "quality.md").read_text()
    assert "<!-- begin itbench -->" in page
    assert "<!-- end itbench -->" in page
    assert "huawei" not in page
    assert "BadGzipFile" in capfd.readouterr().err
    assert (tmp_path / "answers" / "itbench" / "itbench.jsonl").exists()
