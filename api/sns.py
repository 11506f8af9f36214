"""Did Amazon SNS sign it? By a certificate that is fetched from Amazon's own hosts and from nowhere else."""

import base64
import binascii
from collections import OrderedDict
from collections.abc import Callable, Mapping
from threading import Lock
from urllib.parse import urlsplit

import msgspec
import structlog
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from aiops.domain.errors import Unavailable
from api.fetching import fetch

MOST = 20  # certificates that are kept
LONGEST = 64 << 10  # bytes of one
log = structlog.get_logger()
_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
# What SNS signs, and by which digest: https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
_DIGESTS: Mapping[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}


def amazons(url: str) -> bool:
    """Is it an address of SNS itself, ``https://sns.<region>.amazonaws.com/...``?"""
    try:
        parts = urlsplit(url)
        plain = parts.scheme == "https" and parts.port in (None, 443) and parts.username is None
    except ValueError:
        return False
    name, host = parts.hostname or "", (parts.hostname or "").split(".")
    region = host[1] if len(host) in (4, 5) else ""
    known = name in (f"sns.{region}.amazonaws.com", f"sns.{region}.amazonaws.com.cn")
    return plain and known and region.replace("-", "").isalnum()


def _said_by(url: str) -> bytes:
    return fetch(url, LONGEST, "what SNS says")


class Certificates:
    """Amazon's signing certificates by their address, the newest kept; and what else SNS is asked for."""

    def __init__(self, fetched: Callable[[str], bytes] = _said_by) -> None:
        self._fetch, self._lock = fetched, Lock()
        self._keys: OrderedDict[str, rsa.RSAPublicKey] = OrderedDict()

    def key(self, url: str) -> rsa.RSAPublicKey | None:
        """Return the public key at ``url``; None where it is not Amazon's, or no certificate."""
        if not amazons(url) or not urlsplit(url).path.endswith(".pem"):
            return None
        with self._lock:
            if url in self._keys:
                return self._keys[url]
        try:
            key = x509.load_pem_x509_certificate(self._fetch(url)).public_key()
        except ValueError:
            return None
        if not isinstance(key, rsa.RSAPublicKey):
            return None
        with self._lock:
            self._keys[url] = key
            while len(self._keys) > MOST:
                self._keys.popitem(last=False)
        return key

    def confirm(self, body: bytes) -> None:
        """Follow the confirmation that SNS asks for in a message that it signed, where it leads to SNS itself.

        Called after the answer: nobody waits for it, so what goes wrong is in the log.
        """
        message = msgspec.json.decode(body, type=dict[str, object])
        url, topic = message.get("SubscribeURL"), message.get("TopicArn")
        if message.get("Type") != "SubscriptionConfirmation" or not isinstance(url, str) or not amazons(url):
            return
        try:
            self._fetch(url)
        except Unavailable as problem:
            log.warning("a subscription could not be confirmed", topic=topic, problem=str(problem))
        else:
            log.info("subscribed", topic=topic)


def signed_by_sns(topic: str, body: bytes, certificates: Certificates) -> bool | None:
    """Did SNS sign the message for ``topic`` (an ARN)? None: it bears no signature."""
    try:
        message = msgspec.json.decode(body, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    said = {name: value for name, value in message.items() if isinstance(value, str)}
    digest = _DIGESTS.get(said.get("SignatureVersion", ""))
    if "Signature" not in said or digest is None:
        return None
    names = _NOTIFICATION if said.get("Type") == "Notification" else _CONFIRMATION
    text = "".join(f"{name}\n{said[name]}\n" for name in names if name in said)
    key = certificates.key(said.get("SigningCertURL") or said.get("SigningCertUrl", ""))
    if key is None or said.get("TopicArn") != topic:
        return False
    try:
        key.verify(base64.b64decode(said["Signature"], validate=True), text.encode(), padding.PKCS1v15(), digest)
    except (InvalidSignature, binascii.Error):
        return False
    return True
