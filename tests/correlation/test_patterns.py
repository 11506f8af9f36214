"""Does the engine take over what the learner found, once, in order, and only what still fits?"""

import msgspec
import pytest

from aiops.domain.documents import PATTERNS, TEMPLATES
from aiops.domain.entries import Learned, Position
from aiops.domain.learned import Families, Family
from aiops.domain.records import Pattern, Template
from correlation.patterns import MOST_MEMBERS, Patterns
from tests.builders import T0


def records(*template_ids: str) -> dict[str, Template]:
    return {
        one: Template(template_id=one, scope="s", text=f"text {one}", first_seen=T0, last_seen=T0, count=2)
        for one in template_ids
    }


def a_family(pattern_id: str, *template_ids: str) -> Family:
    return Family(
        pattern_id=pattern_id, name=pattern_id, template_ids=template_ids, medoid=template_ids[0], cohesion=0.9
    )


def chunk(
    *families: Family, run: str = "run-1", based_on: int = 10, index: int = 0, of: int = 1, model: str = "m"
) -> Learned:
    result = Families(model=model, run=run, chunk=index, chunks=of, families=families)
    return Learned(based_on=Position(0, based_on), result=result)


def saved(patterns: Patterns) -> tuple[dict[str, Pattern], dict[str, Template]]:
    documents = patterns.drain()
    return (
        {one.pattern_id: one for collection, one in documents if collection is PATTERNS},
        {one.template_id: one for collection, one in documents if collection is TEMPLATES},
    )


def test_before_the_first_clustering_nothing_has_a_pattern() -> None:
    patterns = Patterns()
    assert patterns.model == ""
    assert patterns.of("t1") == ""


def test_a_clustering_gives_templates_their_pattern_and_saves_both() -> None:
    patterns, templates = Patterns(), records("t1", "t2", "t3")
    changed = patterns.learn(chunk(a_family("p2", "t3"), a_family("p1", "t2", "t1")), templates, T0)
    assert changed == ["t1", "t2", "t3"]
    assert [patterns.of(one) for one in ("t1", "t2", "t3")] == ["p1", "p1", "p2"]
    assert patterns.model == "m"
    assert [one.pattern_id for one in templates.values()] == ["p1", "p1", "p2"]
    documents, written = saved(patterns)
    assert documents["p1"] == Pattern(
        pattern_id="p1",
        name="p1",
        template_ids=("t2", "t1"),
        templates_total=2,
        count=4,
        medoid="t2",
        cohesion=0.9,
        model="m",
    )
    assert written == templates


def test_the_same_chunk_again_changes_nothing() -> None:
    patterns, templates = Patterns(), records("t1")
    patterns.learn(chunk(a_family("p1", "t1")), templates, T0)
    patterns.drain()
    assert patterns.learn(chunk(a_family("p9", "t1")), templates, T0) == []
    assert patterns.drain() == []


def test_only_what_moved_is_reported_and_what_stayed_is_not_written() -> None:
    patterns, templates = Patterns(), records("t1", "t2", "t3")
    patterns.learn(chunk(a_family("p1", "t1", "t2"), a_family("p2", "t3")), templates, T0)
    patterns.drain()
    moved = chunk(a_family("p1", "t1", "t2"), a_family("p3", "t3"), run="run-2", based_on=11)
    assert patterns.learn(moved, templates, T0) == ["t3"]
    documents, written = saved(patterns)
    assert documents.keys() == {"p2", "p3"}
    assert written.keys() == {"t3"}


def test_what_an_older_state_led_to_is_ignored() -> None:
    patterns, templates = Patterns(), records("t1")
    patterns.learn(chunk(a_family("p1", "t1"), based_on=10), templates, T0)
    assert patterns.learn(chunk(a_family("p2", "t1"), run="old", based_on=9), templates, T0) == []
    assert patterns.of("t1") == "p1"
    newer = chunk(a_family("p2", "t1"), run="another model", based_on=10, model="m2")
    assert patterns.learn(newer, templates, T0) == ["t1"]
    assert patterns.model == "m2"


