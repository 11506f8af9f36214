"""What happens on the demo's day, minute by minute?"""

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from importlib.resources import files
from string import Template

from aiops.demo.senders import Condition, alertmanager, condition, event, log_lines
from aiops.domain.acts import ImportTopology, PutRule
from aiops.domain.entries import Command, Payload
from correlation.topology import parse_topology
from rules.pack import load_pack

DAY = timedelta(hours=23)  # a page of the last 24 hours shows all of it for an hour
SEED = 20_260_302
Moment = tuple[datetime, Payload]


def storm(now: datetime) -> Iterator[Moment]:
    """Yield the day's payloads with the time each came in, in order; the last ones are a few seconds before ``now``."""
    start = now.replace(microsecond=0) - DAY
    moments = [*_what_is_known(start), *_noise(start), *_small_trouble(start), *_routine_logs(start)]
    stories: tuple[Callable[[datetime], Iterator[Moment]], ...] = (_failover, _memory_leak, _slow_builds, _many_clones)
    for story in stories:
        moments.extend(story(now.replace(microsecond=0)))
    return iter(sorted((moment for moment in moments if moment[0] < now), key=lambda moment: moment[0]))


def _read(name: str) -> str:
    return (files("aiops.demo") / name).read_text(encoding="utf-8")


def _what_is_known(start: datetime) -> Iterator[Moment]:
    """The service graph, and the rules that people made over the years."""
    topology = parse_topology(_read("services.yaml"), "demo/services.yaml")
    yield start, Command(id="demo-topology", actor="demo", act=ImportTopology(topology=topology))
    expires = (start + timedelta(days=60)).date().isoformat()
    rules, problems = load_pack(Template(_read("known-good.yaml")).substitute(expires=expires), "demo/known-good.yaml")
    assert not problems, problems
    for rule in rules:
        yield start, Command(id=f"demo-rule-{rule.id}", actor="demo", act=PutRule(rule=rule))


def _noise(start: datetime) -> Iterator[Moment]:
    """Known-good patterns: they come and go all day."""
    chance = random.Random(SEED)
    for minute in range(5, 23 * 60, 9):
        keys = chance.randint(900, 4000)
        text = f"evicted {keys} keys in 60s"
        yield from _blip(
            start, minute, 3, condition("CacheEvictions", "session-cache", "warning", text, instance="node-6:9121")
        )
    for minute in range(60, 300, 6):
        disk = chance.choice("abcd")
        text = f"disk io of sd{disk} at {chance.randint(93, 100)}%"
        watched = condition("DiskIoSaturated", "backup", "warning", text, instance="store-1:9100", device=f"sd{disk}")
        yield from _blip(start, minute, 4, watched)
    for minute in range(20, 23 * 60, 30):
        agent = chance.randint(1, 6)
        text = f"disk of build agent {agent} {chance.randint(90, 97)}% full"
        yield from _blip(start, minute, 12, condition("DiskAlmostFull", "ci", "warning", text, agent=str(agent)))
    for minute in range(40, 23 * 60, 22):
        text = (
            f"query took {chance.randint(31, 240)}s: monthly_revenue_by_{chance.choice(['region', 'brand', 'channel'])}"
        )
        yield from _blip(
            start, minute, 5, condition("SlowQuery", "warehouse", "warning", text, instance="store-1:5432")
        )


def _small_trouble(start: datetime) -> Iterator[Moment]:
    """Short, unrelated alerts that nobody has labelled."""
    chance = random.Random(SEED + 1)
    kinds = (
        ("HighLatency", "p99 latency {n} ms on {service}", 400, 900),
        ("PodRestarted", "container of {service} restarted {n} times", 1, 3),
        ("CpuThrottled", "cpu of {service} throttled {n}% of the time", 25, 60),
        ("CertificateExpires", "certificate of {service} expires in {n} days", 8, 20),
    )
    services = (
        "search",
        "catalog",
        "accounts",
        "reporting",
        "notifications",
        "web",
        "loyalty",
        "cart",
        "recommendations",
    )
    for _ in range(26):
        name, text, low, high = chance.choice(kinds)
        service = chance.choice(services)
        minute = chance.randint(10, 22 * 60)
        summary = text.format(service=service, n=chance.randint(low, high))
        yield from _blip(start, minute, chance.randint(4, 15), condition(name, service, "warning", summary))


def _routine_logs(start: datetime) -> Iterator[Moment]:
    """Log lines of a calm day, so that the shapes of messages are known."""
    chance = random.Random(SEED + 2)
    for minute in range(0, 23 * 60, 15):
        for service in ("orders", "payments", "inventory"):
            lines = [
                ("info", f"request {chance.getrandbits(32):08x} served in {chance.randint(4, 90)} ms"),
                ("info", f"pool orders-db: {chance.randint(3, 20)} of 40 connections in use"),
                ("info", f"user {chance.randint(1000, 9999)} placed order {chance.randint(10**6, 10**7)}"),
                ("debug", f"cache hit ratio 0.{chance.randint(80, 99)} over 60 s"),
            ]
            yield log_lines(service, start + timedelta(minutes=minute, seconds=chance.randint(0, 50)), lines * 3)


