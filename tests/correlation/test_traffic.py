"""How many requests does a service get, by whatever metric tells?"""

import pytest

from aiops.domain.impact import Traffic
from correlation.causes.series import Metrics
from correlation.traffic import traffic

START = 3_600.0  # the incident begins after an hour
END = START + 300


def metrics(before: float, since: float | None, name: str = "requests.sum", step: float = 60.0) -> Metrics:
    """``web`` says ``before`` in every sample, and ``since`` from the start on; None: nothing."""
    held = Metrics()
    for number in range(round((START if since is None else END) / step)):
        at = number * step
        held.put("web", name, [(at, before if at < START or since is None else since)])
    return held


def test_counts_of_each_minute_are_compared_with_what_is_usual() -> None:
    assert traffic(["web"], [], metrics(1_200, 300), START, END) == Traffic(service="web", now=300, usual=1_200)


def test_counts_of_other_intervals_become_those_of_a_minute() -> None:
    assert traffic(["web"], [], metrics(100, 50, step=20), START, END) == Traffic(service="web", now=150, usual=300)


@pytest.mark.parametrize(("name", "factor"), [("http_requests_rps", 60), ("requests.per_minute", 1), ("hits_rate", 60)])
def test_what_is_named_a_rate_is_one(name: str, factor: float) -> None:
    found = traffic(["web"], [], metrics(20, 10, name, step=30), START, END)
    assert found == Traffic(service="web", now=10 * factor, usual=20 * factor)


def test_counters_tell_by_their_growth() -> None:
    held = Metrics()
    held.put("web", "http_requests_total", [(n * 60.0, n * 90.0) for n in range(65)], cumulative=True)
    assert traffic(["web"], [], held, START, END) == Traffic(service="web", now=90, usual=90)


def test_a_service_that_fell_silent_is_measured_by_what_it_had() -> None:
    found = traffic(["web"], [], metrics(1_200, None), START, END)
    assert found == Traffic(service="web", usual=1_200)
    assert found.affected == 1_200


@pytest.mark.parametrize("name", ["request_queue", "http.server.request.duration", "request.size", "active_requests"])
def test_what_is_said_of_requests_is_no_number_of_them(name: str) -> None:
    assert traffic(["web"], [], metrics(1_200, 300, name), START, END) is None


def test_samples_closer_than_a_bucket_say_nothing_rather_than_too_little() -> None:
    assert traffic(["web"], [], metrics(20, 10, step=5), START, END) is None


def test_one_request_that_passes_several_services_is_counted_once() -> None:
    held = metrics(1_200, 300)
    held.put("api", "requests.sum", [(n * 60.0, 900.0) for n in range(65)])
    assert traffic(["api", "web"], [], held, START, END) == Traffic(service="web", now=300, usual=1_200)


def test_dependents_are_asked_where_nothing_that_alerts_tells() -> None:
    assert traffic(["db"], ["web"], metrics(1_200, 300), START, END) == Traffic(service="web", now=300, usual=1_200)
    assert traffic(["db"], ["api"], metrics(1_200, 300), START, END) is None
