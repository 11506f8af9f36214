"""Which events say the same, and what do they make of an Alert?"""

from datetime import timedelta
from itertools import permutations
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.alerts import Alert, EventRecord, Fate
from aiops.domain.documents import ALERTS, EPISODES
from aiops.domain.events import Event, Severity, Status
from aiops.domain.reasons import Reason
from aiops.domain.settings import DedupSettings
from aiops.domain.timers import Timer, Timers
from aiops.domain.words import span
from ingestion import dedup as module
from ingestion.dedup import Dedup
from tests.builders import a_placement, a_template, an_event, at

FIRING, RESOLVED = Status.FIRING, Status.RESOLVED


class Told:
    """A dedup that is told states in seconds, as the engine tells them."""

    def __init__(self, **settings: Any) -> None:
        self.timers = Timers()
        self.dedup = Dedup(DedupSettings(**settings), self.timers)
        self.events = 0

    def event(self, status: Status, seconds: float, received: float | None = None, **changes: Any) -> Event:
        self.events += 1
        stated = {
            "event_id": f"0-{self.events}-0",
            "fingerprint": "fp",
            "status": status,
            "occurred_at": at(seconds),
            "received_at": at(seconds if received is None else received),
        }
        return an_event(**stated | changes)

    def take(self, event: Event, template_id: str = "t-refused", **placement: Any) -> Alert:
        alert = self.dedup.take(event, a_placement(**placement), a_template(template_id=template_id), "p1")
        self.dedup.keep(alert)
        return alert

    def firing(self, seconds: float, received: float | None = None, **changes: Any) -> Alert:
        return self.take(self.event(FIRING, seconds, received, **changes))

    def resolved(self, seconds: float, received: float | None = None, **changes: Any) -> Alert:
        return self.take(self.event(RESOLVED, seconds, received, **changes))

    def run_timers(self, seconds: float) -> list[Timer]:
        """Let everything that is due happen, as the engine does."""
        ran = []
        while timer := self.timers.pop(at(seconds)):
            ran.append(timer)
            if timer.kind == "lease":
                for alert in self.dedup.expire(timer.key, timer.due):
                    self.dedup.keep(alert)
            else:
                self.dedup.forget(timer.key)
        return ran

    @property
    def alert(self) -> Alert:
        alert = self.dedup.current("fp")
        assert alert is not None
        return alert


# Episodes and status


def test_a_first_firing_makes_an_alert_with_an_open_episode() -> None:
    alert = Told().firing(5, received=7, starts_at=at(-10), value=3.5)
    assert (alert.status, alert.count, alert.episodes, alert.first_seen, alert.last_seen) == (
        FIRING,
        1,
        1,
        at(-10),
        at(7),
    )
    assert alert.episode.episode_id == "fp-0-1-0"
    assert (alert.episode.open, alert.episode.started_at, alert.episode.received_at) == (True, at(-10), at(7))
    assert alert.episode.kind_key == "DatabaseDown"
    assert (alert.template_id, alert.pattern_id, alert.value) == ("t-refused", "p1", 3.5)
    assert [reason.step for reason in alert.reasons] == ["template", "dedup"]


def test_without_an_alert_name_the_template_is_the_kind() -> None:
    assert Told().firing(0, labels={"service": "db"}).episode.kind_key == "t-refused"


def test_a_resolve_ends_the_episode_and_says_how_long_it_took() -> None:
    told = Told()
    told.firing(0)
    alert = told.resolved(300)
    assert (alert.status, alert.episode.ended_at, alert.episode.end_reason) == (RESOLVED, at(300), "sender")
    assert alert.reasons[-1].text == "resolved by the sender at 2026-03-02 09:05 UTC, after 5 min"


