"""What is measured of the packs of signatures is about signatures that there are."""

from rules.sigma import load_folder
from tests.benchmarks.quality.panther_tests import ANSWERS, PACKS


def test_every_answer_is_a_signature_that_we_ship() -> None:
    ours = {read.signature.id for read in load_folder(PACKS)[0]}
    said = {name for names in ANSWERS.values() for name in ([names] if isinstance(names, str) else names)}
    assert said - ours == set()
