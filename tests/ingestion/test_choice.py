"""Does a scope's own choice keep apart what people keep apart, and put together what differs in values alone?"""

import random
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.masking import mask
from aiops.domain.records import SampledLine, ScopeRecord
from aiops.domain.settings import TemplateSettings
from ingestion.templates_choice import FEW, choose, groups
from tests.benchmarks.quality.loghub2k import drain3, score, templates_of
from tests.ingestion.labelled_lines import SYSTEMS, lines_of

VERBS = ("opened", "closed", "failed", "moved", "locked", "sealed")


def sample(lines: list[str], former: dict[str, str] | None = None, version: int = 0) -> ScopeRecord:
    counted = {masked: 0 for masked in map(mask, lines)}
    for line in lines:
        counted[mask(line)] += 1
    said = tuple(
        SampledLine(masked=masked, count=count, template_id=(former or {}).get(masked, ""))
        for masked, count in counted.items()
    )
    return ScopeRecord(scope="s", lines=len(lines), version=version, similarity=0.4, depth=4, sample=said)


def texts(lines: list[str]) -> list[str]:
    return sorted(template.patterns[0] for template in choose(sample(lines)).templates)


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_engines_own_choice_groups_as_people_do(system: str) -> None:
    lines, shapes = lines_of(system)
    ours, generic = score(shapes, templates_of(lines, system)), score(shapes, drain3(lines))
    assert ours["GA"] >= max(0.97, generic["GA"])
    assert ours["FGA"] >= max(0.85, generic["FGA"])


def test_it_is_worth_its_while() -> None:
    made = {system: lines_of(system) for system in SYSTEMS}
    fixed = mean(score(shapes, drain3(lines))["GA"] for lines, shapes in made.values())
    own = mean(score(shapes, templates_of(lines, system))["GA"] for system, (lines, shapes) in made.items())
    assert own > fixed + 0.3


def test_few_lines_are_left_as_drain_has_them() -> None:
    lines = ["door opened by ana", "door closed by ana"] * 20
    assert set(templates_of(lines, "doors")) == {"door <*> by ana"}


@pytest.mark.parametrize("words", range(2, len(VERBS) + 1))
def test_a_place_with_few_words_is_constant_and_one_with_many_a_parameter(words: int) -> None:
    lines = [f"the front door was {verb} at noon" for verb in VERBS[:words]] * 300
    many = ["the front door was <*> at noon"]
    assert texts(lines) == (sorted(set(lines)) if words <= FEW else many)


def test_what_was_hardly_repeated_splits_nothing() -> None:
    lines = ["job started by cron"] * 1_000 + ["the front door was opened", "the front door was closed"]
    assert texts(lines) == ["job started by cron", "the front door was <*>"]


def test_a_place_of_values_is_a_parameter_however_few_they_are() -> None:
    lines = ["power is on since Mon", "power is on since Tue"] * 500 + ["power is on since 7"]
    assert texts(lines) == ["power is on since <*>"]


def test_names_with_digits_in_them_are_parameters_however_few_they_are() -> None:
    assert texts(["load of web1 is high", "load of web2 is high"] * 500) == ["load of <*> is high"]


def test_the_same_said_at_another_length_is_the_same_template() -> None:
    lines = ["sent 17 bytes to peer", "sent 9000 bytes (9.0 KB) to peer", "sent 4 MB to peer"] * 400
    (template,) = choose(sample(lines)).templates
    assert set(template.patterns) == {"sent <num> <*> to peer", "sent <num> bytes (<num> KB) to peer"}


def test_messages_without_anything_constant_are_left_to_the_tree() -> None:
    assert choose(sample(["7", "0xff", "10.0.0.1"] * 400)).templates == ()


def test_an_id_stays_where_most_of_its_lines_are_and_the_others_tell_where_they_come_from() -> None:
    opened, closed = ["door was opened by ana"] * 700, ["door was closed by ana"] * 500
    found = choose(sample([*opened, *closed], {opened[0]: "T", closed[0]: "T"}, version=3))
    assert {one.patterns[0]: (one.template_id, one.origin) for one in found.templates} == {
        opened[0]: ("T", ""),
        closed[0]: ("", "T"),
    }
    assert (found.version, found.successors) == (4, {})


def test_of_ids_that_become_one_the_largest_stays_and_succeeds_the_others() -> None:
    days = {f"it rained on {day} again": day for day in ("Mon", "Tue", "Wed")}
    lines = [line for number, line in enumerate(days, start=1) for _ in range(number * 300)]
    (template,) = choose(sample(lines, days)).templates
    assert template.template_id == "Wed"
    assert choose(sample(lines, days)).successors == {"Mon": 0, "Tue": 0}


def test_the_choice_does_not_depend_on_chance() -> None:
    record = sample(lines_of("gateway")[0])
    assert choose(record) == choose(record)


WORDS = st.sampled_from(["a", "b", "on", "off", "7", "true", "10.0.0.1", "x=3", "", "<*>"])


@given(st.lists(st.lists(WORDS, max_size=5).map(" ".join), min_size=1, max_size=40))
def test_every_line_is_in_one_group(lines: list[str]) -> None:
    tokens = sorted({tuple(mask(line).split()) for line in lines})
    found = groups(tokens, [random.Random(len(said)).randrange(1, 9) for said in tokens], TemplateSettings())
    assert sorted(line for members in found for line in members) == list(range(len(tokens)))


@given(st.lists(st.lists(WORDS, max_size=5).map(" ".join), min_size=1, max_size=40))
def test_every_pattern_fits_a_line_and_no_id_is_given_twice(lines: list[str]) -> None:
    former = {mask(line): f"t{number % 3}" for number, line in enumerate(lines)}
    found = choose(sample(lines, former))
    for template in found.templates:
        for pattern in template.patterns:
            assert any(_fits(pattern.split(), masked.split()) for masked in former)
    stays = [template.template_id for template in found.templates if template.template_id]
    assert len(stays) == len(set(stays))
    assert not set(stays) & set(found.successors)


def _fits(pattern: list[str], tokens: list[str]) -> bool:
    return len(pattern) == len(tokens) and all(
        want in ("<*>", token) for want, token in zip(pattern, tokens, strict=True)
    )
