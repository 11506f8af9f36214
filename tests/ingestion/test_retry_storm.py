"""What is left of a retry storm? A sender that gets no answer sends everything again, old states among the new."""

from datetime import timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.entries import Delivery
from aiops.domain.events import Status
from aiops.domain.settings import DedupSettings
from aiops.domain.timers import Timers
from ingestion.dedup import Dedup
from ingestion.sources import registry
from tests.builders import a_delivery, a_placement, a_template, at

# (alert, starts, ends) in seconds; an end of None: it fires. Three alerts, seven true state changes.
CHANGES: list[tuple[str, int, int | None]] = [
    ("Watchdog", 0, None),
    ("DiskFull", 10, None),
    ("DiskFull", 10, 70),
    ("DiskFull", 90, None),
    ("QueueBacklog", 20, None),
    ("QueueBacklog", 20, 80),
    ("DiskFull", 90, 95),
]
TRUTH = {"Watchdog": Status.FIRING, "DiskFull": Status.RESOLVED, "QueueBacklog": Status.RESOLVED}


def a_post(changes: list[tuple[str, int, int | None]]) -> Delivery:
    """One webhook post; the group's status is what Alertmanager makes it: firing when one of them fires."""
    alerts = [
        {
            "status": "firing" if ends is None else "resolved",
            "labels": {"alertname": name, "service": "shop", "severity": "warning"},
            "annotations": {"summary": f"{name} since {starts}"},
            "startsAt": at(starts).isoformat(),
            "endsAt": "0001-01-01T00:00:00Z" if ends is None else at(ends).isoformat(),
        }
        for name, starts, ends in changes
    ]
    firing = any(alert["status"] == "firing" for alert in alerts)
    return a_delivery(
        {"version": "4", "status": "firing" if firing else "resolved", "alerts": alerts}, source="alertmanager"
    )


def fold(posts: list[Delivery]) -> tuple[Dedup, int]:
    """Take the posts a second apart; return what is known, and how many elements were resends."""
    dedup, resends = Dedup(DedupSettings(), Timers()), 0
    for number, post in enumerate(posts):
        now = at(100) + timedelta(seconds=number)
        for index, event in enumerate(registry.parse(post, now).events):
            event = msgspec.structs.replace(event, event_id=f"0-{number}-{index}")
            if dedup.recognise(event):
                dedup.renew(event, now)
                resends += 1
            else:
                dedup.keep(dedup.take(event, a_placement("shop"), a_template(), ""))
    return dedup, resends


@given(st.permutations(CHANGES), st.lists(st.lists(st.sampled_from(CHANGES), min_size=1, max_size=5), max_size=12))
def test_whatever_is_retried_in_whatever_order_the_true_end_state_stands(
    order: list[tuple[str, int, int | None]], retries: list[list[tuple[str, int, int | None]]]
) -> None:
    posts = [a_post([change]) for change in order]
    dedup, resends = fold(posts + [a_post(retry) for retry in retries])
    alerts = {alert.labels["alertname"]: alert for alert in map(dedup.current, fingerprints()) if alert}
    assert {name: alert.status for name, alert in alerts.items()} == TRUTH
    assert resends == sum(map(len, retries))
    assert sum(alert.count for alert in alerts.values()) == len(CHANGES)
    assert sum(alert.resends for alert in alerts.values()) == resends
    assert alerts["DiskFull"].first_seen == at(10)


def test_in_order_every_firing_is_an_episode() -> None:
    dedup, _ = fold([a_post([change]) for change in CHANGES])
    episodes = {alert.labels["alertname"]: alert.episodes for alert in map(dedup.current, fingerprints()) if alert}
    assert episodes == {"Watchdog": 1, "DiskFull": 2, "QueueBacklog": 1}


def test_an_alert_that_the_sender_cut_from_the_list_still_fires() -> None:
    dedup, _ = fold([a_post(CHANGES[:2]), a_post([CHANGES[5]])])  # the second group is called resolved
    assert [alert.labels["alertname"] for alert in dedup.firing()] == ["Watchdog", "DiskFull"]


def fingerprints() -> list[str]:
    return [registry.parse(a_post([change]), at(0)).events[0].fingerprint for change in CHANGES[:2] + CHANGES[4:5]]
