"""Packs: read with line and fix, written, proved."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.alerts import Verdict
from aiops.domain.events import Severity
from aiops.domain.matching import Matcher, Operator
from aiops.domain.rules import Case, Cases, Envelope, Rule, RuleStatus, Threshold
from rules import pack
from rules.check import shape

EXAMPLE = """\
id: nightly-backup-io            # every rule carries its own proof, owner and end
verdict: known_good
owner: noc
reason: nightly backup
expires: 2027-03-31
match: {service: backup, template: "high disk io on <*>"}
cases:
  match:    [{service: backup, message: "high disk io on sda"}]
  no_match: [{service: db, message: "high disk io on sda"}]
"""
BAD = """\
- {id: a, verdict: known_good, owner: noc, reason: x, expires: 2027-03-31, match: ['service=~"db.*"', env!=test]}
- {id: b, verdict: known_good, owner: noc, reason: x, match: {service: db}}
- {id: c, verdict: known_bad, owner: noc, reason: x, review: 2027-03-31, match: {service: db}, sevices: db}
- {id: d, verdict: known_bad, owner: noc, reason: x, review: 2027-03-31, match: ["service~db"]}
- id: e
  verdict: known_bad
  owner: noc
  reason: x
  review: 2027-03-31T01:00:00Z
  match: {template: "disk 91% full"}
  cases: {match: [{message: disk 5% full}, {message: disk full}], no_match: [{message: disk 6% full}]}
- {id: a, verdict: known_good, owner: noc, reason: x, expires: 2027-03-31, match: {service: db}}
- {id: f, verdict: known_good, owner: noc, reason: x, expires: 2027-03-31 01:00:00, match: {service: db}}
- {id: g, verdict: known_good, owner: noc, reason: x, expires: 2027-03-31, match: {port: 80}}
- just text
- {id: z, verdict: known_bad, owner: noc, reason: x, review: 2027-03-31T01:00:00Z, match: {service: z}}
"""


def test_the_example_of_the_documents_is_read() -> None:
    (rule,), problems = pack.load_pack(EXAMPLE, "packs/night.yaml")
    assert problems == []
    assert rule == Rule(
        id="nightly-backup-io",
        verdict=Verdict.KNOWN_GOOD,
        matchers=(Matcher(field="service", value="backup"), Matcher(field="template", value="high disk io on <*>")),
        owner="noc",
        reason="nightly backup",
        expires=datetime(2027, 3, 31, tzinfo=UTC),
        cases=Cases(
            match=(Case(labels={"service": "backup"}, message="high disk io on sda"),),
            no_match=(Case(labels={"service": "db"}, message="high disk io on sda"),),
        ),
        pack="night",
    )


def test_one_bad_rule_never_stops_a_pack() -> None:
    rules, problems = pack.load_pack(BAD, "bad.yaml")
    assert [rule.id for rule in rules] == ["a", "z"]
    assert rules[0].matchers == (
        Matcher(field="service", operator=Operator.REGEX, value="db.*"),
        Matcher(field="env", operator=Operator.NOT_EQUAL, value="test"),
    )
    assert rules[1].review == datetime(2027, 3, 31, 1, tzinfo=UTC)
    told = [(problem.place, problem.problem) for problem in problems]
    assert told == [
        ("bad.yaml:2: rule b", "it hides without end"),
        ("bad.yaml:3", "Object contains unknown field `sevices`"),
        ("bad.yaml:4: match[0]", "not a matcher: 'service~db'"),
        ("bad.yaml:5: rule e, cases.match[1]", "the rule does not match this case"),
        ("bad.yaml:5: rule e, cases.no_match[0]", "the rule matches this case"),
        ("bad.yaml:12: rule a", "there are two of this id"),
        ("bad.yaml:13", "Expected `datetime` with a timezone component - at `$.expires`"),
        ("bad.yaml:14", "Expected `str`, got `int` - at `$.match[...]`"),
        ("bad.yaml:15", "Expected `object`, got `str`"),
    ]
    assert all(problem.fix for problem in problems)


SOUND = """
- id: a
  verdict: known_good
  owner: noc
  reason: known
  expires: 2026-09-01
  match: {service: db}
