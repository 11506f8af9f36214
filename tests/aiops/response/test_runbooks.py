"""Which runbook is offered for an alert, and why?"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.matching import Matcher, Operator
from aiops.response.runbooks import Library, words
from tests.builders import a_runbook, an_alert

DB = (Matcher(field="service", value="db"),)


def fitting(library: Library, **changes: Any) -> list[str]:
    return [match.runbook.id for match in library.fitting(an_alert(**changes))]


@pytest.mark.parametrize("name", ["DiskFull", "diskfull", "disk_full", "Disk full"])
def test_names_are_the_same_whatever_their_case_and_separators(name: str) -> None:
    library = Library([a_runbook(alerts=("DiskFull",)), a_runbook(id="other", alerts=("DiskFuller",))])
    assert fitting(library, labels={"alertname": name}) == ["disk"]
    assert fitting(library, title=name) == ["disk"]


def test_matchers_must_hold_too_and_what_asks_for_more_comes_first() -> None:
    library = Library(
        [
            a_runbook(id="any", alerts=("DiskFull",)),
            a_runbook(id="of-db", alerts=("DiskFull",), matchers=DB),
            a_runbook(id="of-web", alerts=("DiskFull",), matchers=(Matcher(field="service", value="web"),)),
            a_runbook(id="labels", matchers=DB),
        ]
    )
    assert fitting(library, title="DiskFull") == ["of-db", "any", "labels"]
    assert fitting(library, title="Other", labels={"service": "db"}) == ["labels"]
    why = [match.why for match in library.fitting(an_alert(title="DiskFull"))]
    assert why[0] == 'it is for the alert DiskFull and alerts with service="db"'
    assert why[2] == 'it is for alerts with service="db"'


def test_a_runbook_is_offered_once_however_many_names_fit() -> None:
    library = Library([a_runbook(alerts=("DiskFull", "disk full", "db down"))])
    assert fitting(library, title="DiskFull", labels={"alertname": "db down"}) == ["disk"]


def test_by_text_the_one_that_says_the_same_is_named_with_the_words_that_it_shares() -> None:
    library = Library(
        [
            a_runbook(id="replication", name="PostgresReplicationLag", text="The replica is behind its primary."),
            a_runbook(id="certificate", name="CertificateExpiry", text="Renew the certificate of the ingress."),
            a_runbook(id="queue", name="QueueLong", text="Workers are behind; add some."),
        ]
    )
    alert = an_alert(title="lag", message="the replica of postgres is 900 s behind", annotations={})
    (match,) = library.saying([alert])
    assert match.runbook.id == "replication"
    assert "postgre" in match.why
    assert "%" in match.why
    assert match.by_text


def test_by_text_a_name_counts_that_says_it_in_another_form_of_the_word() -> None:
    library = Library(
        [
            a_runbook(id="a", name="Errors", alerts=("Errors",), text="what the client holds"),
            a_runbook(id="b", name="Expiration", alerts=("Expiration",), text="what the client holds"),
            *(a_runbook(id=f"other-{n}", name="Idle", alerts=("Idle",), text="nothing of it") for n in range(9)),
        ]
    )
    (first,) = library.saying([an_alert(title="", message="what the client holds is expiring", labels={})])
    assert first.runbook.id == "b"  # "expiring" is a word of neither, and most of one's name


def test_by_text_what_runbooks_say_still_decides_where_names_are_equally_far() -> None:
    library = Library(
        [
            a_runbook(id="a", name="AlphaOne", alerts=("AlphaOne",), text="replace the disk of the array"),
            a_runbook(id="b", name="AlphaTwo", alerts=("AlphaTwo",), text="restart the queue"),
        ]
    )
    (first,) = library.saying([an_alert(title="", message="restart of the queue", labels={})])
    assert first.runbook.id == "b"


def test_by_text_none_is_named_where_none_says_enough() -> None:
    library = Library([a_runbook(), a_runbook(id="queue", name="QueueLong", text="Add workers.")])
    assert library.saying([an_alert(title="certificate of the ingress expires", message="renew it at once")]) == []
    assert library.saying([]) == []
    assert Library().saying([an_alert()]) == []


def test_by_text_one_whose_matchers_do_not_hold_is_not_named() -> None:
    said = {"name": "Replica behind", "text": "The replica is behind."}
    library = Library(
        [a_runbook(id="web", matchers=(Matcher(field="service", operator=Operator.NOT_EQUAL, value="db"),), **said)]
    )
    alert = {"title": "replica behind", "message": "the replica is behind"}
    assert library.saying([an_alert(**alert)]) == []
    assert [match.runbook.id for match in library.saying([an_alert("web", **alert)])] == ["web"]


def test_what_annotations_say_counts() -> None:
    library = Library([a_runbook(id="oom", name="OutOfMemory", text="The kernel killed a process.")])
    silent = an_alert(title="x", message="y")
    assert library.saying([silent]) == []
    told = an_alert(title="x", message="y", annotations={"description": "kernel killed a process"})
    assert [match.runbook.id for match in library.saying([told])] == ["oom"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("KubePodCrashLooping", ["kube", "pod", "crash", "looping"]),
        ("CPUThrottlingHigh", ["cpu", "throttling", "high"]),
        ("node_disk_io 500", ["node", "disk", "io", "500"]),
        ("Große Störungen", ["große", "störungen"]),
        ("pods classes", ["pod", "classe"]),
        ("", []),
    ],
)
def test_words_of_names_are_taken_apart(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@given(st.text(max_size=200))
def test_any_text_has_words_in_lower_case(text: str) -> None:
    assert all(word == word.lower() and len(word) > 1 for word in words(text))


@given(st.lists(st.sampled_from(["disk", "full", "queue", "lag", "pod"]), max_size=8))
def test_the_answer_does_not_depend_on_the_order_of_runbooks(said: list[str]) -> None:
    books = [a_runbook(id=f"b{number}", name=word, text=word) for number, word in enumerate(["disk", "queue", "lag"])]
    alert = an_alert(title=" ".join(said), message="")
    ways = [Library(books).saying([alert], 3), Library(books[::-1]).saying([alert], 3)]
    assert ways[0] == ways[1]
