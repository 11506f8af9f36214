"""Edges are proposed with their numbers, decided by people, and doubted when they are never seen."""

from datetime import timedelta

import pytest

from aiops.domain import acts
from aiops.domain.documents import EDGES
from aiops.domain.edges import EdgeRecord, EdgeStatus, edge_id
from aiops.domain.errors import BadInput
from aiops.domain.events import EventKind, Status
from aiops.domain.graph import Edge, Relation
from aiops.domain.timers import Timers
from correlation.edges import EVERY, TIMER, Edges
from correlation.topology import ServiceGraph
from tests.builders import T0, an_alert, an_entity, an_event, at
from tests.correlation.rig import a_graph

HOUR = 3_600.0


class Learned:
    """A part that learns edges, with its timer, and the newest version of what it saves."""

    def __init__(self, graph: ServiceGraph | None = None) -> None:
        self.graph, self.timers = graph or ServiceGraph(), Timers()
        self.part = Edges(self.graph, self.timers)
        self.records: dict[str, EdgeRecord] = {}

    def fire(self, seconds: float, service: str) -> None:
        self.until(seconds)
        self.part.hear(an_alert(service, first_seen=at(seconds)), at(seconds))

    def call(
        self, seconds: float, caller: str, callee: str, number: float, title: str = "spans.calls", **facts: bool
    ) -> None:
        event = an_event(
            kind=EventKind.TRACE,
            title=title,
            facts={"callee": callee, **facts},
            points=((at(seconds).timestamp(), number),),
        )
        self.part.observe(event, an_entity(caller), at(seconds))

    def until(self, seconds: float) -> None:
        while timer := self.timers.pop(at(seconds)):
            self.part.turn(timer.due)
        self.records.update((one.edge_id, one) for _, one in self.part.drain())

    def outages(self, count: int, *order: str, begin: float = 0.0) -> float:
        """Services fail one after the other, ten seconds apart, every two hours; return when all is weighed."""
        for number in range(count):
            for place, service in enumerate(order):
                self.fire(begin + number * 2 * HOUR + place * 10, service)
        end = begin + count * 2 * HOUR + EVERY.total_seconds()
        self.until(end)
        return end

    def status(self, source: str, target: str) -> EdgeStatus | None:
        record = self.records.get(edge_id(edge(source, target)))
        return record.status if record else None


def edge(source: str, target: str) -> Edge:
    return Edge(source=source, relation=Relation.DEPENDS_ON, target=target)


def test_what_fails_after_another_again_and_again_is_proposed_to_depend_on_it() -> None:
    learned = Learned()
    learned.outages(10, "db", "shop")
    (record,) = learned.records.values()
    assert (record.edge.source, record.edge.target, record.status) == ("shop", "db", EdgeStatus.PROPOSED)
    assert record.edge.provenance == "learned"
    assert record.edge.seen_at == at(9 * 2 * HOUR + 10)
    assert record.first_seen == at(10)
    assert record.text == (
        "shop began to alert within a minute of db 10 times, where chance would have it 0.1 times; out of calm it"
        " followed 10 of 10 alerts of db, and the other way round 0 of 10 alerts; 10 s apart on average;"
        " first 2026-03-02 09:00:10 UTC, last 2026-03-03 03:00:10 UTC;"
        " of such pairs 96% were edges where all edges were known"
    )


def test_an_alert_that_repeats_itself_or_ends_counts_once() -> None:
    learned = Learned()
    for number in range(10):
        learned.fire(number * HOUR, "db")
        alert = an_alert("db", first_seen=at(number * HOUR), status=Status.RESOLVED)
        learned.part.hear(alert, at(number * HOUR + 5))
    assert learned.part._cofiring.heard("db")[0] == 10


def test_a_proposal_changes_nothing_and_waits_for_a_person() -> None:
    learned = Learned(a_graph(web="api"))
    learned.outages(10, "db", "web")
    assert learned.status("web", "db") is EdgeStatus.PROPOSED
    assert learned.part.accepted(learned.graph.topology) == learned.graph.topology


def test_an_accepted_edge_is_in_every_graph_until_it_is_rejected() -> None:
    learned = Learned(a_graph(web="api"))
    end = learned.outages(10, "db", "web")
    key = edge_id(edge("web", "db"))
    said, concerns = learned.part.act(acts.AcceptEdge(edge_id=key), "ana", at(end))
    assert (said, concerns) == ("web depends on db: is in the graph now", key)
    topology = learned.part.accepted(learned.graph.topology)
    assert [(one.source, one.target, one.provenance) for one in topology.edges] == [
        ("web", "api", "declared"),
        ("web", "db", "learned"),
    ]
    assert learned.part.accepted(topology) == topology  # imported again as it was exported: not twice
    learned.part.act(acts.RejectEdge(edge_id=key), "ben", at(end))
    assert learned.part.accepted(topology) == learned.graph.topology
    learned.outages(10, "db", "web", begin=end)
    assert learned.status("web", "db") is EdgeStatus.REJECTED  # not proposed again
    assert learned.records[key].decided_by == "ben"


