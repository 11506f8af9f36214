"""What is asked before a rule is made, over a store of ``bench_store``: of matchers that indexes know, and others."""

from collections.abc import Mapping
from datetime import timedelta

import msgspec

from aiops.domain.alerts import Verdict
from aiops.domain.changes import Changes
from aiops.domain.documents import ALERTS, INCIDENTS
from aiops.domain.entries import Position
from aiops.domain.incidents import Candidate
from aiops.domain.matching import parse_matcher
from aiops.domain.queries import Query
from aiops.ports import Store, View
from api.preview import preview
from tests.builders import T0

NOW = T0 + timedelta(days=2)
CONFIRMED = 200  # incidents
BAD = 2_000  # alerts, at most a hundredth
ASKED: Mapping[str, tuple[str, ...]] = {
    "one service": ("entity=service-7",),
    "two labels": ("alertname=disk", "region=r3"),
    "a label of a tenth": ("alertname=disk",),
    "a shape, words of half": ('template="disk <*> <*> <*> <*> on <*> of <*>"',),
    "severity and shape": ("severity=critical", 'template="job job <**>"'),
    "an expression": ("host=~host-17.*",),
    "a negation": ("service!=service-7", "region!=r1"),
}


def confirm(store: Store, count: int) -> None:
    """Let a person have named the cause of some incidents, the largest among them, and rules have called some bad."""
    made = Changes()
    made.position = Position(0, 10_000_000)
    with store.view() as view:
        found = view.find(INCIDENTS, Query(order=("-last_activity",), limit=CONFIRMED)).items
        query = Query(order=("-last_seen",), limit=min(1_000, count // 100))
        for _ in range(max(1, min(BAD, count // 100) // query.limit)):
            page = view.find(ALERTS, query)
            for alert in page.items:
                made.put(ALERTS, msgspec.structs.replace(alert, verdict=Verdict.KNOWN_BAD, verdict_rule="bad"))
            query = msgspec.structs.replace(query, cursor=page.next)
    for incident in found:
        cause = Candidate(entity=incident.services[0], probability=0.9, share=1.0, confirmed=True)
        made.put(INCIDENTS, msgspec.structs.replace(incident, candidates=(cause,)))
    store.save(made)


def is_confirmed(store: Store) -> bool:
    """Was that done already?"""
    with store.view() as view:
        return bool(view.find(INCIDENTS, Query(where={"confirmed": (True,)}, limit=0)).total)


def ask(view: View, name: str) -> str:
    """Ask what it hides now and would have hidden in 30 days; return how it was found out."""
    found = preview(view, [parse_matcher(text, "benchmark") for text in ASKED[name]], past=(NOW, 30)).past
    assert found is not None
    assert not found.known_bad_left, "known bad alerts were left out"
    low, high = found.alerts_between
    how = "counted" if found.complete else f"sample of {found.looked_at:,}: {low:,} to {high:,}"
    left = f", {found.incidents_left} incidents left" if found.incidents_left else ""
    return f"{found.alerts:,} alerts, {found.known_bad} known bad, {len(found.incidents)} confirmed ({how}{left})"
