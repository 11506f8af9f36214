"""Of whom does somebody else say who it is? Of those behind a reverse proxy; and which role have their groups here?"""

import ipaddress
from collections.abc import Iterable

from starlette.requests import HTTPConnection
from starlette.types import Scope as AsgiScope

from aiops.domain.errors import BadConfiguration, BadInput
from aiops.domain.sections import AccessConfig
from api.errors import Forbidden
from api.grants import SCOPES, Grant, Role, checked_name, highest

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
SECURE = {"http": "https", "ws": "wss"}


class Roles:
    """What the groups of another authority are worth here. BadConfiguration: the settings name no role of ours."""

    def __init__(self, access: AccessConfig) -> None:
        pairs = [line.rpartition("=") for line in access.roles]
        self._roles = {group.strip(): _role(role.strip(), "access.roles") for group, _, role in pairs}
        self._default = _role(access.role, "access.role") if access.role else None

    def of(self, name: str, groups: Iterable[str]) -> Role:
        """Return the highest role that somebody has. Forbidden: they have none."""
        role = highest(self._roles[group] for group in groups if group in self._roles) or self._default
        if role is None:
            raise Forbidden(f"{name!r} is in no group that has a role here")
        return role


class Proxy:
    """A reverse proxy that says in a header who asks. BadConfiguration: the settings say not who may, or nonsense."""

    def __init__(self, access: AccessConfig) -> None:
        self._name, self._groups, self._roles = access.proxy_header, access.proxy_groups, Roles(access)
        self._networks = tuple(_network(text) for text in access.proxy_from)
        if self._name and not self._networks:
            fix = "name the proxy's address: anybody else could send the header as well"
            raise BadConfiguration("nobody may send the header", place="access.proxy_from", fix=fix)
        if self._name and not (access.roles or access.role):
            fix = "say access.role = 'viewer', or which group has which role"
            raise BadConfiguration("nobody from the proxy has a role", place="access.roles", fix=fix)

    def grant(self, connection: HTTPConnection) -> Grant | None:
        """Return who asks; None: no proxy of ours says it. Forbidden: it says nonsense, or somebody without a role."""
        said = connection.headers.getlist(self._name) if self._name else []
        if not any(said) or not self._ours(connection.scope):
            return None
        try:
            name = checked_name(" ".join(said) if len(said) == 1 else "")
        except BadInput as error:
            raise Forbidden(f"the header {self._name} names nobody") from error
        lists = connection.headers.getlist(self._groups) if self._groups else []
        groups = [group.strip() for line in lists for group in line.split(",")]
        return Grant(name, SCOPES[self._roles.of(name, groups)])

    def reached(self, scope: AsgiScope) -> AsgiScope:
        """Return the request as the browser sent it: over https, where the proxy (or one on this machine) says so."""
        said = HTTPConnection(scope).headers.get("x-forwarded-proto", "").strip().lower()
        plain: str = scope.get("scheme", "http")
        if said not in SECURE.values() or plain not in SECURE or not self._ours(scope, local=True):
            return scope
        return {**scope, "scheme": SECURE[plain]}

    def _ours(self, scope: AsgiScope, *, local: bool = False) -> bool:
        peer = _address((scope.get("client") or ("",))[0])
        return peer is not None and ((local and peer.is_loopback) or any(peer in one for one in self._networks))


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        fix = "give addresses or networks such as 10.0.0.7 or 10.0.0.0/24"
        raise BadConfiguration(str(error), place="access.proxy_from", fix=fix) from error


def _role(text: str, place: str) -> Role:
    try:
        return Role(text)
    except ValueError as error:
        fix = f"write {'group=role' if place == 'access.roles' else 'a role'}, one of {', '.join(Role)}"
        raise BadConfiguration(f"{text!r} is no role", place=place, fix=fix) from error
