"""Whatever comes in before and after two failures at once: what is split by itself is the same on every machine."""

from collections import Counter
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiops import fold
from aiops.domain.acts import Acknowledge, ImportTopology, Split
from aiops.domain.documents import EPISODES, INCIDENTS
from aiops.domain.entries import Command, Tick
from aiops.domain.graph import Edge, Relation, Service, Topology
from aiops.domain.incidents import Incident
from aiops.engine import Engine
from aiops.storage.memory import MemoryJournal, MemoryStore
from tests.properties.folding import Story, check_cuts, folded, settled
from tests.properties.test_regrouping import EVERY, SLOW, T0, says

FRONTS = ("web", "mobile", "partner", "kiosk")
CALLS = (("pay", "pay-db"), ("search", "index"), ("suggest", "index"))
CHAINED = (*((front, kind) for front in FRONTS for kind in ("Slow", "Down")), ("pay", "Down"), ("pay-db", "Down"))
SECOND = (("search", "Down"), ("suggest", "Down"), ("index", "Down"))
SERVICES = (*FRONTS, "pay", "pay-db", "search", "suggest", "index", "ghost")


def graph() -> ImportTopology:
    pairs = [*((front, called) for front in FRONTS for called in ("pay", "search", "suggest")), *CALLS]
    edges = tuple(Edge(source=one, relation=Relation.DEPENDS_ON, target=two) for one, two in pairs)
    return ImportTopology(topology=Topology(services=tuple(Service(name=name) for name in SERVICES[:-1]), edges=edges))


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Two failures, mostly in the order that chains them, with other things before, between and after."""
    story: Story = [(T0, Command(id="graph", actor="ana", act=graph()))]
    now = T0
    order = draw(st.one_of(st.just(SECOND), st.just(SECOND), st.permutations(SECOND)))
    gaps = draw(st.sampled_from(((1,), (1,), (0, 1, 2, 200))))
    taken = draw(st.integers(0, 30))
    for number, (service, kind) in enumerate((*CHAINED, *order)):
        now += timedelta(seconds=draw(st.sampled_from(gaps)) if number else 0)
        story.append((now, says(now, service, kind, "firing")))
        if number == taken:
            story.append((now, Command(id=f"ack-{number}", actor="ana", act=Acknowledge(incident_id="#0"))))
    for number in range(draw(st.integers(0, 12))):
        now += timedelta(seconds=draw(st.sampled_from((0, 1, 9, 40, 1000))))
        if draw(st.integers(0, 4)) == 0:
            story.append((now, Command(id=f"split-{number}", actor="ana", act=Split(incident_id="#0"))))
        service, kind = draw(st.sampled_from(SERVICES)), draw(st.sampled_from(("Slow", "Down")))
        story.append((now, says(now, service, kind, draw(st.sampled_from(("firing", "firing", "resolved"))))))
    story.append((now + timedelta(seconds=draw(st.sampled_from((60, 4000)))), Tick()))
    return story


def told(story: Story) -> MemoryJournal:
    """Return a journal of the story; acts are on the largest incident, and a split is what is proposed then."""
    journal, store, engine = MemoryJournal(), MemoryStore(), Engine()
    for at, payload in story:
        if isinstance(payload, Command) and isinstance(payload.act, Acknowledge | Split):
            largest = max(incidents(store), key=lambda one: (one.division is not None, one.episodes), default=None)
            if largest is None or (isinstance(payload.act, Split) and largest.division is None):
                continue
            leaves = largest.division.services if largest.division else ()
            act = Acknowledge(incident_id=largest.incident_id)
            payload = Command(
                id=payload.id,
                actor=payload.actor,
                act=Split(incident_id=largest.incident_id, services=leaves) if isinstance(payload.act, Split) else act,
            )
        journal.append([payload], at=at)
        fold.step(engine, journal, store)
    return journal


def incidents(store: MemoryStore) -> list[Incident]:
    with store.view() as view:
        return view.find(INCIDENTS, EVERY).items


@SLOW
@given(stories(), st.integers(1, 9))
def test_replay_is_equal_wherever_batches_are_cut_and_snapshots_taken(story: Story, cut: int) -> None:
    check_cuts(told(story), cut, forget_every=1)


@SLOW
@given(stories())
def test_after_every_entry_the_ledger_balances_and_the_documents_agree(story: Story) -> None:
    for store in settled(told(story)):
        with store.view() as view:
            episodes = view.find(EPISODES, EVERY).items
        held = Counter(one.incident_id for one in episodes)
        for one in incidents(store):
            mine = sum(held[key] for key in (one.incident_id, *one.merged_from))
            assert one.status == "merged" or one.episodes == mine > 0


@SLOW
@given(stories())
def test_only_what_is_young_and_nobodys_is_split_without_a_person(story: Story) -> None:
    journal, store = told(story), MemoryStore()
    engine = fold.recover(store)
    before: dict[str, Incident] = {}
    for entry in journal.read(None, 1000):
        fold.step(engine, journal, store, limit=1)
        after = {one.incident_id: one for one in incidents(store)}
        for one in [one for key, one in after.items() if one.split_from and key not in before]:
            whole = before[one.split_from]
            by_person = isinstance(entry.payload, Command)
            assert by_person or (whole.status == "open" and entry.received_at - whole.opened_at <= timedelta(minutes=5))
            assert (whole.division is not None) or not by_person
            assert after[one.split_from].division is None
        before = after


def test_the_stories_do_reach_what_they_are_about() -> None:
    """Else the laws above would be of nothing."""
    done: Counter[str] = Counter()

    @settings(max_examples=100, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(stories())
    def count(story: Story) -> None:
        journal = told(story)
        by_person = sum(isinstance(one.payload, Command) for one in journal.read(None, 1000)) > 1
        for one in incidents(folded(journal, 10_000)):
            done["split"] += bool(one.split_from) and not by_person
            done["by a person"] += bool(one.split_from) and by_person
            done["proposed"] += one.division is not None

    count()
    assert min(done["split"], done["by a person"], done["proposed"]) >= 5, done
