"""What does each process need to know? Its share of the configuration; importing this imports none of the roles."""

from datetime import timedelta
from pathlib import Path

from aiops.domain.base import Noun
from aiops.domain.channels import Channel, PageTemplate, Paging, shown
from aiops.domain.sections import AccessConfig, Config, ListenersConfig, PrometheusConfig, StoreConfig
from aiops.domain.settings import Settings, SuggestSettings

ACCESS_DB = "access.db"  # in the data folder: the API's tokens, people and sessions, and the secrets of senders


class EngineSetup(Noun, frozen=True, kw_only=True):
    """For the engine."""

    data: Path
    store: StoreConfig = StoreConfig()
    decisions: Settings = Settings()
    services: Path | None = None
    rules: Path | None = None
    signatures: Path | None = None
    runbooks: Path | None = None
    snapshot_every: timedelta = timedelta(seconds=30)
    snapshot_entries: int = 20_000
    journal_kept: timedelta = timedelta(days=7)


class ApiSetup(Noun, frozen=True, kw_only=True):
    """For the API."""

    data: Path
    store: StoreConfig = StoreConfig()
    socket: int  # file descriptor, listening
    host: str
    port: int
    token_required: bool
    access: AccessConfig = AccessConfig()
    allowed_hosts: tuple[str, ...] = ()
    embedder: str = "auto"
    environment: str = ""
    most_behind: int = 0
    most_behind_bytes: int = 0
    paging: Paging = Paging()
    suggest: SuggestSettings = SuggestSettings()


class ListenerSetup(Noun, frozen=True, kw_only=True):
    """For the listeners."""

    data: Path
    store: StoreConfig = StoreConfig()
    listeners: ListenersConfig
    sockets: dict[str, int] = {}  # listener -> file descriptor, bound
    most_behind: int = 0
    most_behind_bytes: int = 0


class LearnerSetup(Noun, frozen=True, kw_only=True):
    """For the learner."""

    data: Path
    store: StoreConfig = StoreConfig()
    embedder: str = "auto"


class ResponderSetup(Noun, frozen=True, kw_only=True):
    """For the responder."""

    data: Path
    store: StoreConfig = StoreConfig()
    channels: tuple[Channel, ...] = ()
    templates: tuple[PageTemplate, ...] = ()
    public_url: str = ""
    deadline: timedelta = timedelta(hours=6)
    heartbeat_url: str = ""
    heartbeat_every: timedelta = timedelta(minutes=1)
    prometheus: PrometheusConfig = PrometheusConfig()


def engine_setup(config: Config) -> EngineSetup:
    """Return the engine's share."""
    return EngineSetup(
        data=config.data,
        store=config.store,
        decisions=config.decisions,
        services=config.files.services,
        rules=config.files.rules,
        signatures=config.files.signatures,
        runbooks=config.files.runbooks,
        snapshot_every=config.engine.snapshot_every,
        snapshot_entries=config.engine.snapshot_entries,
        journal_kept=config.engine.journal_kept,
    )


def paging_of(config: Config) -> Paging:
    """Return what may be shown of channels, routes and texts."""
    return Paging(
        decisions=config.decisions.paging,
        channels=tuple(map(shown, config.pages.every_channel)),
        templates=config.pages.templates,
        public_url=config.server.public_url,
        heartbeat=bool(config.pages.heartbeat_url),
    )


def responder_setup(config: Config) -> ResponderSetup:
    """Return the responder's share: the channels that are configured."""
    return ResponderSetup(
        data=config.data,
        store=config.store,
        channels=config.pages.every_channel,
        templates=config.pages.templates,
        public_url=config.server.public_url,
        deadline=config.pages.deadline,
        heartbeat_url=config.pages.heartbeat_url,
        heartbeat_every=config.pages.heartbeat_every,
        prometheus=config.prometheus,
    )
