import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.domain.errors import BadInput
from aiops.domain.events import Severity
from aiops.domain.signatures import Correlated, Signature
from rules.conditions import compiled
from rules.record import LONGEST, MOST_VALUES, Record
from rules.sigma import load, load_folder, signature_of
from rules.sigma_cases import test_signatures as unproved_in

PACKS = Path(__file__).parents[2] / "rules" / "packs"


def a_rule(detection: dict[str, Any], **changes: Any) -> Signature:
    logsource = {"product": "github", "service": "audit"}
    data = {"title": "T", "name": "t", "level": "high", "logsource": logsource, "detection": detection, **changes}
    return signature_of(data, "pack")


def fits(detection: dict[str, Any], record: dict[str, Any]) -> bool:
    condition = a_rule(detection).condition
    return not isinstance(condition, Correlated) and compiled(condition)(Record.of(record))


def one(selection: Any) -> dict[str, Any]:
    return {"selection": selection, "condition": "selection"}


@pytest.mark.parametrize(
    ("selection", "record", "expected"),
    [
        ({"action": "repo.destroy"}, {"Action": "REPO.DESTROY"}, True),
        ({"action": "repo.*"}, {"action": "repo.create"}, True),
        ({"action": "r?po"}, {"action": "repo"}, True),
        ({"action": "r?po"}, {"action": "rpo"}, False),
        ({"action": r"a\*b"}, {"action": "a*b"}, True),
        ({"action": r"a\*b"}, {"action": "axb"}, False),
        ({"action": "a*b*c"}, {"action": "a1b2c"}, True),
        ({"action": "a*b*c"}, {"action": "a1b2c3"}, False),
        ({"action|contains": ["x", "pos"]}, {"action": "repository"}, True),
        ({"action|contains|all": ["re", "zz"]}, {"action": "repository"}, False),
        ({"action|startswith": "re"}, {"action": "repo"}, True),
        ({"path|endswith": "\\cmd.exe"}, {"path": "C:\\Windows\\CMD.exe"}, True),
        ({"action|cased": "Repo"}, {"action": "repo"}, False),
        ({"action|re": "^re.o$"}, {"action": "repo"}, True),
        ({"action|re": "^RE"}, {"action": "repo"}, False),
        ({"action|re|i": "^RE"}, {"action": "repo"}, True),
        ({"ip|cidr": "10.0.0.0/8"}, {"ip": "10.1.2.3"}, True),
        ({"ip|cidr": "10.0.0.0/8"}, {"ip": "no address"}, False),
        ({"code|gte": 400}, {"code": 403}, True),
        ({"code|gte": 400}, {"code": "a"}, False),
        ({"code": 403}, {"code": "403"}, True),
        ({"deleted": True}, {"deleted": True}, True),
        ({"gone|exists": True}, {"other": 1}, False),
        ({"gone": None}, {"other": 1}, True),
        ({"gone": ""}, {"gone": ""}, True),
        ({"a|fieldref": "b"}, {"a": "x", "b": "X"}, True),
        ({"a|fieldref": "b"}, {"a": "x"}, False),
        ({"a|fieldref|endswith": "b"}, {"a": "user/ana", "b": "ana"}, True),
        ({"cmd|windash|contains": " -enc "}, {"cmd": "powershell /enc x"}, True),
        ({"cmd|base64offset|contains": "whoami"}, {"cmd": "xd2hvYW1p"}, True),
        ({"user.groups": "admins"}, {"user": {"groups": ["staff", "admins"]}}, True),
        ({"target.name": "b"}, {"target": [{"name": "a"}, {"name": "b"}]}, True),
        (["deep", "word"], {"a": {"b": "in the deep"}}, True),
        (["absent"], {"a": "text"}, False),
        ([{"a": 1}, {"b": 2}], {"b": 2}, True),
    ],
)
def test_a_selection_fits_as_sigma_says(selection: Any, record: dict[str, Any], expected: bool) -> None:
    assert fits(one(selection), record) is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("1 of sel*", True),
        ("all of sel*", False),
        ("all of them", False),
        ("sel_a and not sel_b", True),
        ("not (sel_a or sel_b)", False),
    ],
)
def test_conditions_join_selections(condition: str, expected: bool) -> None:
    detection = {"sel_a": {"a": 1}, "sel_b": {"b": 1}, "condition": condition}
    assert fits(detection, {"a": 1}) is expected


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"filter": {}}, "filter"),
        ({"name": None}, "neither id nor name"),
        ({"detection": {"selection": {"a": 1}, "condition": "other"}}, "other"),
        ({"detection": {"selection": {"a|re": "(?=x)"}, "condition": "selection"}}, "invalid"),
        ({"detection": {"selection": {"a|expand": "%users%"}, "condition": "selection"}}, "placeholder"),
        ({"detection": {"selection": {"a|hour": 3}, "condition": "selection"}}, "times"),
        ({"detection": {"selection": {"a": 1}, "condition": "selection | count() > 3"}}, "pipe"),
        ({"detection": 7}, "detection"),
    ],
)
def test_what_is_not_evaluated_is_refused_by_its_name(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput) as refused:
        a_rule(one({"a": 1}), **changes) if "detection" not in changes else a_rule(changes["detection"])
    assert said in str(refused.value).lower()


