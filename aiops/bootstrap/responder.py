"""How does the responder's process go? A thread for each channel, so that a slow one holds up no other."""

from collections.abc import Callable, Iterator
from threading import Event, Thread

from aiops.bootstrap import clock, process
from aiops.bootstrap.setups import ResponderSetup
from aiops.ports import Journal, Store
from aiops.response import heartbeat, responder
from aiops.response.notifiers import notifier
from aiops.response.texts import DEFAULT
from aiops.storage.folder import open_configured, open_journal
from ingestion import prometheus

GRACE = 8.0  # seconds for what is under way to end; a page that was cut off is delivered again


def main() -> None:
    """Run as a child of the supervisor."""
    setup = process.begin(ResponderSetup)
    stop = process.stop_on_signal()
    journal, store = open_journal(setup.data), open_configured(setup.data, setup.store, readonly=True)
    threads = [Thread(target=work, args=(stop,), daemon=True) for work in _workers(setup, journal, store)]
    for thread in threads:
        thread.start()
    while not stop.wait(1.0):
        if not all(thread.is_alive() for thread in threads):
            raise SystemExit(1)  # one of them failed unforeseen; the supervisor starts all again
    for thread in threads:
        thread.join(GRACE / len(threads))
    store.close()
    journal.close()


def _workers(setup: ResponderSetup, journal: Journal, store: Store) -> Iterator[Callable[[Event], None]]:
    """Yield what each thread does until it is told to stop."""
    templates = {template.name: template for template in setup.templates}
    strays = responder.Strays(journal, store, [channel.name for channel in setup.channels])
    yield lambda stop: responder.run(strays, stop)
    for channel in setup.channels:
        outlet = responder.Outlet(
            channel=channel.name,
            notifier=notifier(channel),
            template=templates.get(channel.template, DEFAULT),
            public_url=setup.public_url,
            deadline=setup.deadline,
        )
        courier = responder.Courier(journal, store, outlet, clock.now)
        yield lambda stop, courier=courier: responder.run(courier, stop)  # type: ignore[misc]
    if setup.heartbeat_url:
        beat = heartbeat.Heartbeat(journal, store, setup.heartbeat_url, setup.heartbeat_every.total_seconds())
        yield lambda stop: heartbeat.run(beat, stop)
    if setup.prometheus.url:
        asking = prometheus.Prometheus(journal, store, setup.prometheus, setup.data / prometheus.FILE, clock.now)
        yield lambda stop: prometheus.run(asking, stop)


if __name__ == "__main__":
    main()
