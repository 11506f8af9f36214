"""Do open pages hear of changes, once and soon?"""

import json
from typing import Any

import pytest
from starlette.websockets import WebSocketDisconnect

from aiops.domain.changes import INCIDENTS
from api.live import MOST, Listener, Row, Update
from tests.api.world import BASE, World, an_incident


def update(*ids: str, **changes: Any) -> Update:
    rows = [Row(id=id_, number=1, html=f"<td>{id_}") for id_ in ids]
    return Update(**{"position": "0-1", "muting": 0, "hidden": 0, "rows": rows, **changes})


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
        number = storm.first_incident()["number"]
        storm.post(f"/api/incidents/{number}/assign", {"assignee": "ana <b>"})
        told = json.loads(socket.receive_text())
    (row,) = told["rows"]
    assert row["number"] == number
    assert "ana &lt;b&gt;" in row["html"]
    assert row["html"] in storm.page("/")


def test_only_what_changed_is_told(storm: World) -> None:
    storm.put(INCIDENTS, *(an_incident(n) for n in range(10, 20)))
    with storm.client.websocket_connect("ws://127.0.0.1:8080/ws") as socket:
        storm.put(INCIDENTS, an_incident(12, assignee="ana"))
        told = json.loads(socket.receive_text())
    assert [row["number"] for row in told["rows"]] == [12]


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
