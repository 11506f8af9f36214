"""Is an alert the same whether it is kept as objects or encoded?"""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.alerts import Sample
from aiops.domain.events import Severity, Status
from aiops.domain.reasons import Reason
from ingestion import shelf as module
from ingestion.shelf import Shelf, Shelved
from tests.builders import an_alert, at


def shelf_of(*services: str) -> Shelf:
    shelf = Shelf()
    for service in services:
        shelf.put(an_alert(service))
    return shelf


def reloaded(shelf: Shelf) -> Shelf:
    """As a restart would find it."""
    return Shelf.load(msgspec.msgpack.decode(msgspec.msgpack.encode(shelf.dump()), type=Shelved))


def order(shelf: Shelf) -> list[str]:
    return [alert.fingerprint for alert in shelf]


def test_an_alert_is_whole_after_a_dump_and_after_a_restart() -> None:
    alert = an_alert(
        labels={"service": "db", "größe": "ß\n"},
        history=(Sample(at=at(1.5), status=Status.FIRING, severity=Severity.HIGH, value=0.25),),
        reasons=(Reason(step="dedup", text="a new alert", evidence={"seconds": 1.5, "of": None}),),
        lease_until=at(60),
    )
    shelf = Shelf()
    shelf.put(alert)
    shelf.dump()
    assert shelf.get(alert.fingerprint) == alert
    assert list(reloaded(shelf)) == [alert] == [reloaded(shelf).get(alert.fingerprint)]


def test_an_alert_that_nobody_put_is_none() -> None:
    shelf = shelf_of("db")
    assert shelf.get("fp-api") is None
    assert "fp-api" not in shelf
    shelf.pop("fp-api")
    assert len(shelf) == 1


def test_a_newer_version_stands_where_the_older_one_stood() -> None:
    shelf = shelf_of("db", "api")
    shelf.dump()
    shelf.put(an_alert("db", count=2))
    assert [(alert.fingerprint, alert.count) for alert in shelf] == [("fp-db", 2), ("fp-api", 1)]


def test_reading_an_encoded_alert_does_not_move_it() -> None:
    shelf = reloaded(shelf_of("db", "api"))
    shelf.get("fp-db")
    assert order(shelf) == ["fp-db", "fp-api"]


def test_the_first_is_the_one_that_was_moved_longest_ago() -> None:
    shelf = shelf_of("db", "api", "web")
    shelf.move_last("fp-db")
    assert (shelf.first, order(shelf)) == ("fp-api", ["fp-api", "fp-web", "fp-db"])
    shelf.pop("fp-api")
    assert shelf.first == "fp-web"


def test_only_what_changed_since_the_last_dump_is_encoded_anew() -> None:
    shelf = shelf_of("db", "api")
    before = dict(zip(*shelf.dump(), strict=True))
    shelf.put(an_alert("db", count=2))
    after = dict(zip(*shelf.dump(), strict=True))
    assert after["fp-api"] is before["fp-api"]
    assert after["fp-db"] is not before["fp-db"]


def test_only_the_alerts_that_were_asked_for_last_are_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_DECODED", 2)
    alerts = [an_alert(service) for service in ("db", "api", "web")]
    shelf = Shelf()
    for alert in alerts:
        shelf.put(alert)
    assert [shelf.get(alert.fingerprint) is alert for alert in alerts[1:]] == [True, True]
    assert shelf.get("fp-db") == alerts[0]
    assert shelf.get("fp-db") is not alerts[0]
    assert list(shelf) == alerts


STEPS = st.lists(st.tuples(st.sampled_from(["put", "get", "pop", "last", "dump"]), st.sampled_from("abc")), max_size=20)


@given(STEPS)
def test_dumps_and_restarts_in_between_cannot_be_told(steps: list[tuple[str, str]]) -> None:
    plain, dumped, restarted = Shelf(), Shelf(), Shelf()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_DECODED", 1)
        follow(steps, plain, dumped, restarted)


def follow(steps: list[tuple[str, str]], plain: Shelf, dumped: Shelf, restarted: Shelf) -> None:
    for number, (step, service) in enumerate(steps):
        known, fingerprint = f"fp-{service}" in plain, f"fp-{service}"
        got: list[Any] = []
        for shelf in (plain, dumped, restarted):
            if step == "put":
                shelf.put(an_alert(service, count=number))
            elif step == "pop":
                shelf.pop(fingerprint)
            elif step == "last" and known:
                shelf.move_last(fingerprint)
            got.append(shelf.get(fingerprint) if step == "get" else len(shelf))
        assert got[0] == got[1] == got[2]
        if step == "dump":
            dumped.dump()
            restarted = reloaded(restarted)
    assert list(plain) == list(dumped) == list(restarted)
