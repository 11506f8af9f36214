"""How does the learner's process go? Quietly: it yields to everybody else."""

import os

from aiops.backlog import behind
from aiops.bootstrap import clock, process
from aiops.bootstrap.setups import LearnerSetup
from aiops.bootstrap.shedding import ORDER
from aiops.domain.errors import BadConfiguration
from aiops.storage.folder import open_configured, open_journal
from correlation.learner import Learner
from ingestion.templates_study import study

NICE = 10
LATE = ORDER[0][1]  # seconds that an entry waits when the engine leaves the learner's work undone


def main() -> None:
    """Run as a child of the supervisor."""
    setup = process.begin(LearnerSetup)
    stop = process.stop_on_signal()
    os.nice(NICE)
    journal, store = open_journal(setup.data), open_configured(setup.data, setup.store, readonly=True)

    def busy() -> bool:
        return behind(journal, store.position(), clock.now()) >= LATE

    try:
        learner = Learner(store, journal, setup.data, setup.embedder, studies=(study,))
    except BadConfiguration as error:
        process.refuse(error)
    learner.run(stop, busy)
    store.close()
    journal.close()


if __name__ == "__main__":
    main()
