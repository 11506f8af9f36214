"""Which incidents does the engine split by itself, which does it only propose to split, and what is said of it?"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from aiops.domain import acts
from aiops.domain.alerts import Alert
from aiops.domain.events import Severity
from aiops.domain.incidents import Incident
from correlation.causes.signs import Sign
from correlation.splitting import Cover, cover
from correlation.topology import ServiceGraph
from tests.correlation.rig import MUTED, Rig, a_graph

FRONTS = ("web", "mobile", "partner", "kiosk")


def shop() -> ServiceGraph:
    """Four fronts call what rests on two databases."""
    return a_graph(**dict.fromkeys(FRONTS, "pay search suggest"), pay="pay-db", search="index", suggest="index")


def chained(rig: Rig, since: float = 0, mild: tuple[str, ...] = ()) -> list[Alert]:
    """Two databases fail at once: the second's callers are chained to the first by the fronts that alert for both."""
    fired = [
        rig.fire(since + second, front, kind) for second, front in enumerate(FRONTS) for kind in ("errors", "slow")
    ]
    then = {6: "pay", 10: "pay-db", 12: "search", 14: "suggest"}
    for second, service in then.items():
        severity = Severity.WARNING if service in mild else Severity.HIGH
        fired.append(rig.fire(since + second, service, severity=severity))
    assert len({rig.of(alert).number for alert in fired}) == 1
    return fired


def a_rig(**settings: Any) -> Rig:
    return Rig(shop(), **settings)


def incident(rig: Rig, service: str) -> Incident:
    return rig.of(next(one for one in rig.alerts.values() if one.entity.name == service))


def split_lines(rig: Rig) -> list[str]:
    return [line for line in rig.told() if line.startswith(("split", "proposal"))]


def test_two_failures_whose_alerts_were_chained_become_two_when_the_second_root_is_heard() -> None:
    rig = a_rig()
    chained(rig)
    rig.fire(20, "index")
    one, two = rig.living()
    assert (one.episodes, two.episodes) == (11, 2)
    assert set(one.services) == {*FRONTS, "search", "suggest", "index"}
    assert set(two.services) == {"pay", "pay-db"}
    assert (two.split_from, two.opened_at) == (one.incident_id, rig.alerts["fp-pay-"].episode.started_at)
    assert [found.candidates[0].entity for found in (one, two)] == ["index", "pay-db"]
    why = (
        "index explains 3 of its 9 services, pay-db 2 others; nothing is known on which both rest, and the strongest "
        "link between these is no more likely than chance"
    )
    assert (
        split_lines(rig)
        == [
            f"split: split off #1: {why} (by itself, 20 s after it began)",
            f"split: 'down' of pay and 1 more alert split off into #2: {why} (by itself, 20 s after it began)",
        ]
        or split_lines(rig)[0] == f"split: split off #1: {why} (by itself, 20 s after it began)"
    )
    for found in (one, two):
        assert f"#1 and #2 became two: {why}" in [reason.text for reason in found.reasons]
        assert found.division is None


def test_what_comes_later_joins_the_side_whose_root_explains_it() -> None:
    rig = a_rig()
    chained(rig)
    rig.fire(20, "index")
    rig.fire(25, "pay", "errors")
    rig.fire(30, "suggest", "errors")
    assert incident(rig, "pay").number == 2
    assert [one.episodes for one in rig.living()] == [12, 3]


def test_the_alert_by_which_it_is_found_out_may_be_among_those_that_leave() -> None:
    """The founder is on the other side then; its alert says where it is."""
    rig = a_rig()
    rig.fire(0, "pay", "early")
    chained(rig)
    last = rig.fire(20, "index")
    assert {"pay", "pay-db"} <= set(rig.living()[0].services)
    assert rig.of(last).number == 2
    assert rig.alerts[last.fingerprint].episode.incident_id == rig.living()[1].incident_id
    assert set(rig.of(last).services) >= {"index", "search", "suggest"}


