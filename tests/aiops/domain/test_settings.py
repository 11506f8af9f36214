"""Are settings by which nothing could be decided refused, wherever they come from?"""

from datetime import timedelta

import msgspec
import pytest

from aiops import fold
from aiops.config import KEYS, load
from aiops.domain.acts import ApplySettings
from aiops.domain.documents import OUTCOMES
from aiops.domain.entries import Command
from aiops.domain.errors import BadConfiguration, BadInput
from aiops.domain.settings import BOUNDS, Settings, check
from aiops.engine import Engine
from aiops.storage.memory import MemoryJournal, MemoryStore
from tests.builders import T0


def with_value(key: str, value: object) -> Settings:
    section, name = key.split(".")
    changed = msgspec.structs.replace(getattr(Settings(), section), **{name: value})
    return msgspec.structs.replace(Settings(), **{section: changed})


def test_every_number_and_duration_has_bounds() -> None:
    kinds = (int, float, timedelta, timedelta | None)
    measured = {key.removeprefix("decisions.") for key, kind in KEYS.items() if kind in kinds}
    assert {key for key in measured if key.count(".") == 1 and f"decisions.{key}" in KEYS} == set(BOUNDS)


def test_the_defaults_are_within_their_bounds() -> None:
    check(Settings())


@pytest.mark.parametrize("key", BOUNDS)
def test_the_bounds_are_allowed_and_what_lies_beyond_is_not(key: str) -> None:
    least, most = BOUNDS[key]
    step = timedelta(microseconds=1) if isinstance(most, timedelta) else 1
    check(with_value(key, least))
    check(with_value(key, most))
    for beyond in (least - step, most + step):  # type: ignore[operator]
        with pytest.raises(BadInput, match=f"decisions.{key}"):
            check(with_value(key, beyond))


def test_the_configuration_refuses_to_start_and_names_where_the_value_came_from() -> None:
    with pytest.raises(BadConfiguration, match=r"AIOPS_DECISIONS_TEMPLATES_DEPTH: decisions\.templates\.depth"):
        load(environ={"AIOPS_DECISIONS_TEMPLATES_DEPTH": "2"})


def test_the_engine_refuses_the_command_and_goes_on_by_the_settings_before() -> None:
    journal, store, engine = MemoryJournal(), MemoryStore(), Engine()
    bad = ApplySettings(settings=with_value("correlation.window", timedelta(0)))
    journal.append([Command(id="bad", actor="cli", act=bad)], at=T0)
    fold.step(engine, journal, store)
    assert engine.settings == Settings()
    with store.view() as view:
        outcome = view.get(OUTCOMES, "bad")
    assert outcome is not None
    assert not outcome.applied
    assert "decisions.correlation.window" in outcome.text
