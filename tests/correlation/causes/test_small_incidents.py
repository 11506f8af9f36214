"""Small incidents of a made-up shop on Kubernetes: who is named first, and which part of ranking does it take?

Nobody confirms anything, and the incidents come one after the other: what alerts alone say in the first days. Some of
what alerts says only that nothing reaches it; some says what state a node itself is in; some causes say nothing.
"""

import dataclasses

import pytest

from aiops.domain.events import Severity
from correlation.background import Rates
from correlation.causes import cones, signs, table
from correlation.causes.experience import Experience
from correlation.causes.signs import Sign
from correlation.rootcause import weigh
from tests.builders import T0, at
from tests.correlation.rig import a_graph

SHOP = a_graph(
    edge="web",
    web="basket orders catalogue banners reviews",
    basket="store",
    orders="basket payment parcels mail bus prices",
    parcels="tariffs",
    mail="relay",
    reviews="catalogue",
    ledger="bus records",
    checks="bus",
)
ERRORS, SLOW, UNREACHED = "HighErrorRate", "HighLatency", "NoRequestsReceived"


@dataclasses.dataclass(frozen=True)
class Told:
    """What alerted, each node with its kinds, in this order, and who did it."""

    cause: str
    alerts: dict[str, str]


INCIDENTS = (
    Told("basket", {"basket": "PodNotReady", "web": ERRORS, "edge": ERRORS}),
    Told("payment", {"payment": "KubePodCrashLooping", "orders": f"{ERRORS} {SLOW}", "web": ERRORS, "edge": ERRORS}),
    Told(
        "orders",
        {
            "orders": ERRORS,
            "web": ERRORS,
            **dict.fromkeys(("payment", "parcels", "mail", "relay", "tariffs", "ledger", "checks"), UNREACHED),
        },
    ),
    Told(
        "web",
        {
            "web": "FailedPods",
            "edge": ERRORS,
            **dict.fromkeys(("basket", "orders", "catalogue", "banners", "reviews", "store"), UNREACHED),
        },
    ),
    Told("catalogue", {"edge": SLOW, "web": SLOW, "reviews": SLOW, "catalogue": SLOW}),
    Told("mail", {"mail": UNREACHED, "orders": ERRORS}),
    Told("parcels", {"web": f"{ERRORS} {SLOW}", "orders": f"{ERRORS} {SLOW}", "parcels": "ContainerWaiting"}),
    Told("tariffs", {"tariffs": "CPUThrottlingHigh", "parcels": f"{SLOW} {ERRORS}", "orders": SLOW, "web": SLOW}),
    Told("bus", {"bus": "PodOOMKilled", "ledger": "NoDatabaseOperations", "checks": UNREACHED, "orders": SLOW}),
    Told("banners", {"reviews": f"{SLOW} {ERRORS}", "banners": "ImagePullBackOff", "basket": SLOW}),
    Told("prices", {"prices": f"{ERRORS} {SLOW}", "orders": ERRORS, "web": ERRORS, "ledger": UNREACHED}),
    Told("records", {"records": "PodEvicted", "ledger": "NoDatabaseOperations", "edge": SLOW}),
    Told("store", {"store": ERRORS, "basket": ERRORS, "orders": ERRORS, "web": ERRORS, "edge": ERRORS}),
    Told("web", {"web": SLOW, **dict.fromkeys(("basket", "catalogue", "banners", "orders", "reviews"), UNREACHED)}),
    Told("bus", {"orders": ERRORS, "ledger": ERRORS, "checks": ERRORS}),  # silent: what all three call
    Told("relay", {"mail": ERRORS, "orders": ERRORS, "web": ERRORS}),  # silent, and not starving as it would
)


def told(incident: Told) -> list[Sign]:
    return [
        Sign(node=node, kind=kind, name=kind, started=T0.timestamp() + second, severity=Severity.HIGH)
        for second, (node, kinds) in enumerate(incident.alerts.items())
        for kind in kinds.split()
    ]


def missed() -> list[str]:
    """Return whose incidents named somebody else first, in the order in which they came."""
    experience, wrong = Experience(), []
    for number, incident in enumerate(INCIDENTS):
        said = told(incident)
        verdict = weigh(said, SHOP, Rates(), at(600), experience)
        experience.count(f"incident-{number}", verdict.weighing)
        if verdict.candidates[0].entity != incident.cause:
            wrong.append(f"{incident.cause}: {verdict.candidates[0].entity}")
    return wrong


def test_the_cause_is_named_first() -> None:
    assert missed() == []


@pytest.mark.parametrize(
    ("part", "where", "instead"),
    [
        ("what tells of others counts less", (signs, "CONSEQUENCE"), 1.0),
        ("what tells of the node's own state counts more", (signs, "OWN"), 1.0),
        ("who starves beside others is no cause", (table, "company"), lambda *_: 0.0),
        ("who is not reached is reached by the cause", (table, "starved_by"), lambda *_: set()),
        ("who says nothing else starves", (table, "starving"), lambda _: set()),
        ("a cause covers who rests on it", (table, "COVER"), 0.0),
        ("who says nothing may be it", (cones, "unheard"), lambda *_: {}),
        ("who would starve were its caller at fault", (table, "FED"), 0.0),
    ],
)
def test_no_part_of_it_can_be_left_out(
    part: str, where: tuple[object, str], instead: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(*where, instead)
    assert missed(), part