@pytest.mark.parametrize(
    "act",
    [
        acts.Acknowledge(incident_id=""),
        acts.Assign(incident_id="", assignee="ana"),
        acts.ConfirmCause(incident_id="", entity="pay-db"),
        acts.ConfirmCause(incident_id="", entity=""),
    ],
    ids=["acknowledged", "assigned", "confirmed", "none of these"],
)
def test_what_a_person_has_taken_or_judged_is_proposed_only(act: acts.IncidentAct) -> None:
    rig = a_rig()
    first = chained(rig)[0]
    rig.act(15, msgspec.structs.replace(act, incident_id=rig.of(first).incident_id))
    rig.fire(20, "index")
    (one,) = rig.living()
    assert one.division is not None
    assert one.division.root == "pay-db"
    assert one.division.services == ("pay", "pay-db")
    assert one.division.text.startswith("this looks like two: index explains 3 of its 9 services, pay-db 2 others")
    assert split_lines(rig) == [f"proposal: {one.division.text}; 2 services would leave with pay-db"]


def test_what_the_engine_itself_has_merged_is_split_too_and_the_merged_id_leads_to_what_stays() -> None:
    rig = a_rig()
    rig.fire(0, "pay-db")
    rig.fire(100, "web")
    assert len(rig.living()) == 2
    chained(rig, 102)
    assert rig.living()[0].merged_from
    rig.fire(122, "index")
    one, three = rig.living()
    assert three.split_from == one.incident_id
    merged = rig.incidents[one.merged_from[0]]
    assert (merged.status, merged.merged_into) == ("merged", one.incident_id)
    assert {"pay", "pay-db"} <= set(one.services)  # pay-db founded it
    assert rig.of(rig.alerts["fp-web-"]).number in (one.number, three.number)


def test_what_a_person_has_put_together_is_not_taken_apart_before_the_pin_is_revoked() -> None:
    rig = a_rig()
    first, other = chained(rig)[0], rig.fire(15, "elsewhere")
    rig.act(16, acts.Merge(incident_id=rig.of(first).incident_id, other_id=rig.of(other).incident_id))
    rig.fire(20, "index")
    (one,) = rig.living()
    assert one.division is None
    rig.act(21, acts.RevokePin(pin_id="1"))
    rig.graph.replace(a_graph_with(rig, cart="index"), rig.now)
    rig.fire(22, "cart")
    assert len(rig.living()) == 2
    assert rig.of(other).number == 1


def test_what_a_person_once_put_together_is_not_taken_apart_the_next_time() -> None:
    rig = a_rig()
    pay, index = rig.fire(0, "pay"), rig.fire(1, "index")
    rig.act(2, acts.Merge(incident_id=rig.of(pay).incident_id, other_id=rig.of(index).incident_id))
    for service in ("pay", "index"):
        rig.resolve(3, service)
    rig.wait(200_000)
    chained(rig, 200_000)
    rig.fire(200_020, "index")
    last = rig.living()[-1]
    assert {"pay", "index"} <= set(last.services)
    assert (last.division, last.split_from) == (None, "")


@pytest.mark.parametrize(("within", "split"), [(20, True), (19, False), (0, False)])
def test_it_is_split_by_itself_while_it_is_young_and_later_proposed(within: int, split: bool) -> None:
    rig = a_rig(split_within=timedelta(seconds=within))
    chained(rig)
    rig.fire(20, "index")
    assert (len(rig.living()) == 2) is split
    assert (rig.living()[0].division is None) is split


@pytest.mark.parametrize(
    ("mild", "background_score", "split"),
    [
        ((), 8, True),
        (("pay", "pay-db"), 8, False),
        (("pay", "pay-db"), 2, True),
        (("search", "suggest", "index"), 8, True),
    ],
    ids=["both are bad", "one is mild and usual", "one is mild and unusual", "many are mild, yet together unusual"],
)
def test_no_part_is_split_off_into_the_background(mild: tuple[str, ...], background_score: float, split: bool) -> None:
    rig = a_rig(background_score=background_score)
    chained(rig, mild=mild)
    rig.fire(20, "index", severity=Severity.WARNING if "index" in mild else Severity.HIGH)
    assert (len(rig.living()) == 2) is split
    assert not any(one.background for one in rig.living())
    assert (rig.living()[0].division is None) is split


