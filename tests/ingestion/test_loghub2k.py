"""Does the benchmark of templates read what a folder holds, and score as the study does?"""

import csv
from pathlib import Path

import pytest

from tests.benchmarks.quality.loghub2k import run, score
from tests.ingestion.labelled_lines import lines_of

SYSTEMS = ("gateway", "power")


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A folder of the same layout with systems of our own; only one of them has a published figure."""
    folder = tmp_path / "data" / "loghub2k"
    for system in SYSTEMS:
        (folder / system).mkdir(parents=True)
        with (folder / system / f"{system}_2k.structured_corrected.csv").open("w", newline="") as opened:
            table = csv.writer(opened)
            table.writerow(["LineId", "Content", "EventId", "EventTemplate"])
            table.writerows(
                [number, line, "E1", shape]
                for number, (line, shape) in enumerate(zip(*lines_of(system), strict=True), start=1)
            )
    (folder / "published").mkdir()
    published = "dataset+metrics,AEL,Drain\npower GA,0.5 / 0.4,0.75 / ------\n"
    (folder / "published" / "loghub2.0_effectiveness_results.csv").write_text(published)
    return tmp_path


def test_every_system_of_the_folder_is_scored_and_their_mean(shared: Path, tmp_path: Path) -> None:
    figures = {(one.set, one.measure): one for one in run(shared, tmp_path / "answers")}
    assert {name for name, _ in figures} == {"loghub2k/gateway", "loghub2k/power", "loghub2k"}
    ours = [figures[f"loghub2k/{system}", "GA"].ours for system in SYSTEMS]
    assert figures["loghub2k", "mean GA"].ours == sum(ours) / 2
    assert figures["loghub2k/power", "GA"].published == "0.75"
    assert figures["loghub2k", "mean GA"].published == "Drain 0.750 of 1 systems"
    for system in SYSTEMS:
        assert len((tmp_path / "answers" / f"{system}.txt").read_text().splitlines()) == 2_000


def test_a_folder_without_the_set_has_no_figures(tmp_path: Path) -> None:
    assert run(tmp_path, None) == []


def test_a_group_counts_when_it_holds_exactly_the_lines_of_one_template() -> None:
    truth = ["a <*>", "a <*>", "b", "c", "c"]
    assert score(truth, truth) == {"GA": 1, "FGA": 1, "PA": 1, "FTA": 1, "lines": 5}
    found = ["a <*>", "a <*>", "b", "b", "c"]
    assert score(truth, found) == {"GA": 0.4, "FGA": 2 / 6, "PA": 0.8, "FTA": 4 / 6, "lines": 5}
    renamed = ["x", "x", "b", "c", "c"]
    assert score(truth, renamed) == {"GA": 1, "FGA": 1, "PA": 0.6, "FTA": 4 / 6, "lines": 5}
