"""How much is read to say which signatures hear of each other? Few of however many, and as if it were all of them."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.collection import Collection
from aiops.domain.documents import SIGNATURES
from aiops.domain.events import Severity
from aiops.domain.queries import Found, Query
from aiops.domain.signatures import Correlated, Counted, How, Logsource, Says, Signature
from aiops.ports import View
from api.signatures import linked
from api.ui.signatures import PAGE, signatures
from rules.signature_links import Links
from tests.api.world import World
from tests.builders import T0

IDS = ("a", "b", "c", "d", "e")
NAMES = ("", "a", "c", "x", "y")


def a_signature(key: str, name: str = "", of: Sequence[str] = (), **changes: object) -> Signature:
    """One about a field, or a correlation of others."""
    plain = Says(field="action", how=How.EQUALS, values=(key,))
    together = Correlated(counted=Counted.RECORDS, of=tuple(of), within=timedelta(minutes=5), generate=key == "a")
    one = Signature(
        id=key,
        name=name,
        title=key,
        severity=Severity.HIGH,
        logsource=Logsource(product="github"),
        condition=together if of else plain,
    )
    return msgspec.structs.replace(one, **changes)


class Counting:
    """A view that knows how many documents it handed out."""

    def __init__(self, view: View) -> None:
        self._view, self.read = view, 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._view, name)

    def find(self, collection: Collection[Signature], query: Query) -> Found[Signature]:
        found = self._view.find(collection, query)
        self.read += len(found.items)
        return found

    def many(self, collection: Collection[Signature], keys: Sequence[str]) -> list[Signature]:
        found = self._view.many(collection, keys)
        self.read += len(found)
        return found


def test_a_page_reads_what_it_shows_and_what_correlations_are_about() -> None:
    world = World()
    plain = [a_signature(f"s{number:04}", f"n{number:04}") for number in range(500)]
    world.put(SIGNATURES, *plain, a_signature("many", of=("n0007", "s0008", "ghost")))
    with world.store.view() as view:
        counting = Counting(view)
        page = signatures(counting, {})  # type: ignore[arg-type]
    assert page.total == 501
    assert counting.read <= PAGE + 3
    feeds = {row.one.id: (row.feeds, row.raises) for row in page.rows}
    assert (feeds["s0007"], feeds["s0008"], feeds["s0009"]) == ((("many",), False), (("many",), False), ((), True))
    assert feeds["many"] == ((), False)  # what it is about is not all there


SIGNATURE = st.builds(
    a_signature,
    st.sampled_from(IDS),
    st.sampled_from(NAMES),
    st.lists(st.sampled_from(IDS + NAMES[3:]), max_size=3, unique=True),
    ended_at=st.sampled_from([None, None, None, T0]),
)


@given(kept=st.lists(SIGNATURE, unique_by=lambda one: one.id), new=st.lists(SIGNATURE, max_size=2))
def test_what_is_read_links_as_all_that_is_in_force_does(kept: list[Signature], new: list[Signature]) -> None:
    world = World()
    world.put(SIGNATURES, *kept)
    with world.store.view() as view:
        few = linked(view, new)
    every = {one.id: one for one in kept if one.ended_at is None}
    beside = {one.id: one for one in new}
    some, all_of_them = (Links(({one.id: one for one in base} | beside).values()) for base in (few, every.values()))
    assert {one.id for one in few} <= every.keys()
    assert (some.heard, some.quiet, some.order, sorted(some.circle)) == (
        all_of_them.heard,
        all_of_them.quiet,
        all_of_them.order,
        sorted(all_of_them.circle),
    )
    for key in (*IDS, *NAMES):
        assert (some.about(key), some.missing(key)) == (all_of_them.about(key), all_of_them.missing(key))
