"""When is clustered anew, what does the child hand back, and does the long-lived process stay small?"""

import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from aiops.domain.changes import Changes
from aiops.domain.documents import ENGINE, SERVICES, TEMPLATES
from aiops.domain.entries import Entry, Learned, Payload, Position
from aiops.domain.errors import Overloaded, Unavailable
from aiops.domain.learned import Families
from aiops.domain.records import EngineRecord, ServiceRecord, Template
from aiops.storage.memory import MemoryJournal, MemoryStore
from correlation import families as child
from correlation import learner
from correlation.embedding import Light, VectorCache
from correlation.families import families, learn_once
from correlation.learner import Known, Learner, Shape, survey
from correlation.patterns import Patterns
from tests.builders import T0

TEXTS = {
    "refused-1": "connection to db1 refused",
    "refused-2": "connection to db2 refused",
    "expiry": "TLS certificate expires in <NUM> days",
}


class World:
    """A store as the engine keeps it, and the part of the engine that learns."""

    def __init__(self, texts: dict[str, str] = TEXTS) -> None:
        self.store, self.journal = MemoryStore(), MemoryJournal()
        self.patterns = Patterns()
        self.offset = 0
        self.records: dict[str, Template] = {}
        self.see(texts)

    def see(self, texts: dict[str, str], *names: str, shed: tuple[str, ...] = ()) -> None:
        for template_id, text in texts.items():
            self.records[template_id] = Template(
                template_id=template_id, scope="s", text=text, first_seen=T0, last_seen=T0
            )
        self.save(names or ("db1", "db2"), shed)

    def save(self, names: Sequence[str] = (), shed: tuple[str, ...] = ()) -> None:
        self.offset += 1
        changes = Changes()
        changes.position = Position(0, self.offset)
        for record in self.records.values():
            changes.put(TEMPLATES, record)
        for name in names:
            changes.put(SERVICES, ServiceRecord(name=name))
        changes.put(ENGINE, EngineRecord(now=T0, embedder=self.patterns.model, shed=shed))
        self.store.save(changes)

    def apply(self, learned: Sequence[Payload]) -> list[str]:
        """Let the engine take what was learned."""
        changed: list[str] = []
        for one in learned:
            assert isinstance(one, Learned)
            changed += self.patterns.learn(one, self.records, T0)
        self.save()
        return changed

    def learned(self) -> list[Payload]:
        entries: list[Entry] = self.journal.read(None, 100)
        return [entry.payload for entry in entries]


def known(*texts: str) -> Known:
    shapes = tuple(Shape(template_id=f"t{n:05}", text=text, version=1, pattern_id="") for n, text in enumerate(texts))
    return Known(based_on=Position(0, 1), shapes=shapes, names=frozenset())


def test_messages_that_differ_in_the_entity_alone_are_one_pattern_named_without_it() -> None:
    world = World()
    (learned,) = learn_once(world.store, None, Light())
    assert learned.based_on == Position(0, 1)
    assert isinstance(learned.result, Families)
    assert {family.name: family.template_ids for family in learned.result.families} == {
        "connection to … refused": ("refused-1", "refused-2"),
        "TLS certificate expires in … days": ("expiry",),
    }
    assert world.apply([learned]) == ["expiry", "refused-1", "refused-2"]


def test_nothing_is_learned_twice() -> None:
    world = World()
    world.apply(learn_once(world.store, None, Light()))
    assert learn_once(world.store, None, Light()) == []


def test_a_new_template_joins_its_pattern_and_the_pattern_keeps_its_id() -> None:
    world = World()
    world.apply(learn_once(world.store, None, Light()))
    world.see({"refused-3": "connection to db3 refused"}, "db3")
    assert world.apply(learn_once(world.store, None, Light())) == ["refused-3"]
    assert world.patterns.of("refused-3") == world.patterns.of("refused-1")


