"""Runbooks are read from Markdown and YAML, and compared with what is kept."""

from pathlib import Path

import msgspec

from aiops.domain.runbooks import Runbook
from rules.runbook_files import compare, read
from tests.builders import a_runbook, at

PACK = """
- id: orders
  name: Orders is slow
  owner: dba
  url: https://wiki.example.com/orders
  match: {service: orders-db}
- id: no-owner
  name: Nobody's
  text: wait
- name: Queue is long
  owner: noc
  text: add workers
  alerts: QueueLong
  match: ['queue=~"jobs.*"']
"""


def kept(*runbooks: Runbook, by: str = "ana") -> dict[str, Runbook]:
    return {one.id: msgspec.structs.replace(one, put_by=by, put_at=at(0), revision=7) for one in runbooks}


def test_a_markdown_file_is_a_runbook_for_the_alert_it_is_called_by(tmp_path: Path) -> None:
    folder = tmp_path / "books"
    (folder / "node").mkdir(parents=True)
    (folder / "node" / "DiskFull.md").write_text("# Node disk full\n\nDelete something.\n")
    (one,), problems = read(folder)
    assert problems == []
    assert (one.id, one.name, one.owner, one.pack) == ("node.DiskFull", "Node disk full", "unowned", "books")
    assert one.alerts == ("DiskFull", "Node disk full")
    assert one.text.endswith("Delete something.")


def test_front_matter_says_otherwise_and_what_other_tools_say_there_is_left_alone(tmp_path: Path) -> None:
    head = "---\ntitle: Full disk\nowner: noc\nalerts: [DiskFull, InodesGone]\nmatch: {env: prod}\nweight: 20\n---\n"
    (tmp_path / "x.md").write_text(f"{head}# Heading\nDelete.\n")
    ((one,), problems) = read(tmp_path)
    assert problems == []
    assert (one.name, one.owner, one.alerts) == ("Full disk", "noc", ("DiskFull", "InodesGone"))
    assert list(map(str, one.matchers)) == ['env="prod"']
    assert "owner" not in one.text


def test_matchers_alone_stand_in_place_of_the_names_of_file_and_heading(tmp_path: Path) -> None:
    (tmp_path / "x.md").write_text("---\nmatch: {service: db}\n---\nCall the dba.\n")
    ((one,), _) = read(tmp_path)
    assert one.alerts == ()


def test_a_front_matter_that_cannot_be_read_is_told_and_the_text_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\nalerts: [\n---\nDelete.\n")
    (tmp_path / "b.md").write_text("---\nalerts: [X]\nDelete.\n")
    found, problems = read(tmp_path)
    assert [one.id for one in found] == ["a", "b"]
    assert [problem.place for problem in problems] == [str(tmp_path / "a.md"), str(tmp_path / "b.md")]


def test_a_pack_is_a_list_and_one_bad_entry_stops_nothing_but_itself(tmp_path: Path) -> None:
    (tmp_path / "noc.yaml").write_text(PACK)
    found, (problem,) = read(tmp_path)
    assert [(one.id, one.pack) for one in found] == [("orders", "noc"), ("Queue is long", "noc")]
    assert found[1].alerts == ("QueueLong",)
    assert (problem.place, problem.fix) == (f"{tmp_path / 'noc.yaml'}:7: owner", "give owner")


def test_a_misspelt_field_of_a_pack_is_told(tmp_path: Path) -> None:
    (tmp_path / "noc.yaml").write_text("- {name: A, owner: noc, text: x, alert: [B]}\n")
    found, (problem,) = read(tmp_path / "noc.yaml")
    assert found == []
    assert "alert" in problem.problem


def test_two_of_one_id_and_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("- {id: same, name: A, owner: noc, text: x}\n")
    (tmp_path / "b.yaml").write_text("- {id: same, name: B, owner: noc, text: y}\n")
    (tmp_path / "c.md").write_bytes(b"\xff\xfe")
    (tmp_path / "README.md").write_text("not one of them")
    found, problems = read(tmp_path)
    assert [one.name for one in found] == ["A"]
    assert len(problems) == 2


def test_only_what_differs_is_put(tmp_path: Path) -> None:
    (tmp_path / "noc.yaml").write_text(
        "- {id: disk, name: Disk is full, owner: noc, text: Delete., alerts: [DiskFull]}"
    )
    same = a_runbook(text="Delete.", alerts=("DiskFull",), pack="noc")
    assert compare(tmp_path, kept(same)).changed == ()
    (changed,) = compare(tmp_path, kept(msgspec.structs.replace(same, owner="dba"))).changed
    assert changed.owner == "noc"


def test_what_is_gone_from_a_pack_ends_and_what_came_otherwise_stays(tmp_path: Path) -> None:
    (tmp_path / "noc.yaml").write_text("- {id: disk, name: Disk is full, owner: noc, text: Delete.}")
    present = kept(a_runbook(id="old", pack="noc"), a_runbook(id="hand"), a_runbook(id="theirs", pack="dba"))
    assert compare(tmp_path, present).gone == ("old",)
    assert compare(tmp_path, present, put_by="ana").gone == ("old", "hand", "theirs")
    (tmp_path / "bad.yaml").write_text("- {name: A}")
    assert compare(tmp_path, present).gone == ()  # it may be what could not be read
