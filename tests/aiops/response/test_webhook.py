"""A page as a signed JSON POST: what goes out, and what each answer means."""

import httpx
import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from aiops.domain.channels import WebhookChannel
from aiops.domain.errors import BadConfiguration, Unavailable
from aiops.response.webhook import Webhook
from tests.aiops.response.messages import a_message
from tests.aiops.response.receivers import http_receiver

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # pragma: allowlist secret


def answering(
    status: int, headers: dict[str, str] | None = None, **channel: str
) -> tuple[Webhook, list[httpx.Request]]:
    requests: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(status, headers=headers)

    made = WebhookChannel(name="hook", url="http://pager.example.org/hook?token=hush", **channel)
    return Webhook(made, httpx.MockTransport(handle)), requests


def test_the_page_goes_out_with_a_key_by_which_a_repeat_is_known() -> None:
    webhook, requests = answering(202)
    assert webhook.deliver(a_message()) == webhook.deliver(a_message()) == "answered 202"
    assert {request.headers["Idempotency-Key"] for request in requests} == {"page-1-hook"}
    assert {request.headers["webhook-id"] for request in requests} == {"page-1-hook"}


def test_the_body_says_it_for_people_and_for_programs() -> None:
    with http_receiver() as receiver:
        Webhook(WebhookChannel(name="hook", url=receiver.url)).deliver(a_message())
    (got,) = receiver.got
    assert (got.json["type"], got.json["timestamp"]) == ("page.opened", "2026-03-02T09:00:00Z")
    data = got.json["data"]
    assert data["subject"].startswith("CRITICAL #1 db: connection refused")
    assert (data["page"]["route"], data["facts"]["services"]) == ("on-call", ["db", "api"])


def test_a_signature_is_one_that_standard_webhooks_verifies() -> None:
    webhook, requests = answering(200, secret=SECRET)
    webhook.deliver(a_message(sent_at=None))
    Verifier(SECRET).verify(requests[0].content, dict(requests[0].headers))


def test_a_changed_body_does_not_verify() -> None:
    webhook, requests = answering(200, secret=SECRET)
    webhook.deliver(a_message(sent_at=None))
    with pytest.raises(WebhookVerificationError):
        Verifier(SECRET).verify(requests[0].content + b" ", dict(requests[0].headers))


def test_without_a_secret_nothing_is_signed() -> None:
    webhook, requests = answering(200)
    webhook.deliver(a_message())
    assert "webhook-signature" not in requests[0].headers


def test_a_secret_that_is_no_base64_signs_as_it_stands() -> None:
    webhook, requests = answering(200, secret="plain secret")
    webhook.deliver(a_message(sent_at=None))
    Verifier(b"plain secret").verify(requests[0].content, dict(requests[0].headers))


@pytest.mark.parametrize("status", [500, 503, 408, 425, 429])
def test_what_may_pass_is_worth_another_try(status: int) -> None:
    webhook, _ = answering(status, {"Retry-After": "7"})
    with pytest.raises(Unavailable) as failed:
        webhook.deliver(a_message())
    assert failed.value.retry_after == 7


@pytest.mark.parametrize(("header", "seconds"), [("", 1), ("soon", 1), ("-5", 1), ("999999", 300)])
def test_how_long_to_wait_is_bounded(header: str, seconds: float) -> None:
    webhook, _ = answering(503, {"Retry-After": header})
    with pytest.raises(Unavailable) as failed:
        webhook.deliver(a_message())
    assert failed.value.retry_after == seconds


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404])
def test_what_will_not_pass_is_the_operators_to_mend(status: int) -> None:
    webhook, requests = answering(status, {"Location": "http://169.254.169.254/"})
    with pytest.raises(BadConfiguration, match=f"answered {status}"):
        webhook.deliver(a_message())
    assert [request.url.host for request in requests] == ["pager.example.org"]


def test_no_message_says_the_url_or_the_secret() -> None:
    for status in (302, 404, 500):
        webhook, _ = answering(status, secret=SECRET)
        with pytest.raises((Unavailable, BadConfiguration)) as failed:
            webhook.deliver(a_message())
        assert "hush" not in str(failed.value)
        assert SECRET not in str(failed.value)


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with http_receiver() as receiver:
        Webhook(WebhookChannel(name="hook", url=receiver.url)).deliver(a_message())
    assert len(receiver.got) == 1


def test_a_dead_connection_is_worth_another_try() -> None:
    channel = WebhookChannel(name="hook", url="http://127.0.0.1:9/")
    with pytest.raises(Unavailable, match="ConnectError"):
        Webhook(channel).deliver(a_message())


def test_an_endless_answer_is_not_read_to_its_end() -> None:
    with http_receiver() as receiver:
        receiver.answer = lambda _: (200, {}, b"x" * (5 << 20))
        assert Webhook(WebhookChannel(name="hook", url=receiver.url)).deliver(a_message()) == "answered 200"