def test_firing_again_is_a_new_episode_that_starts_its_reasons_anew() -> None:
    told = Told()
    told.firing(0)
    ended = told.resolved(60)
    alert = told.firing(120)
    assert (alert.episodes, alert.count, alert.episode.events) == (2, 3, 1)
    assert alert.episode.episode_id == "fp-0-3-0" != ended.episode.episode_id
    assert [reason.text.split(";")[0] for reason in alert.reasons if reason.step == "dedup"] == [
        "the same alert fires again, 60 s after it was resolved: episode 2"
    ]


def test_a_new_episode_is_judged_anew() -> None:
    told = Told()
    told.firing(0)
    told.dedup.keep(msgspec.structs.replace(told.resolved(60), verdict_rule="r1"))
    assert told.firing(120).verdict_rule == ""


def test_a_resolve_of_something_never_seen_is_an_alert_that_is_over() -> None:
    alert = Told().resolved(30)
    assert (alert.status, alert.episode.started_at, alert.episode.ended_at) == (RESOLVED, at(30), at(30))


def test_a_resolve_older_than_the_last_firing_does_not_close() -> None:
    told = Told()
    told.firing(0)
    told.firing(60)
    alert = told.resolved(50, received=70)
    assert (alert.status, alert.count, alert.last_seen) == (FIRING, 3, at(70))
    assert "came in late" in alert.reasons[-1].text


def test_a_firing_older_than_the_resolve_does_not_reopen() -> None:
    told = Told()
    told.firing(0)
    told.resolved(60)
    alert = told.firing(30, received=70)
    assert (alert.status, alert.episodes, alert.count, alert.title) == (RESOLVED, 1, 3, "DatabaseDown")


def test_at_equal_times_firing_wins_unless_the_sender_ended_that_very_firing() -> None:
    for order in permutations((FIRING, RESOLVED)):
        told = Told()
        for status in order:
            told.take(told.event(status, 60, received=61))
        assert told.alert.status is FIRING
        told = Told()
        for status in order:
            told.take(told.event(status, 60, starts_at=at(60)))
        assert told.alert.status is RESOLVED


def test_of_states_without_a_time_that_came_one_after_the_other_the_later_counts() -> None:
    """Also while our own clock stands still: it was turned back."""
    for order in permutations((FIRING, RESOLVED)):
        told = Told()
        for status in order:
            told.take(told.event(status, 60))
        assert told.alert.status is order[-1]
        told = Told()
        for index, status in enumerate(order):  # of one delivery, where the order says nothing
            told.take(told.event(status, 60, event_id=f"0-1-{index}"))
        assert told.alert.status is FIRING


def test_a_start_that_the_senders_clock_puts_ahead_does_not_outrank_its_own_end() -> None:
    for order in permutations((FIRING, RESOLVED)):
        told = Told()
        for number, status in enumerate(order):
            stated = 72_000 if status is FIRING else 60
            told.take(told.event(status, stated, received=60 + number, starts_at=at(72_000)))
        assert told.alert.status is RESOLVED


def test_nothing_begins_after_we_heard_of_it() -> None:
    told = Told()
    told.firing(72_000, received=0, starts_at=at(72_000))
    alert = told.resolved(60, received=60, starts_at=at(72_000), ends_at=at(60))
    assert (alert.first_seen, alert.episode.started_at, alert.episode.ended_at) == (at(0), at(0), at(60))
    assert alert.reasons[-1].text == "resolved by the sender at 2026-03-02 09:01 UTC, after 60 s"


def test_severity_is_the_latest_for_the_alert_and_the_worst_for_the_episode() -> None:
    told = Told()
    told.firing(0, severity=Severity.WARNING)
    told.firing(10, severity=Severity.CRITICAL)
    alert = told.firing(20, severity=Severity.INFO)
    assert (alert.severity, alert.episode.severity) == (Severity.INFO, Severity.CRITICAL)
    assert [reason.text for reason in alert.reasons[2:]] == [
        "severity went from warning to critical",
        "severity went from critical to info",
    ]


