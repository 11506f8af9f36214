"""More Sigma files than a server reads at once go in parts, with the outcome that they would have had together."""

from pathlib import Path

import pytest

from aiops.cli.sigma_parts import put_all
from aiops.domain.errors import BadInput
from aiops.domain.events import Problem
from api.signatures import SigmaFile, SignaturesPut
from tests.aiops.cli.line import Line
from tests.api.test_signatures import BAD, MANY, RULE
from tests.api.world import World

FILTER = """title: Not the robot
logsource: {product: github}
filter:
  rules: any
  selection: {actor: robot}
  condition: not selection
"""
LOST = FILTER.replace("github", "okta").replace("robot", "nobody")
PADDING = "# " + "x" * 700_000 + "\n"


class Server:
    """It takes files, each a signature called as the file, and remembers what came at once."""

    def __init__(self) -> None:
        self.parts: list[list[str]] = []

    def __call__(self, files: tuple[SigmaFile, ...]) -> SignaturesPut:
        self.parts.append([file.name for file in files])
        if all(file.text.startswith("bad") for file in files):
            raise BadInput("no rule in them", place=files[0].name, fix="send Sigma rules")
        return SignaturesPut(text="put", put=tuple(file.name for file in files))


def files(**texts: str) -> list[SigmaFile]:
    return [SigmaFile(name=name, text=text) for name, text in texts.items()]


def test_what_fits_goes_at_once() -> None:
    server = Server()
    assert put_all(files(a="x" * 5, b="x" * 5), server, 10).text == "put"
    assert server.parts == [["a", "b"]]


def test_more_goes_in_parts_in_order_and_a_part_that_is_of_no_use_stops_no_other() -> None:
    server = Server()
    done = put_all(files(a="x" * 5, b="x" * 5, c="bad" * 3, d="x" * 7), server, 10)
    assert server.parts == [["a", "b"], ["c"], ["d"]]
    assert (done.put, done.text) == (("a", "b", "d"), "3 signatures put in 3 parts")
    assert done.problems == (Problem(place="c", problem="no rule in them", fix="send Sigma rules"),)


def test_a_file_that_is_too_long_by_itself_is_named() -> None:
    with pytest.raises(BadInput, match="12 characters") as refused:
        put_all(files(a="x" * 5, b="x" * 12), Server(), 10)
    assert refused.value.place == "b"


def test_that_a_rule_was_in_two_parts_is_told() -> None:
    done = put_all([*files(a="x" * 8), *files(a="x" * 9)], Server(), 10)
    assert [(one.place, done.put) for one in done.problems] == [("rule a", ("a",))]


def test_a_folder_of_more_than_the_server_reads_is_put_as_if_it_were_less(aiops: Line, world: World) -> None:
    folder = Path("sigma")
    folder.mkdir()
    written = {"a_many": MANY, "b_filters": f"{FILTER}---\n{LOST}", "c_deleted": RULE, "d_bad": BAD}
    written["e_made"] = RULE.replace("repository_deleted", "repository_made")
    for name, text in written.items():
        (folder / f"{name}.yaml").write_text(text)
    told = aiops("rules", "sigma", "add", "sigma", code=1)
    kept = {one["id"]: one for one in aiops.json("rules", "sigma", "list")}
    for pack in kept.values():
        aiops("rules", "sigma", "remove", pack["id"])
    for name, text in written.items():
        (folder / f"{name}.yaml").write_text(text + ("" if name == "b_filters" else PADDING))
    assert set(aiops("rules", "sigma", "add", "sigma", code=1).splitlines()) == set(told.splitlines())
    assert "3 signatures put in 3 parts" in aiops.chatter
    again = {one["id"]: one for one in aiops.json("rules", "sigma", "list")}
    assert again.keys() == kept.keys() == {"many_deleted", "repository_deleted", "repository_made"}
    assert {key: one["condition"] for key, one in again.items()} == {key: one["condition"] for key, one in kept.items()}
    assert "the filter is about no rule here" in told
    assert told.count("the filter is about no rule here") == 1