def test_what_was_proposed_is_left_to_a_person_whatever_comes() -> None:
    rig = a_rig()
    chained(rig, mild=("pay", "pay-db"))
    rig.fire(20, "index")
    assert rig.living()[0].division is not None
    rig.fire(21, "pay", "out of disk", severity=Severity.CRITICAL)
    rig.graph.replace(a_graph_with(rig, cart="index"), rig.now)
    rig.fire(22, "cart")
    (one,) = rig.living()
    assert one.division is not None


def test_a_proposal_is_told_once_and_follows_what_joins() -> None:
    rig = a_rig(split_within=timedelta(0))
    rig.fire(0, "pay", "early")
    chained(rig)
    rig.fire(20, "index")
    rig.graph.replace(a_graph_with(rig, cart="index"), rig.now)
    rig.fire(22, "cart")
    (one,) = rig.living()
    assert one.division is not None
    assert one.division.services == ("search", "suggest", "index", "cart")
    assert one.division.text.startswith("this looks like two: index explains 4 of its 10 services, pay-db 2 others")
    assert len(split_lines(rig)) == 1


def test_a_proposal_that_one_root_makes_needless_is_withdrawn() -> None:
    rig = a_rig(split_within=timedelta(0))
    chained(rig)
    rig.fire(20, "index")
    assert rig.living()[0].division is not None
    rig.graph.replace(a_graph_with(rig, **{"pay-db": "volume", "index": "volume"}), rig.now)
    rig.fire(22, "volume")
    (one,) = rig.living()
    assert one.division is None
    assert split_lines(rig)[-1] == "proposal: it no longer looks like two: volume explains all of its services"


def test_a_person_takes_a_proposal_up_and_it_is_one_no_longer() -> None:
    rig = a_rig(split_within=timedelta(0))
    chained(rig)
    rig.fire(20, "index")
    (one,) = rig.living()
    assert one.division is not None
    done, new = rig.act(30, acts.Split(incident_id=one.incident_id, services=one.division.services, text="two pages"))
    assert done.startswith("split 2 alerts off #1 into #2")
    assert set(rig.incidents[new].services) == {"pay", "pay-db"}
    assert [found.division for found in rig.living()] == [None, None]


def test_a_large_incident_is_looked_at_again_when_it_has_grown_by_a_tenth(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []

    def counted(signs: Iterable[Sign], *others: Any) -> Cover:
        looked.append(len({sign.node for sign in signs}))
        return cover(signs, *others)

    monkeypatch.setattr("correlation.dividing.cover", counted)
    rig = Rig(a_graph(**{f"s{number}": "db" for number in range(50)}))
    db, other = rig.fire(0, "db"), rig.fire(0, "elsewhere")  # which no root explains
    rig.act(0, acts.Merge(incident_id=rig.of(db).incident_id, other_id=rig.of(other).incident_id))
    for number in range(50):
        rig.fire(number / 10, f"s{number}")
    assert len(rig.living()) == 1
    assert looked == [*range(3, 21), 22, 25, 28, 31, 35, 39, 43, 48]


@pytest.mark.parametrize("service", ["pay", "suggest"])
def test_what_is_muted_goes_with_its_service(service: str) -> None:
    rig = a_rig()
    chained(rig)
    muted = rig.fire(16, service, "noise", suppressed_by=MUTED)
    rig.fire(20, "index")
    assert len(rig.living()) == 2
    assert rig.of(muted) == incident(rig, service)
    assert [one.suppressed for one in rig.living()] == [int(one == rig.of(muted)) for one in rig.living()]


def test_it_goes_on_alike_from_a_dump() -> None:
    for split in (0, 300):
        rig = a_rig(split_within=timedelta(seconds=split))
        chained(rig)
        other = rig.reload()
        for one in (rig, other):
            one.fire(20, "index")
            one.fire(21, "pay", "late")
        assert rig.living() == other.living()
        assert rig.story == other.story


def a_graph_with(rig: Rig, **more: str) -> Any:
    """The graph of the rig with further calls."""
    calls = {name: " ".join(rig.graph.callees(name)) for name in rig.graph.view().services}
    for name, targets in more.items():
        calls[name] = f"{calls.get(name, '')} {targets}".strip()
    return a_graph(**calls).topology