def test_a_looked_up_severity_beats_the_senders() -> None:
    told = Told()
    alert = told.take(told.event(FIRING, 0), severity=Severity.INFO)
    assert (alert.severity, alert.episode.severity) == (Severity.INFO, Severity.INFO)


def test_history_is_the_newest_fifty_by_event_time() -> None:
    told = Told()
    for second in range(60):
        told.firing(second, value=second)
    told.firing(30.5, received=61, value=99)
    history = told.alert.history
    assert len(history) == 50
    assert [sample.at for sample in history] == sorted(sample.at for sample in history)
    assert 99 in [sample.value for sample in history]


def test_reasons_stay_bounded_and_keep_how_it_began() -> None:
    told = Told()
    for second in range(100):
        told.firing(second, severity=Severity.HIGH if second % 2 else Severity.WARNING)
    assert len(told.alert.reasons) == 40
    assert told.alert.reasons[0].step == "template"


def test_without_a_fingerprint_source_and_labels_are_the_identity() -> None:
    told = Told()
    one = told.firing(0, fingerprint="", title="a", labels={"x": "1", "y": "2"})
    assert told.firing(1, fingerprint="", title="b", labels={"y": "2", "x": "1"}).fingerprint == one.fingerprint
    assert told.firing(2, fingerprint="", title="b", labels={"x": "1"}).fingerprint != one.fingerprint
    assert (
        told.firing(3, fingerprint="", title="a", labels={}).fingerprint
        != told.firing(4, fingerprint="", title="b", labels={}).fingerprint
    )  # never a hash of nothing


# Resends


def test_equal_content_within_the_window_is_a_resend_of_the_first() -> None:
    told = Told(resend_window=timedelta(hours=1))
    first = told.event(FIRING, 0, content_key="k")
    assert told.dedup.recognise(first) == ""
    told.take(first)
    resend = told.event(FIRING, 0, received=3_600, content_key="k")
    assert told.dedup.recognise(resend) == "0-1-0"
    assert told.dedup.recognise(told.event(FIRING, 0, received=3_601, content_key="k")) == ""


def test_events_without_a_content_key_are_never_resends() -> None:
    told = Told()
    assert [told.dedup.recognise(told.event(FIRING, 0)) for _ in range(2)] == ["", ""]


def test_a_resend_renews_last_seen_and_lease_and_counts_apart() -> None:
    told = Told()
    told.firing(0, lease=timedelta(seconds=60))
    told.dedup.drain()
    renewed = told.dedup.renew(told.event(FIRING, 0, received=50, lease=timedelta(seconds=60)), at(50))
    alert = told.alert
    assert renewed == alert
    assert (alert.count, alert.resends, alert.last_seen, alert.lease_until) == (1, 1, at(50), at(110))
    assert alert.episode.last_seen == at(50)
    assert told.dedup.drain() == [(ALERTS, alert), (EPISODES, alert.episode)]
    assert told.run_timers(109) == []


def test_a_resend_of_an_alert_nobody_remembers_is_harmless() -> None:
    told = Told()
    assert told.dedup.renew(told.event(FIRING, 0), at(0)) is None
    assert told.dedup.current("fp") is None


def test_the_same_words_after_a_resolve_are_news_when_the_sender_gives_no_times() -> None:
    told = Told()
    for status, second in ((FIRING, 0), (RESOLVED, 60), (FIRING, 120), (FIRING, 130)):
        event = told.event(status, second, content_key=status)
        if told.dedup.recognise(event):
            told.dedup.renew(event, event.received_at)
        else:
            told.take(event)
    assert (told.alert.status, told.alert.episodes, told.alert.count, told.alert.resends) == (FIRING, 2, 3, 1)


def test_a_stale_retry_after_the_resolve_stays_a_resend() -> None:
    told = Told()
    event = told.event(FIRING, 0, content_key="k")
    told.dedup.recognise(event)
    told.take(event)
    told.resolved(60)
    assert told.dedup.recognise(told.event(FIRING, 0, received=90, content_key="k")) == "0-1-0"


