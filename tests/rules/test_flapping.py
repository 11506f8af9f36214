"""Many changes of its state begin it, calm ends it: what one alert that comes and goes is like, change by change."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.alerts import Alert
from aiops.domain.events import Severity, Status
from aiops.domain.settings import CalmSettings
from aiops.domain.timers import Timers
from rules import flapping as flapping_module
from rules.flapping import Flapping
from tests.builders import an_alert, at

FIRING, RESOLVED = Status.FIRING, Status.RESOLVED
SETTINGS = CalmSettings()


class Line:
    """One alert on its way through the part: it turns every ``step`` seconds."""

    def __init__(self, step: float = 60, settings: CalmSettings = SETTINGS, fingerprint: str = "fp-db") -> None:
        self.timers = Timers()
        self.part = Flapping(settings, self.timers)
        self.alert = an_alert(severity=Severity.HIGH, fingerprint=fingerprint)
        self.seconds, self.step = 0.0, step

    def turn(self, *, by: str = "sender", paged: bool = False, severity: Severity | None = None) -> Alert:
        """Let it change its state, by its sender or as we infer."""
        self.seconds += self.step
        status = RESOLVED if self.alert.status is FIRING else FIRING
        ended, reason = (at(self.seconds), by) if status is RESOLVED else (None, "")
        episode = msgspec.structs.replace(self.alert.episode, ended_at=ended, end_reason=reason)
        changed = msgspec.structs.replace(
            self.alert, status=status, episode=episode, severity=severity or self.alert.severity
        )
        self.alert = self.part.mark(changed, at(self.seconds), turned=True, paged=paged)
        return self.alert

    def turns(self, times: int, *, paged: bool = False) -> Alert:
        for _ in range(times):
            self.turn(paged=paged)
        return self.alert

    def again(self, seconds: float, *, paged: bool = False) -> Alert:
        """Look at it at another time, as the engine does when a timer is due."""
        self.part.turn(self.alert.fingerprint, at(seconds))
        self.alert = self.part.mark(self.alert, at(seconds), turned=False, paged=paged)
        return self.alert


def test_so_many_changes_within_the_window_begin_it() -> None:
    line = Line()
    assert line.turns(SETTINGS.flapping_changes - 1).flapping == 0
    assert line.turn().flapping == SETTINGS.flapping_changes
    assert line.turn().flapping == SETTINGS.flapping_changes + 1


def test_changes_spread_over_more_than_the_window_do_not() -> None:
    apart = SETTINGS.flapping_window.total_seconds() / (SETTINGS.flapping_changes - 1)
    assert Line(step=apart).turns(20).flapping == 0
    assert Line(step=apart - 1).turns(20).flapping == 20


def test_an_end_that_was_inferred_is_no_change_of_its_sender() -> None:
    line = Line()
    for _ in range(6):
        line.turn(by="lease")  # resolved, as nothing was heard
        line.turn()  # fires again
    assert line.alert.flapping == 6  # the firings alone


def test_it_is_calm_a_stated_time_after_its_last_change_and_not_before() -> None:
    line = Line()
    line.turns(8)
    calm = line.seconds + SETTINGS.calm_after.total_seconds()
    assert line.again(calm - 1).flapping == 8
    alert = line.again(calm)
    assert alert.flapping == 0
    assert alert.reasons[-1].text == "calm since 2026-03-02 09:23 UTC: it flapped no more after 8 changes of its state"
    assert line.part.over(alert) == ()


def test_a_timer_of_before_the_last_change_is_set_anew() -> None:
    line = Line()
    line.turns(6)
    first = line.seconds + SETTINGS.calm_after.total_seconds()
    line.step = 600
    line.turn()
    assert line.again(first).flapping == 7
    assert line.timers.pop(at(first + 600)) is not None


def test_what_somebody_knows_of_is_kept_quiet() -> None:
    line = Line()
    (keeps,) = line.part.over(line.turns(6, paged=True))
    assert (keeps.kind, keeps.id) == ("flapping", "fp-db")
    assert keeps.text == (
        "flapping since 2026-03-02 09:01 UTC, which somebody knows; told again when it is worse, or was calm for 15 min"
    )


def test_what_nobody_knows_of_is_not() -> None:
    assert Line().part.over(an_alert()) == ()
    line = Line()
    assert line.part.over(line.turns(6, paged=False)) == ()


def test_it_is_quiet_no_more_once_nobody_knows_of_it_any_more() -> None:
    line = Line()
    line.turns(6, paged=True)
    assert line.part.over(line.turn(paged=False)) == ()


def test_what_gets_worse_than_it_was_when_it_began_is_heard() -> None:
    line = Line()
    line.turns(7, paged=True)
    worse = line.turn(severity=Severity.CRITICAL, paged=True)
    assert worse.flapping == 8
    assert line.part.over(worse) == ()
    milder = line.turn(severity=Severity.WARNING, paged=True)
    assert [one.kind for one in line.part.over(milder)] == ["flapping"]


def test_the_count_is_told_when_it_begins_and_at_few_more_times() -> None:
    line = Line()
    for _ in range(120):
        line.turn()
    counts = [reason.evidence["changes"] for reason in line.alert.reasons if reason.step == "flapping"]
    assert counts == [6, 25, 100]


def test_of_more_alerts_than_the_bound_the_one_that_changed_longest_ago_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(flapping_module, "MOST", 3)
    line = Line(step=0)
    for name in ("a", "b", "c", "d"):
        line.alert = an_alert(fingerprint=name)
        line.turns(6)
    assert [line.part.knows(name) for name in ("a", "b", "c", "d")] == [False, True, True, True]
    forgotten = msgspec.structs.replace(an_alert(fingerprint="a"), flapping=6)
    assert line.part.mark(forgotten, at(1), turned=False, paged=False).flapping == 0
    timer = line.timers.pop(at(1))
    assert timer is not None
    assert timer.key == "a"  # it is looked at again at once


@given(st.lists(st.tuples(st.integers(1, 1_200), st.booleans(), st.booleans()), min_size=1, max_size=40), st.data())
def test_a_snapshot_between_any_two_changes_changes_nothing(
    story: list[tuple[int, bool, bool]], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(story)))
    through, resumed = Line(), Line()
    for number, (step, by_sender, paged) in enumerate(story):
        if number == cut:
            state = resumed.part.dump()
            resumed.part = Flapping(SETTINGS, resumed.timers)
            resumed.part.load(state)
        for line in (through, resumed):
            line.step = step
            line.turn(by="sender" if by_sender else "lease", paged=paged)
        assert resumed.alert == through.alert
        assert resumed.part.over(resumed.alert) == through.part.over(through.alert)
    assert resumed.part.dump() == through.part.dump()


@given(st.lists(st.integers(1, 400), min_size=6, max_size=60))
def test_while_it_flaps_its_changes_are_never_further_apart_than_calm(steps: list[int]) -> None:
    """The timer is what ends it: with it turned whenever due, no alert flaps over a calm time."""
    line, calm = Line(), SETTINGS.calm_after.total_seconds()
    for step in steps:
        line.step = step * 5
        while timer := line.timers.pop(at(line.seconds + line.step)):
            line.again((timer.due - at(0)).total_seconds())
        was = line.alert.flapping
        assert not (was and line.step >= calm)
        line.turn()
        assert line.alert.flapping in (0, was + 1) or line.alert.flapping == SETTINGS.flapping_changes
