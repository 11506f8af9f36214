"""What format 3 held of spans is the baseline of what comes; operations and pairs begin empty. Causes still teach."""

import tarfile
from pathlib import Path

import msgspec

from aiops import fold
from aiops.storage.folder import open_journal, open_store
from aiops.upgrades import to_0004
from correlation.causes.experience import LEAST_TAUGHT, Experience
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


def test_causes_that_were_confirmed_are_still_learned_from() -> None:
    """Of a case then: kinds by node, features by node, blame, claim, and whether that was right."""
    kinds = {"left": ["slow", "cpu"], "right": ["net"]}
    case = [kinds, dict.fromkeys(kinds, [0.5] * 7), {"right": 1.0}, ["left", "alerts", 0.6], False]
    cases = {f"incident-{number}": case for number in range(LEAST_TAUGHT)}
    every = [float(len(cases)), 5.0, [100.0, 10.0], {}, {node: [5.0, 2.0] for node in kinds}, {}, {}]
    people = [{"right": 5.0}, cases, dict.fromkeys(cases, "right"), [1.0] * 7, {"net": 0.5}, {"alerts": [0.0, 1.0]}]
    old = msgspec.msgpack.encode((every, people))
    witnesses = msgspec.msgpack.encode((old, b"metrics", b"changes", b"sayings"))
    state = {"correlator": msgspec.msgpack.encode((b"archive", msgspec.msgpack.encode([]), witnesses))}
    _, _, made = msgspec.msgpack.decode(to_0004.upgrade(state)["correlator"])
    experience = Experience()
    experience.load(msgspec.msgpack.decode(made)[0])
    assert (experience.confirmed, experience.named("right"), experience.taught) == (5, 5, False)
    experience.confirm("incident-0", "right")
    assert experience.taught
    assert experience.likelier("net") > 1 > experience.likelier("cpu")