def tell(told: Told, event: Event) -> str:
    """Tell an event as the engine does; return what it was."""
    if told.dedup.recognise(event):
        told.dedup.renew(event, event.received_at)
        return "resend"
    told.take(event)
    return "event"


def test_a_retry_under_the_senders_own_key_never_fires_again_what_was_resolved() -> None:
    told = Told()
    steps = [(FIRING, 0, "K1"), (RESOLVED, 60, "K2"), (FIRING, 65, "K1"), (RESOLVED, 70, "K2"), (FIRING, 90, "K3")]
    was = [tell(told, told.event(status, second, content_key=key, keyed=True)) for status, second, key in steps]
    assert was == ["event", "event", "resend", "resend", "event"]
    assert (told.alert.status, told.alert.episodes, told.alert.resends) == (FIRING, 2, 2)


def an_update(told: Told, received: float, text: str, value: float) -> Event:
    """Of one firing since 0, as Alertmanager repeats it: with the annotations of the moment."""
    said = {"title": text, "message": f"{text} of 1 TB", "value": value, "annotations": {"summary": text}}
    return told.event(FIRING, 0, received, content_key=text, starts_at=at(0), **said)


def test_new_words_about_the_same_firing_are_an_event_of_the_same_episode() -> None:
    told = Told()
    for second, percent in ((0, 81), (300, 91), (600, 99)):
        assert tell(told, an_update(told, second, f"disk {percent}%", percent)) == "event"
    assert tell(told, an_update(told, 900, "disk 99%", 99)) == "resend"
    alert = told.alert
    assert (alert.title, alert.message, alert.value) == ("disk 99%", "disk 99% of 1 TB", 99)
    assert (alert.episodes, alert.episode.events, alert.count, alert.resends) == (1, 3, 3, 1)
    assert [sample.value for sample in alert.history] == [81, 91, 99]


def test_words_that_come_back_are_shown_again() -> None:
    told = Told()
    was = [tell(told, an_update(told, second, f"disk {second % 2}", second % 2)) for second in range(4)]
    assert (was, told.alert.title) == (["event"] * 4, "disk 1")


def test_old_words_retried_after_the_resolve_change_nothing() -> None:
    told = Told()
    for second, text in ((0, "disk 81%"), (300, "disk 91%")):
        tell(told, an_update(told, second, text, second))
    tell(told, told.event(RESOLVED, 400, starts_at=at(0), content_key="over"))
    assert tell(told, an_update(told, 410, "disk 81%", 81)) == "resend"
    assert tell(told, an_update(told, 420, "disk 85%", 85)) == "event"  # never seen: it counts, and no more
    assert (told.alert.status, told.alert.episodes, told.alert.count) == (RESOLVED, 1, 4)


def test_a_resend_keeps_the_stored_episode_alive() -> None:
    told = Told()
    tell(told, told.event(FIRING, 0, content_key="k"))
    told.dedup.drain()
    tell(told, told.event(FIRING, 0, received=3_600, content_key="k"))
    (episode,) = [document for collection, document in told.dedup.drain() if collection is EPISODES]
    assert episode.last_seen == at(3_600)


def test_remembered_contents_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_KEYS", 2)
    told = Told()
    for key in ("a", "b", "c"):
        assert told.dedup.recognise(told.event(FIRING, 0, content_key=key)) == ""
    assert told.dedup.recognise(told.event(FIRING, 0, content_key="c")) == "0-3-0"
    assert told.dedup.recognise(told.event(FIRING, 0, content_key="a")) == ""


# Leases and forgetting


def test_a_lease_that_runs_out_resolves_with_that_reason() -> None:
    told = Told()
    told.firing(0, lease=timedelta(seconds=60))
    assert [timer.kind for timer in told.run_timers(60)] == ["lease"]
    alert = told.alert
    assert (alert.status, alert.episode.ended_at, alert.episode.end_reason) == (RESOLVED, at(60), "lease")
    assert alert.reasons[-1].text == (
        "resolved, because nothing was heard of it for 60 s, and its sender's word holds no longer"
    )
    assert list(told.dedup.firing()) == []


