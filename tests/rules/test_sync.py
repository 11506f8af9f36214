"""Packs against what is kept: what is new, changed, gone, and what one bad rule costs (itself)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from aiops.domain.rules import Envelope, Rule, RuleStatus
from rules.making import narrower_id
from rules.pack import dump_pack, read_pack
from rules.sync import Sync, compare, same
from tests.builders import T0

HEAD = "pack: ours\nowner: noc\norigin: https://git.example.org/rules\n---\n"
RULE = """
- id: {id}
  verdict: known_good
  reason: known
  expires: 2026-09-01
  match: {{service: db, template: "sync <*> done"}}
  any: [{{env: prod}}, ['env=~"dev.*"']]
"""


def write(folder: Path, *ids: str, more: str = "") -> None:
    (folder / "a.yaml").write_text(HEAD + "".join(RULE.format(id=key) for key in ids) + more)


def kept(folder: Path) -> list[Rule]:
    return [one.rule for one in compare(folder, [], T0).differences if one.rule]


def said(found: Sync) -> list[tuple[str, str]]:
    return [(one.what, one.rule_id) for one in found.differences]


def test_the_head_gives_owner_origin_and_name(tmp_path: Path) -> None:
    write(tmp_path, "one")
    found = compare(tmp_path, [], T0)
    assert [(pack.name, pack.owner, pack.origin, pack.rules) for pack in found.packs] == [
        ("ours", "noc", "https://git.example.org/rules", 1)
    ]
    (rule,) = kept(tmp_path)
    assert (rule.owner, rule.pack, len(rule.ways)) == ("noc", "ours", 2)


def test_what_is_kept_already_is_no_difference_whatever_was_counted(tmp_path: Path) -> None:
    write(tmp_path, "one", "two")
    counted = [msgspec.structs.replace(rule, hits=7, created_by="ana", created_at=T0) for rule in kept(tmp_path)]
    assert compare(tmp_path, counted, T0).differences == ()


def test_new_changed_and_gone_rules_are_told_apart(tmp_path: Path) -> None:
    write(tmp_path, "one", "two")
    before = kept(tmp_path)
    write(tmp_path, "two", "three")
    text = (tmp_path / "a.yaml").read_text().replace("reason: known", "reason: well known", 1)
    (tmp_path / "a.yaml").write_text(text)
    found = compare(tmp_path, before, T0)
    assert said(found) == [("changed", "two"), ("new", "three"), ("gone", "one")]
    assert found.differences[0].fields == ("reason",)


def test_a_learned_shape_is_no_difference_unless_the_pack_says_another(tmp_path: Path) -> None:
    write(tmp_path, "one")
    learned = [msgspec.structs.replace(rule, envelope=Envelope(per_hour=3)) for rule in kept(tmp_path)]
    assert compare(tmp_path, learned, T0).differences == ()
    write(tmp_path, "one", more="  envelope: {per_hour: 5}\n  threshold: {times: 1, of: 2, within: PT5M}\n")
    assert compare(tmp_path, learned, T0).differences[0].fields == ("threshold", "envelope")


def test_one_bad_rule_stops_neither_the_others_nor_takes_any_away(tmp_path: Path) -> None:
    write(tmp_path, "one", "two")
    before = kept(tmp_path)
    write(tmp_path, "one", "three", more=RULE.format(id="two").replace("expires", "expire"))
    found = compare(tmp_path, before, T0)
    assert said(found) == [("new", "three")]  # "two" cannot be read: it stays as it was
    (problem,) = found.problems
    assert problem.place.startswith(f"{tmp_path / 'a.yaml'}:")
    assert problem.fix


def test_a_rule_whose_time_is_over_is_reported_and_not_put(tmp_path: Path) -> None:
    write(tmp_path, "one")
    found = compare(tmp_path, [], datetime(2026, 9, 2, tzinfo=UTC))
    assert (found.differences, len(found.problems)) == ((), 1)


def test_rules_made_by_hand_or_of_other_packs_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path, "one")
    (rule,) = kept(tmp_path)
    others = [msgspec.structs.replace(rule, id="hand", pack=""), msgspec.structs.replace(rule, id="other", pack="x")]
    assert said(compare(tmp_path, [rule, *others], T0)) == []


def narrowed(rule: Rule, status: RuleStatus = RuleStatus.ACTIVE) -> Rule:
    changes = {"id": narrower_id(rule), "replaces": rule.id, "pack": "", "status": status}
    return msgspec.structs.replace(rule, **changes)


def over(rule: Rule) -> Rule:
    return msgspec.structs.replace(rule, status=RuleStatus.EXPIRED)


def test_a_rule_that_a_person_accepted_another_in_the_place_of_stays_ended_and_is_told(tmp_path: Path) -> None:
    write(tmp_path, "one", "two")
    one, two = kept(tmp_path)
    found = compare(tmp_path, [over(one), narrowed(one), two], T0)
    assert found.differences == ()
    assert [item.text for item in found.left_out] == [
        "left out one: one-narrower was accepted in its place; end that to have it back"
    ]


def test_a_rule_that_a_person_ended_stays_ended_and_how_to_have_it_back_is_told(tmp_path: Path) -> None:
    write(tmp_path, "one", "two")
    one, two = kept(tmp_path)
    for status in (RuleStatus.EXPIRED, RuleStatus.REJECTED):
        found = compare(tmp_path, [msgspec.structs.replace(one, status=status, ended_by="ana"), two], T0)
        assert found.differences == ()
        assert [item.text for item in found.left_out] == [
            "left out one: ana ended it; `aiops rules enable one` brings it back"
        ]


def test_a_rule_that_a_person_ended_is_not_told_once_its_pack_has_it_no_longer(tmp_path: Path) -> None:
    write(tmp_path, "one", "two")
    one, two = kept(tmp_path)
    write(tmp_path, "two")
    found = compare(tmp_path, [msgspec.structs.replace(over(one), ended_by="ana"), two], T0)
    assert (found.differences, found.left_out) == ((), ())


def test_it_comes_back_when_the_other_ends_or_only_waits(tmp_path: Path) -> None:
    write(tmp_path, "one")
    (one,) = kept(tmp_path)
    for status in (RuleStatus.EXPIRED, RuleStatus.SHADOW, RuleStatus.SUSPENDED):
        found = compare(tmp_path, [over(one), narrowed(one, status)], T0)
        assert (said(found), found.left_out) == ([("new", "one")], ())


def test_one_that_was_narrowed_twice_stays_ended_too(tmp_path: Path) -> None:
    write(tmp_path, "one")
    (one,) = kept(tmp_path)
    once = narrowed(one)
    found = compare(tmp_path, [over(one), over(once), narrowed(once)], T0)
    assert (said(found), [item.by for item in found.left_out]) == ([], ["one-narrower-2"])


def test_rules_that_name_each_other_end_the_search(tmp_path: Path) -> None:
    write(tmp_path, "one")
    (one,) = kept(tmp_path)
    first = msgspec.structs.replace(one, replaces="other", status=RuleStatus.EXPIRED)
    other = msgspec.structs.replace(one, id="other", replaces="one", pack="")
    assert [item.by for item in compare(tmp_path, [first, other], T0).left_out] == ["other"]


def test_what_is_written_is_read_back_the_same(tmp_path: Path) -> None:
    write(tmp_path, "one", "two")
    rules, (pack,) = kept(tmp_path), compare(tmp_path, [], T0).packs
    head, again, problems = read_pack(dump_pack(rules, pack), "other.yaml")
    assert (again, problems, head.name, head.origin) == (rules, [], "ours", pack.origin)


def test_a_pack_is_told_once(tmp_path: Path) -> None:
    write(tmp_path, "one")
    (pack,) = compare(tmp_path, [], T0).packs
    stored = msgspec.structs.replace(pack, read_at=T0 + timedelta(1), revision=9)
    assert same(pack, {"ours": stored})
    assert not same(pack, {})
    assert not same(msgspec.structs.replace(pack, rules=2), {"ours": stored})
