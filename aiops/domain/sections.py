"""What may the operator set? Each section is handed to whoever needs it; ``decisions`` travel through the journal."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from aiops.domain.base import Noun
from aiops.domain.channels import Channel, PageTemplate, WebhookChannel
from aiops.domain.settings import Settings

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Positive = Annotated[int, msgspec.Meta(ge=1)]
Size = Annotated[int, msgspec.Meta(ge=0)]


class ServerConfig(Noun, frozen=True, kw_only=True):
    """Where people and senders reach us."""

    host: str = "127.0.0.1"
    port: Port = 8080  # also plain PORT
    allowed_hosts: tuple[str, ...] = ()  # names that a request may call us by, beside the loopback ones; *: any
    environment: str = ""  # a name in the page header: demo, prod
    most_behind: Size = 1_000_000  # entries that may wait for the engine; beyond, nothing is taken in; 0: no bound
    most_behind_bytes: Size = 16 << 30  # of the journal's segments that hold them; 0: no bound
    public_url: str = ""  # how people reach us: links in pages begin with it; empty: they hold the path alone


class AccessConfig(Noun, frozen=True, kw_only=True):
    """Who may come in. A server that other machines can reach asks always, others once there is anybody to ask for.

    Whom a reverse proxy or an OpenID provider vouches for has the highest role that ``roles`` gives to their groups.
    """

    tokens: tuple[str, ...] = ()  # admin tokens, beside the one made at the first public start
    # source:secret of senders that sign or send one, beside those set over the API
    sender_secrets: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()  # group=role
    role: str = ""  # of those who are in none of these groups; empty: they may not come in
    proxy_header: str = ""  # in which a reverse proxy says who it is; empty: none does
    proxy_groups: str = ""  # header with their groups, parted by commas
    proxy_from: tuple[str, ...] = ()  # addresses or networks whose word this is; nobody else's header counts
    oidc_issuer: str = ""  # https://...; empty: nobody signs in that way
    oidc_client_id: str = ""
    oidc_client_secret: str = ""  # empty: a public client, which has but PKCE
    oidc_name: str = "preferred_username"  # claim that people are called by here; without it: sub
    oidc_groups: str = "groups"  # claim with their groups; a.b: b within a
    oidc_hosts: tuple[str, ...] = ()  # beside the issuer's own, to fetch its keys and tokens from

    def __repr__(self) -> str:
        """Show no secret."""
        return f"AccessConfig(proxy_header={self.proxy_header!r}, oidc_issuer={self.oidc_issuer!r})"


class FilesConfig(Noun, frozen=True, kw_only=True):
    """Files that a person keeps under version control; read at start, applied when they changed."""

    services: Path | None = None  # the service graph
    rules: Path | None = None  # folder of rule packs (*.yaml)
    runbooks: Path | None = None  # folder of runbooks (*.md, *.yaml)
    signatures: Path | None = None  # folder of signatures of known bad: Sigma rules (*.yaml)


class EngineConfig(Noun, frozen=True, kw_only=True):
    """How the engine keeps what it knows."""

    snapshot_every: timedelta = timedelta(seconds=30)
    snapshot_entries: Positive = 20_000
    journal_kept: timedelta = timedelta(days=7)  # older entries go, once two snapshots stand behind them


class StoreConfig(Noun, frozen=True, kw_only=True):
    """Where documents are kept: in the data folder, unless a cluster is named."""

    url: tuple[str, ...] = ()  # nodes of an Elasticsearch cluster; empty: SQLite in the data folder
    ca: Path | None = None  # certificate of the only authority that may vouch for it
    username: str = ""
    password: str = ""
    api_key: str = ""  # in place of user and password
    prefix: str = "aiops"  # of the names of its indices
    refresh: timedelta = timedelta(seconds=1)  # how far searches may lag; 0: each save waits until it can be found
    retention: timedelta | None = timedelta(days=30)  # older events, deliveries, timelines and counts go
    size: Size = 0  # bytes that the embedded database may use: beyond, the oldest of these go; 0: no bound

    def __repr__(self) -> str:
        """Show no secret."""
        return f"StoreConfig(url={self.url!r}, prefix={self.prefix!r})"


class LearnerConfig(Noun, frozen=True, kw_only=True):
    """How templates are compared by meaning."""

    embedder: str = "auto"  # auto, minilm, light, or the path or hub name of a sentence-transformers model


class LogConfig(Noun, frozen=True, kw_only=True):
    """Our own log."""

    format: Literal["auto", "console", "json"] = "auto"  # auto: console on a terminal, else JSON
    level: Literal["debug", "info", "warning", "error"] = "info"


class PagesConfig(Noun, frozen=True, kw_only=True):
    """Who carries a page to a person, and what it says."""

    webhook_url: str = ""  # a channel named "webhook": each page is posted here as JSON
    webhook_secret: str = ""  # by which that is signed
    channels: tuple[Channel, ...] = ()  # all others; none at all: pages are recorded only
    templates: tuple[PageTemplate, ...] = ()  # texts, by which channels may replace the one that ships
    deadline: timedelta = timedelta(hours=6)  # a channel that does not answer for so long is given up
    heartbeat_url: str = ""  # called while the engine goes on, so that somebody notices when it does not
    heartbeat_every: timedelta = timedelta(minutes=1)

    def __repr__(self) -> str:
        """Show no secret."""
        return f"PagesConfig(channels={self.every_channel!r})"

    @property
    def every_channel(self) -> tuple[Channel, ...]:
        """Return all channels, the one of ``webhook_url`` first."""
        if not self.webhook_url:
            return self.channels
        return (WebhookChannel(name="webhook", url=self.webhook_url, secret=self.webhook_secret), *self.channels)


class ListenersConfig(Noun, frozen=True, kw_only=True):
    """What comes in without HTTP. An address is ``host:port`` or ``port`` (this machine alone); empty: not listened."""

    syslog_udp: str = ""
    syslog_tcp: str = ""
    syslog_tls: str = ""
    relp: str = ""  # syslog that is acknowledged once it is on disk
    certificate: Path | None = None  # of syslog_tls, with its chain
    key: Path | None = None
    client_ca: Path | None = None  # who must have signed the certificates of clients; empty: none is asked for
    files: tuple[str, ...] = ()  # to follow: patterns, each as it is or as service=pattern
    longest_message: Annotated[int, msgspec.Meta(ge=480, le=1 << 20)] = 65_536  # bytes; the rest is cut, and counted
    buffer_bytes: Annotated[int, msgspec.Meta(ge=1 << 16)] = 16 << 20  # held by each listener for the journal
    most_connections: Positive = 500  # of each listener


class PrometheusConfig(Noun, frozen=True, kw_only=True):
    """Who is asked for metrics when there is a new incident; no address: nobody."""

    url: str = ""  # http://prometheus:9090
    token: str = ""  # sent as a bearer token; empty: none
    label: str = "service"  # of the answers' series, that names the service
    queries: tuple[str, ...] = ()  # name=PromQL; $services stands for the names asked for, as a pattern
    lookback: timedelta = timedelta(hours=1)  # asked for before an incident began: what is usual

    def __repr__(self) -> str:
        """Show no secret."""
        return f"PrometheusConfig(url={self.url!r}, queries={self.queries!r})"


class ClientConfig(Noun, frozen=True, kw_only=True):
    """Which server the command line talks to."""

    url: str = ""  # empty: the server of the data folder; without one the command works on the folder itself
    token: str = ""


class Config(Noun, frozen=True, kw_only=True):
    """Everything that may be set; sections are handed to whoever needs them."""

    data: Path = Path("aiops-data")  # folder of journal and store
    server: ServerConfig = ServerConfig()
    access: AccessConfig = AccessConfig()
    files: FilesConfig = FilesConfig()
    engine: EngineConfig = EngineConfig()
    store: StoreConfig = StoreConfig()
    learner: LearnerConfig = LearnerConfig()
    log: LogConfig = LogConfig()
    pages: PagesConfig = PagesConfig()
    listeners: ListenersConfig = ListenersConfig()
    prometheus: PrometheusConfig = PrometheusConfig()
    client: ClientConfig = ClientConfig()
    decisions: Settings = Settings()
