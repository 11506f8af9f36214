"""What a server answers becomes our own words and errors."""

import httpx
import pytest

from aiops.client import Client, Missing, NotAllowed
from aiops.domain.acts import Outcome
from aiops.domain.errors import AiopsError, BadInput, Conflict, Overloaded, Unavailable

OUTCOME = {"command_id": "c1", "applied": True, "text": "acknowledged #12"}


def talking_to(*answers: httpx.Response, token: str = "") -> tuple[Client, list[httpx.Request]]:
    requests: list[httpx.Request] = []
    queue = list(answers)

    def handle(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return queue.pop(0)

    return Client("http://localhost", token, httpx.MockTransport(handle)), requests


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadInput),
        (401, NotAllowed),
        (403, NotAllowed),
        (404, Missing),
        (409, Conflict),
        (413, BadInput),
        (429, Overloaded),
        (500, Unavailable),
        (503, Overloaded),
    ],
)
def test_a_refusal_is_the_error_it_stands_for(status: int, kind: type[AiopsError]) -> None:
    one, _ = talking_to(httpx.Response(status, json={"detail": "no such order", "place": "sort", "fix": "use newest"}))
    with pytest.raises(kind, match="no such order"):
        one.get("/api/incidents", Outcome)


def test_bad_input_keeps_its_place_and_fix() -> None:
    one, _ = talking_to(httpx.Response(400, json={"detail": "no such order", "place": "sort", "fix": "use newest"}))
    with pytest.raises(BadInput) as refused:
        one.get("/api/incidents", Outcome)
    assert (refused.value.place, refused.value.fix) == ("sort", "use newest")


def test_something_that_is_not_aiops_is_said_so() -> None:
    one, _ = talking_to(httpx.Response(200, text="<html>"), httpx.Response(502, text="<html>"))
    with pytest.raises(Unavailable, match="is it AIOps"):
        one.get("/api/status", Outcome)
    with pytest.raises(Unavailable, match="502"):
        one.get("/api/status", Outcome)


def test_the_token_goes_along_and_what_is_not_set_does_not() -> None:
    one, requests = talking_to(httpx.Response(200, json=OUTCOME), token="t1")
    one.get("/api/incidents", Outcome, {"service": None, "text": "", "limit": 5})
    assert requests[0].headers["Authorization"] == "Bearer t1"
    assert dict(requests[0].url.params) == {"limit": "5"}


def test_an_act_is_answered_with_its_outcome() -> None:
    one, requests = talking_to(httpx.Response(200, json=OUTCOME))
    assert one.act("POST", "/api/incidents/12/comment", {"text": "x"}).text == "acknowledged #12"
    assert requests[0].headers["Content-Type"] == "application/json"


def test_a_slow_act_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    accepted = httpx.Response(202, json={"command_id": "c1", "outcome": "/api/commands/c1"})
    one, requests = talking_to(accepted, httpx.Response(404, json={}), httpx.Response(200, json=OUTCOME))
    assert one.act("POST", "/api/incidents/12/acknowledge").applied
    assert [request.url.path for request in requests[1:]] == ["/api/commands/c1"] * 2


def test_a_document_goes_as_it_is() -> None:
    one, requests = talking_to(httpx.Response(200, json=OUTCOME))
    one.act("POST", "/api/services", document=b"services: {}")
    assert requests[0].content == b"services: {}"
    assert requests[0].headers["Content-Type"] == "application/yaml"


def test_alive_is_no_error() -> None:
    one, _ = talking_to(httpx.Response(200), httpx.Response(503))
    assert [one.alive(), one.alive()] == [True, False]
