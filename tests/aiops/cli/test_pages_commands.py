"""Who was told, from the command line."""

from datetime import timedelta
from pathlib import Path

import pytest

from aiops.cli.errors import REFUSED, USAGE
from aiops.domain.acts import ApplySettings, PageHandled
from aiops.domain.entries import Command, Tick
from aiops.domain.incidents import PageStatus
from aiops.domain.settings import PagingSettings, Settings
from tests.aiops.cli.line import Line
from tests.api.world import World
from tests.builders import at


@pytest.fixture
def paged(world: World) -> World:
    """A database failure of which on-call was paged."""
    settings = Settings(paging=PagingSettings(channels=("pager",), hold=timedelta(0)))
    world.journal.append([Command(id="s", actor="system:start", act=ApplySettings(settings=settings))], at=at(-1))
    world.alert("db", 0)
    world.journal.append([Tick()], at=at(600))
    return world


def page_of(world: World) -> str:
    return str(world.get("/api/pages")["items"][0]["page_id"])


def test_pages_are_listed(aiops: Line, paged: World) -> None:
    assert "pager pending" in aiops("pages")
    assert aiops("pages", "list", "--status", "dead").count("\n") == 1
    (page,) = aiops.json("pages", "list")
    assert page["route"] == "on-call"


def test_one_page_is_shown_with_its_text_and_tried_again(aiops: Line, paged: World) -> None:
    key = page_of(paged)
    shown = aiops("pages", "show", key)
    assert "CRITICAL #1 db" in shown
    act = PageHandled(page_id=key, channel="pager", status=PageStatus.DEAD, detail="answered 404")
    paged.journal.append([Command(id="h", actor="system:responder", act=act)], at=at(601))
    assert "pager: dead, 1 tries answered 404" in aiops("pages", "show", key)
    assert "is tried again" in aiops("pages", "retry", key)
    aiops("pages", "retry", key, code=REFUSED)


def test_why_and_routes_are_told(aiops: Line, paged: World) -> None:
    assert "paged about #1: on-call" in aiops("pages", "why", "#1")
    assert "else: the owner, else on-call, over every channel" in aiops("pages", "routes")


def test_a_test_page_is_sent(aiops: Line, paged: World) -> None:
    assert aiops("pages", "test", "pager").strip() == "a test page goes to pager"
    aiops("pages", "test", "chat", code=REFUSED)


def test_a_text_is_tried_on_an_incident(aiops: Line, paged: World, tmp_path: Path) -> None:
    (tmp_path / "body.j2").write_text("{{ title|upper }}", "utf-8")
    made = aiops("pages", "preview", "1", "--subject", "{{ mark }}", "--body", str(tmp_path / "body.j2"))
    assert made.startswith("CRITICAL\n\nDB")
    (tmp_path / "body.j2").write_text("{{ titel }}", "utf-8")
    aiops("pages", "preview", "1", "--body", str(tmp_path / "body.j2"), code=USAGE)
    assert "did you mean 'title'" in aiops.chatter
    aiops("pages", "preview", "1", "--body", "missing.j2", code=USAGE)