def _blip(start: datetime, minute: float, minutes: float, watched: Condition) -> Iterator[Moment]:
    """A condition that fires at ``minute`` and is over ``minutes`` later."""
    fired = start + timedelta(minutes=minute)
    yield alertmanager(fired, [watched.at(fired)])
    over = fired + timedelta(minutes=minutes)
    yield alertmanager(over, [watched.at(fired, over)])


def _failover(now: datetime) -> Iterator[Moment]:
    """18 minutes ago the primary of orders-db went away; in two minutes everything that needs it complains."""
    began = now - timedelta(minutes=18)
    primary = condition(
        "PostgresDown",
        "orders-db",
        "critical",
        "primary pg-orders-1 does not answer: connection refused",
        instance="db-1:5432",
    )
    failing = condition(
        "PostgresFailover",
        "orders-db",
        "critical",
        "failover to pg-orders-2 in progress, writes refused",
        instance="db-1:5432",
    )
    hurt = [
        (24, "orders", "HighErrorRate", "critical", "error ratio 71% on orders"),
        (31, "payments", "HighErrorRate", "critical", "error ratio 64% on payments"),
        (38, "inventory", "DbConnectionErrors", "high", "212 database connection errors a minute on inventory"),
        (44, "fraud", "HighLatency", "high", "p99 latency 8200 ms on fraud"),
        (52, "invoicing", "JobsFailing", "high", "38 jobs failed on invoicing"),
        (58, "checkout", "HighErrorRate", "critical", "error ratio 58% on checkout"),
        (66, "shipping", "DbConnectionErrors", "high", "97 database connection errors a minute on shipping"),
        (75, "loyalty", "UpstreamTimeouts", "warning", "61% of calls to orders time out on loyalty"),
        (83, "returns", "UpstreamTimeouts", "warning", "48% of calls to orders time out on returns"),
        (90, "api-gateway", "HighErrorRate", "high", "error ratio 22% on api-gateway"),
        (101, "web", "OrdersPerMinuteLow", "critical", "31% fewer orders per minute than forecast on web"),
        (112, "mobile-gateway", "HighErrorRate", "high", "error ratio 19% on mobile-gateway"),
    ]
    yield alertmanager(began, [primary.at(began)])
    yield alertmanager(began + timedelta(seconds=15), [failing.at(began + timedelta(seconds=15))])
    for seconds, service, name, severity, summary in hurt:
        at = began + timedelta(seconds=seconds)
        watched = condition(name, service, severity, summary)
        yield alertmanager(at, [watched.at(at)])
        for again in range(4, 17, 4):  # Alertmanager repeats what still fires
            yield alertmanager(at + timedelta(minutes=again), [watched.at(at)])
    for minute in range(16):
        for service in ("orders", "payments"):
            at = began + timedelta(minutes=minute, seconds=27)
            refused = [
                ("error", f"connection to 10.20.0.{11 + n % 3}:5432 refused after {n + 2} tries") for n in range(10)
            ]
            yield log_lines(service, at, refused)
    disk = began + timedelta(seconds=70)  # at the same time, of its own accord
    yield alertmanager(
        disk, [condition("DiskAlmostFull", "mail-relay", "warning", "disk of mail-relay 91% full").at(disk)]
    )


def _memory_leak(now: datetime) -> Iterator[Moment]:
    """Since the morning's deploy the memory of recommendations only grows."""
    grows = "memory of recommendations grows 38 MB/h since the deploy of 2.14.0"
    for minutes, severity, rest in (
        (190, "warning", 4.1),
        (130, "warning", 3.1),
        (70, "warning", 2.1),
        (25, "high", 1.3),
    ):
        yield event(
            "leak-watch",
            now - timedelta(minutes=minutes),
            key="leak-recommendations",
            title="Memory leak",
            message=f"{grows}, {rest} hours to its limit",
            severity=severity,
            service="recommendations",
        )


def _slow_builds(now: datetime) -> Iterator[Moment]:
    """Builds have become slower and slower, says whoever watches Jenkins."""
    for hours, minutes in ((2, 9), (1.5, 12), (0.6, 15)):
        at = now - timedelta(hours=hours)
        text = f"build shop-frontend takes {minutes} min, {minutes / 6:.1f} times its usual 6 min"
        yield event(
            "jenkins-watch",
            at,
            key="build-shop-frontend",
            title="Build is slow",
            message=text,
            severity="warning",
            service="ci",
            job="shop-frontend",
        )


def _many_clones(now: datetime) -> Iterator[Moment]:
    """A build account clones repositories that it never touched, from an address nobody knows."""
    for minutes, repositories in ((9, 12), (6, 27), (3, 41)):
        origin = "203.0.113.77, never seen before"
        text = f"svc-build-07 cloned {repositories} repositories in {12 - minutes} min from {origin}"
        yield event(
            "git-audit",
            now - timedelta(minutes=minutes),
            key="clone-burst-svc-build-07",
            title="Unusual repository clones",
            message=text,
            severity="high",
            service="git",
            user="svc-build-07",
        )
