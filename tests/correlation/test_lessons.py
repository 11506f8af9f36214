"""What do people teach of grouping by what they do with incidents?"""

import pytest

from aiops.domain.acts import ConfirmCause, Merge, Move, Split
from aiops.domain.alerts import Alert
from correlation import lessons as module
from correlation.intensity import Kernels
from correlation.topology import ServiceGraph
from tests.correlation.rig import Rig, a_graph
from tests.correlation.surges import LENGTH, Surge, pairwise_f1, put_right

SHOP = {"web": "api", "api": "db", "billing": "ledger"}


def an_outage() -> tuple[Rig, Alert, Alert, Alert]:
    """Database, api and web: one incident of three alerts; and billing, another one."""
    rig = Rig(a_graph(**SHOP))
    db, api, web = rig.fire(0, "db"), rig.fire(20, "api"), rig.fire(30, "web")
    rig.fire(40, "billing")
    assert [one.episodes for one in rig.living()] == [3, 1]
    return rig, db, api, web


def kernels(rig: Rig) -> Kernels:
    return rig.correlator._assembly.kernels


def caused(rig: Rig) -> dict[str, float]:
    """Return how many episodes people said to have been brought about, by relation."""
    return {relation: round(row.caused, 2) for relation, row in kernels(rig).taught.items() if row.caused}


def test_a_named_cause_lets_all_alerts_of_its_incident_teach_what_followed_from_what() -> None:
    rig, db, *_ = an_outage()
    assert (kernels(rig).lessons, caused(rig)) == (0, {})
    rig.act(60, ConfirmCause(incident_id=rig.of(db).incident_id, entity="db"))
    assert kernels(rig).lessons == 3
    assert sum(caused(rig).values()) == pytest.approx(2, abs=0.02)  # all but the first, and by nothing else
    assert set(caused(rig)) == {"callee", "callee2"}


def test_each_alert_teaches_once() -> None:
    rig, db, *_ = an_outage()
    for seconds in (60, 70):
        rig.act(seconds, ConfirmCause(incident_id=rig.of(db).incident_id, entity="db"))
    rig.fire(80, "api", "slow")
    rig.act(90, ConfirmCause(incident_id=rig.of(db).incident_id, entity="db"))
    assert kernels(rig).lessons == 4


def test_none_of_the_candidates_and_what_is_split_off_teach_nothing() -> None:
    rig, db, _, web = an_outage()
    rig.act(60, ConfirmCause(incident_id=rig.of(db).incident_id, entity=""))
    rig.act(60, Split(incident_id=rig.of(db).incident_id, episodes=(web.episode.episode_id,)))
    assert kernels(rig).lessons == 0


def test_what_is_moved_teaches_what_it_followed_from_and_the_others_do_not() -> None:
    rig, db, _, web = an_outage()
    billing = next(one for one in rig.living() if "billing" in one.services)
    rig.act(60, Merge(incident_id=rig.of(db).incident_id, other_id=billing.incident_id))
    assert (kernels(rig).lessons, caused(rig)) == (1, {})  # nothing of it is near billing
    rig.act(60, Split(incident_id=rig.of(db).incident_id, episodes=(web.episode.episode_id,)))
    rig.fire(70, "ledger")
    other = rig.of(web).incident_id
    rig.act(80, Move(incident_id=other, other_id=rig.of(db).incident_id, episodes=(web.episode.episode_id,)))
    assert kernels(rig).lessons == 2
    assert sum(caused(rig).values()) == pytest.approx(1)


def test_of_a_large_incident_the_first_alerts_teach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_TAUGHT", 2)
    rig, db, *_ = an_outage()
    rig.act(60, ConfirmCause(incident_id=rig.of(db).incident_id, entity="db"))
    assert kernels(rig).lessons == 2


def test_what_was_taught_outlives_a_restart_and_is_taught_no_second_time() -> None:
    rig, db, *_ = an_outage()
    rig.act(60, ConfirmCause(incident_id=rig.of(db).incident_id, entity="db"))
    again = rig.reload()
    assert kernels(again).dump() == kernels(rig).dump()
    again.act(70, ConfirmCause(incident_id=rig.of(db).incident_id, entity="db"))
    assert (kernels(again).lessons, caused(again)) == (3, caused(rig))


def grouped(seed: int, labelled: bool) -> float:
    """Return pairwise F1 on a storm, after the storm of another estate that people put right, or not."""
    rig = Rig(ServiceGraph())
    for day, name in enumerate(("old", "new")):
        surge, start = Surge(name, 10 * seed + day, troubles=120, chance=160), day * 86_400.0
        rig.graph.replace(surge.topology(), rig.wait(start))
        told = surge.play(rig, start)
        if labelled and name == "old":
            put_right(rig, start + 2 * LENGTH, told, surge.causes)
    return pairwise_f1(rig, told)


def test_storms_are_told_apart_better_after_people_put_one_right() -> None:
    seeds = range(3)
    plain, taught = ([grouped(seed, labelled) for seed in seeds] for labelled in (False, True))
    assert sum(taught) / len(seeds) >= sum(plain) / len(seeds) + 0.01
    assert all(after >= before - 0.01 for before, after in zip(plain, taught, strict=True))


def test_a_kind_that_is_a_template_is_told_in_words() -> None:
    rig = Rig(a_graph(web="db"))
    db = rig.fire(0, "db", "db logs errors", kind_key="0" * 16)
    rig.fire(10, "web", "web logs errors", kind_key="1" * 16)
    rig.act(60, ConfirmCause(incident_id=rig.of(db).incident_id, entity="db"))
    (told,) = (lesson.text for lesson in rig.lessons if lesson.relation == "callee")
    assert told.endswith("; mostly 'web logs errors'")


def test_what_was_taught_is_told_by_relation_in_sentences() -> None:
    rig, db, *_ = an_outage()
    rig.act(60, ConfirmCause(incident_id=rig.of(db).incident_id, entity="db"))
    told = {lesson.relation: lesson for lesson in rig.lessons}
    assert told["callee"].text == (
        "2 of 3 alerts followed one of a service that theirs calls, three of four at most 45 s later; mostly 'down'"
    )
    assert (told["callee"].total, told["callee"].within, set(told["callee"].kinds)) == (3, 45.0, {"down"})
    assert told["callee"].alerts + told["callee2"].alerts == pytest.approx(2, abs=0.01)
    assert told["host"].text == "none of 3 alerts followed one of the host on which theirs runs"
    assert set(told) == set(kernels(rig).taught)
