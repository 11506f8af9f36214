"""An episode has another place: which documents say so?"""

from aiops.domain.alerts import Alert, Episode, Link, Moved
from aiops.domain.documents import ALERTS, EPISODES
from aiops.domain.events import Status
from aiops.domain.reasons import Reason
from aiops.domain.settings import DedupSettings
from aiops.domain.timers import Timers
from ingestion.dedup import Dedup
from tests.builders import a_placement, a_template, an_event, at

LINK = Link(parent="", parent_entity="", relation="moved", seconds=0, ratio=0, text="moved from #1 to #2")


class Told:
    """A Dedup that is told of one alert, and what it lets go of."""

    def __init__(self) -> None:
        self.left: list[Episode] = []
        self.dedup = Dedup(DedupSettings(), Timers(), self.left.append)

    def says(self, seconds: float, status: Status = Status.FIRING) -> Alert:
        event = an_event(
            event_id=f"0-{seconds:g}-0",
            fingerprint="fp",
            status=status,
            occurred_at=at(seconds),
            received_at=at(seconds),
        )
        alert = self.dedup.take(event, a_placement(), a_template(), "")
        self.dedup.keep(alert)
        self.dedup.drain()
        return alert


def moved(episode: Episode, past: Episode | None = None) -> Moved:
    return Moved(
        episode_id=episode.episode_id,
        fingerprint="fp",
        incident_id="i2",
        link=LINK,
        reason=Reason(step="group", text=LINK.text),
        past=past,
    )


def test_an_alert_that_stands_on_the_episode_says_where_it_is_and_why() -> None:
    told = Told()
    alert = told.dedup.move(moved(told.says(1).episode))
    assert alert is not None
    assert (alert.episode.incident_id, alert.episode.link) == ("i2", LINK)
    assert alert.reasons[-1].text == "moved from #1 to #2"
    assert told.dedup.drain() == [(ALERTS, alert), (EPISODES, alert.episode)]
    assert told.says(2).episode.incident_id == "i2"


def test_an_earlier_episode_is_written_anew_and_the_alert_stays_as_it_is() -> None:
    told = Told()
    told.says(1)
    told.says(2, Status.RESOLVED)
    later = told.says(3)
    (past,) = told.left
    assert told.dedup.move(moved(past, past)) is None
    ((collection, episode),) = told.dedup.drain()
    assert collection is EPISODES
    assert (episode.episode_id, episode.ended_at, episode.incident_id) == (past.episode_id, at(2), "i2")
    assert told.dedup.current("fp") == later


def test_who_forgets_an_alert_hands_its_episode_on() -> None:
    told = Told()
    told.says(1)
    over = told.says(2, Status.RESOLVED)
    told.dedup.forget("fp")
    assert told.left == [over.episode]


def test_an_alert_taken_up_before_the_move_does_not_bring_its_old_place_back() -> None:
    told = Told()
    before = told.says(1)
    told.dedup.move(moved(before.episode))
    assert told.dedup.where(before).episode.incident_id == "i2"
    told.says(2, Status.RESOLVED)
    told.says(3)
    assert told.dedup.where(before) == before  # of an earlier episode nothing is known here
