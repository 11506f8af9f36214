"""How does a page travel as a mail?"""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from aiops.domain.base import stable_hash
from aiops.domain.channels import EmailChannel
from aiops.domain.errors import BadConfiguration, Unavailable
from aiops.domain.events import Severity
from aiops.response.message import Message

LONGEST_LINE = 900  # of 998 characters that SMTP allows: a subject is not folded, some readers show half of it then
TIMEOUT = 20.0  # seconds for each step of the conversation


class Mail:
    """Sends each page as a mail; its Message-ID is made of the key, and all mails about one incident are one thread."""

    def __init__(self, channel: EmailChannel) -> None:
        self._channel = channel
        self._who = f"the mail server of {channel.name}"

    def deliver(self, message: Message) -> str:
        """Hand ``message`` to the mail server; what it takes over is delivered."""
        mail = compose(message, self._channel)
        try:
            with self._connected() as server:
                refused = server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            raise self._refused(*next(iter(error.recipients.values()))) from error
        except smtplib.SMTPResponseException as error:
            raise self._refused(error.smtp_code, error.smtp_error) from error
        except smtplib.SMTPNotSupportedError as error:
            fix = "ask for what it offers: security, username"
            raise BadConfiguration(f"{self._who}: {error}", place=self._who, fix=fix) from error
        except ssl.SSLCertVerificationError as error:
            fix = "name its authority in ca_file"
            raise BadConfiguration(f"not to be trusted: {error.verify_message}", place=self._who, fix=fix) from error
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable(f"{self._who} is out of reach: {type(error).__name__}") from error
        taken = len(self._channel.to) - len(refused)
        return f"taken for {taken} of {len(self._channel.to)} addresses"

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        channel = self._channel
        context = ssl.create_default_context(cafile=channel.ca_file or None)
        if channel.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(channel.host, channel.port, timeout=TIMEOUT, context=context)
        else:
            server = smtplib.SMTP(channel.host, channel.port, timeout=TIMEOUT)
        with server:
            if channel.security == "starttls":
                server.starttls(context=context)
            if channel.username:
                server.login(channel.username, channel.password)
            yield server

    def _refused(self, code: int, said: bytes | str) -> Unavailable | BadConfiguration:
        """Return what a refusal means: 4yz may pass, 5yz will not."""
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        answer = f"{self._who} answered {code} ({' '.join(text.split())[:200]})"
        if 500 <= code < 600:
            return BadConfiguration(answer, place=self._who, fix="check its addresses, user and password")
        return Unavailable(answer, retry_after=30)


def compose(message: Message, channel: EmailChannel) -> EmailMessage:
    """Return the mail. Equal keys give equal Message-IDs: a repeat is known by it."""
    domain = Address(addr_spec=parseaddr(channel.sender)[1]).domain
    thread = f"<{stable_hash('thread', message.thread, channel.name)}@{domain}>"
    subject = message.subject
    mail = EmailMessage(policy=SMTP.clone(max_line_length=LONGEST_LINE) if subject.isascii() else SMTP)
    mail["From"] = channel.sender
    mail["To"] = ", ".join(channel.to)
    mail["Subject"] = subject
    mail["Date"] = format_datetime(message.sent_at)
    mail["Message-ID"] = f"<{stable_hash('page', message.key)}@{domain}>"
    mail["In-Reply-To"] = mail["References"] = thread
    mail["X-AIOps-Key"] = message.key
    mail["Auto-Submitted"] = "auto-generated"
    if message.page.severity is Severity.CRITICAL and message.page.event != "resolved":
        mail["Importance"] = "high"
    mail.set_content(message.body)
    return mail
