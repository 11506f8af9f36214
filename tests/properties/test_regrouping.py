"""Whatever people move, split and merge: nothing is lost, counted twice, or decided otherwise on another machine."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import combinations

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiops import fold
from aiops.domain.acts import Act, Close, ImportTopology, Merge, Move, PutSilence, Reopen, Resolve, RevokePin, Split
from aiops.domain.alerts import Episode
from aiops.domain.documents import ALERTS, EPISODES, INCIDENTS, OUTCOMES, PINS
from aiops.domain.entries import Command, Delivery, Tick
from aiops.domain.graph import Edge, Relation, Service, Topology
from aiops.domain.matching import Matcher
from aiops.domain.pins import Pin
from aiops.domain.queries import Query
from aiops.domain.rules import Silence
from aiops.storage.memory import MemoryJournal, MemoryStore
from tests.properties.folding import Story, check_cuts, check_run_again, folded, settled, told_to

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SERVICES, KINDS = ("web", "api", "db", "cache", "ghost"), ("Slow", "Down")
EVERY = Query(limit=1000)
SLOW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def graph() -> ImportTopology:
    pairs = (("web", "api"), ("api", "db"), ("api", "cache"))
    edges = tuple(Edge(source=one, relation=Relation.DEPENDS_ON, target=two) for one, two in pairs)
    return ImportTopology(topology=Topology(services=tuple(Service(name=name) for name in SERVICES[:4]), edges=edges))


def says(now: datetime, service: str, kind: str, status: str) -> Delivery:
    element = {
        "status": status,
        "labels": {"alertname": kind, "service": service, "severity": "high"},
        "startsAt": now.isoformat(),
        "endsAt": now.isoformat() if status == "resolved" else "0001-01-01T00:00:00Z",
    }
    body = json.dumps({"version": "4", "alerts": [element]}).encode()
    return Delivery(source="alertmanager", body=body, content_type="application/json")


def acts(now: datetime) -> st.SearchStrategy[Act]:
    """What people do; incidents are named "#0", "#1", ... and their alerts "0", "1", ...: see ``told``."""
    one, other = (st.sampled_from(some).map("#{}".format) for some in ((0, 0, 0, 1, 2), (1, 1, 1, 0, 2)))
    some = st.lists(st.integers(0, 7).map(str), min_size=1, max_size=3).map(tuple)
    matchers = (Matcher(field="service", value="db"),)
    silence = Silence(
        id="s", matchers=matchers, owner="ana", reason="work", starts_at=now, ends_at=now + timedelta(minutes=3)
    )
    split = st.builds(lambda name, few: Split(incident_id=name, episodes=few), one, some)
    move = st.builds(lambda name, second, few: Move(incident_id=name, other_id=second, episodes=few), one, other, some)
    return st.one_of(
        *(split, split, split, move, move, move, move),
        st.integers(1, 6).map(lambda number: RevokePin(pin_id=str(number))),
        st.builds(lambda name, second: Merge(incident_id=name, other_id=second), one, other),
        one.map(lambda name: Resolve(incident_id=name)),
        one.map(lambda name: Close(incident_id=name)),
        one.map(lambda name: Reopen(incident_id=name)),
        st.just(PutSilence(silence=silence)),
    )


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """An outage of some services, then up to 30 more things; when all that is over, the same outage once more."""
    story: Story = [(T0, Command(id="graph", actor="ana", act=graph()))]
    now = outage(draw, story, T0)
    for number in range(draw(st.integers(3, 30))):
        now += timedelta(seconds=draw(st.sampled_from((0, 1, 9, 40, 200, 1000, 100_000))))
        kind = draw(st.sampled_from(("alert", "alert", "act", "act", "act", "tick")))
        if kind == "alert":
            service, what = draw(st.sampled_from(SERVICES)), draw(st.sampled_from(KINDS))
            story.append((now, says(now, service, what, draw(st.sampled_from(("firing", "firing", "resolved"))))))
        elif kind == "act":
            story.append((now, Command(id=str(number), actor=draw(st.sampled_from("ab")), act=draw(acts(now)))))
        else:
            story.append((now, Tick()))
    story += [(now, says(now, service, kind, "resolved")) for service in SERVICES for kind in KINDS]
    story += [(now + timedelta(days=day), Tick()) for day in (1, 2, 3)]
    outage(draw, story, now + timedelta(days=3))
    return story


def outage(draw: st.DrawFn, story: Story, now: datetime) -> datetime:
    """Four services fail within a minute, in any order."""
    for service in draw(st.permutations(SERVICES[:4])):
        now += timedelta(seconds=draw(st.sampled_from((0, 5, 20))))
        story.append((now, says(now, service, "Down", "firing")))
    return now


def told(story: Story) -> MemoryJournal:
    return told_to(story, _named)


def _named(act: Act, store: MemoryStore) -> Act:
    """Put real ids in the place of numbers, "#0" being the largest at work; alerts are the incident's own."""
    with store.view() as view:
        found = sorted(view.find(INCIDENTS, EVERY).items, key=lambda one: (not one.active, -one.episodes, one.number))
        for name in ("incident_id", "other_id"):
            if found and getattr(act, name, "").startswith("#"):
                wanted = found[int(getattr(act, name)[1:]) % len(found)].incident_id
                act = msgspec.structs.replace(act, **{name: wanted})
        if isinstance(act, Split | Move):
            of = next((one for one in found if one.incident_id == act.incident_id), None)
            ids = (of.incident_id, *of.merged_from) if of else ()
            members = [one.episode_id for one in view.find(EPISODES, Query(where={"incident": ids}, limit=1000)).items]
            chosen = tuple(members[int(one) % len(members)] for one in act.episodes if members)
            act = msgspec.structs.replace(act, episodes=chosen)
    return act