def test_a_renewed_lease_does_not_run_out_and_is_never_shortened() -> None:
    told = Told()
    told.firing(0, lease=timedelta(seconds=100))
    told.firing(10, lease=timedelta(seconds=5))
    assert told.dedup.expire("fp", at(99)) == []
    told.firing(50, lease=timedelta(seconds=100))
    assert told.run_timers(149) == []
    assert told.alert.status is FIRING


def test_an_inferred_end_yields_to_any_firing_even_a_resend_or_an_older_one() -> None:
    told = Told()
    event = told.event(FIRING, 0, content_key="k", lease=timedelta(seconds=60))
    told.dedup.recognise(event)
    told.take(event)
    told.run_timers(60)
    again = told.event(FIRING, 0, received=90, content_key="k", lease=timedelta(seconds=60))
    assert told.dedup.recognise(again) == ""
    alert = told.take(again)
    assert (alert.status, alert.episodes, alert.lease_until) == (FIRING, 2, at(150))


def test_the_senders_own_end_replaces_an_inferred_one() -> None:
    told = Told()
    told.firing(0, lease=timedelta(seconds=60))
    told.run_timers(60)
    alert = told.resolved(40, received=70)
    assert (alert.episode.ended_at, alert.episode.end_reason) == (at(40), "sender")


def test_a_resolve_ends_the_lease() -> None:
    told = Told()
    told.firing(0, lease=timedelta(seconds=60))
    told.resolved(30)
    assert told.alert.lease_until is None
    assert [timer.kind for timer in told.run_timers(86_400)] == []


def test_a_log_made_alert_ends_when_there_are_no_more_such_lines() -> None:
    told = Told()
    told.firing(0, lease=timedelta(minutes=15), source="detector:log_errors")
    told.run_timers(900)
    assert told.alert.reasons[-1].text == "resolved, because there was no such line for 15 min"


def test_senders_that_never_resolve_get_the_default_lease() -> None:
    told = Told(default_lease=timedelta(hours=1))
    assert told.firing(0).lease_until == at(3_600)
    told.run_timers(3_600)
    alert = told.alert
    assert (alert.status, alert.episode.end_reason) == (RESOLVED, "expiry")
    assert alert.reasons[-1].text == (
        "resolved, because nothing was heard of it for 60 min: its sender neither repeated nor resolved it"
    )


def test_without_a_word_for_seven_days_an_alert_is_over_and_a_resend_is_a_word() -> None:
    told, day = Told(), 86_400
    told.firing(0)
    told.dedup.renew(told.event(FIRING, 0, received=5 * day), at(5 * day))
    told.run_timers(12 * day - 1)
    assert told.alert.status is FIRING
    told.run_timers(12 * day)
    assert (told.alert.status, told.alert.episode.end_reason) == (RESOLVED, "expiry")


def test_an_expired_alert_fires_again_at_the_next_word() -> None:
    told = Told(default_lease=timedelta(hours=1))
    tell(told, told.event(FIRING, 0, content_key="k"))
    told.run_timers(3_600)
    assert tell(told, told.event(FIRING, 0, received=4_000, content_key="k")) == "event"
    assert (told.alert.status, told.alert.episodes) == (FIRING, 2)


# Room


def full(monkeypatch: pytest.MonkeyPatch, *statuses: Status, **settings: Any) -> Told:
    """A dedup that remembers as many alerts as it may, one a second, named by their numbers."""
    monkeypatch.setattr(module, "MOST_ALERTS", len(statuses))
    told = Told(**settings)
    for number, status in enumerate(statuses):
        told.take(told.event(status, number, fingerprint=str(number)))
    return told


def known(told: Told) -> list[str]:
    return [name for name in map(str, range(9)) if told.dedup.current(name)]


