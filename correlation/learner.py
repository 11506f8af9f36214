"""When are templates clustered and incidents placed? A loop that asks the store, and a short-lived child that thinks.

The heavy libraries (torch: 500 MB) live in the child alone (``python -m correlation.families``), at a low
priority. What it finds goes into the journal; only the engine applies it.
"""

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import structlog

from aiops.domain.base import Noun, stable_hash
from aiops.domain.documents import ENGINE, IN_USE, SERVICES, TEMPLATES
from aiops.domain.entries import Learned, Position
from aiops.domain.errors import Unavailable
from aiops.domain.queries import Query
from aiops.ports import Journal, Store, View
from correlation.embedding import choose_embedder
from correlation.placing import Unplaced, unplaced

MOST_TEMPLATES = 20_000  # clustered at once, those seen last: about 20 s of the child
MOST_NAMES = 20_000
PAGE = 1_000
GLANCE = 2.0  # seconds between looks at the store before the first clustering
SHARE = 10  # the child works at most one in so many seconds
WORK = ("embedding", "clustering")  # what the engine calls this when it sheds load

log = structlog.get_logger()


class Shape(Noun, frozen=True, kw_only=True):
    """What the child must know of a template."""

    template_id: str
    text: str
    version: int
    pattern_id: str


class Known(Noun, frozen=True, kw_only=True):
    """What a clustering starts from: one view of the store."""

    based_on: Position
    shapes: tuple[Shape, ...]  # by template_id
    names: frozenset[str]  # of entities, lower case

    def run(self, model: str) -> str:
        """Return the id of clustering this with ``model``: equal content, equal id."""
        return stable_hash(model, [(shape.template_id, str(shape.version)) for shape in self.shapes])


class Task(Noun, frozen=True, kw_only=True):
    """What the child is told on its standard input."""

    based_on: Position
    known: Known | None  # to be clustered; None: every template has its pattern
    unplaced: Unplaced
    names: frozenset[str]  # of entities, lower case
    embedder: str
    cache: str  # file of the vector cache


def assign(view: View, model: str, embedder: str = "", cache: str = "", done: str = "") -> Task | None:
    """Read what there is to do for the child; None: nothing, or nothing may be done. ``done``: run clustered last."""
    based_on, engine = view.position(), view.get(ENGINE, "engine")
    if based_on is None or engine is None or set(WORK) & set(engine.shed):
        return None
    known = survey(view, model)
    if known is not None and known.run(model) == done:
        known = None
    is_its_model = known is not None or engine.embedder == model
    places = unplaced(view, model) if is_its_model else Unplaced(stories=(), texts={})
    if known is None and not places.stories:
        return None
    names = known.names if known else _names(view)
    return Task(based_on=based_on, known=known, unplaced=places, names=names, embedder=embedder, cache=cache)


def survey(view: View, model: str) -> Known | None:
    """Read what there is to cluster; None when every template has a pattern by ``model``, or none may be given."""
    based_on, engine = view.position(), view.get(ENGINE, "engine")
    if based_on is None or engine is None or set(WORK) & set(engine.shed):
        return None
    if engine.embedder == model and not _unclustered(view):
        return None
    shapes = _shapes(view)
    return Known(based_on=based_on, shapes=shapes, names=_names(view)) if shapes else None


