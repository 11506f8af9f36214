"""Whatever spans, logs and metrics tell, in whatever pieces: the cause that is named is the same on every machine."""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiops.domain.documents import INCIDENTS
from aiops.domain.entries import Command, Delivery, Tick
from aiops.storage.memory import MemoryStore
from tests.properties.folding import Story, check_cuts, check_run_again, folded, settled, told_to
from tests.properties.test_regrouping import EVERY, SLOW, T0, graph, says
from tests.scenarios.test_causes_from_logs_and_spans import CALM, SHOP, nanos, resource, traced

HISTORY = 9  # minutes
OWN = tuple(CALM)


def posted(path: str, body: Mapping[str, Any]) -> Delivery:
    raw = json.dumps(body).encode()
    return Delivery(source="otlp", body=raw, content_type="application/json", query={"path": path})


def logs(at: float, service: str, text: str, number: int) -> Delivery:
    record = {"timeUnixNano": nanos(at), "severityText": "INFO", "body": {"stringValue": text}}
    return posted("/v1/logs", {"resourceLogs": [resource(service, scopeLogs=[{"logRecords": [record] * number}])]})


def gauge(at: float, service: str, value: float) -> Delivery:
    points = [{"timeUnixNano": nanos(at), "asDouble": value}]
    told = [{"name": "http.client.duration", "gauge": {"dataPoints": points}}]
    return posted("/v1/metrics", {"resourceMetrics": [resource(service, scopeMetrics=[{"metrics": told}])]})


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Calm minutes, then three in which something may be otherwise; what is told of a minute comes in any order."""
    story: Story = [(T0, Command(id="graph", actor="ana", act=graph()))]
    slow, gap = draw(st.sampled_from((*OWN, ""))), draw(st.sampled_from((0.0, 0.0, 2.0)))
    chain = draw(st.sampled_from((SHOP, SHOP, SHOP[:2])))
    for minute in range(HISTORY + 3):
        at, late = minute * 60.0, minute >= HISTORY
        spent = {**CALM, **({slow: 2.0} if late and slow else {})}
        told = [
            posted("/v1/traces", traced(at, spent, chain if late else SHOP, gap if late else 0.0, number=20)),
            posted("/v1/traces", traced(at + 1, CALM, number=draw(st.integers(1, 3)))),
            logs(at, "api", "order received", draw(st.integers(4, 6))),
            logs(at, "api", "stock is empty" if late else "stock asked", 5),
            gauge(at, "cache", 0.1 + minute % 3 / 100 if not late else draw(st.sampled_from((0.1, 4.0)))),
        ]
        now = T0 + timedelta(seconds=at + draw(st.sampled_from((30, 70))))  # some come when the next minute has begun
        story += [(max(now, story[-1][0]), one) for one in draw(st.permutations(told))]
        if late:
            story.append((story[-1][0], says(story[-1][0], draw(st.sampled_from(("web", "api"))), "Slow", "firing")))
    story.append((story[-1][0] + timedelta(seconds=draw(st.sampled_from((20, 400)))), Tick()))
    return story


def told(story: Story) -> set[str]:
    """Return the sentences of the candidates, at the end."""
    store = folded(told_to(story, lambda act, _: act), 10_000)
    return {reason.text for one in _incidents(store) for cause in one.candidates for reason in cause.evidence}


def _incidents(store: MemoryStore) -> Any:
    with store.view() as view:
        return view.find(INCIDENTS, EVERY).items


@SLOW
@given(stories(), st.integers(1, 9), st.integers(1, 5))
def test_replay_is_equal_wherever_batches_are_cut_and_snapshots_taken(story: Story, cut: int, forget: int) -> None:
    check_cuts(told_to(story, lambda act, _: act), cut, forget)


@SLOW
@given(stories(), st.integers(1, 60))
def test_running_entries_again_after_a_crash_changes_nothing(story: Story, saved: int) -> None:
    check_run_again(told_to(story, lambda act, _: act), saved)


@SLOW
@given(stories())
def test_the_ledger_balances_after_every_entry(story: Story) -> None:
    assert list(settled(told_to(story, lambda act, _: act)))


def test_the_stories_do_reach_what_they_are_about() -> None:
    """Else the laws above would be of nothing."""
    done: Counter[str] = Counter()
    kinds = ("spends", "most of the extra time", "waits", "usually gets", "logs")

    @settings(max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(stories())
    def count(story: Story) -> None:
        texts = told(story)
        done.update(kind for kind in kinds if any(kind in text for text in texts))

    count()
    assert min(done[kind] for kind in kinds) >= 3, done
