"""Is a delivery from whom it says? By a secret of its source: a signature over the bytes as sent, or the secret itself.

The secrets are kept as they are, since a signature cannot be checked against a hash: in ``access.db``, which only its
owner may read (mode 0600), or in the operator's own file (``AIOPS_ACCESS_SENDER_SECRETS_FILE``). Two are good at a
time, so that a sender can be given a new one while it still uses the old.
"""

import base64
import binascii
import hashlib
import hmac
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock

from aiops.domain.errors import BadConfiguration, BadInput
from aiops.domain.senders import source_name
from api.errors import Forbidden, SignInNeeded
from api.sns import Certificates, signed_by_sns

MOST = 2  # good at a time: the newest
SHORTEST = 8  # letters of a secret
TOLERANCE = 300.0  # seconds that a signed time may differ from ours
TOKEN = "token"  # the scheme of a sender that sends the secret itself

_TABLE = (
    "CREATE TABLE IF NOT EXISTS sender_secrets (source TEXT NOT NULL, scheme TEXT NOT NULL, secret TEXT NOT NULL,"
    " put_at REAL NOT NULL)"
)


@dataclass(frozen=True)
class Secret:
    """What one sender knows, and how it shows that it does."""

    scheme: str
    secret: str


@dataclass(frozen=True)
class Sent:
    """What a signature is checked on."""

    headers: Mapping[str, str]  # looked up by lower-case name
    body: bytes  # as sent, before it is unpacked or redacted
    presented: str  # secret in the Authorization header, the path or the query; empty: none
    now: datetime


Check = Callable[[str, Sent], bool | None]  # None: the delivery bears no such signature


def _equal(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode("utf-8", "replace"))


def _hex(secret: str, message: bytes, digest: str) -> str:
    return hmac.new(secret.encode(), message, digest).hexdigest()


def _signed(header: str, prefix: str = "", digest: str = "sha256") -> Check:
    """HMAC of the body in hex; a header may bear several, parted by commas, each behind ``prefix``."""

    def check(secret: str, sent: Sent) -> bool | None:
        said = sent.headers.get(header, "")
        if not said:
            return None
        wanted = prefix + _hex(secret, sent.body, digest)
        return any([_equal(one.strip().lower(), wanted) for one in said.split(",")[:10]])

    return check


def _flux(secret: str, sent: Sent) -> bool | None:
    """``sha256=...``; the digest is the sender's choice."""
    digest = sent.headers.get("x-signature", "").partition("=")[0].strip().lower()
    return _signed("x-signature", f"{digest}=", digest if digest in ("sha224", "sha384", "sha512") else "sha256")(
        secret, sent
    )


def _grafana(secret: str, sent: Sent) -> bool | None:
    """HMAC of the body, or of ``time:body`` where it is set up to send a time."""
    said = sent.headers.get("x-grafana-alerting-signature", "").lower()
    if not said:
        return None
    times = [value for name, value in sent.headers.items() if "timestamp" in name.lower()][:4]
    stamped = [f"{time}:".encode() + sent.body for time in times if _fresh(time, sent.now)]
    messages = stamped if times else [sent.body]
    return any([_equal(said, _hex(secret, message, "sha256")) for message in messages])


def _standard(secret: str, sent: Sent) -> bool | None:
    """Standard Webhooks: HMAC of ``id.time.body`` in base64; several, parted by blanks, each behind ``v1,``."""
    said = sent.headers.get("webhook-signature", "")
    if not said:
        return None
    time = sent.headers.get("webhook-timestamp", "")
    if not _fresh(time, sent.now):
        return False
    message = f"{sent.headers.get('webhook-id', '')}.{time}.".encode() + sent.body
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        key = secret.encode()
    wanted = "v1," + base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()
    return any([_equal(one, wanted) for one in said.split()[:10]])


def _fresh(time: str, now: datetime) -> bool:
    digits = time.isdecimal() and time.isascii() and len(time) <= 13
    seconds = int(time) / (1_000 if len(time) > 11 else 1) if digits else 0.0
    return abs(now.timestamp() - seconds) <= TOLERANCE


def _plain(header: str) -> Check:
    """The secret itself, in a header of the sender's."""
    return lambda secret, sent: _equal(sent.headers[header], secret) if header in sent.headers else None


def _presented(secret: str, sent: Sent) -> bool | None:
    return _equal(sent.presented, secret) if sent.presented else None


