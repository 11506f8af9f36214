"""Can a source read what may be there in any shape?"""

import pytest

from aiops.domain.errors import BadInput
from aiops.domain.events import Event
from ingestion.reading import fields, words
from tests.builders import an_event

DOCUMENT = {"a": {"b": [{"c": 0}, {"c": "x"}]}, "a.b": "dotted", "empty": "", "null": None, "no": False}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.b.0.c", 0),
        ("a.b.1.c", "x"),
        ("a.b.2.c", None),
        ("a.b", "dotted"),
        ("a.x.y", None),
        ("empty.more", None),
        ("a.b.99999999999999999999", None),
    ],
)
def test_a_dotted_path_leads_there_or_nowhere(path: str, expected: object) -> None:
    assert fields.dig(DOCUMENT, path) == expected


def test_the_first_text_wins_and_falsy_values_are_texts() -> None:
    assert fields.first_of(DOCUMENT, ("missing", "empty", "null", "a.b.0.c", "a.b.1.c")) == "0"
    assert fields.first_of(DOCUMENT, ("no",)) == "false"
    assert fields.first_of(DOCUMENT, ("a", "missing")) == ""
    assert fields.first_of("no object", ("a",)) == ""


@pytest.mark.parametrize("unfilled", ["{$HOST}", "{{ host }}", "${HOST}", "{#HOST}", " {{host}} "])
def test_unfilled_placeholders_are_empty(unfilled: str) -> None:
    assert fields.text_of(unfilled) == ""


def test_a_json_text_is_no_placeholder() -> None:
    assert fields.text_of('{"a": 1}') == '{"a": 1}'


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (1, 1.0),
        ("2.5", 2.5),
        ("1e3", 1000.0),
        ("91%", None),
        (True, None),
        ("nan", None),
        (10**400, None),
        (None, None),
        ([], None),
    ],
    ids=lambda value: repr(value)[:12],
)
def test_only_finite_numbers_are_numbers(value: object, number: float | None) -> None:
    assert fields.number_of(value) == number


def test_labels_are_scalars_by_dotted_names() -> None:
    labels = {"a": 1, "b": {"c": True, "d": [1, 2]}, "e": "", "f": None}
    assert fields.labels_of(labels) == {"a": "1", "b.c": "true"}
    assert fields.labels_of(["env:prod", "team=a:b", "plain", 7, ":", "url:http://x"]) == {
        "env": "prod",
        "team": "a:b",
        "url": "http://x",
    }
    assert fields.labels_of("text") == {}


def test_deep_labels_end_somewhere_and_long_ones_are_cut() -> None:
    deep: dict[str, object] = {"x": "y"}
    for _ in range(500):
        deep = {"n": deep, "k": "z" * 10_000}
    labels = fields.labels_of(deep)
    assert len(labels) == fields.DEEPEST + 1
    assert {len(text) for text in labels.values()} == {fields.LONGEST_LABEL}


def test_only_absolute_web_addresses_lead_anywhere() -> None:
    assert fields.web_address("/relative", "javascript:alert(1)", "https://x.test/") == "https://x.test/"
    assert fields.web_address("/relative") == ""


def test_each_keeps_the_good_and_names_the_bad() -> None:
    def read(item: object, place: str) -> Event:
        if item == "bad":
            raise BadInput("no good", place=f"{place}.x", fix="send better")
        return an_event(title=str(item))

    got = fields.each("items", ["one", "bad", "two"], read)
    assert [event.title for event in got.events] == ["one", "two"]
    assert [(problem.place, problem.fix) for problem in got.problems] == [("items[1].x", "send better")]


@pytest.mark.parametrize("word", ["resolved", "OK", " Recovered ", "0", "closed"])
def test_words_for_over(word: str) -> None:
    assert words.status(word) == "resolved"


@pytest.mark.parametrize("word", ["firing", "ALERTING", "problem", "1", "acknowledged"])
def test_words_for_firing(word: str) -> None:
    assert words.status(word) == "firing"


def test_a_word_that_is_neither_says_nothing() -> None:
    assert words.status("purple") is None
