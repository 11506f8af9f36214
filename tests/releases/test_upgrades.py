"""A data folder that an earlier release left is opened, folded on, and has lost nothing.

Each ``NNNN.tgz`` is such a folder, NNNN the format of its snapshots. The beginning of its journal is gone, as it is
after a week: what the engine knew is in the snapshot alone.
"""

import contextlib
import json
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aiops import fold, upgrades
from aiops.domain.acts import EndSilence
from aiops.domain.alerts import Verdict
from aiops.domain.documents import ALERTS, INCIDENTS, OUTCOMES, RULES, SILENCES, SOURCES, TEMPLATES
from aiops.domain.entries import Command, Delivery
from aiops.domain.incidents import IncidentStatus
from aiops.domain.queries import Query
from aiops.ports import View
from aiops.storage.folder import open_journal, open_store

HERE = Path(__file__).parent
RELEASES = sorted(path.stem for path in HERE.glob("*.tgz"))
LATER = datetime(2026, 11, 20, 9, 10, tzinfo=UTC)


class Left:
    """What a release left, taken over by this one."""

    def __init__(self, folder: Path) -> None:
        self.journal, self.store = open_journal(folder), open_store(folder)
        self.before = self.store.position()
        self.engine = fold.recover(self.store)
        self.fold()

    def fold(self) -> None:
        while fold.step(self.engine, self.journal, self.store):
            pass

    def hear(self, service: str, text: str, severity: str = "high") -> None:
        body = {"title": f"{service} {text}", "severity": severity, "labels": {"service": service}}
        self.journal.append([Delivery(source="test", body=json.dumps(body).encode())], at=LATER)
        self.fold()

    @contextlib.contextmanager
    def view(self) -> Iterator[View]:
        with self.store.view() as view:
            yield view


@pytest.fixture(params=RELEASES)
def left(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Left]:
    with tarfile.open(HERE / f"{request.param}.tgz") as archive:
        archive.extractall(tmp_path, filter="data")
    found = Left(tmp_path)
    yield found
    found.store.close()
    found.journal.close()


def test_there_is_one_of_every_earlier_format() -> None:
    assert {f"{number:04}" for number in range(1, upgrades.FORMAT)} <= set(RELEASES)


def test_the_engine_goes_on_where_the_earlier_one_stopped(left: Left) -> None:
    assert left.before is not None
    assert left.engine.position == left.before
    left.hear("db", "is slow")
    position = left.store.position()
    assert position is not None
    assert position.offset == left.before.offset + 1


def test_what_people_did_and_said_still_holds(left: Left) -> None:
    with left.view() as view:
        first = view.find(INCIDENTS, Query(order=("number",), limit=1)).items[0]
        assert (first.status, first.services[0]) == (IncidentStatus.ACKNOWLEDGED, "db")
        assert first.candidates[0].confirmed
        assert {rule.id for rule in view.find(RULES, Query()).items} == {"backup", "bad"}
        assert [one.id for one in view.find(SILENCES, Query()).items] == ["quiet"]
    left.hear("backup", "is busy")
    left.hear("lamp", "is broken")
    with left.view() as view:
        told = {one.title: one for one in view.find(ALERTS, Query(limit=100)).items}
    assert told["backup is busy"].verdict is Verdict.KNOWN_GOOD
    assert [one.id for one in told["lamp is broken"].suppressed_by] == ["quiet"]


def test_an_alert_of_then_is_resolved_now_and_new_ones_join(left: Left) -> None:
    with left.view() as view:
        before = view.find(INCIDENTS, Query(limit=0)).total
        (printer,) = [one for one in view.find(ALERTS, Query(limit=100)).items if one.title.startswith("toner")]
    assert printer.status == "firing"
    left.hear("mail", "is down", "critical")
    with left.view() as view:
        assert view.find(INCIDENTS, Query(limit=0)).total == before + 1


def test_commands_still_apply(left: Left) -> None:
    left.journal.append([Command(id="new", actor="ana", act=EndSilence(silence_id="quiet"))], at=LATER)
    left.fold()
    with left.view() as view:
        outcome = view.get(OUTCOMES, "new")
    assert outcome is not None
    assert outcome.applied


def test_the_ledger_balances_over_both(left: Left) -> None:
    left.hear("db", "is slow")
    with left.view() as view:
        for line in view.find(SOURCES, Query(limit=100)).items:
            parts = (line.rejected, line.duplicate, line.suppressed, line.grouped, line.standalone, line.observed)
            assert line.received == sum(parts), line.source


def test_templates_keep_their_ids(left: Left) -> None:
    with left.view() as view:
        before = {one.template_id: one.count for one in view.find(TEMPLATES, Query(limit=500)).items}
    line = json.dumps({"level": "info", "message": "request 999 took 3 ms from 10.0.0.3"}).encode()
    left.journal.append(
        [Delivery(source="logs", body=line, content_type="application/x-ndjson", query={"service": "web"})], at=LATER
    )
    left.fold()
    with left.view() as view:
        after = {one.template_id: one.count for one in view.find(TEMPLATES, Query(limit=500)).items}
    assert set(after) == set(before)
    assert sum(after.values()) == sum(before.values()) + 1


def test_a_snapshot_of_this_release_is_taken_from_then_on(left: Left) -> None:
    left.hear("db", "is slow")
    fold.snapshot(left.engine, left.store)
    found = left.store.snapshot(fold.FORMAT)
    assert found is not None
    assert found.position == left.engine.position
