"""Do open pages hear of changes, once and soon?"""

import json
import re
from typing import Any

import pytest
from starlette.testclient import WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from aiops.domain.documents import INCIDENTS
from api import live
from api.live import MOST, Listener, Row, Update
from tests.api.world import BASE, World, an_incident
from tests.builders import at


def update(*ids: str, **changes: Any) -> Update:
    rows = [Row(id=id_, number=1, html=f"<td>{id_}") for id_ in ids]
    return Update(**{"position": "0-1", "muting": 0, "hidden": 0, "rows": rows, **changes})


def next_update(socket: WebSocketTestSession) -> Any:
    """Wait for what changed; heartbeats come between."""
    while "state" in (told := json.loads(socket.receive_text())):
        pass
    return told


def next_state(socket: WebSocketTestSession) -> Any:
    """Wait for a heartbeat; what changed may come between."""
    while "state" not in (told := json.loads(socket.receive_text())):
        pass
    return told["state"]


def test_untold_lines_of_one_incident_become_one_the_newest() -> None:
    listener = Listener()
    listener.tell(update("a", "b"))
    listener.tell(update("a", position="0-2", hidden=3))
    told = listener.take()
    assert told is not None
    assert sorted(row.id for row in told.rows) == ["a", "b"]
    assert (told.position, told.hidden) == ("0-2", 3)
    assert listener.take() is None


def test_a_page_that_falls_too_far_behind_loads_itself_anew() -> None:
    listener = Listener()
    listener.tell(update(*(str(n) for n in range(MOST + 1))))
    told = listener.take()
    assert told is not None
    assert told.reload
    assert told.rows == []


def test_that_too_much_changed_is_not_forgotten_over_a_later_update() -> None:
    listener = Listener()
    listener.tell(update(reload=True))
    listener.tell(update("a"))
    told = listener.take()
    assert told is not None
    assert told.reload


def test_an_open_page_is_told_what_changed(storm: World) -> None:
    with storm.client.websocket_connect("ws://127.0.0.1:8080/ws", headers={"origin": BASE}) as socket:
        next_state(socket)
        number = storm.first_incident()["number"]
        storm.post(f"/api/incidents/{number}/assign", {"assignee": "ana <b>"})
        told = next_update(socket)
    (row,) = told["rows"]
    assert row["number"] == number
    assert "ana &lt;b&gt;" in row["html"]
    assert row["html"] in storm.page("/")


def test_only_what_changed_is_told(storm: World) -> None:
    storm.put(INCIDENTS, *(an_incident(n) for n in range(10, 20)))
    with storm.client.websocket_connect("ws://127.0.0.1:8080/ws") as socket:
        next_state(socket)
        storm.put(INCIDENTS, an_incident(12, assignee="ana"))
        told = next_update(socket)
    assert [row["number"] for row in told["rows"]] == [12]


def test_a_page_is_told_what_changed_between_its_rendering_and_its_connection(storm: World) -> None:
    shown = re.search(r'data-position="(0-[0-9]+)"', storm.page("/"))
    assert shown
    number = storm.first_incident()["number"]
    storm.post(f"/api/incidents/{number}/assign", {"assignee": "ana"})
    with storm.client.websocket_connect(f"ws://127.0.0.1:8080/ws?since={shown[1]}") as socket:
        told = next_update(socket)
    assert [row["number"] for row in told["rows"]] == [number]
    assert told["position"] == str(storm.store.position())


def test_a_page_that_knows_all_is_told_nothing(storm: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LISTEN", 0.01)
    monkeypatch.setattr(live, "BEAT", 0.0)
    for since in (str(storm.store.position()), "nonsense", ""):
        with storm.client.websocket_connect(f"ws://127.0.0.1:8080/ws?since={since}") as socket:
            told = [json.loads(socket.receive_text()) for _ in range(3)]
        assert all("rows" not in message for message in told)


def test_a_page_whose_past_cannot_be_read_is_let_go(storm: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(live.Reader, "behind", fail)
    with (
        storm.client.websocket_connect("ws://127.0.0.1:8080/ws?since=0-1") as socket,
        pytest.raises(WebSocketDisconnect) as gone,
    ):
        next_update(socket)
    assert gone.value.code == live.GONE_WRONG


@pytest.mark.parametrize("headers", [{"origin": "http://evil.example"}, {"host": "evil.example"}])
def test_another_sites_page_hears_nothing(storm: World, headers: dict[str, str]) -> None:
    with (
        pytest.raises(WebSocketDisconnect),
        storm.client.websocket_connect("ws://127.0.0.1:8080/ws", headers=headers),
    ):
        pass


def test_which_new_incidents_belong_on_a_list(storm: World) -> None:
    assert storm.get("/matching?number=1,2,99") == [1, 2]
    assert storm.get("/matching?sev=warning&number=1,2") == [2]
    assert storm.get("/matching?q=service:db&number=1,2") == [1]
    assert storm.get("/matching?number=x") == []


def test_a_page_is_told_at_once_how_old_it_is_and_again_while_nothing_happens(
    storm: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "BEAT", 0.0)
    monkeypatch.setattr(live, "LISTEN", 0.01)
    with storm.client.websocket_connect("ws://127.0.0.1:8080/ws") as socket:
        told = [json.loads(socket.receive_text()) for _ in range(2)]
    assert told == [{"state": {"behind": 0.0, "as_of": "2026-03-02T09:10:00Z"}}] * 2


def test_a_page_is_told_that_the_engine_hangs_and_since_when(storm: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LISTEN", 0.01)
    with storm.client.websocket_connect("ws://127.0.0.1:8080/ws") as socket:
        assert next_state(socket)["behind"] == 0
        storm.engine_runs = False
        storm.alert("cache", 590)
        assert next_state(socket) == {"behind": 10.0, "as_of": "2026-03-02T09:09:50Z"}
        storm.now = at(605)
        assert next_state(socket) == {"behind": 15.0, "as_of": "2026-03-02T09:09:50Z"}
        storm.engine_runs = True
        storm.pump()
        assert next_state(socket)["behind"] == 0


def test_a_heartbeat_is_due_well_before_a_page_gives_up_on_it() -> None:
    assert live.BEAT + live.LISTEN <= 5


class Failing:
    """A store whose first ``times`` positions cannot be read."""

    def __init__(self, world: World, times: int) -> None:
        self._real, self.left = world.store.position, times

    def __call__(self) -> Any:
        if self.left:
            self.left -= 1
            raise ZeroDivisionError("oops")
        return self._real()


def test_one_failed_read_does_not_end_the_news(storm: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "RETRIES", (0.0, 0.0, 0.0))
    monkeypatch.setattr(storm.store, "position", Failing(storm, 3))
    with storm.client.websocket_connect("ws://127.0.0.1:8080/ws") as socket:
        next_state(socket)
        storm.put(INCIDENTS, an_incident(12))
        assert [row["number"] for row in next_update(socket)["rows"]] == [12]


def test_pages_are_let_go_when_reading_keeps_failing_and_may_come_again(
    storm: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "RETRIES", (0.0, 0.0, 0.0))
    monkeypatch.setattr(storm.store, "position", Failing(storm, 4))
    with storm.client.websocket_connect("ws://127.0.0.1:8080/ws") as socket:
        with pytest.raises(WebSocketDisconnect) as gone:
            socket.receive_text()
        assert gone.value.code == 1011
    with storm.client.websocket_connect("ws://127.0.0.1:8080/ws") as socket:
        assert next_state(socket)["behind"] == 0