def test_another_model_means_another_clustering() -> None:
    class Other(Light):
        name = "other-v1"

    world = World()
    world.apply(learn_once(world.store, None, Light()))
    (learned,) = learn_once(world.store, None, Other())
    assert isinstance(learned.result, Families)
    assert learned.result.model == "other-v1"


def test_there_is_nothing_to_do_in_an_empty_store_or_under_load() -> None:
    assert learn_once(MemoryStore(), None, Light()) == []
    assert learn_once(World({}).store, None, Light()) == []
    for work in ("embedding", "clustering"):
        world = World()
        world.see({}, shed=(work,))
        assert learn_once(world.store, None, Light()) == []


def test_nothing_is_done_while_the_engine_is_behind(tmp_path: Path) -> None:
    world, stop, asked = World(), threading.Event(), [False, True, True]
    studied = Learned(based_on=Position(0, 1), result=Families(model="m", run="r", chunk=0, chunks=1, families=()))
    world.see({}, shed=("clustering",))  # no child: what is studied is journalled alone
    one = Learner(world.store, world.journal, tmp_path, "light", interval=0.01, studies=(lambda _: [studied],))

    def busy() -> bool:
        seen.append(len(world.learned()))
        if len(asked) == 1:
            stop.set()
        return asked.pop()

    seen: list[int] = []
    one.run(stop, busy)
    assert seen == [0, 0, 0]  # late, late, and then there is time
    assert world.learned() == [studied]


def test_the_id_of_a_run_follows_from_its_content_alone() -> None:
    one = known("a", "b")
    later = Known(based_on=Position(0, 99), shapes=one.shapes, names=one.names)
    assert one.run("m") == later.run("m")
    assert one.run("m") != one.run("m2")
    assert one.run("m") != known("a", "b", "c").run("m")
    more_general = [Shape(template_id=s.template_id, text=s.text, version=2, pattern_id="") for s in one.shapes]
    assert one.run("m") != Known(based_on=one.based_on, shapes=tuple(more_general), names=one.names).run("m")


def test_the_store_is_read_page_by_page() -> None:
    texts = {f"t{n:05}": f"text {n}" for n in range(2_345)}
    world = World(texts)
    with world.store.view() as view:
        found = survey(view, "light")
    assert found is not None
    assert [shape.template_id for shape in found.shapes] == list(texts)


def test_chunks_are_whole_families_of_a_bounded_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "CHUNK", 3)
    kinds = ["disk full", "card declined", "deadlock found", "replica lags behind"]
    chunks = families(known(*[kind for kind in kinds for _ in range(2)], *["backup failed"] * 5), None, Light())
    assert [chunk.chunk for chunk in chunks] == list(range(len(chunks)))
    assert {chunk.chunks for chunk in chunks} == {len(chunks)}
    sizes = [sum(len(family.template_ids) for family in chunk.families) for chunk in chunks]
    assert sum(sizes) == 13
    assert [size for size in sizes if size > 3] == [5]  # one family larger than a chunk stays whole


def test_the_cache_changes_no_result(tmp_path: Path) -> None:
    texts = known("disk full", "disk is full", "card declined")
    with VectorCache(tmp_path / "vectors.db") as cache:
        first = families(texts, cache, Light())
        again = families(texts, cache, Light())
    assert first == again == families(texts, None, Light())


def test_the_learner_lets_a_child_think_and_journals_what_it_found_once(tmp_path: Path) -> None:
    world = World()
    one = Learner(world.store, world.journal, tmp_path, "light")
    stop = threading.Event()
    with capture_logs() as logs:
        assert one.step(stop)
        assert one.step(stop)  # not applied yet, but done
    assert world.learned() == learn_once(world.store, None, Light())
    assert [line["event"] for line in logs] == ["templates clustered"]
    assert (tmp_path / "vectors.db").exists()
    world.apply(world.learned())
    assert one.step(stop)
    assert len(world.learned()) == 1


