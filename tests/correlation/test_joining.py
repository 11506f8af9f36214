"""Which incident pulls an episode, how strongly, and what keeps it out?"""

import msgspec
import pytest

from aiops.domain.events import Severity
from aiops.domain.incidents import Incident, IncidentStatus
from aiops.domain.settings import CorrelationSettings
from correlation import live as module
from correlation.background import Rates
from correlation.intensity import KERNELS, Kernels
from correlation.joining import Choice, Model, alone, choose, fits, link_of, may_merge, runner_up, same_link
from correlation.live import Company, Live, worst
from correlation.members import Active, Member
from correlation.topology import ServiceGraph
from tests.builders import T0
from tests.correlation.rig import a_graph

START = T0.timestamp()
SETTINGS = CorrelationSettings()


def a_member(node: str, seconds: float = 0, kind: str = "errors", **changes: object) -> Member:
    member = Member(
        episode_id=f"{node}-{kind}-{seconds:g}",
        fingerprint=f"{node}-{kind}",
        node=node,
        kind=kind,
        name=kind,
        owner="",
        started=START + seconds,
        received=START + seconds,
        severity=Severity.HIGH,
        events=1,
        suppressed=False,
        known_bad=False,
        source="alertmanager",
        stated=START + seconds,
    )
    for name, value in changes.items():
        setattr(member, name, value)
    return member


def a_live(graph: ServiceGraph, number: int, *members: Member) -> Live:
    doc = Incident(
        incident_id=f"i{number}",
        number=number,
        title="",
        severity=Severity.INFO,
        opened_at=T0,
        last_activity=T0,
        founder=members[0].episode_id,
    )
    live = Live(doc=doc)
    for member in members:
        live.add(member, graph)
    return live


def weigh(graph: ServiceGraph, member: Member, *lives: Live, members: tuple[Member, ...]) -> Choice:
    active = Active()
    for one in members:
        active.put(one, one.received)
    table = {live.doc.incident_id: live for live in lives}
    return choose(member, member.received, active, table, graph, Model(Rates(), Kernels()), SETTINGS)


def test_the_strength_is_the_sum_over_its_active_neighbours() -> None:
    graph = a_graph(api="db cache")
    db, cache = a_member("db"), a_member("cache", 10)
    live = a_live(graph, 1, db, cache)
    choice = weigh(graph, a_member("api", 40), live, members=(db, cache))
    (pulled,) = choice.pulled
    rate = Rates().rate("any", START)
    fresh = pulled.freshness
    assert pulled.strength == pytest.approx(
        fresh * (Kernels().pull("callee", 1, 40, rate, "down") + Kernels().pull("callee", 1, 30, rate, "down"))
    )
    assert (pulled.parent, pulled.seconds) == (cache, 30)
    assert choice.ratio(pulled) == pulled.strength / rate


def test_a_neighbour_shared_by_many_pulls_each_less() -> None:
    few, many = a_graph(a="db", b="db"), a_graph(**dict.fromkeys(["a", *(f"s{n}" for n in range(50))], "db"))
    strengths = []
    for graph in (few, many):
        db = a_member("db")
        choice = weigh(graph, a_member("a", 10), a_live(graph, 1, db), members=(db,))
        strengths.append(choice.pulled[0].strength)
    assert strengths[0] > 4 * strengths[1]


def test_strangers_and_old_episodes_do_not_pull() -> None:
    graph = a_graph(api="db")
    db, far = a_member("db"), a_member("far")
    live = a_live(graph, 1, db, far)
    assert weigh(graph, a_member("api", 1_201), live, members=(db, far)).pulled == []
    assert weigh(graph, a_member("far", 10, kind="x"), live, members=(db,)).pulled == []


def test_context_explains_but_is_no_incident() -> None:
    graph = a_graph(api="db")
    context = a_member("db", suppressed=True)
    choice = weigh(graph, a_member("api", 10), members=(context,))
    assert choice.pulled == []
    assert choice.background < 0.5


def test_coming_back_does_not_explain_a_firing_away() -> None:
    graph = a_graph(api="db")
    before = a_member("db", 0, ended=START + 60)
    choice = weigh(graph, a_member("db", 120), a_live(graph, 1, before), members=(before,))
    assert choice.pulled[0].relation == "again"
    assert choice.background == 1.0


def test_what_flaps_returns_less_to_an_incident_of_more_than_that() -> None:
    graph = a_graph(api="db")
    strengths = []
    for others in ((), (a_member("far"),)):
        before = a_member("db", 0, ended=START + 60)
        live = a_live(graph, 1, before, *others)
        strengths.append(weigh(graph, a_member("db", 120), live, members=(before,)).pulled[0].strength)
    assert strengths[1] == pytest.approx(strengths[0] / 2)


def test_an_incident_pulls_less_as_it_grows_old() -> None:
    graph = a_graph(api="db")
    db = a_member("db", 1_000)
    young, old = a_live(graph, 1, db), a_live(graph, 2, db)
    young.doc = msgspec.structs.replace(young.doc, opened_at=T0.replace(minute=16))
    db.incident = "i1"
    fresh = weigh(graph, a_member("api", 1_010), young, members=(db,)).pulled[0].strength
    db.incident = "i2"
    assert weigh(graph, a_member("api", 1_010), old, members=(db,)).pulled[0].strength < fresh / 2


