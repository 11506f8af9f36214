"""How many requests a minute does a service get, now and usually? Read from whatever metric of its tells."""

from collections.abc import Sequence
from statistics import median

from aiops.domain.impact import Traffic
from correlation.causes.series import WIDTH, Metrics, Window, role_of

MOST_ASKED = 200  # services, the alerting ones first, then dependents, the nearest first
MINUTE = 60.0
PER_SECOND = ("per_second", "persecond", "per_sec", "_rate", ".rate", "rps", "qps")
PER_MINUTE = ("per_minute", "perminute", "per_min", "rpm")
NO_COUNT = ("active", "bytes", "concurrent", "flight", "limit", "mean", "pending", "queue", "size")  # said of requests


def traffic(
    alerting: Sequence[str], dependents: Sequence[str], metrics: Metrics, start: float, end: float
) -> Traffic | None:
    """Return the requests of the alerting service that has the most; where none tells, of such a dependent.

    It is no sum: one request of a user passes several of them. None: no metric of theirs tells.
    """
    asked = [*alerting, *dependents][:MOST_ASKED]
    for nodes in (asked[: len(alerting)], asked[len(alerting) :]):
        found = [one for node in nodes if (one := _of(node, metrics, start, end))]
        if found:
            return max(found, key=lambda one: (one.affected, one.service))
    return None


def _of(node: str, metrics: Metrics, start: float, end: float) -> Traffic | None:
    """The metric that counts the most is the one of all requests; others count some kind of them."""
    rates = [
        Traffic(service=node, now=now, usual=usual)
        for name, window in metrics.windows(node, start, end, 0.0, _counts_requests).items()
        if (factor := _per_minute(name, window))
        for now in [median(window.values) * factor if window.values else None]
        for usual in [window.middle * factor if window.known else None]
    ]
    found = [one for one in rates if one.affected > 0]
    return max(found, key=lambda one: one.affected, default=None)


def _counts_requests(name: str) -> bool:
    lower = name.lower()
    return role_of(name) == "requests" and not any(word in lower for word in NO_COUNT)


def _per_minute(name: str, window: Window) -> float:
    """Return what makes its values requests a minute; 0: that cannot be told.

    What is named a rate is one; anything else counts the requests since the sample before. Samples closer than a
    bucket were averaged, so how many a minute they make is lost.
    """
    lower = name.lower()
    if any(word in lower for word in PER_SECOND):
        return MINUTE
    if any(word in lower for word in PER_MINUTE):
        return 1.0
    return MINUTE / window.step if window.step > WIDTH else 0.0
