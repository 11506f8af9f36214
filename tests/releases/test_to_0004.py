"""What format 3 held of spans is the baseline of what comes; operations and pairs begin empty."""

import tarfile
from pathlib import Path

from aiops import fold
from aiops.storage.folder import open_journal, open_store
from correlation.causes.series import SELF
from tests.releases.test_upgrades import HERE


def test_spans_of_before_are_still_the_baseline(tmp_path: Path) -> None:
    with tarfile.open(HERE / "0003.tgz") as archive:
        archive.extractall(tmp_path, filter="data")
    journal, store = open_journal(tmp_path), open_store(tmp_path)
    witnesses = fold.recover(store).correlator._witnesses
    last = witnesses.metrics.windows("web", 0.0, 2e9, 0.0)[SELF].times[-1]
    window = witnesses.metrics.windows("web", last, last, 0.0)[SELF]
    assert window.known
    assert round(window.middle, 3) == 0.3
    assert list(witnesses.calls.nodes) == []
    witnesses.metrics.put("web", "spans.seconds", [(last, 0.6)], summed=True)
    assert round(witnesses.metrics.windows("web", last, last, 0.0)[SELF].values[0], 3) == 0.45
    store.close()
    journal.close()
