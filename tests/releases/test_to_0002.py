"""What format 1 had under way is under way in format 2."""

import msgspec

from aiops.domain.acts import PageHandled
from aiops.domain.documents import PAGES
from aiops.domain.incidents import Page, PageStatus
from aiops.domain.settings import PagingSettings
from aiops.upgrades import to_0002
from rules.outbox import Outbox
from tests.builders import T0, a_page


def test_a_page_that_was_pending_is_pending_on_the_channel_of_then() -> None:
    old = {**msgspec.to_builtins(a_page(page_id="p1", sendings=()), builtin_types=(type(T0),)), "tries": 3}
    state = {
        "engine": msgspec.msgpack.encode((None, T0, {}, [], [])),
        "settle": msgspec.msgpack.encode(([], [old])),
    }
    made = to_0002.upgrade(state)
    outbox = Outbox(PagingSettings(channels=("webhook",)))
    outbox.load(made["outbox"])
    outbox.act(PageHandled(page_id="p1", channel="webhook", status=PageStatus.DELIVERED), "r", "k", T0)
    ((collection, page),) = outbox.drain()
    assert collection is PAGES
    assert isinstance(page, Page)
    assert page.status is PageStatus.DELIVERED
