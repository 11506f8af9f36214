"""What the operator's files say is told to the engine, in order, once, and only where it differs."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from aiops import fold
from aiops.bootstrap.opening import opening, reading
from aiops.bootstrap.watched import Watched
from aiops.domain.acts import AcceptRule, ApplySettings, EndRule, ImportTopology, PutPack, PutRule, RejectRule
from aiops.domain.documents import PACKS, RULES
from aiops.domain.entries import Command
from aiops.domain.errors import BadConfiguration
from aiops.domain.queries import Query
from aiops.domain.rules import RuleStatus
from aiops.domain.settings import PagingSettings, Settings
from aiops.engine import Engine
from aiops.storage.memory import MemoryJournal, MemoryStore
from api.acting import enable_rule
from rules.files import files_of
from tests.builders import at

SERVICES = "services:\n  web: {owner: shop, depends_on: [db]}\n  db: {owner: dba}\n"
RULE = """
- id: {id}
  verdict: known_good
  owner: noc
  reason: known
  expires: 2026-09-01
  match: {{service: db, template: "sync <*> done"}}
"""
PLAIN = Settings()
OTHER = Settings(paging=PagingSettings(default_route="noc"))


class Desk:
    """An engine with its store, and the files that an operator keeps."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal, self.store, self.engine = MemoryJournal(), MemoryStore(), Engine()
        self.services, self.packs = folder / "services.yaml", folder / "packs"
        self.packs.mkdir()
        self.services.write_text(SERVICES)
        (self.packs / "b.yaml").write_text(RULE.format(id="b"))
        (self.packs / "a.yml").write_text(RULE.format(id="a"))
        (self.packs / "notes.txt").write_text("no pack")

    def told(self, settings: Settings = PLAIN) -> list[Command]:
        return opening(self.engine, self.store, settings, self.services, self.packs)

    def apply(self, *commands: Command) -> None:
        self.journal.append(commands, at=at(0))
        while fold.step(self.engine, self.journal, self.store):
            pass

    def refusal(self) -> BadConfiguration:
        with pytest.raises(BadConfiguration) as refused:
            self.told()
        return refused.value


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_settings_come_first_then_the_graph_then_rules_by_the_names_of_their_files(desk: Desk) -> None:
    acts = [command.act for command in desk.told(OTHER)]
    assert [type(act) for act in acts] == [ApplySettings, ImportTopology, PutPack, PutPack, PutRule, PutRule]
    assert [act.rule.id for act in acts if isinstance(act, PutRule)] == ["a", "b"]


def test_nothing_is_said_twice(desk: Desk) -> None:
    desk.apply(*desk.told(OTHER))
    assert desk.told(OTHER) == []


def test_a_start_that_was_cut_short_says_the_same_again_under_the_same_ids(desk: Desk) -> None:
    first, second = desk.told(OTHER), desk.told(OTHER)
    assert [command.id for command in first] == [command.id for command in second]
    assert len({command.id for command in first}) == len(first)


def test_a_return_to_what_was_is_a_new_command(desk: Desk) -> None:
    desk.apply(*desk.told())
    (there,) = desk.told(OTHER)
    desk.apply(there)
    (back,) = desk.told()
    desk.apply(back)
    (again,) = desk.told(OTHER)
    assert again.id != there.id


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda desk: desk.services.write_text(SERVICES.replace("owner: dba", "owner: dbas")), ImportTopology),
        (lambda desk: (desk.packs / "a.yml").write_text(RULE.format(id="a").replace("noc", "soc")), PutRule),
        (lambda desk: (desk.packs / "b.yaml").write_text(RULE.format(id="b") + RULE.format(id="c")), PutRule),
        (lambda desk: (desk.packs / "b.yaml").write_text("[]"), EndRule),
    ],
    ids=["graph", "rule", "another rule", "one less"],
)
def test_only_what_changed_is_said(desk: Desk, change: Callable[[Desk], object], kind: type) -> None:
    desk.apply(*desk.told())
    change(desk)
    assert [type(command.act) for command in desk.told() if not isinstance(command.act, PutPack)] == [kind]


def test_the_order_of_lines_and_comments_say_nothing_new(desk: Desk) -> None:
    desk.apply(*desk.told())
    desk.services.write_text("# the estate\n" + SERVICES)
    assert desk.told() == []


def test_a_rule_that_a_person_ended_stays_ended(desk: Desk) -> None:
    desk.apply(*desk.told())
    desk.apply(Command(id="c1", actor="ana", act=EndRule(rule_id="a")))
    with desk.store.view() as view:
        rule = view.get(RULES, "a")
    assert rule is not None
    assert rule.status is RuleStatus.EXPIRED
    assert desk.told() == []  # the next start leaves it so


