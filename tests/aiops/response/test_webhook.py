"""A page as a JSON POST: what goes out, and what each answer means."""

import httpx
import msgspec
import pytest

from aiops.domain.errors import BadConfiguration, Unavailable
from aiops.domain.incidents import Page
from aiops.response.notifiers import NOTIFIERS
from aiops.response.webhook import Webhook
from tests.builders import a_page


def answering(status: int, headers: dict[str, str] | None = None) -> tuple[Webhook, list[httpx.Request]]:
    requests: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(status, headers=headers)

    return Webhook("http://pager.example.org/hook", httpx.MockTransport(handle)), requests


def test_the_page_goes_out_with_a_key_by_which_a_repeat_is_known() -> None:
    webhook, requests = answering(202)
    page = a_page(page_id="p1")
    assert webhook.deliver(page) == "the webhook answered 202"
    assert requests[0].headers["Idempotency-Key"] == "p1"
    assert msgspec.json.decode(requests[0].content, type=Page) == page


@pytest.mark.parametrize("status", [500, 503, 408, 429])
def test_what_may_pass_is_worth_another_try(status: int) -> None:
    webhook, _ = answering(status, {"Retry-After": "7"})
    with pytest.raises(Unavailable) as failed:
        webhook.deliver(a_page())
    assert failed.value.retry_after == 7


@pytest.mark.parametrize(("header", "seconds"), [("", 1), ("soon", 1), ("-5", 1), ("999999", 300)])
def test_how_long_to_wait_is_bounded(header: str, seconds: float) -> None:
    webhook, _ = answering(503, {"Retry-After": header})
    with pytest.raises(Unavailable) as failed:
        webhook.deliver(a_page())
    assert failed.value.retry_after == seconds


@pytest.mark.parametrize("status", [301, 400, 401, 404])
def test_what_will_not_pass_is_the_operators_to_mend(status: int) -> None:
    webhook, _ = answering(status)
    with pytest.raises(BadConfiguration, match=f"answered {status}"):
        webhook.deliver(a_page())


def test_a_dead_connection_is_worth_another_try() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(Unavailable, match="ConnectError"):
        Webhook("http://pager.example.org", httpx.MockTransport(handle)).deliver(a_page())


@pytest.mark.parametrize("url", ["no url", "ftp://x", "http://[bad"])
def test_a_url_that_is_none_does_not_bring_the_responder_down(url: str) -> None:
    with pytest.raises((Unavailable, BadConfiguration)):
        Webhook(url).deliver(a_page())


def test_every_channel_in_the_registry_is_made_from_one_text() -> None:
    for make in NOTIFIERS.values():
        assert callable(make("http://127.0.0.1:9/").deliver)
