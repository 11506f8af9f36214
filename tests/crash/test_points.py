"""A process that ends between two effects on the disk: whoever comes next finds every promise kept."""

import ast
import contextlib
import json
import multiprocessing
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from aiops.audit import audit
from aiops.bootstrap import clock
from aiops.bootstrap.setups import ACCESS_DB
from aiops.domain.documents import PAGES, SOURCES
from aiops.domain.incidents import PageStatus
from aiops.replay.verify import verify
from aiops.walking import documents_of
from api.access import Access
from tests.crash.load import Sent
from tests.crash.points import DIED, ELSEWHERE, POINTS, Point
from tests.crash.struck import CARRIED, PER_DELIVERY, PROMISES, Work, body, strike
from tests.crash.verdict import promises

ROOT = Path(__file__).parents[2]
PACKAGES = ("aiops", "api", "correlation", "ingestion", "rules")
SYNCS = {"fsync", "fdatasync", "sync_folder", "write_file"}
ON_DISK = SYNCS | {"unlink", "write_bytes", "write_text", "rmtree", "copyfile"}
PATIENCE = 60.0
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.crash.struck"])


def told(folder: Path) -> list[list[Any]]:
    return [json.loads(line) for line in (folder / PROMISES).read_text("utf-8").splitlines()]


def end_at(point: Point, folder: Path) -> list[list[Any]]:
    """Run a process until it ends at the point, and return what it had promised by then."""
    child = processes.Process(target=strike, args=(point, folder))
    child.start()
    child.join(PATIENCE)
    assert child.exitcode == DIED, f"it was never there: exit code {child.exitcode}"
    return told(folder)


def come_back(folder: Path, *, forgets: bool) -> Iterator[str]:
    """Go on as the next processes do, and yield what is wrong."""
    work = Work(folder, forgets=forgets)
    work.loop.catch_up(Event())
    work.fold()
    work.courier.work(0.0)
    work.fold()
    work.loop.keep()
    carried = Counter((folder / CARRIED).read_text("utf-8").splitlines())
    with work.store.view() as view:
        yield from audit(view).findings
        yield from (f"{one.page_id} is {one.status}" for one in documents_of(view, PAGES) if _lost(one, carried))
    yield from (f"{key} was carried {times} times" for key, times in carried.items() if times > 2)
    if not forgets:
        found = verify(work.journal, work.store)
        yield from (one.text for one in found.differences)
    work.close()


def _lost(page: Any, carried: Counter[str]) -> bool:
    return page.status is not PageStatus.DELIVERED or not carried[page.key("out")]


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS, ids=[point.id for point in POINTS])
def test_whoever_comes_next_finds_every_promise_kept(point: Point, tmp_path: Path) -> None:
    promised = end_at(point, tmp_path)
    assert list(come_back(tmp_path, forgets=point.forgets)) == []
    deliveries = [
        Sent("/webhooks/alertmanager", body(number), PER_DELIVERY, "", 1, {"delivery_id": key}, 202)
        for kind, key, number in (one for one in promised if one[0] == "delivery")
    ]
    acts = [Sent("", b"", 0, one[1], 1, {}, 202) for one in promised if one[0] == "act"]
    if point.forgets:
        assert received(tmp_path) >= PER_DELIVERY * len(deliveries)
    else:
        assert promises(tmp_path / "data", deliveries, acts).findings == []
    with contextlib.closing(Access(tmp_path / "data" / ACCESS_DB)) as access:
        tokens = [one[1] for one in promised if one[0] == "token"]
        assert [access.check(token, clock.now()) is not None for token in tokens] == [True] * len(tokens)


def received(folder: Path) -> int:
    with contextlib.closing(Work(folder, forgets=True)) as work, work.store.view() as view:
        return sum(line.received for line in documents_of(view, SOURCES))


def is_durable(call: ast.Call) -> bool:
    """Does this call put something on disk, or take it away?"""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    text = ast.unparse(call)
    match name:
        case "replace":  # of a path: one argument; texts take two
            return len(call.args) == 1 and not call.keywords and "msgspec" not in text
        case "execute":
            return "COMMIT" in text
        case "append":
            return "journal.append" in text
        case _:
            return name in ON_DISK


def durable(node: ast.AST, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the qualified names of functions that put something on disk."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from durable(child, (*path, child.name))
            continue
        if isinstance(child, ast.Call) and is_durable(child):
            yield ".".join(path)
        yield from durable(child, path)


def sites() -> set[str]:
    return {
        f"{'.'.join(file.relative_to(ROOT).with_suffix('').parts)}:{name}"
        for package in PACKAGES
        for file in (ROOT / package).rglob("*.py")
        for name in durable(ast.parse(file.read_text("utf-8")))
    }


def test_the_table_names_every_place_where_something_is_put_on_disk() -> None:
    struck = {point.within for point in POINTS}
    missing = sites() - struck - ELSEWHERE.keys() - NO_FILES
    assert sorted(missing) == [], "no commit point, nor said where else it is shown"
    assert sorted(ELSEWHERE.keys() - sites()) == [], "these put nothing on disk any more"


NO_FILES = {  # `replace` of a dictionary of ours
    "correlation.assembly:Assembly.take",
    "correlation.assembly:Assembly._go_on",
    "correlation.assembly:Assembly._update",
    "correlation.assembly:Assembly._supersede",
    "correlation.holdings:Holdings.evict",
}
