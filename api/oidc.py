"""How does somebody sign in at an OpenID provider? By its authorization code flow, with PKCE.

https://openid.net/specs/openid-connect-core-1_0.html, 3.1, and RFC 7636.
"""

import base64
import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from urllib.parse import urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError

from aiops.domain.errors import BadConfiguration, BadInput
from aiops.domain.sections import AccessConfig
from api.errors import SignInNeeded
from api.grants import Role, checked_name
from api.issuer import Issuer, is_safe
from api.vouched import Roles

WITHIN = timedelta(minutes=10)  # from the button here to the way back from there
MOST = 1_000  # sign-ins under way; beyond, the oldest must begin again
LEEWAY = 60  # seconds that the provider's clock may differ from ours


@dataclass(frozen=True)
class Begun:
    """One sign-in under way: what was sent along, and must come back."""

    nonce: str
    verifier: str
    back: str  # our address that the browser is sent back to
    until: datetime


class Provider:
    """The provider of the settings. BadConfiguration: they are not whole; nothing is fetched before it is needed."""

    def __init__(self, access: AccessConfig) -> None:
        self._access, self._roles, self._issuer = access, Roles(access), Issuer(access)
        self._lock = Lock()
        self._begun: OrderedDict[str, Begun] = OrderedDict()  # by state
        if access.oidc_issuer:
            _check(access)

    @property
    def configured(self) -> bool:
        """May people sign in that way?"""
        return bool(self._access.oidc_issuer)

    def begin(self, back: str, now: datetime) -> tuple[str, str]:
        """Return (state, address to send the browser to); it comes ``back`` with the state and a code.

        Unavailable: the provider cannot be asked.
        """
        page = self._issuer.description(now).authorization_endpoint
        state = secrets.token_urlsafe(32)
        begun = Begun(secrets.token_urlsafe(32), secrets.token_urlsafe(48), back, now + WITHIN)
        with self._lock:
            self._begun[state] = begun
            while len(self._begun) > MOST:
                self._begun.popitem(last=False)
        digest = hashlib.sha256(begun.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self._access.oidc_client_id,
            "redirect_uri": back,
            "scope": "openid profile email",
            "state": state,
            "nonce": begun.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        return state, f"{page}{'&' if urlsplit(page).query else '?'}{urlencode(asked)}"

    def finish(self, state: str, kept: str, code: str, now: datetime) -> tuple[str, Role]:
        """Return (name, role) of whom the provider vouches for by ``code``; ``kept`` is the browser's own state.

        SignInNeeded: the state is not this browser's, too old or was used before, or the ID token does not hold.
        Forbidden: somebody without a role here. Unavailable: the provider cannot be asked.
        """
        with self._lock:
            begun = self._begun.pop(state, None)
        if begun is None or now >= begun.until or not hmac.compare_digest(state.encode(), kept.encode()):
            raise SignInNeeded("this sign-in was not begun in this browser, took too long or is over; begin again")
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": begun.back,
            "code_verifier": begun.verifier,
        }
        claims = self._claims(self._issuer.id_token(form, now), begun.nonce, now)
        try:
            name = checked_name(str(claims.get(self._access.oidc_name) or claims["sub"]))
        except BadInput as error:
            raise SignInNeeded("the provider names nobody") from error
        return name, self._roles.of(name, _groups(claims, self._access.oidc_groups))

    def _claims(self, token: str, nonce: str, now: datetime) -> Mapping[str, object]:
        """Return what an ID token says, once its signature, issuer, audience, time and nonce are found right."""
        client = self._access.oidc_client_id
        registry = jwt.JWTClaimsRegistry(
            int(now.timestamp()),
            LEEWAY,
            iss={"essential": True, "value": self._access.oidc_issuer},
            aud={"essential": True, "value": client},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            claims = self._issuer.signed(token, now).claims
            registry.validate(claims)
        except (JoseError, ValueError) as error:
            raise SignInNeeded(f"the provider's ID token does not hold: {type(error).__name__}") from error
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", "" if several else client) != client:
            raise SignInNeeded("the provider's ID token was made for another client")
        return claims


def _check(access: AccessConfig) -> None:
    if not is_safe(access.oidc_issuer):
        fix = "give its address as it calls itself, https://..."
        raise BadConfiguration("the issuer is not on https", place="access.oidc_issuer", fix=fix)
    if not access.oidc_client_id:
        fix = "give the name under which this server is registered there"
        raise BadConfiguration("is missing", place="access.oidc_client_id", fix=fix)
    if not (access.roles or access.role):
        fix = "say access.role = 'viewer', or which group has which role"
        raise BadConfiguration("nobody from the issuer has a role", place="access.roles", fix=fix)


def _groups(claims: Mapping[str, object], name: str) -> Iterable[str]:
    """Return the texts in the claim ``name``, or, where there is none, in ``b`` within ``a`` for ``a.b``."""
    found: object = claims.get(name)
    if found is None:
        found = claims
        for part in name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    listed = found if isinstance(found, list) else [found]
    return [group for group in listed if isinstance(group, str)]
