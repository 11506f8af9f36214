"""What a page says: what a person at night needs, from any template, within bounds."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.channels import PageTemplate
from aiops.domain.errors import BadConfiguration, BadInput
from aiops.domain.impact import Impact
from aiops.domain.incidents import Candidate
from aiops.domain.reasons import Reason
from aiops.response.message import facts
from aiops.response.texts import FILTERS, LISTS, LONGEST_BODY, LONGEST_SUBJECT, NAMES, Text, check
from tests.aiops.response.messages import a_message
from tests.builders import a_page, an_incident, at


def of(body: str, subject: str = "s") -> PageTemplate:
    return PageTemplate(name="mine", subject=subject, body=body)


def said(body: str, **page: Any) -> str:
    return Text(of(body)).body(a_message(**page).facts)


def test_the_subject_says_what_where_since_when_and_how_bad() -> None:
    expected = "CRITICAL #1 db: connection refused (2 services), since 2026-03-02 09:00 UTC"
    assert a_message().subject == expected


@pytest.mark.parametrize(
    ("event", "begins"),
    [("escalated", "WORSE: CRITICAL #1"), ("grew", "GROWS: CRITICAL #1"), ("reopened", "BACK: CRITICAL #1")],
)
def test_a_follow_up_says_in_its_subject_what_is_new(event: str, begins: str) -> None:
    assert a_message(event=event).subject.startswith(begins)


def test_the_end_says_so_first() -> None:
    assert a_message(event="resolved").subject == "RESOLVED #1 db: connection refused (2 services)"


def test_the_text_says_why_who_what_is_suspected_and_where_to_look() -> None:
    cause = Candidate(entity="db", probability=0.92, share=1, evidence=(Reason(step="cause", text="alerted first"),))
    known = an_incident(candidates=(cause,), impact=Impact(text="checkout: 31 % of orders below forecast"))
    text = a_message(incident=known, also=("#7 high, opened: disk",), also_total=1).body
    assert text == (
        "CRITICAL: db: connection refused (2 services)\n"
        "Since 2026-03-02 09:00 UTC (30 s), open: 12 alerts, 2 services.\n"
        "Where: db, api\n"
        "Suspected: db (92%): alerted first\n"
        "Hurt: checkout: 31 % of orders below forecast\n"
        "Why you: critical, and nothing suppresses it\n"
        "\n"
        "Held back until now (1):\n"
        "- #7 high, opened: disk\n"
        "\n"
        "https://aiops.example.org/incidents/incident-1\n"
    )


def test_an_incident_that_cannot_be_read_is_told_all_the_same() -> None:
    text = Text(of("{{ mark }} {{ title }} {{ services|join }} {{ alerts }}"))
    assert text.body(facts(a_page(), None, "", at(5))) == "CRITICAL db down  0"


def test_a_test_says_that_nothing_has_happened() -> None:
    message = a_message(event="test", incident_id="", title="A test of the channel pager")
    assert message.subject == "TEST A test of the channel pager"
    assert "nothing has happened" in message.body


def test_every_name_holds_something_for_every_page() -> None:
    for incident in (an_incident(), None):
        assert facts(a_page(), incident, "", at(0)).keys() == NAMES.keys()


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("{{ titel }}", "did you mean 'title'"),
        ("{{ title|foo }}", "no filter 'foo'"),
        ("{% if title is foo %}{% endif %}", "foo"),
        ("{{ title", "line 1"),
        ("{% set x = title %}", "assign is not allowed"),
        ("{{ range(9) }}", "not allowed"),
        ("{{ title.upper() }}", "not allowed"),
        ("{{ title.__class__ }}", "getattr is not allowed"),
        ("{{ title['__class__'] }}", "attribute"),
        ("{{ title * 1000000 }}", "mul is not allowed"),
        ("{{ 9 ** 9 }}", "pow is not allowed"),
        ("{{ '%999999999d' % 1 }}", "mod is not allowed"),
        ("{{ title[:9] }}", "slice is not allowed"),
        ("{% macro a() %}{{ a() }}{% endmacro %}", "macro is not allowed"),
        ("{% include 'x' %}", "include is not allowed"),
        ("{% for a in services %}{% for b in owners %}{% endfor %}{% endfor %}", "a loop within a loop"),
        ("{% for a in services %}{% if a %}{% for b in owners %}{% endfor %}{% endif %}{% endfor %}", "a loop within"),
        ("{% for a in title %}{% endfor %}", "loops run over a list only"),
        ("{% for a in services recursive %}{% endfor %}", "loops run over a list only"),
        ("\n\n{{ nothing }}", "line 3"),
        ("x" * 9_000, "9,000 characters"),
    ],
)
def test_what_could_run_long_or_far_is_refused_with_its_line(source: str, problem: str) -> None:
    with pytest.raises(BadConfiguration, match="mine, body") as refused:
        check([of(source)])
    assert problem in str(refused.value)


def test_a_sound_text_is_let_through() -> None:
    check([of("{% for one in services %}{{ one|upper }}{% endfor %}{{ also_total|count('page') }}", "{{ mark }}")])


def test_what_goes_wrong_with_this_page_alone_names_the_template() -> None:
    with pytest.raises(BadInput, match="template mine, body"):
        said("{{ number|join }}{{ owners[7] }}")


def test_a_subject_is_one_line_of_bounded_length() -> None:
    text = Text(of("b", "{{ title }}\n{{ title }}" * 100))
    subject = text.subject(a_message(title="a\r\nb " * 90).facts)
    assert "\n" not in subject
    assert len(subject) <= LONGEST_SUBJECT


def test_the_worst_template_that_is_let_through_is_quick_and_small() -> None:
    loop = "{% for one in services %}{{ title|join(title)|upper|lower|join(title) ~ title ~ one }}{% endfor %}"
    text = Text(of((loop * 100)[: 8_000 // len(loop) * len(loop)]))
    services = tuple(f"service-{number}" * 40 for number in range(200))
    began = time.perf_counter()
    made = text.body(a_message(title="ﬃ" * 500, incident=an_incident(services=services)).facts)
    assert len(made) <= LONGEST_BODY
    assert time.perf_counter() - began < 1


PIECES = st.sampled_from(
    [
        *(f"{{{{ {name} }}}}" for name in NAMES),
        *(f"{{{{ {name}|{one} }}}}" for name in ("title", "services", "alerts") for one in FILTERS if one != "count"),
        *(f"{{% for one in {name} %}}{{{{ one }}}}, {{% endfor %}}" for name in LISTS),
        "{% if suspected %}yes{% else %}no{% endif %}",
        "{{ title ~ severity }}",
        "words\n",
    ]
)


@given(st.lists(PIECES, max_size=30).map("".join), st.text(max_size=200), st.text(max_size=200))
def test_whatever_is_let_through_stays_within_bounds_or_says_what_is_wrong(body: str, title: str, also: str) -> None:
    try:
        made = said(body, title=title, also=(also,) * 30)
    except BadInput:
        return
    assert len(made) <= LONGEST_BODY
