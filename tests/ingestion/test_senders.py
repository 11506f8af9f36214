"""Does what people say of a source hold from where they say it, and over a snapshot?"""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from aiops.domain.acts import EndMapping, PutMapping, Reparse, SetSource
from aiops.domain.documents import MAPPINGS, SOURCE_SETTINGS
from aiops.domain.entries import Position
from aiops.domain.errors import BadInput, Conflict
from aiops.domain.events import Event
from aiops.domain.senders import SourceMapping, SourceSettings
from ingestion.senders import Senders, reading
from tests.builders import a_delivery, at

MAPPING = "source: acme\nfields: {title: subject}\nidentity: [id]\n"
MATCHED = "source: acme\nmatch: {body: acme}\nfields: {title: subject}\nidentity: [id]\n"


def put(senders: Senders, text: str = MAPPING, seconds: float = 0) -> tuple[str, str]:
    return senders.act(PutMapping(text=text), "ana", at(seconds))


def read(senders: Senders, body: Any = None, source: str = "acme") -> Event:
    body = body or {"subject": "mapped", "title": "generic", "id": 1}
    (event,) = senders.parse(a_delivery(body, source=source), at(0)).events
    return event


def test_a_mapping_reads_its_source_until_it_ends() -> None:
    senders = Senders()
    assert read(senders).title == "generic"
    put(senders)
    assert read(senders).title == "mapped"
    senders.act(EndMapping(source="acme"), "ana", at(1))
    assert read(senders).title == "generic"


def test_every_version_is_kept_with_who_put_and_who_ended_it() -> None:
    senders = Senders()
    for seconds, text in enumerate((MAPPING, MATCHED)):
        put(senders, text, seconds)
    senders.act(EndMapping(source="acme"), "bob", at(5))
    put(senders, MAPPING, 9)
    kept: list[SourceMapping] = [document for collection, document in senders.drain() if collection is MAPPINGS]
    assert [(one.key, one.ended_by, one.ended_at) for one in kept] == [
        ("acme@00001", "ana", at(1)),
        ("acme@00002", "bob", at(5)),
        ("acme@00003", "", None),
    ]


def test_a_mapping_stands_above_the_parser_of_its_name() -> None:
    senders = Senders()
    put(senders, MAPPING.replace("acme", "grafana"))
    assert read(senders, source="grafana").source == "grafana"
    assert read(senders, source="grafana").title == "mapped"


def test_what_comes_in_elsewhere_is_read_by_the_mapping_that_it_fits() -> None:
    senders = Senders()
    put(senders, MATCHED)
    body = {"subject": "mapped", "title": "generic", "id": 1}
    assert read(senders, {**body, "acme": 1}, "auto").title == "mapped"
    assert read(senders, {**body, "acme": 1}, "somebody").title == "mapped"
    assert read(senders, body, "auto").title == "generic"
    assert read(senders, {**body, "acme": 1}, "generic").title == "generic"  # whoever names a parser means it


def test_a_keyed_delivery_is_recognised_by_its_key_through_a_mapping_too() -> None:
    senders = Senders()
    put(senders)
    (event,) = senders.parse(a_delivery({"subject": "x"}, source="acme", idempotency_key="k"), at(0)).events
    assert event.keyed


def test_what_is_no_mapping_changes_nothing() -> None:
    senders = Senders()
    put(senders)
    with pytest.raises(BadInput, match="did you mean"):
        put(senders, MAPPING.replace("title", "titel"))
    assert read(senders).title == "mapped"


def test_only_a_mapping_that_is_in_force_can_end() -> None:
    with pytest.raises(Conflict):
        Senders().act(EndMapping(source="acme"), "ana", at(0))


def test_the_expiry_that_a_person_set_stands_above_the_parsers_with_the_reason() -> None:
    senders = Senders()
    falco = {"rule": "shell in container", "priority": "Critical", "output": "x", "time": "2026-03-02T09:00:00Z"}
    assert read(senders, falco, "falco").lease == timedelta(days=1)
    senders.act(SetSource(settings=SourceSettings(source="falco", expire_after=timedelta(hours=2))), "ana", at(0))
    event = read(senders, falco, "auto")
    assert event.lease == timedelta(hours=2)
    assert event.reasons[-1].text == "over after 2 h without another word, as ana set for falco"


def test_what_is_resolved_or_no_alert_expires_by_nothing() -> None:
    senders = Senders()
    senders.act(SetSource(settings=SourceSettings(source="acme", expire_after=timedelta(hours=2))), "ana", at(0))
    assert read(senders, {"title": "x", "status": "resolved"}).lease is None
    senders.act(SetSource(settings=SourceSettings(source="logs", expire_after=timedelta(hours=2))), "ana", at(0))
    (line,) = senders.parse(a_delivery(b"INFO x", source="logs", content_type="text/plain"), at(0)).events
    assert line.lease is None


def test_settings_are_kept_with_who_set_them() -> None:
    senders = Senders()
    senders.act(SetSource(settings=SourceSettings(source="ACME", rate=5.0)), "ana", at(3))
    (kept,) = [document for collection, document in senders.drain() if collection is SOURCE_SETTINGS]
    assert (kept.source, kept.rate, kept.put_by, kept.put_at) == ("acme", 5.0, "ana", at(3))


@pytest.mark.parametrize(
    "changes", [{"source": "a b"}, {"expire_after": timedelta(0)}, {"rate": 0.0}, {"rate": float("nan")}, {"burst": 0}]
)
def test_settings_that_could_not_work_are_refused(changes: dict[str, Any]) -> None:
    settings = msgspec.structs.replace(SourceSettings(source="acme"), **changes)
    with pytest.raises(BadInput):
        Senders().act(SetSource(settings=settings), "ana", at(0))


def test_a_source_that_was_read_anew_meanwhile_is_to_be_looked_at_again() -> None:
    senders = Senders()
    act = Reparse(source="acme", based_on=Position(0, 5), kept=())
    senders.read_anew(act, Position(0, 6))
    with pytest.raises(Conflict, match="look again"):
        senders.read_anew(act, Position(0, 7))
    senders.read_anew(msgspec.structs.replace(act, based_on=Position(0, 7)), Position(0, 7))
    assert senders.readings == 2


def test_a_snapshot_keeps_it_all() -> None:
    senders = Senders()
    put(senders)
    senders.act(SetSource(settings=SourceSettings(source="acme", expire_after=timedelta(hours=2))), "ana", at(0))
    senders.read_anew(Reparse(source="acme", based_on=Position(0, 5), kept=()), Position(0, 6))
    other = Senders()
    other.load(senders.dump())
    assert other.dump() == senders.dump()
    assert read(other) == read(senders)


def test_the_doors_read_as_the_engine_does() -> None:
    senders = Senders()
    put(senders)
    kept = [document for collection, document in senders.drain() if collection is MAPPINGS]
    assert read(reading(kept)) == read(senders)