@SLOW
@given(stories(), st.integers(1, 9))
def test_replay_is_equal_wherever_batches_are_cut_and_snapshots_taken(story: Story, cut: int) -> None:
    check_cuts(told(story), cut, forget_every=1)


@SLOW
@given(stories(), st.integers(0, 10))
def test_running_entries_again_after_a_crash_changes_nothing(story: Story, lost: int) -> None:
    check_run_again(told(story), max(1, len(story) - lost))


@SLOW
@given(stories())
def test_after_every_entry_the_ledger_balances_and_the_documents_agree(story: Story) -> None:
    assert list(settled(told(story)))


@SLOW
@given(stories())
def test_every_episode_is_in_exactly_one_living_incident_or_in_none(story: Story) -> None:
    store = folded(told(story), 10_000)
    with store.view() as view:
        episodes, incidents = view.find(EPISODES, EVERY).items, view.find(INCIDENTS, EVERY).items
        alerts = view.find(ALERTS, EVERY).items
    living = [key for one in incidents if one.status != "merged" for key in (one.incident_id, *one.merged_from)]
    assert max(Counter(living).values(), default=1) == 1
    assert {one.incident_id for one in episodes} <= {*living, ""}
    places = {one.episode_id: (one.incident_id, one.link) for one in episodes}
    assert all(places[alert.episode.episode_id] == (alert.episode.incident_id, alert.episode.link) for alert in alerts)
    for one in incidents:
        members = [one.incident_id in (e.incident_id,) or e.incident_id in one.merged_from for e in episodes]
        assert one.status in ("merged", "closed") or one.episodes == sum(members) > 0
        if one.episodes == 1 and one.status not in ("merged", "closed"):
            (alone,) = [e for e, mine in zip(episodes, members, strict=True) if mine]
            assert alone.link is None


@SLOW
@given(stories())
def test_what_joins_an_incident_is_kept_out_of_it_by_no_pin(story: Story) -> None:
    """Nor do two incidents become one, unless a person says so; the newest pin in force counts."""
    journal, store = told(story), MemoryStore()
    engine, before = fold.recover(store), dict[str, str]()
    for entry in journal.read(None, 10_000):
        with store.view() as view:
            pins = view.find(
                PINS, Query(where={"status": ("active", "overridden")}, order=("-number",), limit=1000)
            ).items
        fold.step(engine, journal, store, limit=1)
        with store.view() as view:
            episodes, incidents = view.find(EPISODES, EVERY).items, view.find(INCIDENTS, EVERY).items
        lives = {key: one.incident_id for one in incidents for key in (one.incident_id, *one.merged_from) if one.number}
        lives |= {one.incident_id: lives[one.merged_into] for one in incidents if one.merged_into}
        present = {one.episode_id: lives[one.incident_id] for one in episodes if one.incident_id}
        if isinstance(entry.payload, Delivery):
            for one, other in combinations(episodes, 2):
                if present.get(one.episode_id) != present.get(other.episode_id) or one.episode_id not in present:
                    continue
                ids = (one.episode_id, other.episode_id)
                if before.get(ids[0]) == before.get(ids[1]) is not None:
                    continue  # they were together before
                assert not kept_apart(one, other, pins), (one.name, other.name)
        before = present


def kept_apart(one: Episode, other: Episode, pins: list[Pin]) -> bool:
    """Does the newest pin that speaks of the two say that they stay apart?"""
    sorts = [(episode.entity.name, episode.kind_key) for episode in (one, other)]
    for pin in pins:
        these, those = ({(sort.node, sort.kind) for sort in side} for side in (pin.these, pin.those))
        if sorts[0] != sorts[1] and any(a in these and b in those for a, b in (sorts, sorts[::-1])):
            return not pin.together
    return False


def test_the_stories_do_reach_what_they_are_about() -> None:
    """Else the laws above would be of nothing."""
    done: Counter[str] = Counter()

    @settings(max_examples=100, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(stories())
    def count(story: Story) -> None:
        store = folded(told(story), 10_000)
        with store.view() as view:
            done.update(one.text.split()[0] for one in view.find(OUTCOMES, EVERY).items if one.applied)
            done["hit"] += sum(pin.hits for pin in view.find(PINS, EVERY).items)

    count()
    assert min(done[word] for word in ("split", "moved", "merged", "pin")) >= 5
    assert done["hit"] >= 5