@pytest.mark.parametrize(
    ("changes", "place", "fix"),
    [
        ({"detection": {"sel": {"a|re": "(?=x)"}, "condition": "sel"}}, "detection", "look-around"),
        ({"detection": {"sel": {"a": 1}, "condition": "sel and"}}, "detection.condition", "join"),
        ({"detection": {"sel": {"a": 1}, "condition": "ghost"}}, "detection.condition", "that are there"),
        ({"detection": {"sel": {"a|nonsense": 1}, "condition": "sel"}}, "detection", "modifiers"),
        ({"detection": {"sel": {"a": 1}}}, "detection.condition", "selections"),
        ({"logsource": {}}, "logsource", "product"),
        ({"level": "dire"}, "level", "critical"),
        ({"id": "no uuid"}, "id", "UUID"),
        ({"title": None}, "title", "title"),
        ({"tags": "nonsense"}, "tags", "attack.t1098"),
        ({"tags": ["nonsense"]}, "", "form"),
        ({"detection": {"sel": {"a|cidr": "x"}, "condition": "sel"}}, "", "address"),
        ({"detection": 7}, "detection", "maps"),
    ],
)
def test_a_rule_that_cannot_be_read_says_where_and_what_mends_it(changes: dict[str, Any], place: str, fix: str) -> None:
    with pytest.raises(BadInput) as refused:
        signature_of(A | changes, "pack")
    assert refused.value.place == place
    assert fix in refused.value.fix


def test_one_bad_rule_stops_nothing_but_itself() -> None:
    good = yaml.safe_dump(
        {"title": "Good", "name": "good", "logsource": {"product": "x"}, "level": "low", "detection": one({"a": 1})}
    )
    bad = good.replace("good", "bad").replace("condition: selection", "condition: nothing")
    read, problems = load(f"{bad}---\n{good}", "rules/mine.yaml")
    assert [found.signature.id for found in read] == ["good"]
    assert read[0].signature.severity is Severity.INFO
    (problem,) = problems
    assert problem.place.startswith("rules/mine.yaml:1")
    assert problem.fix


def test_two_of_one_name_are_told(tmp_path: Path) -> None:
    text = yaml.safe_dump({"title": "A", "name": "a", "logsource": {"product": "x"}, "detection": one({"a": 1})})
    for name in ("one.yaml", "two.yml"):
        (tmp_path / name).write_text(text)
    read, problems = load_folder(tmp_path)
    assert len(read) == 1
    assert "one.yaml" in problems[0].problem


def test_every_signature_that_we_ship_holds_what_its_cases_promise() -> None:
    assert unproved_in(PACKS) == []
    assert {path.stem for path in PACKS.glob("*.yaml")} == {"github", "cloudtrail", "okta", "kubernetes"}


