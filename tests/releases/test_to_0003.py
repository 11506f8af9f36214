"""What format 2 held of earlier episodes stays where it is; all else can be moved."""

import tarfile
from pathlib import Path

import pytest

from aiops import fold
from aiops.audit import audit
from aiops.domain.acts import Act, Split
from aiops.domain.documents import EPISODES, INCIDENTS, OUTCOMES, PINS
from aiops.domain.entries import Command
from aiops.domain.queries import Query
from aiops.storage.folder import open_journal, open_store
from tests.releases.test_upgrades import HERE, LATER


@pytest.mark.parametrize(
    ("earlier", "said"),
    [(True, "'latency high' of web ended too long ago to be moved"), (False, "split 1 alert off #1 into #5")],
)
def test_of_an_alert_that_fired_twice_the_present_episode_can_be_split_off(
    earlier: bool, said: str, tmp_path: Path
) -> None:
    with tarfile.open(HERE / "0002.tgz") as archive:
        archive.extractall(tmp_path, filter="data")
    journal, store = open_journal(tmp_path), open_store(tmp_path)
    engine = fold.recover(store)
    with store.view() as view:
        first = view.find(INCIDENTS, Query(order=("number",), limit=1)).items[0]
        of_web = Query(where={"entity": ("web",)}, order=("started_at",), limit=10)
        once, again = [one.episode_id for one in view.find(EPISODES, of_web).items]
        (api,) = [one.episode_id for one in view.find(EPISODES, Query(where={"entity": ("api",)}, limit=10)).items]
    for key, episode in (("split", once if earlier else again), ("another", api)):
        act: Act = Split(incident_id=first.incident_id, episodes=(episode,))
        journal.append([Command(id=key, actor="ana", act=act)], at=LATER)
    while fold.step(engine, journal, store):
        pass
    with store.view() as view:
        outcome = view.get(OUTCOMES, "split")
        assert audit(view).findings == ()
        assert [pin.together for pin in view.find(PINS, Query()).items] == [False]
    assert outcome is not None
    assert outcome.text.split(";")[0] == said
    store.close()
    journal.close()
