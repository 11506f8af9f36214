"""How does the listeners' process go? A loop on the sockets that the supervisor holds, a thread for files."""

import asyncio
import socket

from aiops.bootstrap import clock, process
from aiops.bootstrap.setups import ListenerSetup
from aiops.domain.errors import BadConfiguration
from aiops.storage.bounded import BoundedJournal, Bounds
from aiops.storage.durable import write_file
from aiops.storage.folder import open_configured, open_journal
from ingestion.listeners.service import Listeners
from ingestion.listeners.standing import FILE


def main() -> None:
    """Run as a child of the supervisor."""
    setup = process.begin(ListenerSetup)
    stop = process.stop_on_signal()
    store = open_configured(setup.data, setup.store, readonly=True)
    bounds = Bounds(setup.most_behind, setup.most_behind_bytes)
    journal = BoundedJournal(open_journal(setup.data), store.position, bounds)
    sockets = {name: socket.socket(fileno=descriptor) for name, descriptor in setup.sockets.items()}
    listeners = Listeners(journal, setup.listeners, sockets, setup.data, clock.now, write_file)
    try:
        asyncio.run(listeners.run(setup.data / FILE, stop))
    except BadConfiguration as error:
        process.refuse(error)
    store.close()
    journal.close()


if __name__ == "__main__":
    main()