def test_a_resolved_incident_pulls_for_the_reopen_window_only() -> None:
    graph = a_graph(api="db")
    db = a_member("db", 0, ended=START + 60)
    live = a_live(graph, 1, db)
    live.doc = msgspec.structs.replace(live.doc, status=IncidentStatus.RESOLVED, resolved_at=T0)
    assert weigh(graph, a_member("db", 1_799), live, members=(db,)).pulled
    assert not weigh(graph, a_member("db", 1_801), live, members=(db,)).pulled
    live.doc = msgspec.structs.replace(live.doc, status=IncidentStatus.CLOSED)
    assert not weigh(graph, a_member("db", 100), live, members=(db,)).pulled


def test_an_episode_outside_the_cone_is_pulled_less() -> None:
    graph = a_graph(web="api", api="db", other="api")
    live = a_live(graph, 1, a_member("db"), a_member("api"))
    assert fits("web", live, graph)
    assert fits("db", live, graph)
    apart = a_graph(a="root", b="root x", e="x")
    root, a, b = a_member("root"), a_member("a"), a_member("b")
    live = a_live(apart, 1, root, a, b)
    assert not fits("e", live, apart)
    (pulled,) = weigh(apart, a_member("e", 5), live, members=(root, a, b)).pulled
    rate = Rates().rate("any", START)
    assert pulled.off_cone
    assert pulled.strength == pytest.approx(
        SETTINGS.off_cone * pulled.freshness * Kernels().pull("sibling", 2, 5, rate, "down")
    )


def test_a_better_root_and_a_shared_silent_node_fit() -> None:
    graph = a_graph(a="db", b="db", c="db")
    live = a_live(graph, 1, a_member("a"), a_member("b"))
    assert fits("c", live, graph)  # all three rest on db, which is silent
    assert fits("db", live, graph)  # explains both
    assert fits("stranger", live, graph)


def test_a_merge_needs_both_gates() -> None:
    graph = a_graph(a="db", b="db", c="other")
    left, right = a_member("a"), a_member("b")
    db = a_member("db", 30)
    survivor, other = a_live(graph, 1, left, db), a_live(graph, 2, right)
    assert may_merge(survivor, other, db, right, graph, Model(Rates(), Kernels()), SETTINGS) == "db"
    assert (
        may_merge(survivor, other, db, None, graph, Model(Rates(), Kernels()), SETTINGS) == ""
    )  # no company, root not held
    late = a_member("db", 1_100)
    assert (
        may_merge(survivor, other, late, right, graph, Model(Rates(), Kernels()), SETTINGS) == ""
    )  # too late to explain it
    stranger = a_live(graph, 3, a_member("c"), a_member("other"))
    assert may_merge(survivor, stranger, db, None, graph, Model(Rates(), Kernels()), SETTINGS) == ""  # no root for both
    other.doc = msgspec.structs.replace(other.doc, status=IncidentStatus.RESOLVED)
    assert may_merge(survivor, other, db, right, graph, Model(Rates(), Kernels()), SETTINGS) == ""


def test_the_receipt_says_how_the_parent_stands_to_it() -> None:
    graph = a_graph(api="db")
    said = []
    for one, other in ((a_member("api", 5), a_member("db")), (a_member("db", 5, kind="b"), a_member("db"))):
        choice = weigh(graph, one, a_live(graph, 1, other), members=(other,))
        said.append(link_of(one, choice.pulled[0], choice).text.split(";")[0])
    assert said == [
        "api joined because db, which it calls, alerted 5 s earlier",
        "db joined because it also raised 'errors' 5 s earlier",
    ]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-19, "db joined: api, which calls it, alerted 19 s later"),
        (0.2, "db joined because api, which calls it, alerted at the same moment"),
    ],
)
def test_a_parent_that_began_later_is_told_as_what_it_is(seconds: float, said: str) -> None:
    graph = a_graph(api="db")
    api = a_member("api")
    one = a_member("db", seconds)
    choice = weigh(graph, one, a_live(graph, 1, api), members=(api,))
    assert link_of(one, choice.pulled[0], choice).text.split(";")[0] == said


def test_a_receipt_tells_a_usual_rate_only_of_what_was_seen_before() -> None:
    graph = a_graph(api="db")
    db, api, rates, active = a_member("db"), a_member("api", 5), Rates(), Active()
    active.put(db, START)
    lives = {"i1": a_live(graph, 1, db)}
    for said in ("(never seen before)", "(usual rate 0.073/h)"):
        choice = choose(api, START + 5, active, lives, graph, Model(rates, Kernels()), SETTINGS)
        assert said in link_of(api, choice.pulled[0], choice).text
        rates.count(api.key, 1.0, START - 3600)


