"""What a server answers becomes our own words and errors."""

from typing import Any

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


def test_a_delivery_carries_its_key_its_kind_and_only_what_is_set() -> None:
    one, requests = talking_to(httpx.Response(202, json={"delivery_id": "0-7", "more": "later"}))
    assert one.deliver("logs", b"a\nb\n", {"service": "db", "host": ""}, "text/plain", "key-1") == "0-7"
    (request,) = requests
    assert (request.method, request.url.path, request.content) == ("POST", "/webhooks/logs", b"a\nb\n")
    assert dict(request.url.params) == {"service": "db"}
    assert (request.headers["Content-Type"], request.headers["Idempotency-Key"]) == ("text/plain", "key-1")


def test_a_question_may_be_posted() -> None:
    one, requests = talking_to(httpx.Response(200, json=OUTCOME))
    assert one.post("/api/rules/preview", Outcome, {"matchers": []}).text == "acknowledged #12"
    assert requests[0].content == b'{"matchers":[]}'


def test_a_parameter_may_be_repeated() -> None:
    one, requests = talking_to(httpx.Response(200, json=OUTCOME))
    one.get("/api/incidents", Outcome, {"service": ["db", "web"], "all": True})
    assert requests[0].url.params.get_list("service") == ["db", "web"]
    assert requests[0].url.params["all"] == "true"


def test_a_request_says_who_asks_and_no_token_where_there_is_none() -> None:
    one, requests = talking_to(httpx.Response(200, json=OUTCOME))
    one.get("/api/status", Outcome)
    assert requests[0].headers["X-AIOps-Actor"] == "cli"
    assert "Authorization" not in requests[0].headers


@pytest.mark.parametrize(("given", "seconds"), [("7", 7), ("0", 0), ("", 1), ("soon", 1), ("-3", 1), ("٣", 1)])
def test_a_busy_server_says_when_to_come_back(given: str, seconds: float) -> None:
    one, _ = talking_to(httpx.Response(503, headers={b"Retry-After": given.encode()}, json={"detail": "full"}))
    with pytest.raises(Overloaded) as refused:
        one.get("/api/status", Outcome)
    assert refused.value.retry_after == seconds


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"detail": "no such field", "title": "Bad Request"}, "no such field"),
        ({"title": "Bad Request"}, "Bad Request"),
        ({}, "answered 400"),
        ({"detail": 7}, "answered 400"),
    ],
)
def test_a_refusal_is_told_in_the_best_words_there_are(body: dict[str, object], said: str) -> None:
    one, _ = talking_to(httpx.Response(400, json=body))
    with pytest.raises(BadInput, match=said) as refused:
        one.get("/api/status", Outcome)
    assert (refused.value.place, refused.value.fix) == ("request", "see --help")


def test_a_missing_token_is_said_with_where_to_put_it() -> None:
    one, _ = talking_to(httpx.Response(401, json={"detail": "who are you?"}))
    with pytest.raises(NotAllowed, match=r"who are you\?; set AIOPS_CLIENT_TOKEN"):
        one.get("/api/status", Outcome)


def test_an_act_that_is_refused_is_not_waited_for() -> None:
    one, requests = talking_to(httpx.Response(409, json={"detail": "somebody has it already"}))
    with pytest.raises(Conflict, match="somebody has it already"):
        one.act("POST", "/api/incidents/12/acknowledge")
    assert len(requests) == 1


def test_an_act_that_is_never_applied_is_given_up_with_its_id(monkeypatch: pytest.MonkeyPatch) -> None:
    hours = iter(range(0, 100_000, 20))
    monkeypatch.setattr("aiops.client.time.monotonic", lambda: next(hours))
    monkeypatch.setattr("aiops.client.time.sleep", lambda _: None)
    accepted = httpx.Response(202, json={"command_id": "c1"})
    one, requests = talking_to(accepted, *[httpx.Response(404, json={})] * 5)
    with pytest.raises(Unavailable, match="accepted as c1, but not applied within 30 s"):
        one.act("POST", "/api/incidents/12/acknowledge")
    assert len(requests) > 1


def test_an_outcome_that_cannot_be_read_is_not_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aiops.client.time.sleep", lambda _: pytest.fail("it must not wait"))
    one, _ = talking_to(httpx.Response(202, json={"command_id": "c1"}), httpx.Response(500, json={"detail": "broken"}))
    with pytest.raises(Unavailable, match="broken"):
        one.act("POST", "/api/incidents/12/acknowledge")


@pytest.mark.parametrize("kind", [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError])
def test_a_server_that_is_gone_is_named_and_is_not_alive(kind: type[httpx.TransportError]) -> None:
    def gone(request: httpx.Request) -> httpx.Response:
        raise kind("gone", request=request)

    one = Client("http://alerts.example.org:8080", transport=httpx.MockTransport(gone))
    assert not one.alive()
    with pytest.raises(Unavailable, match=rf"alerts\.example\.org:8080 does not answer \({kind.__name__}\)"):
        one.get("/api/status", Outcome)


@pytest.mark.parametrize(
    ("url", "proxied"),
    [
        ("http://127.0.0.1:8080", False),
        ("http://localhost", False),
        ("http://[::1]:8080", False),
        ("http://alerts.example.org", True),
    ],
)
def test_a_proxy_has_no_business_between_us_and_this_machine(
    url: str, proxied: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted: list[bool] = []
    make = httpx.Client

    def watched(**options: Any) -> httpx.Client:
        trusted.append(options["trust_env"])
        return make(**options)

    monkeypatch.setattr("aiops.client.httpx.Client", watched)
    Client(url).close()
    assert trusted == [proxied]
