import pytest

from tests.benchmarks.quality.__main__ import names
from tests.benchmarks.quality.figures import Figure, table, wilson
from tests.benchmarks.quality.page import HEAD, renewed


def test_the_interval_is_wilsons() -> None:
    assert wilson(0.5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert wilson(1.0, 20) == pytest.approx((0.8389, 1.0), abs=1e-4)
    assert wilson(0.0, 20)[0] == 0.0


def test_a_proportion_is_shown_with_its_interval_and_a_plain_figure_without() -> None:
    shown = table(
        [
            Figure(set="petshop", measure="top-1", ours=0.5, floor=0.2, published=".63", n=10, proportion=True),
            Figure(set="petshop", measure="groups", ours=12),
        ]
    ).splitlines()
    assert "0.237 to 0.763" in shown[2]
    assert "0.200" in shown[2]
    assert ".63" in shown[2]
    assert [cell.strip() for cell in shown[3].split("|")[1:-1]] == ["petshop", "groups", "12", "", "", "", "", ""]
    assert len({len(line) for line in shown}) == 1


def test_a_set_renews_its_own_part_of_the_page_and_no_other() -> None:
    page = renewed(renewed("", "storms", "first figures\n"), "ait-ads", "second figures\n")
    assert page.startswith(HEAD)
    assert page.index("second figures") < page.index("first figures")
    again = renewed(page, "storms", "third figures\n")
    assert "first figures" not in again
    assert "second figures" in again
    assert again.replace("third", "first") == page


def test_what_a_person_wrote_at_the_head_of_the_page_stays() -> None:
    page = renewed(renewed("", "storms", "one").replace(HEAD, "# Ours\n"), "storms", "two")
    assert page.startswith("# Ours\n\n<!-- begin storms -->\ntwo\n")


def test_only_modules_that_run_are_sets() -> None:
    assert not {"figures", "page", "__main__"} & set(names())