def test_a_case_that_does_not_hold_is_found(tmp_path: Path) -> None:
    rule = {"title": "A", "name": "a", "logsource": {"product": "x"}, "detection": one({"a": 1})}
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(rule | {"cases": {"match": [{"a": 2}], "no_match": [{"a": 1}]}}))
    assert [problem.problem for problem in unproved_in(tmp_path)] == [
        "the signature does not fit this case",
        "the signature fits this case",
    ]


def together(**changes: Any) -> dict[str, Any]:
    correlation = {"type": "event_count", "rules": ["a"], "timespan": "1m", "condition": {"gte": 2}}
    return {"title": "B", "name": "b", "correlation": correlation | changes}


def test_a_correlation_about_what_is_not_in_the_folder_is_told_and_left_out(tmp_path: Path) -> None:
    rule = {"title": "A", "name": "a", "logsource": {"product": "x"}, "detection": one({"a": 1})}
    lost = together(rules=["a", "ghost"]) | {"name": "lost"}
    (tmp_path / "a.yaml").write_text(yaml.safe_dump_all([together(), lost, rule]))
    read, (problem,) = load_folder(tmp_path)
    assert sorted(one.signature.id for one in read) == ["a", "b"]
    assert problem.problem == "ghost is not there"
    assert "a.yaml:" in problem.place
    assert problem.fix


def test_a_case_of_a_correlation_is_a_list_of_records(tmp_path: Path) -> None:
    rule = {"title": "A", "name": "a", "logsource": {"product": "x"}, "detection": one({"a": 1})}
    good = together() | {"cases": {"match": [[{"a": 1}, {"a": 2}, {"a": 1}]], "no_match": [[{"a": 1}, {"a": 2}]]}}
    wrong = together() | {"name": "c", "cases": {"match": [[{"a": 1}]], "no_match": [[{"a": 1}, {"a": 1}]]}}
    (tmp_path / "a.yaml").write_text(yaml.safe_dump_all([rule, good, wrong]))
    assert [problem.place.split(": ")[1] for problem in unproved_in(tmp_path) if "case" in problem.fix] == [
        "c, cases.match[0]",
        "c, cases.no_match[0]",
    ]


A = {"title": "A", "name": "a", "logsource": {"product": "github", "service": "audit"}, "detection": one({"a": 1})}


def excepting(rules: Any = "any", product: str = "github", **changes: Any) -> dict[str, Any]:
    within = {"rules": rules, "backup": {"actor": "backup"}, "condition": "not backup"}
    return {"title": "The backup may", "logsource": {"product": product}, "filter": within | changes}


@pytest.mark.parametrize(
    ("rules", "product", "narrowed"),
    [("any", "github", True), (["a"], "github", True), ("a", "github", True), (["b"], "github", False)],
)
def test_a_filter_narrows_the_rules_that_it_is_about(rules: Any, product: str, narrowed: bool) -> None:
    documents = [A, A | {"name": "b", "logsource": {"product": "okta"}}, excepting(rules, product)]
    read, problems = load(yaml.safe_dump_all(documents), "x.yaml")
    a, b = (found.signature for found in read)
    assert (a.filters, b.filters) == ((("The backup may",) if narrowed else ()), ())
    assert not isinstance(a.condition, Correlated)
    test = compiled(a.condition)
    assert test(Record.of({"a": 1, "actor": "eve"}))
    assert test(Record.of({"a": 1, "actor": "backup"})) is not narrowed
    assert [problem.problem for problem in problems] == ([] if narrowed else ["the filter is about no rule here"])