def test_a_rule_that_a_person_rejected_stays_rejected(desk: Desk) -> None:
    (desk.packs / "b.yaml").write_text(RULE.format(id="b") + "  status: shadow\n")
    desk.apply(*desk.told())
    desk.apply(Command(id="c1", actor="ana", act=RejectRule(rule_id="b")))
    assert desk.told() == []


def test_a_rule_that_is_gone_from_its_pack_comes_back_with_it(desk: Desk) -> None:
    desk.apply(*desk.told())
    (desk.packs / "b.yaml").write_text("[]")
    desk.apply(*desk.told())
    (desk.packs / "b.yaml").write_text(RULE.format(id="b"))
    assert [act.rule.id for command in desk.told() if isinstance(act := command.act, PutRule)] == ["b"]


def test_a_rule_that_a_person_has_back_is_as_its_pack_says_again(desk: Desk) -> None:
    desk.apply(*desk.told())
    desk.apply(Command(id="c1", actor="ana", act=EndRule(rule_id="a")))
    with desk.store.view() as view:
        desk.apply(Command(id="c2", actor="bob", act=enable_rule(view, "a")))
    assert desk.told() == []
    with desk.store.view() as view:
        rule = view.get(RULES, "a")
    assert rule is not None
    assert (rule.status, rule.ended_by, rule.owner) == (RuleStatus.ACTIVE, "", "noc")


def test_a_narrower_rule_in_the_place_of_one_of_a_pack_outlives_the_next_start_until_it_is_ended(desk: Desk) -> None:
    desk.apply(*desk.told())
    with desk.store.view() as view:
        rule = view.get(RULES, "a")
    assert rule is not None
    less = msgspec.structs.replace(rule, id="a-narrower", replaces="a", pack="", status=RuleStatus.SHADOW)
    desk.apply(Command(id="c1", actor="engine", act=PutRule(rule=less)))
    desk.apply(Command(id="c2", actor="ana", act=AcceptRule(rule_id="a-narrower")))
    assert desk.told() == []
    desk.apply(Command(id="c3", actor="ana", act=EndRule(rule_id="a-narrower")))
    assert [act.rule.id for command in desk.told() if isinstance(act := command.act, PutRule)] == ["a"]


def test_files_that_are_not_named_are_not_read(desk: Desk) -> None:
    assert opening(desk.engine, desk.store, Settings(), None, None) == []


def test_a_file_of_the_graph_that_is_not_there_is_named(desk: Desk) -> None:
    desk.services.unlink()
    assert desk.refusal().place == str(desk.services)


def problems(desk: Desk) -> list[str]:
    return [
        one.place for command in desk.told() if isinstance(command.act, PutPack) for one in command.act.pack.problems
    ]


def test_a_file_that_is_no_text_is_named_and_stops_no_other(desk: Desk) -> None:
    (desk.packs / "b.yaml").write_bytes(b"\xff\xfe\x00")
    assert all(place.startswith(str(desk.packs / "b.yaml")) for place in problems(desk))
    assert problems(desk)
    assert [act.rule.id for command in desk.told() if isinstance(act := command.act, PutRule)] == ["a"]


def test_a_bad_rule_is_named_with_its_line_and_stops_no_other(desk: Desk) -> None:
    text = RULE.format(id="one") + RULE.format(id="two").replace("owner: noc", "ownr: noc")
    (desk.packs / "b.yaml").write_text(text)
    (place,) = problems(desk)
    assert place.startswith(str(desk.packs / "b.yaml") + ":")
    assert [act.rule.id for command in desk.told() if isinstance(act := command.act, PutRule)] == ["a", "one"]


def test_a_folder_that_is_none_is_refused(desk: Desk) -> None:
    desk.packs = desk.folder / "nowhere"
    assert desk.refusal().place == str(desk.packs)


def test_a_pack_that_was_written_is_read_anew_without_a_start(desk: Desk) -> None:
    desk.apply(*desk.told())
    watched = Watched(desk.packs, files_of)
    assert not watched.written()
    (desk.packs / "c.yaml").write_text(RULE.format(id="c"))
    assert watched.written()
    assert not watched.written()
    desk.apply(*reading(desk.engine, desk.store, desk.packs))
    with desk.store.view() as view:
        assert view.get(RULES, "c") is not None
        assert {pack.name: pack.rules for pack in view.find(PACKS, Query()).items} == {"a": 1, "b": 1, "c": 1}
    assert reading(desk.engine, desk.store, desk.packs) == []


def test_a_bad_graph_is_named_with_its_line(desk: Desk) -> None:
    desk.services.write_text(SERVICES.replace("[db]", "[dbx]"))
    assert str(desk.services) in str(desk.refusal())
    assert "dbx" in str(desk.refusal())
