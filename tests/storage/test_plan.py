"""Is a question checked before it is answered, and is a cursor only good for what it was made for?"""

import base64

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.documents import ALERTS, INCIDENTS
from aiops.domain.errors import BadInput
from aiops.domain.queries import Query, Range
from aiops.storage.plan import Between, Choice, Cursor, Sort, plan
from aiops.storage.values import Stored
from tests.builders import T0
from tests.storage.test_values import STORED

CURSOR = Cursor("alerts", ("-count",), (3,), "fp-a")


def test_a_plan_says_what_is_field_and_what_is_tag() -> None:
    asked = plan(ALERTS, Query(where={"status": ("firing", "firing")}, unless={"label": ("a=b",)}))
    assert asked.choices == (
        Choice("status", is_tag=False, values=("firing",), wanted=True),
        Choice("label", is_tag=True, values=("a=b",), wanted=False),
    )


def test_a_range_open_on_both_sides_asks_for_nothing() -> None:
    asked = plan(ALERTS, Query(ranges={"count": Range(), "last_seen": Range(at_least=T0)}))
    assert asked.ranges == (Between("last_seen", at_least=1_772_442_000_000_000, below=None),)


def test_an_order_names_fields_and_directions() -> None:
    assert plan(ALERTS, Query(order=("-rank", "entity"))).sorts == (Sort("rank", True), Sort("entity", False))


def test_a_word_is_asked_for_once() -> None:
    assert plan(ALERTS, Query(text="Db db-1 DB")).words == ("db", "1")


def test_an_unknown_name_is_answered_with_those_that_are_known() -> None:
    with pytest.raises(BadInput) as refusal:
        plan(INCIDENTS, Query(where={"svc": ("db",)}))
    assert "incidents have no field or tag 'svc'" in str(refusal.value)
    assert "service" in refusal.value.fix
    with pytest.raises(BadInput) as refusal:
        plan(INCIDENTS, Query(order=("service",)))
    assert "service" not in refusal.value.fix  # one cannot sort by a tag


@given(
    values=st.lists(STORED, max_size=3).map(tuple), key=st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
)
def test_a_cursor_comes_back_from_a_url_as_it_was(values: tuple[Stored, ...], key: str) -> None:
    order = ("count",) * len(values)
    text = Cursor("alerts", order, values, key).write()
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    after = plan(ALERTS, Query(order=order, cursor=text)).after
    assert after == Cursor("alerts", order, values, key)


@given(st.text(max_size=30) | st.binary(max_size=30).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_what_is_no_cursor_is_refused_whatever_it_is(text: str) -> None:
    if text:
        with pytest.raises(BadInput, match=r"^cursor: "):
            plan(ALERTS, Query(cursor=text))


@pytest.mark.parametrize(
    "forged",
    [
        msgspec.structs.replace(CURSOR, values=()),
        msgspec.structs.replace(CURSOR, values=(1, 2)),
        msgspec.structs.replace(CURSOR, collection="incidents"),
        msgspec.structs.replace(CURSOR, order=("count",)),
    ],
)
def test_a_forged_cursor_is_refused(forged: Cursor) -> None:
    with pytest.raises(BadInput, match="another question"):
        plan(ALERTS, Query(order=("-count",), cursor=forged.write()))


def test_a_number_too_large_for_a_store_does_no_harm_in_a_cursor() -> None:
    cursor = msgspec.structs.replace(CURSOR, values=(2**64 - 1,)).write()
    after = plan(ALERTS, Query(order=("-count",), cursor=cursor)).after
    assert after is not None
    assert after.values == (2**63 - 1,)