class Learner:
    """Keeps patterns up to date: soon after the start, then every ``interval`` seconds while new templates come.

    ``folder`` holds the cache of vectors. ``embedder`` is as for choose_embedder; raises BadConfiguration. What each
    of ``studies`` finds in the store is journalled too; the engine ignores what it knows already.
    """

    def __init__(
        self,
        store: Store,
        journal: Journal,
        folder: Path,
        embedder: str = "auto",
        *,
        interval: float = 60.0,
        min_new: int = 20,
        studies: Sequence[Callable[[View], Sequence[Learned]]] = (),
    ) -> None:
        self._store, self._journal = store, journal
        self._cache = folder / "vectors.db"
        self._wanted, self._model = embedder, choose_embedder(embedder).name
        self._interval, self._min_new = interval, min_new
        self._studies = studies
        self._done = ""  # run id of what was clustered last

    def run(self, stop: threading.Event, busy: Callable[[], bool] = bool) -> None:
        """Work until ``stop`` is set. After a failure the next pause is twice as long, up to 64 times.

        Nothing is done while ``busy`` says that the engine is behind: that the engine asked for this stands in an
        entry that waits as well.
        """
        self._wait_for_first(stop)
        pause = 0.0
        failures = 0
        while not stop.wait(pause):
            began = time.monotonic()
            try:
                failures = 0 if busy() or self.step(stop) else failures + 1
            except Unavailable as error:
                failures += 1
                log.warning("patterns must wait", problem=str(error))
            pause = max(self._interval * 2 ** min(failures, 6), SHARE * (time.monotonic() - began))

    def step(self, stop: threading.Event) -> bool:
        """Cluster once where something is new, and journal what was found; False: the child failed, the log says why.

        Raises Unavailable from store and journal.
        """
        with self._store.view() as view:
            studied = [one for study in self._studies for one in study(view)]
            task = assign(view, self._model, self._wanted, str(self._cache), self._done)
        if studied:
            self._journal.append(studied)
        if task is None:
            return True
        learned = self._think(task, stop)
        if learned is None:
            return stop.is_set()
        self._journal.append(learned)
        if task.known is not None:
            self._done = task.known.run(self._model)
            log.info("templates clustered", templates=len(task.known.shapes), model=self._model, run=self._done)
        if task.unplaced.stories:
            log.info("incidents placed", incidents=len(task.unplaced.stories), model=self._model)
        return True

    def _wait_for_first(self, stop: threading.Event) -> None:
        """Wait until there is enough to begin with, or for one interval."""
        until = time.monotonic() + self._interval
        while time.monotonic() < until and not stop.wait(min(GLANCE, self._interval)):
            with contextlib.suppress(Unavailable), self._store.view() as view:  # the first step says that it is away
                if _unclustered(view) >= self._min_new:
                    return

    def _think(self, task: Task, stop: threading.Event) -> list[Learned] | None:
        """Let a child do the work; None when it failed or there was no time left."""
        command = [sys.executable, "-P", "-m", "correlation.families"]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        given: bytes | None = msgspec.msgpack.encode(task)
        while True:
            try:
                output, complaint = child.communicate(given, timeout=0.5)
                break
            except subprocess.TimeoutExpired:
                given = None  # it has been handed over
                if stop.is_set():
                    child.kill()
        if child.returncode == 0:
            return msgspec.msgpack.decode(output, type=list[Learned])
        if not stop.is_set():
            last = complaint.decode(errors="replace").strip().rpartition("\n")[2]
            log.error("templates could not be clustered", exit=child.returncode, problem=last[:500])
        return None


def _unclustered(view: View) -> int:
    return view.find(TEMPLATES, Query(where={**IN_USE, "pattern": ("",)}, limit=1)).total


def _shapes(view: View) -> tuple[Shape, ...]:
    shapes: list[Shape] = []
    cursor = ""
    while len(shapes) < MOST_TEMPLATES:
        query = Query(where=IN_USE, order=("-last_seen",), cursor=cursor, limit=PAGE)
        page = view.find(TEMPLATES, query)
        shapes += [
            Shape(template_id=one.template_id, text=one.text, version=one.version, pattern_id=one.pattern_id)
            for one in page.items
        ]
        if not (cursor := page.next):
            break
    return tuple(sorted(shapes, key=lambda shape: shape.template_id))


def _names(view: View) -> frozenset[str]:
    names: set[str] = set()
    cursor = ""
    while len(names) < MOST_NAMES:
        page = view.find(SERVICES, Query(cursor=cursor, limit=PAGE))
        names.update(one.name.lower() for one in page.items)
        if not (cursor := page.next):
            break
    return frozenset(names)