@pytest.mark.parametrize(
    ("filtering", "said"),
    [
        (excepting(condition="not ghost"), "ghost"),
        (excepting() | {"logsource": None}, "log"),
        ({"title": "F", "logsource": {"product": "x"}, "filter": {"condition": "not a"}}, "rules"),
        ({"title": "F", "logsource": {"product": "x"}, "filter": 7}, ""),
        (excepting(backup={"actor|re": "(?=x)"}), "invalid"),
    ],
)
def test_a_filter_that_cannot_be_read_is_told_and_narrows_nothing(filtering: dict[str, Any], said: str) -> None:
    read, (problem,) = load(yaml.safe_dump_all([A, filtering]), "x.yaml")
    assert read[0].signature.filters == ()
    assert problem.place.startswith("x.yaml:")
    assert said in problem.problem.lower()


def test_a_record_is_bounded() -> None:
    record = Record.of({"list": ["x" * (LONGEST + 5)] * (MOST_VALUES + 5)})
    assert len(record.get("list")) == MOST_VALUES
    assert len(record.get("list")[0]) == LONGEST


def nested(levels: int) -> dict[str, Any]:
    return {"a": nested(levels - 1)} if levels else {"a": 1}


def test_what_is_nested_too_deep_is_not_looked_at() -> None:
    assert Record.of(nested(200)).fields == {}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(["a", "b.c", "a|contains", "a|re", "b|cidr", "c|gte", "a|exists", "a|fieldref", "a|all"])


@settings(deadline=None)
@given(st.dictionaries(FIELDS, VALUES, max_size=3), st.dictionaries(st.text(max_size=5), VALUES, max_size=4))
def test_whatever_rule_and_record_it_is_refused_or_evaluated(selection: dict[str, Any], record: dict[str, Any]) -> None:
    try:
        signature = a_rule(one(selection))
    except BadInput:
        return
    assert not isinstance(signature.condition, Correlated)
    assert compiled(signature.condition)(Record.of(record)) in (True, False)


SAID = st.sampled_from(["title", "description", "author", "license", "tags", "references", "falsepositives", "owner"])


@settings(deadline=None)
@given(st.dictionaries(SAID, VALUES | st.lists(st.text(max_size=5) | VALUES, max_size=3), max_size=3))
def test_whatever_is_said_of_a_rule_it_is_refused_or_the_journal_reads_it_back(said: dict[str, Any]) -> None:
    try:
        signature = a_rule(one({"a": 1}), **said)
    except BadInput:
        return
    assert msgspec.json.decode(msgspec.json.encode(signature), type=Signature) == signature


def test_a_text_that_yaml_takes_for_a_mapping_is_told() -> None:
    text = yaml.safe_dump({"title": "A", "name": "a", "logsource": {"product": "x"}, "detection": one({"a": 1})})
    read, (problem,) = load(f"{text}falsepositives:\n  - A backup: leave it out\n", "x.yaml")
    assert read == []
    assert "false_positives[0]" in problem.problem
    assert "quote" in problem.fix


@pytest.mark.parametrize("field", ["references", "owner", "cases", "detection", "fields"])
def test_a_short_text_that_aliases_make_large_is_refused_at_once(field: str) -> None:
    laughs = ["x:", "  - &l0 [x, x, x, x, x, x, x, x, x, x]"]
    laughs += [f"  - &l{level} [{', '.join([f'*l{level - 1}'] * 10)}]" for level in range(1, 30)]
    rule = yaml.safe_dump({key: value for key, value in A.items() if key != field})
    read, problems = load("\n".join([*laughs, f"{field}: *l29", rule]), "x.yaml")
    assert read == []
    assert "50,000 values" in problems[0].problem


def test_what_leads_into_itself_is_refused() -> None:
    read, (problem,) = load("title: A\nname: a\ndetection: &d {sel: *d, condition: sel}\n", "x.yaml")
    assert read == []
    assert problem.fix


@given(st.text(max_size=200))
def test_whatever_text_it_is_read_or_a_problem(text: str) -> None:
    read, problems = load(text, "x.yaml")
    assert not read
    assert all(problem.fix for problem in problems)


def test_json_is_yaml_too() -> None:
    rule = {"title": "A", "name": "a", "logsource": {"product": "x"}, "detection": one({"a": 1})}
    assert load(json.dumps([rule, rule | {"name": "b"}]), "x.yaml")[1] == []