def test_what_others_find_in_the_store_is_journalled_first(tmp_path: Path) -> None:
    world = World()
    found = Learned(based_on=Position(0, 1), result=Families(model="m", run="r", chunk=0, chunks=1, families=()))
    one = Learner(world.store, world.journal, tmp_path, "light", studies=(lambda view: [found],))
    assert one.step(threading.Event())
    assert world.learned() == [found, *learn_once(world.store, None, Light())]


def test_a_child_that_fails_is_reported_and_asked_again(tmp_path: Path) -> None:
    world = World()
    one = Learner(world.store, world.journal, tmp_path / "missing", "light")
    stop = threading.Event()
    with capture_logs() as logs:
        assert not one.step(stop)
    assert world.learned() == []
    assert logs[0]["exit"] == 1
    assert "unable to open database file" in logs[0]["problem"]
    (tmp_path / "missing").mkdir()
    assert one.step(stop)
    assert len(world.learned()) == 1


def test_a_full_journal_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learner, "SHARE", 0)

    class Full(MemoryJournal):
        refused = 0

        def append(self, payloads: Sequence[Payload], at: datetime | None = None) -> list[Position]:
            if self.refused < 1:
                self.refused += 1
                raise Overloaded("the disk is full")
            stop.set()
            return super().append(payloads)

    world, journal, stop = World(), Full(), threading.Event()
    with capture_logs() as logs:
        Learner(world.store, journal, tmp_path, "light", interval=0.01).run(stop)
    assert [line.get("problem") for line in logs] == ["the disk is full", None]
    assert journal.last() is not None


def test_a_store_that_is_away_at_the_start_ends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world, stop, asked = World(), threading.Event(), 0

    def away() -> None:
        nonlocal asked
        asked += 1
        if asked == 5:
            stop.set()
        raise Unavailable("Elasticsearch cannot be reached")

    monkeypatch.setattr(world.store, "view", away)
    monkeypatch.setattr(learner, "GLANCE", 0.001)
    with capture_logs() as logs:
        Learner(world.store, world.journal, tmp_path, "light", interval=0.01).run(stop)
    assert asked >= 5
    assert {line["event"] for line in logs} <= {"patterns must wait"}


def test_a_stop_ends_the_child_too(tmp_path: Path) -> None:
    world = World()
    stop = threading.Event()
    stop.set()
    with capture_logs() as logs:
        assert Learner(world.store, world.journal, tmp_path, "light").step(stop)
    assert world.learned() == []
    assert logs == []


def test_the_loop_begins_as_soon_as_there_is_enough_and_ends_when_told(tmp_path: Path) -> None:
    world = World()
    one = Learner(world.store, world.journal, tmp_path, "light", interval=600, min_new=3)
    stop = threading.Event()
    thread = threading.Thread(target=one.run, args=(stop,))
    thread.start()
    assert world.journal.wait(None, timeout=90)
    stop.set()
    thread.join(timeout=30)
    assert not thread.is_alive()


def test_the_process_that_waits_has_nothing_heavy_in_it() -> None:
    code = (
        "import sys, psutil; from correlation.learner import Learner; from correlation.patterns import Patterns;"
        "print({'torch', 'sklearn', 'numpy', 'scipy', 'hdbscan'} & set(sys.modules));"
        "print(psutil.Process().memory_info().rss < 60e6)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split("\n")[:2] == ["set()", "True"]


@pytest.mark.semantic
def test_a_child_finds_patterns_by_meaning(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers", reason="the semantic extra is not installed")
    world = World({"a": "disk is full", "b": "no space left on disk", "c": "card declined by bank"})
    assert Learner(world.store, world.journal, tmp_path, "minilm").step(threading.Event())
    world.apply(world.learned())
    assert world.patterns.model.startswith("all-MiniLM-L6-v2@")
    assert world.patterns.of("a") == world.patterns.of("b") != world.patterns.of("c")
