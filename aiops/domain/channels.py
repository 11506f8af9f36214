"""By which channels can a page travel, and what does it say? Channels and texts as an operator writes them."""

from collections.abc import Sequence
from email.utils import parseaddr
from typing import Literal
from urllib.parse import urlsplit

from aiops.domain.base import Noun
from aiops.domain.errors import BadInput
from aiops.domain.routes import check_name
from aiops.domain.settings import PagingSettings


class _Channel(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What all channels have. Whatever is secret may stand in a file instead: ``<name>_file``."""

    name: str
    template: str = ""  # name of one in pages.templates; empty: the text that ships

    def __repr__(self) -> str:
        """Show no secret."""
        return f"{self.name} ({kind_of(self)})"


class WebhookChannel(_Channel, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="webhook"):
    """A JSON POST, signed as Standard Webhooks says where there is a secret."""

    url: str = ""
    url_file: str = ""
    secret: str = ""  # "whsec_" and base64, or any text
    secret_file: str = ""

    def check(self, place: str) -> None:
        """Refuse what cannot work."""
        check_url(self.url, f"{place}.url")

    __repr__ = _Channel.__repr__


class SlackChannel(_Channel, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="slack"):
    """An incoming webhook of Slack, Mattermost or whoever speaks likewise."""

    url: str = ""
    url_file: str = ""

    def check(self, place: str) -> None:
        """Refuse what cannot work."""
        check_url(self.url, f"{place}.url")

    __repr__ = _Channel.__repr__


class PagerDutyChannel(
    _Channel, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="pagerduty"
):
    """PagerDuty's Events API v2."""

    routing_key: str = ""
    routing_key_file: str = ""
    url: str = "https://events.pagerduty.com/v2/enqueue"

    def check(self, place: str) -> None:
        """Refuse what cannot work."""
        check_url(self.url, f"{place}.url")
        _there(self.routing_key, f"{place}.routing_key", "give the integration's key, or routing_key_file")

    __repr__ = _Channel.__repr__


class EmailChannel(_Channel, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="email"):
    """A mail to one or more addresses by SMTP."""

    host: str
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    ca_file: str = ""  # certificate of the only authority that may vouch for the server; empty: those of the system
    username: str = ""
    password: str = ""
    password_file: str = ""
    sender: str
    to: tuple[str, ...]

    def check(self, place: str) -> None:
        """Refuse what cannot work."""
        _there(self.host, f"{place}.host", "name the mail server")
        for name, addresses in (("sender", (self.sender,)), ("to", self.to)):
            if not addresses or not all(map(_is_address, addresses)):
                raise BadInput("is no address", place=f"{place}.{name}", fix="give name@example.org")
        if self.password and self.security == "none":
            fix = "use starttls or tls, or leave the password out"
            raise BadInput("a password would travel in clear", place=f"{place}.security", fix=fix)

    __repr__ = _Channel.__repr__


Channel = WebhookChannel | SlackChannel | PagerDutyChannel | EmailChannel


class PageTemplate(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a page says, in Jinja's language, of which a part is allowed; see docs/pages.md."""

    name: str
    subject: str
    body: str


class ShownChannel(Noun, frozen=True, kw_only=True):
    """A channel as everybody may see it."""

    name: str
    kind: str
    template: str = ""


class Paging(Noun, frozen=True, kw_only=True):
    """By what pages are made and carried, without any secret: for those who show it."""

    decisions: PagingSettings = PagingSettings()
    channels: tuple[ShownChannel, ...] = ()
    templates: tuple[PageTemplate, ...] = ()
    public_url: str = ""
    heartbeat: bool = False  # is one configured?


def shown(channel: "_Channel") -> ShownChannel:
    """Return what may be seen of a channel."""
    return ShownChannel(name=channel.name, kind=kind_of(channel), template=channel.template)


def kind_of(channel: "_Channel") -> str:
    """Return what sort of channel it is, as it is written."""
    return str(channel.__struct_config__.tag)


def check_all(channels: Sequence[Channel], templates: Sequence[PageTemplate]) -> None:
    """Refuse channels that cannot work, or that name a text there is none of. BadInput names the place."""
    for kind, named in (("channels", channels), ("templates", templates)):
        seen: set[str] = set()
        for number, one in enumerate(named):
            place = f"pages.{kind}[{number}]"
            check_name(one.name, f"{place}.name")
            if one.name in seen:
                raise BadInput(f"a second {one.name!r}", place=f"{place}.name", fix="give each its own name")
            seen.add(one.name)
    known = {template.name for template in templates}
    for number, channel in enumerate(channels):
        place = f"pages.channels[{number}]"
        channel.check(place)
        if channel.template and channel.template not in known:
            fix = f"name one of: {', '.join(sorted(known)) or 'there is none in pages.templates'}"
            raise BadInput(f"no template {channel.template!r}", place=f"{place}.template", fix=fix)


def check_url(url: str, place: str) -> None:
    """Refuse what is no http(s) URL; what was written is not repeated, it may be secret."""
    try:
        parts = urlsplit(url)
        there = parts.scheme in ("http", "https") and parts.hostname and not _spaced(url)
    except ValueError:
        there = False
    if not there:
        raise BadInput("is no URL" if url else "is missing", place=place, fix="give http:// or https:// and a host")


def _is_address(text: str) -> bool:
    """Is it one address, with or without a name before it?"""
    address = parseaddr(text)[1]
    return text.isprintable() and "@" in address.strip("@") and not _spaced(address)


def _there(value: str, place: str, fix: str) -> None:
    if not value:
        raise BadInput("is missing", place=place, fix=fix)


def _spaced(text: str) -> bool:
    return any(letter.isspace() or not letter.isprintable() for letter in text)