def test_beyond_the_bound_the_longest_resolved_alert_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    told = full(monkeypatch, FIRING, RESOLVED, RESOLVED)
    told.take(told.event(FIRING, 3, fingerprint="3"))
    assert [(timer.kind, timer.key) for timer in told.run_timers(3)] == [("forget", "1")]  # others hear of it
    assert known(told) == ["0", "2", "3"]


def test_beyond_the_bound_the_longest_silent_one_ends_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    told = full(monkeypatch, FIRING, FIRING, FIRING)
    told.dedup.renew(told.event(FIRING, 0, received=4, fingerprint="0"), at(4))
    told.take(told.event(FIRING, 5, fingerprint="3"))
    told.dedup.drain()
    assert ("lease", "1") in [(timer.kind, timer.key) for timer in told.run_timers(5)]
    assert known(told) == ["0", "2", "3"]
    (ended,) = [document for collection, document in told.dedup.drain() if collection is ALERTS]
    assert (ended.fingerprint, ended.status, ended.episode.end_reason) == ("1", RESOLVED, "expiry")
    assert ended.reasons[-1].text == (
        "resolved, because at most 3 alerts are remembered, and this one was silent the longest: 4 s"
    )


def test_a_body_of_many_new_alerts_leaves_the_bound_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    told = full(monkeypatch, FIRING, FIRING, FIRING)
    for number in range(3, 8):
        told.take(told.event(FIRING, 10, fingerprint=str(number)))
    told.run_timers(10)
    assert known(told) == ["5", "6", "7"]
    assert len(told.dedup) == len(list(told.dedup.firing())) == 3


@pytest.mark.parametrize("lease", [None, timedelta(hours=1)])
def test_one_that_finds_room_after_all_keeps_its_lease(
    monkeypatch: pytest.MonkeyPatch, lease: timedelta | None
) -> None:
    told = full(monkeypatch, FIRING, FIRING, default_lease=lease)
    told.take(told.event(FIRING, 2, fingerprint="2"))  # one of the others has to go
    told.take(told.event(RESOLVED, 2.5, fingerprint="2"))  # it went itself
    told.run_timers(3)
    assert known(told) == ["0", "1"]
    told.run_timers(3_601)
    assert [alert.fingerprint for alert in told.dedup.firing()] == ([] if lease else ["0", "1"])


def test_a_resolved_alert_is_forgotten_after_a_while_and_a_firing_one_never() -> None:
    told = Told(resolved_kept=timedelta(seconds=100))
    told.firing(0)
    told.resolved(10)
    told.firing(20)
    assert told.run_timers(1_000) == []
    told.resolved(1_000)
    told.run_timers(1_100)
    assert told.dedup.current("fp") is None
    assert told.firing(1_200).episodes == 1


# Looking up


def test_firing_alerts_are_found_by_template_and_told_their_pattern() -> None:
    told = Told()
    told.firing(0)
    told.take(told.event(FIRING, 0, fingerprint="other"), template_id="t2")
    (found,) = told.dedup.of_template("t-refused", "p9")
    assert (found.fingerprint, found.pattern_id) == ("fp", "p9")
    told.take(told.event(FIRING, 5), template_id="t2")
    assert told.dedup.of_template("t-refused", "p9") == []
    assert [alert.fingerprint for alert in told.dedup.of_template("t2", "p9")] == ["other", "fp"]
    told.resolved(10)
    assert [alert.fingerprint for alert in told.dedup.firing()] == ["other"]


def test_keeping_puts_alert_and_episode() -> None:
    told = Told()
    alert = told.firing(0)
    assert told.dedup.drain() == [(ALERTS, alert), (EPISODES, alert.episode)]


@pytest.mark.parametrize(
    ("seconds", "said"), [(42, "42 s"), (99, "99 s"), (420, "7 min"), (10_800, "3 h"), (4 * 86_400, "4 days")]
)
def test_spans_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert span(timedelta(seconds=seconds)) == said


