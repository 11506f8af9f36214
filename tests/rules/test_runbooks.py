"""Runbooks are put and ended, in words, and what is of no use is refused."""

import msgspec
import pytest

from aiops.domain.acts import EndRunbook, PutRunbook
from aiops.domain.documents import RUNBOOKS
from aiops.domain.errors import BadInput, Conflict
from aiops.domain.matching import Matcher, Operator
from aiops.domain.runbooks import Runbook
from rules.runbooks import MOST_TEXT, Runbooks
from tests.builders import a_runbook, at


def put(part: Runbooks, runbook: Runbook, seconds: float = 0) -> str:
    return part.act(PutRunbook(runbook=runbook), "ana", at(seconds))[0]


def test_a_runbook_is_put_replaced_and_ended_by_somebody() -> None:
    part = Runbooks()
    assert put(part, a_runbook()) == "runbook Disk is full added by ana"
    assert put(part, a_runbook(text="do otherwise"), 5) == "runbook Disk is full replaced by ana"
    kept = part.in_force()["disk"]
    assert (kept.text, kept.put_by, kept.put_at) == ("do otherwise", "ana", at(5))
    said, concerns = part.act(EndRunbook(runbook_id="disk", text="no such disk any more"), "ben", at(9))
    assert (said, concerns) == ("runbook Disk is full ended by ben: no such disk any more", "disk")
    assert part.in_force() == {}
    documents = [document for collection, document in part.drain() if collection is RUNBOOKS]
    assert (documents[-1].ended_by, documents[-1].ended_at) == ("ben", at(9))
    with pytest.raises(Conflict):
        part.act(EndRunbook(runbook_id="disk"), "ben", at(10))


def test_what_was_ended_may_come_back() -> None:
    part = Runbooks()
    put(part, a_runbook())
    part.act(EndRunbook(runbook_id="disk"), "ben", at(1))
    put(part, a_runbook(ended_by="ben", ended_at=at(1)), 2)
    assert part.in_force()["disk"].ended_at is None


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"id": " "}, "id"),
        ({"name": ""}, "name"),
        ({"owner": ""}, "owner"),
        ({"text": " \n"}, "text"),
        ({"text": "x" * (MOST_TEXT + 1)}, "text"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"url": "wiki/disk"}, "url"),
        ({"alerts": tuple(map(str, range(201)))}, "alerts"),
        ({"matchers": (Matcher(field="service", operator=Operator.REGEX, value="("),)}, "matchers[0]"),
        ({"matchers": (Matcher(field="a b", value="x"),)}, "matchers[0]"),
    ],
)
def test_what_is_of_no_use_is_refused_with_its_place(changes: dict[str, object], place: str) -> None:
    part = Runbooks()
    with pytest.raises(BadInput) as refused:
        put(part, a_runbook(**changes))
    assert refused.value.place == place
    assert part.in_force() == {}


def test_a_link_alone_says_enough() -> None:
    part = Runbooks()
    put(part, a_runbook(text="", url="https://wiki.example.com/disk"))
    assert list(part.in_force()) == ["disk"]


def test_there_are_only_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rules.runbooks.MOST", 2)
    part = Runbooks()
    put(part, a_runbook(id="a"))
    put(part, a_runbook(id="b"))
    with pytest.raises(Conflict, match="the most"):
        put(part, a_runbook(id="c"))
    put(part, a_runbook(id="b", text="replacing is no more"))


def test_a_snapshot_holds_them() -> None:
    part, other = Runbooks(), Runbooks()
    put(part, a_runbook(matchers=(Matcher(field="service", value="db"),)))
    other.load(part.dump())
    assert other.in_force() == part.in_force()
    assert msgspec.msgpack.decode(other.dump()) == msgspec.msgpack.decode(part.dump())
