"""What becomes of what comes in?"""

from aiops.domain.alerts import Fate
from aiops.domain.documents import ENGINE, SOURCES
from aiops.domain.entries import Delivery
from aiops.domain.events import Status
from tests.scenarios.world import World


def test_a_resend_is_counted_and_changes_nothing(world: World) -> None:
    world.at(0).alert("db", "connection refused")
    world.at(240).alert("db", "connection refused", said_at=0)
    world.at(480).alert("db", "connection refused", said_at=0)
    seen = world.expect(at=500)
    alert = seen.alert("db")
    assert (alert.count, alert.resends, alert.episodes) == (1, 2, 1)
    assert sorted(record.fate for record in seen.events()) == [Fate.DUPLICATE, Fate.DUPLICATE, Fate.STANDALONE]
    seen.balanced()


def test_a_resolve_that_is_older_than_the_last_firing_does_not_close(world: World) -> None:
    world.at(0).alert("db", "connection refused")
    world.at(100).alert("db", "connection refused")
    world.at(110).resolved("db", "connection refused", began=0, ended=90)  # late: it ended an earlier firing
    world.at(120).resolved("db", "connection refused", began=100)
    assert world.expect(at=115).alert("db").status is Status.FIRING
    assert world.expect(at=130).alert("db").status is Status.RESOLVED


def test_error_lines_of_one_shape_are_one_alert_that_ends_by_itself(world: World) -> None:
    world.topology("orders -> db")
    for second in range(0, 100, 10):
        world.at(second).logs("orders", [f"connection to 10.0.0.{second}:5432 refused"], "error")
    seen = world.expect(at=200)
    alert = seen.alert("orders")
    assert alert.count == 10
    assert alert.source == "detector:log_errors"
    assert world.expect(at=2000).alert("orders").status is Status.RESOLVED
    seen.balanced()
    lines = {line.source: line for line in seen.all(SOURCES)}
    assert lines["logs"].observed == lines["logs"].received == 10
    assert lines["detector:log_errors"].received == 10


def test_bytes_that_nobody_can_read_are_kept_and_counted_as_one(world: World) -> None:
    world.add(0, Delivery(source="acme", body=b'{"broken": ', content_type="application/json"))
    seen = world.expect(at=10)
    (line,) = seen.all(SOURCES)
    assert (line.received, line.rejected) == (1, 1)
    assert line.last_problem is not None
    assert line.last_problem.fix
    (entry, _) = seen.journal.read(None, 2)
    assert isinstance(entry.payload, Delivery)
    assert entry.payload.body == b'{"broken": '


def test_alerts_without_a_known_node_are_counted_by_their_labels(world: World) -> None:
    world.topology("api -> db")
    world.at(0).alert("api", "slow").alert("ghost", "slow")
    (record,) = world.expect(at=10).all(ENGINE)
    assert (record.unmapped.mapped, record.unmapped.unmapped) == (1, 1)
    assert record.unmapped.labels == {"service=ghost": 1}