# Laws

STATES = st.lists(
    st.tuples(st.sampled_from([FIRING, RESOLVED]), st.integers(0, 6), st.none() | st.integers(0, 6)),
    min_size=1,
    max_size=6,
)


@given(STATES, st.data())
def test_status_times_and_counts_do_not_depend_on_the_order_of_arrival(
    states: list[tuple[Status, int, int | None]], data: st.DataObject
) -> None:
    def outcome(order: list[tuple[Status, int, int | None]]) -> tuple[object, ...]:
        told = Told()
        for received, (status, second, start) in enumerate(order):
            starts_at = None if start is None else at(start)
            told.take(told.event(status, second, received=100 + received, starts_at=starts_at))
        alert = told.alert
        samples = sorted((sample.at, sample.status) for sample in alert.history)
        return alert.status, alert.state_at, alert.first_seen, alert.last_seen, alert.count, samples

    assert outcome(data.draw(st.permutations(states))) == outcome(states)


@given(STATES)
def test_the_latest_state_by_event_time_is_the_one_that_shows(states: list[tuple[Status, int, int | None]]) -> None:
    told = Told()
    for status, second, _ in states:
        told.take(told.event(status, second, received=100))
    newest = max(second for _, second, _ in states)
    at_newest = {status for status, second, _ in states if second == newest}
    assert told.alert.state_at == at(newest)
    assert told.alert.status is (FIRING if FIRING in at_newest else RESOLVED)
    assert told.alert.episode.open is (told.alert.status is FIRING)


STEPS = st.lists(
    st.tuples(st.sampled_from([FIRING, RESOLVED]), st.sampled_from(["a", "b"]), st.integers(0, 9), st.booleans()),
    max_size=12,
)


@given(STEPS, STEPS)
def test_a_restart_changes_nothing(before: Any, after: Any) -> None:
    def tell(told: Told, steps: Any, since: int) -> list[Alert]:
        taken = []
        for number, (status, fingerprint, second, leased) in enumerate(steps):
            changes = {"fingerprint": fingerprint, "content_key": f"{fingerprint}{status}{second}"}
            received = since + 40 * number
            told.run_timers(received)
            lease = timedelta(seconds=60) if leased else None
            event = told.event(status, second, received, event_id=f"0-{received}-0", lease=lease, **changes)
            if told.dedup.recognise(event):
                told.dedup.renew(event, event.received_at)
            else:
                taken.append(told.take(event))
        return taken

    told, restarted = Told(), Told()
    tell(told, before, 100)
    restarted.dedup.load(told.dedup.dump())
    restarted.timers.load(told.timers.dump())
    told.dedup.drain()
    assert tell(restarted, after, 1_000) == tell(told, after, 1_000)
    assert restarted.dedup.dump() == told.dedup.dump()
    assert restarted.dedup.drain() == told.dedup.drain()
    assert len(restarted.dedup) == len(told.dedup)
    assert list(restarted.dedup.firing()) == list(told.dedup.firing())


# What is read anew

WHY = Reason(step="supersede", text="superseded, because ana had it read anew")


def said(alert: Alert, *events: Event) -> list[EventRecord]:
    episode_id = alert.episode.episode_id
    return [EventRecord(event=event, fingerprint="fp", fate=Fate.STANDALONE, episode_id=episode_id) for event in events]


def test_an_alert_whose_events_were_all_read_anew_is_over_and_says_why() -> None:
    told = Told()
    first, second = told.event(FIRING, 0), told.event(FIRING, 10)
    told.take(first)
    told.take(second)
    (over,) = told.dedup.supersede(said(told.alert, first, second), WHY, at(99))
    assert (over.status, over.episode.end_reason, over.episode.ended_at) == (RESOLVED, "superseded", at(99))
    assert (over.reasons[-1], over.count, over.episode.events) == (WHY, 0, 0)
    told.dedup.keep(over)
    assert [timer.kind for timer in told.run_timers(1e7)] == ["forget"]