def test_only_what_is_proposed_can_be_accepted() -> None:
    with pytest.raises(BadInput, match="no edge 'x' is proposed"):
        Learned().part.act(acts.AcceptEdge(edge_id="x"), "ana", T0)


def test_what_the_graph_says_already_is_not_proposed_in_either_direction() -> None:
    learned = Learned(a_graph(web="db"))
    learned.outages(10, "db", "web")
    learned.outages(10, "web", "db", begin=100 * HOUR)
    assert learned.records == {}


def test_a_chain_marks_its_ends_as_maybe_only_over_the_middle() -> None:
    learned = Learned()
    end = learned.outages(8, "db", "api", "web")
    learned.outages(8, "db", "api", begin=end)
    learned.outages(8, "api", "web", begin=end + 100 * HOUR)
    record = learned.records[edge_id(edge("web", "db"))]
    assert record.through == "api"
    assert "; without api only 0% of that is left: maybe no more than the way over it; first" in record.text
    assert record.edge.confidence == 0.01
    assert not learned.records[edge_id(edge("web", "api"))].through


def test_calls_in_spans_are_proposed_as_what_they_are_and_outweigh_alerts() -> None:
    learned = Learned(a_graph(payments=""))
    learned.call(0, "web", "payments", 19)
    learned.until(2 * HOUR)
    assert learned.records == {}
    learned.call(3 * HOUR, "web", "payments", 6)
    learned.until(5 * HOUR)
    (record,) = learned.records.values()
    assert (record.edge.provenance, record.calls, record.edge.confidence) == ("trace", 25, 0.99)
    assert record.text == "web called payments 25 times, by its spans"
    learned.outages(10, "payments", "web", begin=10 * HOUR)
    assert learned.records[record.edge_id].calls == 25


def test_an_edge_along_which_nothing_was_ever_seen_is_doubted_once_both_ends_were_heard() -> None:
    learned = Learned(a_graph(web="legacy api"))
    for number in range(25):
        for place, service in enumerate(("legacy", "web")):
            learned.fire(number * 4 * HOUR + place * 2 * HOUR, service)
        learned.fire(number * 4 * HOUR + 2 * HOUR - 5, "api")
    learned.until(200 * HOUR)
    record = learned.records[edge_id(edge("web", "legacy"))]
    assert record.status is EdgeStatus.DECLARED
    assert record.stale.startswith("nothing was ever seen along it: web alerted 25 times and legacy alerted 25 times")
    assert edge_id(edge("web", "api")) not in learned.records
    learned.outages(1, "legacy", "web", begin=210 * HOUR)
    assert learned.records[record.edge_id].stale == ""  # it was seen after all


def test_an_edge_that_the_graph_has_no_more_is_doubted_no_more() -> None:
    learned = Learned(a_graph(web="legacy"))
    for number in range(25):
        for place, service in enumerate(("legacy", "web")):
            learned.fire(number * 4 * HOUR + place * 2 * HOUR, service)
    learned.until(200 * HOUR)
    key = edge_id(edge("web", "legacy"))
    assert learned.records[key].stale
    learned.graph.replace(a_graph(web="api").topology, at(201 * HOUR))
    learned.fire(202 * HOUR, "web")
    learned.until(205 * HOUR)
    assert learned.records[key].stale == ""


def test_an_accepted_edge_that_is_no_longer_seen_is_doubted() -> None:
    learned = Learned()
    end = learned.outages(20, "db", "web")
    learned.part.act(acts.AcceptEdge(edge_id=edge_id(edge("web", "db"))), "ana", at(end))
    learned.graph.replace(learned.part.accepted(learned.graph.topology), at(end))
    late = timedelta(days=40).total_seconds()
    learned.fire(late, "db")
    learned.fire(late + 2 * HOUR, "web")
    learned.until(late + 5 * HOUR)
    assert "though both ends have alerted since" in learned.records[edge_id(edge("web", "db"))].stale


def test_what_was_called_before_we_listened_and_how_calls_went_are_no_news_of_an_edge() -> None:
    learned = Learned(a_graph(payments=""))
    learned.call(0, "web", "payments", 1_000, cumulative=True)
    for title in ("spans.answered", "spans.gap"):
        learned.call(0, "web", "payments", 1_000, title)
    learned.until(2 * HOUR)
    assert learned.records == {}
    learned.call(3 * HOUR, "web", "payments", 25)
    learned.until(5 * HOUR)
    assert [record.calls for record in learned.records.values()] == [25]


def test_a_dump_goes_on_like_the_original() -> None:
    learned, other = Learned(), Learned()
    learned.outages(10, "db", "shop")
    learned.call(0, "a", "b", 5)
    other.part.load(learned.part.dump())
    assert other.part.dump() == learned.part.dump()


def test_evidence_is_weighed_by_a_timer_that_runs_only_while_there_is_some() -> None:
    learned = Learned()
    assert not learned.timers.waits(TIMER, "")
    learned.fire(0, "db")
    assert learned.timers.next_due() == T0 + EVERY
    learned.until(2 * HOUR)
    assert not learned.timers.waits(TIMER, "")
    assert [collection for collection, _ in learned.part.drain() if collection is EDGES] == []
