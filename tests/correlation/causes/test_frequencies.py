"""In how many earlier incidents did a node say this sort of thing?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.base import stable_hash
from aiops.domain.events import Severity
from correlation.background import Rates
from correlation.causes import experience as module
from correlation.causes.experience import Experience
from correlation.causes.frequencies import Frequencies
from correlation.causes.signs import Sign, stem
from correlation.rootcause import Verdict, weigh
from tests.builders import T0, at
from tests.correlation.rig import a_graph

GRAPH = a_graph(left="x", right="y")


def live_through(experience: Experience, number: int, *told: tuple[str, str]) -> Verdict:
    signs = [
        Sign(node=node, kind=kind, name=kind, started=T0.timestamp(), severity=Severity.HIGH) for node, kind in told
    ]
    verdict = weigh(signs, GRAPH, Rates(), at(600), experience)
    experience.count(f"incident-{number}", verdict.weighing)
    return verdict


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("core 7 busy", "core # busy"),
        ("docker_cpu_core_12_pct up", "docker_cpu_core_#_pct up"),
        ("p99 latency", "p# latency"),
        ("http://10.0.0.4:9388/login slow", "http://#.#.#.#:#/login slow"),
        ("HTTP 5xx", "HTTP 5xx"),
        ("disk full", "disk full"),
        ("", ""),
    ],
)
def test_what_differs_in_its_numbers_only_is_one_sort_of_thing(kind: str, expected: str) -> None:
    assert stem(kind) == expected


def test_ids_of_templates_stay_apart() -> None:
    ids = [stable_hash("some scope", f"message {number}") for number in range(2_000)]
    assert len({stem(one) for one in ids}) > 0.99 * len(ids)


def test_another_core_every_day_is_no_news() -> None:
    experience = Experience()
    for number in range(30):
        live_through(experience, number, ("left", f"core {number} busy"), (f"other-{number}", "queue is long"))
    first, second, *_ = live_through(experience, 99, ("left", "core 77 busy"), ("right", "queue is long")).candidates
    assert (first.entity, second.entity) == ("right", "left")
    assert second.evidence[-1].text == (
        "its alert 'core 77 busy' (never seen before, in 30 of 30 earlier incidents, whatever its number)"
    )


def test_the_same_said_of_many_numbers_counts_once() -> None:
    experience = Experience()
    cores = [("left", f"core {number} busy") for number in range(5)]
    first, *_ = live_through(experience, 1, *cores, ("right", "disk full"), ("right", "queue is long")).candidates
    assert first.entity == "right"


def test_who_says_more_than_that_nothing_reaches_it_speaks_of_itself() -> None:
    heard = Frequencies()
    heard.count({"db": ["NoRequests"], "api": ["NoRequests", "errors"]})
    heard.count({"db": ["errors"]})
    assert (heard.starved("db"), heard.spoke("db")) == (1, 1)
    assert (heard.starved("api"), heard.spoke("api")) == (0, 1)
    assert (heard.starved("web"), heard.spoke("web")) == (0, 0)


kinds = st.dictionaries(
    st.sampled_from(["a", "b", "c"]), st.lists(st.sampled_from(["p50", "p99", "no traffic", "disk"]), min_size=1)
)


@given(st.lists(kinds, max_size=6), st.lists(kinds, max_size=6))
def test_what_is_forgotten_was_never_counted(
    gone: list[dict[str, list[str]]], kept: list[dict[str, list[str]]]
) -> None:
    heard, fresh = Frequencies(), Frequencies()
    for one in [*gone, *kept]:
        heard.count(one)
    for one in gone:
        heard.count(one, by=-1)
    for one in kept:
        fresh.count(one)
    assert vars(heard) == vars(fresh)


def test_the_newest_incidents_count_and_a_snapshot_knows_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CASES", 10)
    experience, restored = Experience(), Experience()
    for number in range(15):
        live_through(experience, number, ("left", f"core {number} busy"), (f"other-{number}", "no traffic"))
    assert (experience.frequencies.incidents, experience.frequencies.seen("left", "core # busy")) == (10, 10)
    assert (experience.frequencies.starved("other-4"), experience.frequencies.starved("other-5")) == (0, 1)
    restored.load(experience.dump())
    assert vars(restored.frequencies) == vars(experience.frequencies)