def test_the_rest_of_a_run_that_another_overtook_is_ignored() -> None:
    patterns, templates = Patterns(), records("t1", "t2")
    patterns.learn(chunk(a_family("p1", "t1"), index=0, of=2), templates, T0)
    patterns.learn(chunk(a_family("q1", "t1"), a_family("q2", "t2"), run="run-2"), templates, T0)
    assert patterns.learn(chunk(a_family("p2", "t2"), index=1, of=2), templates, T0) == []
    assert patterns.of("t2") == "q2"


def test_templates_that_the_engine_forgot_are_ignored() -> None:
    patterns, templates = Patterns(), records("t1")
    assert patterns.learn(chunk(a_family("p1", "t1", "gone"), a_family("p2", "gone too")), templates, T0) == ["t1"]
    documents, _ = saved(patterns)
    assert documents.keys() == {"p1"}
    assert documents["p1"].template_ids == ("t1",)
    assert patterns.of("gone") == ""


def test_only_the_last_chunk_retires_what_the_run_does_not_name() -> None:
    patterns, templates = Patterns(), records("t1", "t2", "t3")
    patterns.learn(chunk(a_family("p1", "t1"), a_family("p2", "t2"), a_family("p3", "t3")), templates, T0)
    patterns.drain()
    patterns.learn(chunk(a_family("p1", "t1"), run="run-2", based_on=11, index=0, of=2), templates, T0)
    assert not any(one.retired for one in saved(patterns)[0].values())
    last = chunk(a_family("p2", "t2"), run="run-2", based_on=11, index=1, of=2)
    assert patterns.learn(last, templates, T0) == ["t3"]  # it was not among what was clustered
    documents, written = saved(patterns)
    assert {one.pattern_id for one in documents.values() if one.retired} == {"p3"}
    assert written["t3"].pattern_id == ""
    assert patterns.of("t3") == ""


def test_a_pattern_that_comes_back_is_no_longer_retired() -> None:
    patterns, templates = Patterns(), records("t1")
    for run, pattern_id in enumerate(("p1", "p2", "p1")):
        patterns.learn(chunk(a_family(pattern_id, "t1"), run=f"run-{run}", based_on=10 + run), templates, T0)
    documents, _ = saved(patterns)
    assert not documents["p1"].retired
    assert documents["p2"].retired


def test_what_is_known_of_forgotten_templates_goes_with_the_next_run() -> None:
    patterns, templates = Patterns(), records("t1", "t2")
    patterns.learn(chunk(a_family("p1", "t1", "t2")), templates, T0)
    del templates["t2"]
    patterns.learn(chunk(a_family("p1", "t1"), run="run-2", based_on=11), templates, T0)
    assert patterns.of("t2") == ""


def test_a_pattern_lists_only_so_many_templates_but_counts_all() -> None:
    names = [f"t{n:03}" for n in range(MOST_MEMBERS + 5)]
    patterns, templates = Patterns(), records(*names)
    patterns.learn(chunk(a_family("p1", *names)), templates, T0)
    documents, _ = saved(patterns)
    assert len(documents["p1"].template_ids) == MOST_MEMBERS
    assert documents["p1"].templates_total == len(names)
    assert patterns.of(names[-1]) == "p1"


@pytest.mark.parametrize("cut", [0, 1, 2, 3])
def test_a_snapshot_in_between_changes_nothing(cut: int) -> None:
    entries = [
        chunk(a_family("p1", "t1", "t2"), a_family("p2", "t3")),
        chunk(a_family("p1", "t1"), run="run-2", based_on=11, index=0, of=2),
        chunk(a_family("p3", "t2"), run="run-2", based_on=11, index=1, of=2),
    ]
    whole, in_two = Patterns(), Patterns()
    templates, others = records("t1", "t2", "t3"), records("t1", "t2", "t3")
    told = []
    for number, entry in enumerate(entries):
        told.append(whole.learn(entry, templates, T0))
        if number == cut:
            reloaded = Patterns()
            reloaded.load(in_two.dump())
            in_two = reloaded
        assert in_two.learn(entry, others, T0) == told[-1]
    assert in_two.dump() == whole.dump()
    assert others == templates
    assert msgspec.msgpack.encode(list(others.values())) == msgspec.msgpack.encode(list(templates.values()))
