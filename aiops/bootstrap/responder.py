"""How does the responder's process go?"""

import random

from aiops.bootstrap import process
from aiops.bootstrap.setups import ResponderSetup
from aiops.response.notifiers import NOTIFIERS
from aiops.response.responder import Responder, run
from aiops.storage.folder import open_configured, open_journal


def main() -> None:
    """Run as a child of the supervisor."""
    setup = process.begin(ResponderSetup)
    stop = process.stop_on_signal()
    notifiers = [NOTIFIERS[name](value) for name, value in setup.channels.items()]
    journal, store = open_journal(setup.data), open_configured(setup.data, setup.store, readonly=True)
    chance = random.Random()  # spreads retries; nothing that is kept depends on it
    run(Responder(journal, store, notifiers[0] if notifiers else None, chance), stop)
    store.close()
    journal.close()


if __name__ == "__main__":
    main()