def test_one_that_others_made_too_goes_on_without_them() -> None:
    told = Told()
    first = told.event(FIRING, 0)
    told.take(first)
    told.firing(10)
    (left,) = told.dedup.supersede(said(told.alert, first), WHY, at(99))
    assert (left.status, left.count, left.episode.events, left.reasons[-1]) == (FIRING, 1, 1, WHY)


def test_what_is_said_anew_counts_though_it_is_older_than_what_was_taken_back() -> None:
    told = Told()
    first = told.event(RESOLVED, 50)
    told.take(first)
    for over in told.dedup.supersede(said(told.alert, first), WHY, at(99)):
        told.dedup.keep(over)
    assert told.firing(0).status is FIRING
    assert told.resolved(20).status is RESOLVED


def test_content_that_was_taken_back_is_no_resend() -> None:
    told = Told()
    first = told.event(FIRING, 0, content_key="k", keyed=True)
    assert told.dedup.recognise(first) == ""
    told.take(first)
    assert told.dedup.recognise(first) == first.event_id
    told.dedup.supersede(said(told.alert, first), WHY, at(99))
    assert told.dedup.recognise(first) == ""


def test_an_earlier_episode_is_history() -> None:
    told = Told()
    first = told.event(FIRING, 0)
    told.take(first)
    before = said(told.alert, first)
    told.resolved(10)
    told.firing(20)
    assert told.dedup.supersede(before, WHY, at(99)) == []


# Acknowledged where it comes from

TAKEN = {"status": "acknowledged"}


def test_an_acknowledgement_upstream_shows_until_it_is_taken_back_or_over() -> None:
    told = Told()
    assert not told.firing(0).acknowledged
    taken = told.firing(10, facts=TAKEN)
    assert (taken.acknowledged, taken.status) == (True, FIRING)
    assert "acknowledged in alertmanager" in taken.reasons[-1].text
    assert len(told.firing(15, facts=TAKEN).reasons) == len(taken.reasons)
    back = told.firing(20)
    assert not back.acknowledged
    assert "no longer acknowledged" in back.reasons[-1].text
    told.firing(30, facts=TAKEN)
    assert not told.resolved(40).acknowledged
    assert not told.firing(50).acknowledged


def test_what_comes_in_acknowledged_says_so_from_the_start() -> None:
    alert = Told().firing(0, facts=TAKEN)
    assert alert.acknowledged
    assert any("somebody there has taken it" in reason.text for reason in alert.reasons)


def test_a_lease_that_is_renewed_after_an_end_for_want_of_news_fires_again() -> None:
    """Alertmanager ends by itself what Prometheus is late to repeat; Prometheus then repeats it with its old start."""
    lease = timedelta(seconds=60)
    told = Told()
    told.firing(0, received=1, starts_at=at(0), lease=lease)
    told.dedup.renew(told.event(FIRING, 0, 20, starts_at=at(0), lease=lease), at(20))
    told.resolved(30, received=31, starts_at=at(0), ends_at=at(30))
    stale = told.event(FIRING, 0, 19, starts_at=at(0), lease=lease)  # it overtook nobody: promised less than is known
    assert told.take(stale).status is RESOLVED
    again = told.firing(0, received=40, starts_at=at(0), lease=lease)
    assert (again.status, again.episodes) == (FIRING, 2)
    repeated = told.resolved(30, received=45, starts_at=at(0), ends_at=at(30))
    assert repeated.status is FIRING  # the same end, said once more
    assert told.resolved(50, received=51, starts_at=at(0), ends_at=at(50)).status is RESOLVED


def test_an_end_of_what_was_never_leased_is_not_undone_by_an_old_firing() -> None:
    told = Told()
    told.firing(0, received=1, starts_at=at(0))
    told.resolved(30, received=31, starts_at=at(0), ends_at=at(30))
    assert told.firing(0, received=40, starts_at=at(0)).status is RESOLVED
