"""A page as a mail, handed to a real mail server."""

import ssl
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from aiops.domain.channels import EmailChannel
from aiops.domain.errors import BadConfiguration, Unavailable
from aiops.response.mail import Mail, compose
from tests.aiops.response.messages import a_message
from tests.aiops.response.receivers import MailBox, mail_server


def channel(port: int, **changes: Any) -> EmailChannel:
    options = {"security": "none", "sender": "AIOps <aiops@example.org>", "to": ("ana@example.org",), **changes}
    return EmailChannel(name="mail", host="127.0.0.1", port=port, **options)


def read(raw: bytes) -> EmailMessage:
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def login(_: SMTP, __: Session, ___: Envelope, ____: str, data: object) -> AuthResult:
    return AuthResult(success=data == LoginPassword(b"aiops", b"hush"), handled=False)


@pytest.fixture
def plain() -> Iterator[MailBox]:
    """A server without encryption."""
    with mail_server() as box:
        yield box


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[tuple[MailBox, str]]:
    """A server that asks for STARTTLS and a password, and the certificate of its authority."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    options = {"tls_context": context, "require_starttls": True, "auth_required": True, "authenticator": login}
    with mail_server(**options) as box:
        yield box, str(tmp_path / "ca.pem")


def test_a_page_is_a_mail_that_says_it_in_its_subject(plain: MailBox) -> None:
    to = ("ana@example.org", "noc@example.org")
    assert Mail(channel(plain.port, to=to)).deliver(a_message("mail")) == "taken for 2 of 2 addresses"
    mail = read(plain.got[0])
    assert mail["Subject"] == "CRITICAL #1 db: connection refused (2 services), since 2026-03-02 09:00 UTC"
    assert plain.recipients == [list(to)]
    assert "https://aiops.example.org/incidents/incident-1" in mail.get_content()


def test_a_repeat_has_the_same_id_and_a_follow_up_is_in_the_same_thread(plain: MailBox) -> None:
    mail = Mail(channel(plain.port))
    for page_id, event in (("page-1", "opened"), ("page-1", "opened"), ("page-2", "resolved")):
        mail.deliver(a_message("mail", page_id=page_id, event=event))
    first, again, last = map(read, plain.got)
    assert first["Message-ID"] == again["Message-ID"] != last["Message-ID"]
    assert first["References"] == last["References"]
    assert first["X-AIOps-Key"] == "page-1-mail"
    other = compose(a_message("mail", incident_id="incident-2"), channel(1))
    assert other["References"] != first["References"]


def test_what_a_sender_wrote_makes_no_header() -> None:
    mail = compose(a_message("mail", title="down\r\nBcc: eve@example.org\n\nhello \u2028 ünïcode \x00"), channel(1))
    assert mail["Bcc"] is None
    assert "\n" not in mail["Subject"]
    assert read(mail.as_bytes())["Bcc"] is None


def test_starttls_and_a_password_are_used(secured: tuple[MailBox, str]) -> None:
    box, ca = secured
    made = channel(box.port, security="starttls", ca_file=ca, username="aiops", password="hush")
    assert Mail(made).deliver(a_message("mail")) == "taken for 1 of 1 addresses"
    assert len(box.got) == 1


def test_a_wrong_password_is_the_operators_to_mend_and_is_not_said(secured: tuple[MailBox, str]) -> None:
    box, ca = secured
    made = channel(box.port, security="starttls", ca_file=ca, username="aiops", password="wr0ng")
    with pytest.raises(BadConfiguration, match="answered 535") as refused:
        Mail(made).deliver(a_message("mail"))
    assert "wr0ng" not in str(refused.value)


def test_a_server_that_nobody_vouches_for_gets_no_mail(secured: tuple[MailBox, str]) -> None:
    box, _ = secured
    with pytest.raises(BadConfiguration, match="ca_file"):
        Mail(channel(box.port, security="starttls")).deliver(a_message("mail"))
    assert box.got == []


def test_a_server_without_starttls_gets_no_mail_in_clear(plain: MailBox) -> None:
    with pytest.raises(BadConfiguration, match="STARTTLS"):
        Mail(channel(plain.port, security="starttls")).deliver(a_message("mail"))
    assert plain.got == []


def test_who_is_not_taken_is_said(plain: MailBox) -> None:
    plain.refusal = lambda address: "550 no such user" if address.startswith("eve") else ""
    made = channel(plain.port, to=("ana@example.org", "eve@example.org"))
    assert Mail(made).deliver(a_message("mail")) == "taken for 1 of 2 addresses"
    with pytest.raises(BadConfiguration, match="550"):
        Mail(channel(plain.port, to=("eve@example.org",))).deliver(a_message("mail"))


def test_a_greylisting_server_is_tried_again(plain: MailBox) -> None:
    plain.refusal = lambda _: "451 try again later"
    with pytest.raises(Unavailable, match="451") as later:
        Mail(channel(plain.port)).deliver(a_message("mail"))
    assert later.value.retry_after == 30


def test_no_server_is_worth_another_try() -> None:
    with pytest.raises(Unavailable, match="ConnectionRefusedError"):
        Mail(channel(9)).deliver(a_message("mail"))
