"""What is measured of the packs of signatures is about signatures that there are, and the nearest by their words."""

import pytest

from rules.sigma import load_folder
from tests.benchmarks.quality.alike import nearest
from tests.benchmarks.quality.panther_tests import ANSWERS, PACKS

OURS = [read.signature for read in load_folder(PACKS)[0]]


def test_every_answer_is_a_signature_that_we_ship() -> None:
    ours = {one.id for one in OURS}
    said = {name for names in ANSWERS.values() for name in ([names] if isinstance(names, str) else names)}
    assert said - ours == set()


@pytest.mark.parametrize(
    ("name", "description", "product", "found"),
    [
        ("CreateAccessKey for another user", "an access key is made", "aws", "aws_access_key_made_for_another"),
        ("Org two factor requirement disabled", "", "github", "github_two_factor_not_required"),
        ("Coffee is cold", "nobody drinks it", "okta", ""),
    ],
)
def test_a_rule_is_about_the_same_as_what_says_most_nearly_the_same(
    name: str, description: str, product: str, found: str
) -> None:
    rule = {"name": name, "rule_id": "x", "description": description}
    assert nearest([(rule, product)], OURS) == [found]
    assert nearest([], OURS) == []
