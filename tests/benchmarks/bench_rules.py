"""What does a verdict cost with 10, 1,000 and 10,000 rules?"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec

from aiops.domain.acts import PutRule
from aiops.domain.alerts import Alert, Episode, Verdict
from aiops.domain.events import Severity, Status
from aiops.domain.graph import Entity
from aiops.domain.matching import Matcher, Operator
from aiops.domain.rules import Rule
from aiops.domain.settings import MutingSettings
from aiops.domain.timers import Timers
from rules.book import Book
from rules.signatures import Signatures

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ALERTING = 10  # services that alert: the first rules are about them


def a_rule(number: int, services: int) -> Rule:
    """Half by service and shape, a quarter by service and expression, a quarter by shape alone."""
    service = Matcher(field="service", value=f"service-{number % services}")
    shape = Matcher(field="template", value=f"job <*> step{number} failed with code <num>")
    host = Matcher(field="host", operator=Operator.REGEX, value=f"host-{number}-.*")
    matchers = ((service, shape), (service, shape), (service, host), (shape,))[number % 4]
    return Rule(
        id=f"rule-{number}",
        verdict=Verdict.KNOWN_GOOD,
        matchers=matchers,
        owner="noc",
        reason="benchmark",
        expires=T0 + timedelta(days=30),
    )


def a_neighbour(number: int, services: int) -> Rule:
    """One of many that share one label's value, told apart by an expression alone, by a negation, or by their shape."""
    team = Matcher(field="team", value="ops")
    begins = Matcher(field="host", operator=Operator.REGEX, value=f"host-{number}-.*")
    within = Matcher(field="host", operator=Operator.REGEX, value=f".*-{number}-.*")
    shape = Matcher(field="template", operator=Operator.REGEX, value=f"job .* step{number} .*")
    others = ((begins,), (within,), (shape,), (begins, Matcher(field="zone", operator=Operator.NOT_EQUAL, value="b")))
    return msgspec.structs.replace(a_rule(number, services), matchers=(team, *others[number % 4]))


def an_alert(number: int) -> Alert:
    """Of one of ten services, 12 labels; one of the first ten rules knows it."""
    about = number % ALERTING
    service = f"service-{about}"
    labels = {f"label{index}": f"value-{number % (index + 7)}" for index in range(10)}
    episode = Episode(
        episode_id=f"fp-{number}-0-1-0",
        fingerprint=f"fp-{number}",
        name="JobFailed",
        entity=Entity(name=service),
        kind_key="JobFailed",
        template_id="t",
        severity=Severity.WARNING,
        started_at=T0,
        received_at=T0,
        last_seen=T0,
    )
    return Alert(
        fingerprint=episode.fingerprint,
        source="alertmanager",
        title="JobFailed",
        entity=episode.entity,
        labels={**labels, "service": service, "host": f"host-{about}-1", "team": "ops"},
        status=Status.FIRING,
        severity=Severity.WARNING,
        state_at=T0,
        masked=f"job <hex> step{about} failed with code <num>",
        episode=episode,
        first_seen=T0,
        last_seen=T0,
        event_id="0-1-0",
    )


def cost(rules: int, services: int, alerts: list[Alert]) -> float:
    """Return CPU microseconds per alert, the best of five runs; ``services`` 0: all rules share one team."""
    book = Book(MutingSettings(), Timers(), Signatures())
    for number in range(rules):
        rule = a_rule(number, services) if services else a_neighbour(number, ALERTING)
        book.act(PutRule(rule=rule), "bench", T0, {})
    book.drain()
    best = min(_seconds(lambda: _judge(book, alerts)) for _ in range(5))
    return best / len(alerts) * 1e6


def _judge(book: Book, alerts: list[Alert]) -> None:
    for alert in alerts:
        book.judge(alert, T0, hit=True)
    book.drain()


def _seconds(run: Callable[[], None]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def main() -> None:
    """Print the cost per alert and its ratio to that with 10 rules; the alerts are the same."""
    alerts = [an_alert(number) for number in range(2_000)]
    quiet = [msgspec.structs.replace(alert, masked="nothing", labels={**alert.labels, "host": ""}) for alert in alerts]
    estates = ((100_000, "each about a service of its own"), (1_000, "up to 10 about each service"))
    for services, estate in (*estates, (0, "all of one team")):
        for name, some in (("alerts known", alerts), ("alerts unknown", quiet)):
            base = cost(10, services, some)
            for rules in (1_000, 10_000):
                spent = cost(rules, services, some)
                ratio = f"{spent:5.1f} us per alert, {spent / base:.2f} times what 10 rules cost ({base:.1f} us)"
                print(f"{rules:>6} rules, {estate}, {name}: {ratio}")


if __name__ == "__main__":
    main()
