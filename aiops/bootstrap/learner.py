"""How does the learner's process go? Quietly: it yields to everybody else."""

import os

from aiops.bootstrap import process
from aiops.bootstrap.setups import LearnerSetup
from aiops.domain.errors import BadConfiguration
from aiops.storage.folder import open_configured, open_journal
from correlation.learner import Learner
from ingestion.templates_study import study

NICE = 10


def main() -> None:
    """Run as a child of the supervisor."""
    setup = process.begin(LearnerSetup)
    stop = process.stop_on_signal()
    os.nice(NICE)
    journal, store = open_journal(setup.data), open_configured(setup.data, setup.store, readonly=True)
    try:
        learner = Learner(store, journal, setup.data, setup.embedder, studies=(study,))
    except BadConfiguration as error:
        process.refuse(error)
    learner.run(stop)
    store.close()
    journal.close()


if __name__ == "__main__":
    main()