"""


@pytest.mark.parametrize(
    ("said", "instead", "fix"),
    [
        ("owner: noc", "ownr: noc", "did you mean 'owner'?"),
        ("owner: noc", "owner: noc\n  colour: red", "take it out; there are id, verdict, owner, "),
        ("  owner: noc\n", "", "add owner"),
        ("owner: noc", "owner:", "say what its owner is, or leave it out"),
        ("reason: known", "reason: 7", "put it in quotes: "),
        ("service: db", "service: yes", "put it in quotes: "),
        ("known_good", "good", "say one of known_good, known_bad"),
        ("2026-09-01", "2026-09-01\n  ceiling: bad", "say one of critical, high, warning, info"),
        ("2026-09-01", "soon", "write a day, 2027-03-31, or a moment with its zone"),
        ("2026-09-01", "2026-09-01 10:00:00", "write a day, 2027-03-31, or a moment with its zone"),
        ("{service: db}", "service=db", "write {service: db}, or a list such as ["),
        ("reason: known", "reason: known\n  cases: {match: {service: db}}", "write {match: [{service: db}], "),
        ("reason: known", "reason: known\n  threshold: {time: 3, of: 5, within: 10m}", "did you mean 'times'?"),
        ("reason: known", "reason: known\n  threshold: {times: 3, of: 5, within: 10}", "write {times: 3, of: 5, "),
        (SOUND, "no rule", "see CONTRIBUTING.md: a rule is written as names with their values"),
    ],
)
def test_the_fix_is_that_of_the_mistake(said: str, instead: str, fix: str) -> None:
    rules, problems = pack.load_pack(SOUND.replace(said, instead), "ours.yaml")
    assert rules == []
    assert [problem.fix[: len(fix)] for problem in problems] == [fix]


@pytest.mark.parametrize("text", ["a: [", "{" * 3_000, "a: 2027-02-30", "!!python/object:os.system {}", "\x00", "*x"])
def test_what_is_no_yaml_is_a_problem(text: str) -> None:
    rules, problems = pack.load_pack(text, "x.yaml")
    assert rules == []
    assert len(problems) == 1
    assert problems[0].place.startswith("x.yaml")


def test_what_comes_before_broken_yaml_is_kept() -> None:
    rules, problems = pack.load_pack(EXAMPLE + "---\na: [", "x.yaml")
    assert [rule.id for rule in rules] == ["nightly-backup-io"]
    assert problems[0].place == "x.yaml:11"


def test_an_empty_pack_is_empty() -> None:
    assert pack.load_pack("# nothing yet\n", "x.yaml") == ([], [])


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(str.strip)
SPANS = st.timedeltas(timedelta(seconds=1), timedelta(days=30))
MATCHERS = st.builds(
    Matcher, field=st.sampled_from(["service", "env", "title"]), operator=st.sampled_from(Operator), value=TEXTS
)
RULES = st.builds(
    Rule,
    id=TEXTS.map(str.strip),
    verdict=st.just(Verdict.KNOWN_GOOD),
    matchers=st.lists(MATCHERS, max_size=3).map(lambda more: (Matcher(field="host", value="h"), *more)),
    owner=TEXTS,
    reason=TEXTS,
    expires=st.just(datetime(2027, 3, 31, 1, 2, tzinfo=UTC)),
    ceiling=st.none() | st.sampled_from(Severity),
    threshold=st.none() | st.builds(Threshold, times=st.integers(1, 3), of=st.integers(3, 9), within=SPANS),
    envelope=st.none()
    | st.builds(
        Envelope,
        per_hour=st.integers(0, 50),
        longest=st.none() | SPANS,
        parameters=st.just(()) | st.just((("sda", "sdb"), ())),
        beside=st.none() | st.just(()) | st.just(("CronFailed",)),
    ),
    priority=st.integers(-3, 3),
    status=st.sampled_from(RuleStatus),
    cases=st.builds(
        Cases, no_match=st.lists(st.builds(Case, labels=st.just({"host": "x"}), message=TEXTS), max_size=2).map(tuple)
    ),
    pack=st.just("p"),
)


@given(st.lists(RULES, max_size=3, unique_by=lambda rule: rule.id))
def test_what_is_written_is_read_back(rules: list[Rule]) -> None:
    sound = [rule for rule in rules if not list(shape(rule))]
    assert pack.load_pack(pack.dump_pack(sound), "p.yaml") == (sound, [])


def test_a_ceiling_is_written_as_a_severity() -> None:
    (rule,), problems = pack.load_pack(EXAMPLE + "ceiling: warning\n", "night.yaml")
    assert (rule.ceiling, problems) == (Severity.WARNING, [])
    rules, (problem,) = pack.load_pack(EXAMPLE + "ceiling: mild\n", "night.yaml")
    assert rules == []
    assert "mild" in problem.problem


def test_a_threshold_is_written_as_people_say_it() -> None:
    (rule,), problems = pack.load_pack(EXAMPLE + "threshold: {times: 3, of: 5, within: PT10M}\n", "night.yaml")
    assert (rule.threshold, problems) == (Threshold(times=3, of=5, within=timedelta(minutes=10)), [])
    rules, (problem,) = pack.load_pack(EXAMPLE + "threshold: {times: 6, of: 5, within: PT10M}\n", "night.yaml")
    assert (rules, problem.problem) == ([], "it cannot be counted")


def test_counts_and_stamps_stay_out_of_a_pack() -> None:
    (rule,), _ = pack.load_pack(EXAMPLE, "night.yaml")
    counted = msgspec.structs.replace(rule, hits=3, created_by="ana", last_hit=rule.expires, created_at=rule.expires)
    assert pack.load_pack(pack.dump_pack([counted]), "night.yaml") == ([rule], [])


def test_a_folder_of_sound_packs_has_no_problems(tmp_path: Path) -> None:
    (tmp_path / "night.yaml").write_text(EXAMPLE)
    assert pack.test_packs(tmp_path) == []


def test_a_folder_is_proved_file_by_file(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(EXAMPLE)
    (tmp_path / "b.yml").write_text(EXAMPLE.replace("{service: db, ", "{service: backup, "))
    (tmp_path / "c.yaml").write_text(EXAMPLE.split("cases:")[0])
    (tmp_path / "d.yaml").write_bytes(b"\xff\xfe\x00")
    told = [problem.problem for problem in pack.test_packs(tmp_path)]
    assert told == [
        "the rule matches this case",
        f"rule nightly-backup-io is in {tmp_path / 'a.yaml'} too",
        "no case under match",
        "no case under no_match",
        "not UTF-8: invalid start byte",
    ]


def test_a_folder_without_packs_is_a_problem(tmp_path: Path) -> None:
    assert pack.test_packs(tmp_path)[0].problem == "no pack in it"
