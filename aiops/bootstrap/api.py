"""How does the API's process go? One event loop on the socket that the supervisor holds."""

import socket

import structlog
import uvicorn

from aiops.bootstrap import clock, process
from aiops.bootstrap.setups import ACCESS_DB, ApiSetup
from aiops.domain.errors import BadConfiguration
from aiops.storage.bounded import BoundedJournal, Bounds
from aiops.storage.folder import open_configured, open_journal
from api.app import create_app
from api.settings import ApiSettings
from correlation.embedding import choose_embedder
from ingestion.listeners.standing import FILE as LISTENERS
from ingestion.prometheus import FILE as PROMETHEUS

GRACE = 2  # seconds that open requests have to end
log = structlog.get_logger()


def settings_of(setup: ApiSetup) -> ApiSettings:
    """Return what the app needs to know."""
    embedder = choose_embedder(setup.embedder)
    return ApiSettings(
        host=setup.host,
        port=setup.port,
        allowed_hosts=setup.allowed_hosts,
        token_required=setup.token_required,
        access=setup.access,
        senders_db=setup.data / ACCESS_DB,
        access_db=setup.data / ACCESS_DB if setup.token_required else None,
        standings=(setup.data / LISTENERS, setup.data / PROMETHEUS),
        embedder=embedder.name,
        embedder_why=embedder.why,
        environment=setup.environment,
        paging=setup.paging,
        suggest=setup.suggest,
    )


def main() -> None:
    """Run as a child of the supervisor; uvicorn heeds SIGTERM: no new requests, the open ones are answered."""
    setup = process.begin(ApiSetup)
    try:
        settings = settings_of(setup)
    except BadConfiguration as error:
        process.refuse(error)
    store = open_configured(setup.data, setup.store, readonly=True)
    bounds = Bounds(setup.most_behind, setup.most_behind_bytes)
    journal = BoundedJournal(open_journal(setup.data), store.position, bounds)
    app = create_app(journal, store, settings, clock.now)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE,
        server_header=False,
        ws_max_size=65_536,
        proxy_headers=False,  # whose word counts, api.vouched says
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=setup.socket)])
    store.close()
    journal.close()


if __name__ == "__main__":
    main()
