"""What does an OpenID provider say of itself, with which keys does it sign, and which tokens does it give?

It is asked on its own host, or on those that the operator names, and believed for an hour
(https://openid.net/specs/openid-connect-discovery-1_0.html).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import TypeVar
from urllib.parse import quote_plus, urlsplit

import httpx
import msgspec
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from aiops.domain.errors import Unavailable
from aiops.domain.sections import AccessConfig
from api.fetching import fetch

T = TypeVar("T")

BELIEVED = timedelta(hours=1)
AGAIN = timedelta(minutes=1)  # between two looks for a key that we do not know
LONGEST = 256 << 10  # bytes of an answer
# Signed with a key that only the provider has: neither "none", nor one that any holder of the client secret could use.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")


class Description(msgspec.Struct, frozen=True):
    """What a provider says of itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class _Keys(msgspec.Struct, frozen=True):
    keys: list[dict[str, str | list[str]]]


class _Answer(msgspec.Struct, frozen=True):
    """What its token endpoint answers, as far as we need it."""

    id_token: str


class Issuer:
    """The provider of the settings. Unavailable, from all of it: it cannot be asked, or says what it must not."""

    def __init__(self, access: AccessConfig) -> None:
        self._access, self._lock = access, Lock()
        self._hosts = {urlsplit(access.oidc_issuer).netloc, *access.oidc_hosts}
        self._description: Description | None = None
        self._keys: KeySet | None = None
        self._looked: datetime | None = None

    def description(self, now: datetime, *, unknown_key: bool = False) -> Description:
        """Return what it says of itself, asked anew after a while."""
        with self._lock:
            old = self._looked is None or now - self._looked >= (AGAIN if unknown_key else BELIEVED)
            if self._description is not None and not old:
                return self._description
        url = self._access.oidc_issuer.rstrip("/") + "/.well-known/openid-configuration"
        description = self._fetch(url, "the provider's description", Description)
        if description.issuer != self._access.oidc_issuer:
            raise Unavailable("the provider calls itself by another name than access.oidc_issuer")
        if not is_safe(description.authorization_endpoint):
            raise Unavailable("the provider's sign-in page is not on https")
        with self._lock:
            self._description, self._keys, self._looked = description, None, now
        return description

    def id_token(self, form: Mapping[str, str], now: datetime) -> str:
        """Exchange a code, in ``form``, for the ID token; not looked into yet."""
        description, identity, secret = (
            self.description(now),
            self._access.oidc_client_id,
            self._access.oidc_client_secret,
        )
        form, auth = {**form, "client_id": identity}, None
        if secret and "client_secret_basic" in description.token_endpoint_auth_methods_supported:
            auth = httpx.BasicAuth(quote_plus(identity), quote_plus(secret))  # RFC 6749, 2.3.1: form-encoded first
        elif secret:
            form["client_secret"] = secret
        return self._fetch(description.token_endpoint, "the provider's token", _Answer, form, auth).id_token

    def signed(self, token: str, now: datetime) -> jwt.Token:
        """Return a token whose signature is the provider's. JoseError, ValueError: it is not."""
        try:
            return jwt.decode(token, self._known(now), ALGORITHMS)
        except InvalidKeyIdError:  # it may have new keys
            return jwt.decode(token, self._known(now, unknown_key=True), ALGORITHMS)

    def _known(self, now: datetime, *, unknown_key: bool = False) -> KeySet:
        description = self.description(now, unknown_key=unknown_key)
        with self._lock:
            if self._keys is not None:
                return self._keys
        found = self._fetch(description.jwks_uri, "the provider's keys", _Keys).keys
        try:
            keys = KeySet.import_key_set({"keys": [key for key in found if key.get("use") != "enc"]})
        except (JoseError, ValueError) as error:
            raise Unavailable(f"the provider's keys cannot be read: {type(error).__name__}") from error
        with self._lock:
            self._keys = keys
        return keys

    def _fetch(
        self,
        url: str,
        what: str,
        kind: type[T],
        form: Mapping[str, str] | None = None,
        auth: httpx.BasicAuth | None = None,
    ) -> T:
        if not is_safe(url) or urlsplit(url).netloc not in self._hosts:
            raise Unavailable(f"{what} lies neither with the issuer nor on one of access.oidc_hosts")
        try:
            return msgspec.json.decode(fetch(url, LONGEST, what, form, auth), type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Unavailable(f"{what} cannot be read") from error


def is_safe(url: str) -> bool:
    """Is it on https, or on this machine?"""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    local = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")
    return bool(parts.hostname) and (parts.scheme == "https" or local) and "@" not in parts.netloc