def test_a_founder_says_what_came_closest() -> None:
    graph = a_graph(api="db")
    assert alone(weigh(graph, a_member("api"), members=()), SETTINGS) == "nothing that alerts near it could explain it"
    db = a_member("db")
    choice = weigh(graph, a_member("api", 600), a_live(graph, 1, db), members=(db,))
    said = "with the closest, the incident of db, it is no more likely than chance (2 times are needed)"
    assert alone(choice, SETTINGS) == said


def test_one_more_of_a_swarm_says_how_many_there_are() -> None:
    link = same_link(a_member("db", 30), Company(episodes=3, firing=2, newest="e3"), a_member("db", 10))
    assert (link.parent, link.relation, link.seconds) == ("e3", "self", 20.0)
    assert link.text == "db joined because 'errors' of it is in this incident already: 3 such alerts, 2 firing"


def test_every_relation_has_a_kernel_that_is_a_density() -> None:
    assert all(kernel.mass > 0 and kernel.delay > 0 for kernel in KERNELS.values())


def test_one_incident_swallows_another_whole() -> None:
    graph = a_graph(api="db")
    one, other = a_live(graph, 1, a_member("db")), a_live(graph, 2, a_member("api", 5), a_member("db", 9, kind="b"))
    other.doc = msgspec.structs.replace(other.doc, merged_from=("i0",))
    one.swallow(other, graph)
    assert (one.doc.episodes, one.doc.firing, one.doc.alerts) == (3, 3, 3)
    assert list(one.services) == ["db", "api"]
    assert len(one.keys) == 3
    assert one.doc.merged_from == ("i2", "i0")
    assert (one.root, one.explained) == ("db", {"db", "api"})
    assert one.firsts == {"db": "db-errors-0", "api": "api-errors-5"}
    assert sum(company.episodes for company in one.companies.values()) == 3


def test_what_leaves_a_node_takes_its_service_and_kind_along() -> None:
    graph = a_graph(api="db", web="api")
    db, api = a_member("db"), a_member("?errors", 5)
    live = a_live(graph, 1, db, api)
    before = msgspec.structs.replace(api)
    api.node = "api"
    live.change(before, api, graph)
    assert list(live.services) == list(live.firsts) == ["db", "api"]
    assert [sign.node for sign in live.keys.values()] == ["db", "api"]
    assert live.companies.keys() == live.keys.keys()
    assert (live.root, live.explained) == ("db", {"db", "api"})
    assert live.doc.episodes == 2


def test_changes_of_a_member_keep_the_counts_true() -> None:
    graph = a_graph(api="db")
    member = a_member("db")
    live = a_live(graph, 1, member)
    before = msgspec.structs.replace(member)
    member.severity, member.suppressed, member.events, member.ended = Severity.CRITICAL, True, 4, START + 60
    live.change(before, member, graph)
    assert (live.doc.firing, live.doc.suppressed, live.doc.alerts, live.ended) == (0, 1, 4, 1)
    assert worst(live) is Severity.CRITICAL


def test_old_ended_members_are_let_go_beyond_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ENDED", 4)
    graph = a_graph(api="db")
    live = a_live(graph, 1, *(a_member("db", number, ended=START + number + 1) for number in range(5)), a_member("api"))
    assert live.trim() == ["db-errors-0", "db-errors-1"]
    assert (live.doc.episodes, len(live.members), live.ended) == (6, 4, 3)
    assert live.trim() == []


def test_active_members_are_bounded_in_time_and_per_node() -> None:
    graph = a_graph(api="db")
    active = Active()
    for number in range(10):
        active.put(a_member("db", number, kind=f"k{number}"), START + number)
        active.prune("db", before=START, most=3)
    assert [member.kind for member in active.members()] == ["k7", "k8", "k9"]
    active.put(a_member("api", 100), START + 100)
    active.prune("api", before=START + 50, most=3)
    assert [member.node for member, _ in active.around(graph.near("api"))] == ["api"]


def test_the_runner_up_is_named_with_both_likelihoods() -> None:
    graph = a_graph(api="db cache")
    db, cache = a_member("db"), a_member("cache", 10)
    one, other = a_live(graph, 1, db), a_live(graph, 2, cache)
    member = a_member("api", 40)
    choice = weigh(graph, member, one, other, members=(db, cache))
    first, second = choice.pulled
    lives = {live.doc.incident_id: live for live in (one, other)}
    found = runner_up(member, first, choice, lives)
    assert found is not None
    weaker, text = found
    assert weaker == pytest.approx(first.strength / second.strength)
    number = lives[second.incident].doc.number
    assert text.startswith(f"api could also be of #{number}: ")
    assert text.endswith(" times more likely")
    assert "than chance; here it is " in text


def test_what_is_no_more_likely_than_chance_is_no_runner_up() -> None:
    graph = a_graph(api="db", web="cache")
    db, api = a_member("db"), a_member("api", 20)
    live = a_live(graph, 1, db)
    far = a_live(graph, 2, a_member("web", 1))
    choice = weigh(graph, api, live, far, members=(db,))
    assert runner_up(api, choice.pulled[0], choice, {"i1": live, "i2": far}) is None
