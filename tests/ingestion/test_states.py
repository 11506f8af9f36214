"""What does one more state make of an alert? Each function by itself, without a memory behind it."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.alerts import Alert, Sample, Suppression, Verdict
from aiops.domain.events import Severity, Status
from aiops.domain.reasons import Reason
from ingestion.states import MOST_SAMPLES, News, expired, inferred, sampled
from tests.builders import a_placement, a_template, an_alert, an_episode, an_event, at

FIRING, RESOLVED = Status.FIRING, Status.RESOLVED


def news(status: Status = FIRING, seconds: float = 60, received: float | None = None, **changes: Any) -> News:
    """A state of the alert ``fp-db``, at ``seconds``."""
    stated = {
        "event_id": "0-9-0",
        "fingerprint": "fp-db",
        "status": status,
        "occurred_at": at(seconds),
        "received_at": at(seconds if received is None else received),
    }
    return News("fp-db", an_event(**stated | changes), a_placement(owner="team-db"), a_template(), "p1")


def ended(seconds: float = 30, by: str = "sender") -> Alert:
    episode = an_episode("db", ended_at=at(seconds), end_reason=by)
    return an_alert("db", status=RESOLVED, episode=episode, state_at=at(seconds))


# The first state


def test_the_first_state_says_how_it_was_recognised() -> None:
    def known_by(**changes: Any) -> str:
        return news(**changes).first().reasons[-1].text

    assert known_by() == "a new alert; known by its fingerprint fp-db"
    assert known_by(fingerprint="") == "a new alert; known by its source and labels"
    assert known_by(fingerprint="", labels={}) == "a new alert; known by its title"


def test_the_first_state_carries_what_was_assumed_before_it() -> None:
    assumed = Reason(step="parse", text="severity 'P1' read as critical")
    assert [reason.step for reason in news(reasons=(assumed,)).first().reasons] == ["parse", "template", "dedup"]


def test_a_shape_that_was_never_seen_is_said_to_be_new() -> None:
    said = News("fp", an_event(), a_placement(), a_template(first=True), "").first().reasons[0].text
    assert said == 'its text has the shape "connection refused", never seen before'


def test_a_first_resolve_is_over_from_the_start_it_names_to_its_end() -> None:
    alert = news(RESOLVED, 60, starts_at=at(-30), ends_at=at(45)).first()
    assert (alert.episode.started_at, alert.episode.ended_at) == (at(-30), at(45))
    assert not alert.episode.open


# A newer state


def test_an_update_shows_the_new_words_and_keeps_the_entity_of_the_episode() -> None:
    placement = a_placement("api", owner="team-api")
    event = an_event(fingerprint="fp-db", title="db slow", annotations={"summary": "slow"}, occurred_at=at(60))
    alert = News("fp-db", event, placement, a_template(template_id="t-slow"), "p2").update(an_alert("db"))
    assert (alert.title, alert.annotations, alert.owner) == ("db slow", {"summary": "slow"}, "team-api")
    assert (alert.template_id, alert.pattern_id, alert.state_at) == ("t-slow", "p2", at(60))
    assert alert.entity.name == alert.episode.entity.name == "db"


def test_an_update_leaves_verdict_and_suppressions_to_those_who_made_them() -> None:
    muted = Suppression(kind="rule", id="r1", text="muted")
    before = an_alert("db", verdict=Verdict.KNOWN_GOOD, verdict_rule="r1", suppressed_by=(muted,))
    alert = news().update(before)
    assert (alert.verdict, alert.verdict_rule, alert.suppressed_by) == (Verdict.KNOWN_GOOD, "r1", (muted,))


def test_an_end_before_the_beginning_is_the_beginning() -> None:
    before = an_alert("db", first_seen=at(40))
    assert news(RESOLVED, 60, ends_at=at(20)).update(before).episode.ended_at == at(40)


def test_a_second_resolve_counts_and_moves_no_end() -> None:
    alert = news(RESOLVED, 90).update(ended(30))
    assert (alert.count, alert.episode.events, alert.episode.ended_at) == (2, 2, at(30))


@pytest.mark.parametrize("by", ["lease", "expiry"])
def test_the_senders_word_replaces_an_end_that_was_inferred(by: str) -> None:
    alert = news(RESOLVED, 90).update(ended(30, by=by))
    assert (alert.episode.ended_at, alert.episode.end_reason) == (at(90), "sender")


def test_a_resolve_does_not_make_the_episode_worse() -> None:
    before = an_alert("db", severity=Severity.INFO)
    alert = news(RESOLVED, 90, severity=Severity.CRITICAL).update(before)
    assert alert.episode.severity is Severity.INFO
    assert "severity went" not in " ".join(reason.text for reason in alert.reasons)


# Firing again


def test_firing_again_begins_no_earlier_than_the_last_end() -> None:
    assert news(FIRING, 60, starts_at=at(10)).again(ended(30)).episode.started_at == at(30)


def test_firing_again_after_an_inferred_end_began_when_the_sender_says_so() -> None:
    assert news(FIRING, 60, starts_at=at(10)).again(ended(30, by="expiry")).episode.started_at == at(10)


def test_firing_again_is_judged_anew_and_placed_anew() -> None:
    muted = Suppression(kind="rule", id="r1", text="muted")
    before = msgspec.structs.replace(
        ended(), verdict=Verdict.KNOWN_GOOD, verdict_rule="r1", suppressed_by=(muted,), episodes=4
    )
    event = an_event(fingerprint="fp-db", occurred_at=at(60), received_at=at(60))
    alert = News("fp-db", event, a_placement("api"), a_template(), "").again(before)
    assert (alert.verdict, alert.verdict_rule, alert.suppressed_by) == (Verdict.UNKNOWN, "", ())
    assert (alert.entity.name, alert.episode.entity.name, alert.episodes) == ("api", "api", 5)
    assert "30 s after it was resolved: episode 5" in alert.reasons[-1].text


# An older state


def test_a_late_state_counts_and_changes_no_words() -> None:
    before = an_alert("db", state_at=at(100))
    alert = news(FIRING, 50, received=120, title="old words", value=7.0).late(before)
    assert (alert.title, alert.value, alert.state_at, alert.event_id) == ("db down", None, at(100), "0-1-0")
    assert (alert.count, alert.last_seen, alert.reasons) == (2, at(120), before.reasons)


def test_a_late_state_may_tell_that_the_first_episode_began_earlier() -> None:
    before = an_alert("db", state_at=at(100))
    assert news(FIRING, -50, received=120).late(before).episode.started_at == at(-50)
    second = msgspec.structs.replace(before, episodes=2)
    assert news(FIRING, -50, received=120).late(second).episode.started_at == at(0)


def test_a_late_state_of_the_other_kind_says_that_it_came_late() -> None:
    alert = news(RESOLVED, 50, received=120).late(an_alert("db", state_at=at(100)))
    assert alert.reasons[-1].text == (
        "a state 'resolved' from 2026-03-02 09:00:50 UTC came in late, after one from 2026-03-02 09:01:40 UTC:"
        " the alert stays firing"
    )


# Ends that nobody told


@pytest.mark.parametrize(
    ("source", "end_reason", "room", "said"),
    [
        ("detector:log_errors", "lease", "", "there was no such line for 15 min"),
        ("prometheus", "lease", "", "nothing was heard of it for 15 min, and its sender's word holds no longer"),
        (
            "acme",
            "expiry",
            "",
            "nothing was heard of it for 15 min: its sender neither repeated nor resolved it",
        ),
        ("acme", "expiry", "there is no room", "there is no room: 15 min"),
    ],
)
def test_an_end_that_nobody_told_says_why(source: str, end_reason: str, room: str, said: str) -> None:
    alert = expired(an_alert("db", source=source), at(900), end_reason, room)
    assert alert.reasons[-1].text == f"resolved, because {said}"
    assert alert.reasons[-1].evidence == {"silent_seconds": 900.0}
    assert (alert.status, alert.episode.ended_at, alert.episode.end_reason) == (RESOLVED, at(900), end_reason)
    assert inferred(alert)


def test_an_inferred_end_leaves_the_senders_own_time_alone() -> None:
    before = an_alert("db", lease_until=at(60))
    alert = expired(before, at(60), "lease")
    assert (alert.state_at, alert.last_seen, alert.lease_until) == (before.state_at, before.last_seen, None)
    assert alert.history[-1] == Sample(at=at(60), status=RESOLVED, severity=before.severity)


def test_only_ends_that_nobody_told_are_inferred() -> None:
    assert not inferred(an_alert("db"))
    assert not inferred(ended(by="sender"))
    assert not inferred(ended(by="operator"))


# The value history


@given(st.lists(st.integers(0, 1_000), max_size=120))
def test_the_history_is_in_order_and_holds_the_newest(seconds: list[int]) -> None:
    history: tuple[Sample, ...] = ()
    for second in seconds:
        history = sampled(history, Sample(at=at(second), status=FIRING, severity=Severity.INFO))
    times = [sample.at for sample in history]
    assert times == sorted(times)
    assert len(times) == min(len(seconds), MOST_SAMPLES)
    if seconds:
        assert times[-1] == at(max(seconds))


@given(st.integers(-5_000, 5_000), st.integers(0, 5_000), st.integers(-5_000, 5_000))
def test_no_episode_begins_after_we_heard_of_it_nor_ends_before_it_began(start: int, received: int, end: int) -> None:
    stated = {"starts_at": at(start), "occurred_at": at(start)}
    first = news(FIRING, 0, received=received, **stated).first()
    assert first.episode.started_at <= first.episode.received_at
    over = news(RESOLVED, end, received=received + 1, ends_at=at(end)).update(first)
    assert over.episode.ended_at is not None
    assert over.episode.ended_at - over.episode.started_at >= timedelta(0)
