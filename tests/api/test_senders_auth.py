"""Does a sender's own way of proving itself open its door, and nothing else, over the very bytes that it sent?"""

import base64
import gzip
import hashlib
import hmac
import json
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from aiops.domain.entries import Delivery
from aiops.domain.errors import BadConfiguration, BadInput, Unavailable
from api.grants import Scope
from api.senders_auth import MOST, SenderSecrets, Sent
from api.settings import ApiSettings
from api.sns import Certificates, amazons, signed_by_sns
from tests.api.world import BASE, World
from tests.builders import at

SECRET, OLDER, OTHER = "correct-horse-battery", "older-horse-battery", "another-horse-battery"
BODY = b'{"title": "disk full",\n "service": "db"}'
NOW = at(600)
EPOCH = str(int(NOW.timestamp()))


def signature(secret: str, message: bytes = BODY, digest: str = "sha256") -> str:
    return hmac.new(secret.encode(), message, digest).hexdigest()


def standard(secret: str, time: str = EPOCH) -> dict[str, str]:
    key = base64.b64decode(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else secret.encode()
    made = hmac.new(key, f"msg_1.{time}.".encode() + BODY, hashlib.sha256).digest()
    said = f"v1,AAAA v1,{base64.b64encode(made).decode()}"
    return {"webhook-id": "msg_1", "webhook-timestamp": time, "webhook-signature": said}


WAYS: dict[str, Callable[[str], dict[str, str]]] = {
    "github": lambda secret: {"X-Hub-Signature-256": f"sha256={signature(secret)}"},
    "bitbucket": lambda secret: {"X-Hub-Signature": f"sha256={signature(secret)}"},
    "jira": lambda secret: {"X-Hub-Signature": f"sha256={signature(secret)}"},
    "circleci": lambda secret: {"circleci-signature": f"v1={signature(secret)}"},
    "grafana": lambda secret: {"X-Grafana-Alerting-Signature": signature(secret)},
    "pagerduty": lambda secret: {"X-PagerDuty-Signature": f"v1={'0' * 64},v1={signature(secret)}"},
    "sentry": lambda secret: {"Sentry-Hook-Signature": signature(secret)},
    "sonarqube": lambda secret: {"X-Sonar-Webhook-HMAC-SHA256": signature(secret)},
    "terraform_cloud": lambda secret: {"X-TFE-Notification-Signature": signature(secret, digest="sha512")},
    "flux": lambda secret: {"X-Signature": f"sha256={signature(secret)}"},
    "gitlab": lambda secret: {"X-Gitlab-Token": secret},
    "token": lambda secret: {"Authorization": f"Bearer {secret}"},
    "standard": standard,
}


def secured(scheme: str, *secrets: str, world: World | None = None, source: str = "") -> World:
    world = world or World(ApiSettings(command_wait=0.0))
    for number, secret in enumerate(secrets):
        secrets_of = world.app.state.desk.secrets
        secrets_of.put(source or scheme, secret, "" if not source else scheme, at(number))
    return world


def post(world: World, path: str, headers: dict[str, str] | None = None, body: bytes = BODY) -> int:
    sent = {"content-type": "application/json", **(headers or {})}
    return world.client.post(path, content=body, headers=sent).status_code


@pytest.mark.parametrize("scheme", sorted(WAYS))
def test_each_senders_own_way_opens_its_door(scheme: str) -> None:
    world = secured(scheme, SECRET, source="acme")
    assert post(world, "/webhooks/acme", WAYS[scheme](SECRET)) == 202
    assert post(world, "/webhooks/acme") == 401
    assert post(world, "/webhooks/acme", WAYS[scheme](OTHER)) == 403


@pytest.mark.parametrize("scheme", sorted(set(WAYS) - {"gitlab", "token"}))
def test_a_signature_is_over_the_bytes_as_they_were_sent(scheme: str) -> None:
    world = secured(scheme, SECRET, source="acme")
    reformatted = json.dumps(json.loads(BODY)).encode()
    assert post(world, "/webhooks/acme", WAYS[scheme](SECRET), reformatted) == 403


def test_a_packed_body_is_signed_as_it_travels() -> None:
    world, packed = secured("github", SECRET), gzip.compress(BODY, mtime=0)
    headers = {"X-Hub-Signature-256": f"sha256={signature(SECRET, packed)}", "content-encoding": "gzip"}
    assert post(world, "/webhooks/github", headers, packed) == 202


@pytest.mark.parametrize("scheme", sorted(set(WAYS) - {"standard", "token"}))
def test_a_source_of_that_name_needs_no_word_about_its_way(scheme: str) -> None:
    world = secured(scheme, SECRET)
    assert world.app.state.desk.secrets.of(scheme)[0].scheme == scheme
    assert post(world, f"/webhooks/{scheme}", WAYS[scheme](SECRET)) == 202


def test_two_secrets_are_good_so_that_one_can_be_changed() -> None:
    world = secured("github", OTHER, OLDER, SECRET)
    found = {secret: post(world, "/webhooks/github", WAYS["github"](secret)) for secret in (SECRET, OLDER, OTHER)}
    assert found == {SECRET: 202, OLDER: 202, OTHER: 403}
    assert len(world.app.state.desk.secrets.of("github")) == MOST


def test_grafana_may_sign_its_time_too_and_an_old_one_is_good_for_nothing() -> None:
    world = secured("grafana", SECRET)

    def signed(time: str) -> dict[str, str]:
        made = signature(SECRET, f"{time}:".encode() + BODY)
        return {"X-Grafana-Alerting-Signature": made, "X-Grafana-Alerting-Timestamp": time}

    assert post(world, "/webhooks/grafana", signed(EPOCH)) == 202
    assert post(world, "/webhooks/grafana", signed(str(int((NOW - timedelta(hours=1)).timestamp())))) == 403


@pytest.mark.parametrize("time", ["", "soon", "1" * 30, str(int((NOW - timedelta(hours=1)).timestamp()))])
def test_a_standard_webhook_of_another_time_is_refused(time: str) -> None:
    world = secured("standard", SECRET, source="acme")
    assert post(world, "/webhooks/acme", {**standard(SECRET), "webhook-timestamp": time}) == 403


def test_a_standard_secret_is_written_in_base64() -> None:
    secret = "whsec_" + base64.b64encode(b"0123456789abcdef").decode()  # pragma: allowlist secret
    assert post(secured("standard", secret, source="acme"), "/webhooks/acme", standard(secret)) == 202


def test_whoever_has_no_secret_delivers_as_before(world: World) -> None:
    secured("github", SECRET, world=world)
    assert post(world, "/webhooks/acme") == 202


def test_a_token_of_ours_opens_the_door_as_well(locked: World) -> None:
    secured("github", SECRET, world=locked)
    token = locked.app.state.desk.access.create_token("ci", [Scope.INGEST], locked.now)
    reader = locked.app.state.desk.access.create_token("eyes", [Scope.READ], locked.now)
    assert post(locked, "/webhooks/github", {"Authorization": f"Bearer {token}"}) == 202
    assert post(locked, "/webhooks/github", {"Authorization": f"Bearer {reader}"}) == 401
    assert post(locked, "/webhooks/github", WAYS["github"](SECRET)) == 202
    assert post(locked, "/webhooks/acme", WAYS["github"](SECRET)) == 401  # a signature opens its own door only


@pytest.mark.parametrize(
    "path", ["/webhooks/splunk/t/{}", "/webhooks/splunk?token={}", "/webhooks/splunk?a=1&token={}"]
)
def test_a_sender_that_can_set_no_header_shows_its_token_in_the_url(locked: World, path: str) -> None:
    token = locked.app.state.desk.access.create_token("splunk", [Scope.INGEST], locked.now)
    assert post(locked, path.format(token)) == 202
    assert post(locked, path.format("wrong")) == 401
    secured("splunk", SECRET, world=locked)
    assert post(locked, path.format(SECRET)) == 202
    assert post(locked, path.format("wrong")) == 403


def test_a_token_in_the_url_is_in_no_journal_and_no_log(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world.client.post(f"/webhooks/splunk/t/{SECRET}?title=x&token={OTHER}")
    (entry,) = world.journal.read(None, 10)
    assert isinstance(entry.payload, Delivery)
    assert entry.payload.query == {"path": "/webhooks/splunk"}
    assert entry.payload.body == b"title=x"

    def fails(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(world.journal, "append", fails)
    answer = world.client.post(f"/webhooks/splunk/t/{SECRET}?token={OTHER}", content=BODY)
    assert answer.status_code == 503
    said = "".join(capsys.readouterr()) + answer.text
    assert SECRET not in said
    assert OTHER not in said


def test_the_api_sets_and_forgets_secrets_and_never_shows_one(world: World) -> None:
    assert world.post("/api/sources/github/secret", {"secret": SECRET}) == {
        "source": "github",
        "scheme": "github",
        "good": 1,
    }
    assert post(world, "/webhooks/github") == 401
    post(world, "/webhooks/github", WAYS["github"](SECRET))
    assert SECRET not in world.client.get("/api/sources").text
    assert world.client.delete("/api/sources/github/secret").json()["good"] == 0
    assert post(world, "/webhooks/github") == 202


def test_setting_a_secret_takes_more_than_triage(locked: World) -> None:
    desk = locked.app.state.desk
    for scope, status in ((Scope.TRIAGE, 403), (Scope.ADMIN, 200)):
        headers = {"Authorization": f"Bearer {desk.access.create_token('x', [scope], locked.now)}"}
        answer = locked.client.post("/api/sources/github/secret", json={"secret": SECRET}, headers=headers)
        assert answer.status_code == status


@pytest.mark.parametrize(
    "body",
    [{"secret": "short"}, {"secret": SECRET, "scheme": "nope"}, {"secret": ""}],  # pragma: allowlist secret
)
def test_a_secret_that_is_none_is_refused(world: World, body: dict[str, str]) -> None:
    assert world.client.post("/api/sources/github/secret", json=body).status_code == 400


def test_secrets_are_kept_where_only_their_owner_can_read_them(tmp_path: Path) -> None:
    path = tmp_path / "access.db"
    SenderSecrets(path).put("github", SECRET, "", NOW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.secret for one in SenderSecrets(path).of("github")] == [SECRET]


def test_the_operators_own_file_names_secrets_too() -> None:
    secrets = SenderSecrets(None, ["GitHub:a:b:c:d:e", f"acme:{SECRET}", f"acme:{OLDER}", f"acme:{OTHER}"])
    assert [(one.scheme, one.secret) for one in secrets.of("github")] == [("github", "a:b:c:d:e")]
    assert [one.secret for one in secrets.of("acme")] == [SECRET, OLDER]
    secrets.clear("acme")
    assert secrets.of("acme")


@pytest.mark.parametrize("line", ["nothing", "acme:short", "a b:long-enough-secret"])
def test_a_line_that_is_no_secret_is_refused_without_showing_it(line: str) -> None:
    with pytest.raises((BadConfiguration, BadInput)) as raised:
        SenderSecrets(None, [line])
    assert "long-enough" not in str(raised.value)


# Amazon SNS

TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"
URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem"


SIGNED = ("TopicArn", "Subject", "Type", "SubscribeURL", "Token")


class Amazon:
    """Signs as SNS does, with a certificate of its own."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.key.public_key())
        made = made.serial_number(1).not_valid_before(at(0)).not_valid_after(at(1e6))
        self.pem = made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        self.asked: list[str] = []

    def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        return self.pem

    def message(self, version: str = "2", **changes: str) -> bytes:
        said = {"Type": "Notification", "MessageId": "m-1", "TopicArn": TOPIC, "Message": "{}", "Timestamp": "t"}
        said |= {name: value for name, value in changes.items() if name in SIGNED}
        text = "".join(f"{name}\n{said[name]}\n" for name in sorted(said))
        digest: hashes.HashAlgorithm = hashes.SHA1() if version == "1" else hashes.SHA256()
        signed = base64.b64encode(self.key.sign(text.encode(), padding.PKCS1v15(), digest)).decode()
        proof = {"SignatureVersion": version, "Signature": signed, "SigningCertURL": URL}
        return json.dumps({**said, **proof, **changes}).encode()


@pytest.fixture(scope="module")
def amazon() -> Amazon:
    return Amazon()


@pytest.mark.parametrize("version", ["1", "2"])
def test_what_sns_signed_for_the_topic_is_believed(amazon: Amazon, version: str) -> None:
    certificates = Certificates(amazon.fetch)
    assert signed_by_sns(TOPIC, amazon.message(version, Subject="ALARM"), certificates) is True


def test_a_certificate_is_fetched_once(amazon: Amazon) -> None:
    amazon.asked.clear()
    certificates = Certificates(amazon.fetch)
    for _ in range(3):
        signed_by_sns(TOPIC, amazon.message(), certificates)
    assert amazon.asked == [URL]


@pytest.mark.parametrize(
    "changes",
    [
        {"Message": "forged"},
        {"TopicArn": "arn:aws:sns:eu-west-1:1:others"},
        {"Signature": "AAAA"},
        {"Signature": "no base64!"},
        {"SigningCertURL": "https://sns.evil.com/x.pem"},
    ],
)
def test_what_was_changed_or_is_of_another_topic_is_not(amazon: Amazon, changes: dict[str, str]) -> None:
    assert signed_by_sns(TOPIC, amazon.message(**changes), Certificates(amazon.fetch)) is False


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff", b'{"Signature": "x"}', b'{"Signature": 7}'])
def test_what_bears_no_signature_proves_nothing(body: bytes) -> None:
    assert signed_by_sns(TOPIC, body, Certificates()) is None


@pytest.mark.parametrize(
    ("url", "is_amazons"),
    [
        (URL, True),
        ("https://sns.cn-north-1.amazonaws.com.cn/x.pem", True),
        ("https://sns.eu-west-1.amazonaws.com:443/x.pem", True),
        ("http://sns.eu-west-1.amazonaws.com/x.pem", False),
        ("https://sns.eu-west-1.amazonaws.com.evil.com/x.pem", False),
        ("https://sns.evil.com/x.pem", False),
        ("https://sns..amazonaws.com/x.pem", False),
        ("https://evil.com/sns.eu-west-1.amazonaws.com/x.pem", False),
        ("https://sns.eu-west-1.amazonaws.com@evil.com/x.pem", False),
        ("https://user@sns.eu-west-1.amazonaws.com/x.pem", False),
        ("https://sns.eu-west-1.amazonaws.com:8443/x.pem", False),
        ("https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription", True),
        ("https://[::1/x.pem", False),
        ("https://sns.eu-west-1.amazonaws.com:x/x.pem", False),
        ("file:///etc/passwd.pem", False),
        ("", False),
    ],
)
def test_certificates_come_from_amazon_and_from_nowhere_else(url: str, is_amazons: bool) -> None:
    assert amazons(url) is is_amazons


def test_what_stands_there_and_is_no_certificate_proves_nothing(amazon: Amazon) -> None:
    assert signed_by_sns(TOPIC, amazon.message(), Certificates(lambda _: b"not a certificate")) is False


def test_a_door_for_sns_believes_what_amazon_signed(amazon: Amazon) -> None:
    secrets = SenderSecrets(None, certificates=Certificates(amazon.fetch))
    assert secrets.put("cloudwatch", TOPIC, "", NOW).scheme == "sns"
    secrets.check("cloudwatch", Sent(httpx.Headers(), amazon.message(), "", NOW))


CONFIRM = f"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=t"


@pytest.mark.parametrize(
    ("changes", "followed"),
    [
        ({"Type": "SubscriptionConfirmation", "SubscribeURL": CONFIRM, "Token": "t"}, [CONFIRM]),
        ({"Type": "SubscriptionConfirmation", "SubscribeURL": "https://evil.com/x", "Token": "t"}, []),
        ({"Type": "SubscriptionConfirmation", "SubscribeURL": "http://127.0.0.1:1/x", "Token": "t"}, []),
        ({"Type": "Notification", "SubscribeURL": CONFIRM}, []),
    ],
)
def test_a_subscription_that_amazon_signed_for_the_topic_is_confirmed_there_and_nowhere_else(
    amazon: Amazon, changes: dict[str, str], followed: list[str]
) -> None:
    world = World()
    world.app.state.desk.secrets._certificates = Certificates(amazon.fetch)
    world.app.state.desk.secrets.put("cloudwatch", TOPIC, "", NOW)
    amazon.asked.clear()
    message = amazon.message(**changes)
    answer = world.client.post("/webhooks/cloudwatch", content=message)
    assert answer.status_code in ((202,) if followed or changes["Type"] != "Notification" else (202, 403))
    assert [url for url in amazon.asked if not url.endswith(".pem")] == followed


def test_a_subscription_that_nobody_signed_is_never_followed(amazon: Amazon) -> None:
    world = World()
    amazon.asked.clear()
    world.app.state.desk.secrets._certificates = Certificates(amazon.fetch)
    body = {"Type": "SubscriptionConfirmation", "SubscribeURL": CONFIRM, "TopicArn": TOPIC, "Token": "t"}
    assert world.client.post("/webhooks/cloudwatch", json=body).status_code == 202
    world.app.state.desk.secrets.put("cloudwatch", TOPIC, "", NOW)
    assert world.client.post("/webhooks/cloudwatch", json=body).status_code in (401, 403)
    assert amazon.asked == []


def test_a_confirmation_that_fails_is_in_the_log_and_costs_nothing(amazon: Amazon) -> None:
    def away(_: str) -> bytes:
        raise Unavailable("SNS cannot be asked: ConnectError")

    body = amazon.message(Type="SubscriptionConfirmation", SubscribeURL=CONFIRM, Token="t")
    with structlog.testing.capture_logs() as logs:
        Certificates(away).confirm(body)
    assert [line["event"] for line in logs] == ["a subscription could not be confirmed"]


def test_a_certificate_that_cannot_be_fetched_is_waited_for() -> None:
    def fetch(_: str) -> bytes:
        raise Unavailable("not now")

    secrets = SenderSecrets(None, certificates=Certificates(fetch))
    secrets.put("cloudwatch", TOPIC, "", NOW)
    with pytest.raises(Unavailable):
        secrets.check("cloudwatch", Sent(httpx.Headers(), Amazon().message(), "", NOW))


def test_the_page_writes_the_token_where_the_sender_can_put_it(locked: World) -> None:
    token = locked.app.state.desk.access.create_token("eyes", [Scope.READ], locked.now)
    headers = {"Authorization": f"Bearer {token}", "accept": "text/html"}
    shown = locked.client.get("/integrations?source=splunk", headers=headers).text
    assert f"{BASE}/webhooks/splunk/t/$TOKEN" in shown
    assert "Authorization: Bearer $TOKEN" in shown