_HUB = "x-hub-signature-256"
CHECKS: Mapping[str, Check] = {
    TOKEN: _presented,
    "github": _signed(_HUB, "sha256="),
    "bitbucket": _signed("x-hub-signature", "sha256="),
    "jira": _signed("x-hub-signature", "sha256="),
    "circleci": _signed("circleci-signature", "v1="),
    "grafana": _grafana,
    "pagerduty": _signed("x-pagerduty-signature", "v1="),
    "sentry": _signed("sentry-hook-signature"),
    "sonarqube": _signed("x-sonar-webhook-hmac-sha256"),
    "terraform_cloud": _signed("x-tfe-notification-signature", digest="sha512"),
    "flux": _flux,
    "gitlab": _plain("x-gitlab-token"),
    "standard": _standard,
}
SNS = "sns"  # signed by Amazon's certificate: the "secret" is the topic that may deliver
SCHEMES = (*CHECKS, SNS)
DEFAULTS: Mapping[str, str] = {**{name: name for name in CHECKS if name != "standard"}, "cloudwatch": SNS}


class SenderSecrets:
    """The secrets of all sources, in a SQLite file (None: in memory); ``fixed`` ones are the operator's own file's."""

    def __init__(self, path: Path | None, fixed: Iterable[str] = (), certificates: Certificates | None = None) -> None:
        self._fixed = _read(fixed)
        self._certificates = certificates or Certificates()
        self._lock = Lock()
        self._db = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        if path is not None:
            path.chmod(0o600)
            self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute(_TABLE)

    def of(self, source: str) -> tuple[Secret, ...]:
        """Return the secrets that are good for a source, newest first; none: anybody may deliver."""
        query = "SELECT scheme, secret FROM sender_secrets WHERE source = ? ORDER BY put_at DESC, rowid DESC LIMIT ?"
        with self._lock:
            rows = self._db.execute(query, (source, MOST)).fetchall()
        return (*(Secret(*row) for row in rows), *self._fixed.get(source, ()))

    def put(self, source: str, secret: str, scheme: str, now: datetime) -> Secret:
        """Let ``secret`` be good from now on, and the newest before it; older ones no longer."""
        name, scheme = source_name(source), scheme or DEFAULTS.get(source, TOKEN)
        if scheme not in SCHEMES:
            raise BadInput(f"{scheme!r} is no scheme", place="scheme", fix=f"use one of {', '.join(SCHEMES)}")
        if len(secret) < SHORTEST:
            raise BadInput("it is too short", place="secret", fix=f"use at least {SHORTEST} letters, better 32")
        with self._lock:
            row = (name, scheme, secret, now.timestamp())
            self._db.execute("INSERT INTO sender_secrets (source, scheme, secret, put_at) VALUES (?, ?, ?, ?)", row)
            self._db.execute(
                "DELETE FROM sender_secrets WHERE source = ? AND rowid NOT IN (SELECT rowid FROM sender_secrets"
                " WHERE source = ? ORDER BY put_at DESC, rowid DESC LIMIT ?)",
                (name, name, MOST),
            )
        return Secret(scheme, secret)

    def clear(self, source: str) -> None:
        """Let no secret of ``source`` be good any more, but those of the operator's file."""
        with self._lock:
            self._db.execute("DELETE FROM sender_secrets WHERE source = ?", (source,))

    def check(self, source: str, sent: Sent) -> Callable[[bytes], None] | None:
        """Refuse what bears no proof (SignInNeeded) or a wrong one (Forbidden); fetches a certificate for SNS only.

        All secrets are tried, whichever fits, so that the time it takes tells nothing. What SNS signed may want an
        answer of its own: return what is to be done with the body, once it is kept.
        """
        proofs = [
            signed_by_sns(one.secret, sent.body, self._certificates)
            if one.scheme == SNS
            else CHECKS[one.scheme](one.secret, sent)
            for one in self.of(source)
        ]
        if any(proofs):
            by_sns = any(proof and one.scheme == SNS for proof, one in zip(proofs, self.of(source), strict=True))
            return self._certificates.confirm if by_sns else None
        if all(proof is None for proof in proofs):
            raise SignInNeeded(f"{source} must prove who it is: sign with its secret, or send that")
        raise Forbidden(f"the signature or secret is not one of {source}'s")

    def close(self) -> None:
        """Release the file."""
        self._db.close()


def _read(lines: Iterable[str]) -> dict[str, tuple[Secret, ...]]:
    """Read ``source:secret`` of the operator's settings; of a source the first two are good."""
    found: dict[str, tuple[Secret, ...]] = {}
    for line in lines:
        source, colon, secret = line.partition(":")
        if not colon or len(secret) < SHORTEST:
            fix = f"write source:secret, with a secret of at least {SHORTEST} letters"
            raise BadConfiguration("a line is no sender's secret", place="access.sender_secrets", fix=fix)
        name = source_name(source.strip(), "access.sender_secrets")
        found[name] = (*found.get(name, ()), Secret(DEFAULTS.get(name, TOKEN), secret))[:MOST]
    return found
