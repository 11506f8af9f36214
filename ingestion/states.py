"""What does one more state make of an Alert? Pure: alert and event in, alert out."""

from datetime import datetime, timedelta

import msgspec

from aiops.domain.alerts import Alert, Episode, Placement, Sample, Templated, Verdict
from aiops.domain.events import Event, Severity, Status
from aiops.domain.reasons import Reason, told
from aiops.domain.words import clock, span

MOST_SAMPLES = 50
MOST_REASONS = 40
INFERRED = ("lease", "expiry", "superseded")  # end reasons that no sender told us


class News(msgspec.Struct, frozen=True):
    """What an event and the parts before dedup know of a condition."""

    fingerprint: str
    event: Event
    placement: Placement
    templated: Templated
    pattern_id: str

    def first(self) -> Alert:
        """The alert of a condition that was never seen; a resolve makes one whose only episode is over."""
        event = self.event
        alert = Alert(
            fingerprint=self.fingerprint,
            source=event.source,
            title=event.title,
            entity=self.placement.entity,
            status=event.status,
            severity=self._severity,
            state_at=event.occurred_at,
            episode=self._episode(self._start),
            first_seen=self._start,
            last_seen=event.received_at,
            history=(self._sample,),
            event_id=event.event_id,
            reasons=self._reasons("a new alert"),
        )
        return self._shown(alert)

    def again(self, before: Alert) -> Alert:
        """It fires after it was resolved: a new episode of the same alert, judged anew."""
        ended = before.episode.ended_at or before.last_seen
        start = self._start if inferred(before) else max(self._start, ended)
        calm = span(max(start - ended, timedelta(0)))
        said = f"the same alert fires again, {calm} after it was resolved: episode {before.episodes + 1}"
        return msgspec.structs.replace(
            self._shown(self._counted(before)),
            entity=self.placement.entity,
            episode=self._episode(start),
            episodes=before.episodes + 1,
            verdict=Verdict.UNKNOWN,
            verdict_rule="",
            suppressed_by=(),
            reasons=self._reasons(said),
        )

    def anew(self, before: Alert, why: str) -> Alert:
        """What it says is news: a new episode of the alert that fires, judged anew; nobody saw the old one end."""
        return msgspec.structs.replace(
            self._shown(self._counted(before)),
            entity=self.placement.entity,
            episode=self._episode(max(self._start, before.episode.started_at)),
            episodes=before.episodes + 1,
            verdict=Verdict.UNKNOWN,
            verdict_rule="",
            suppressed_by=(),
            reasons=self._reasons(f"{why}: episode {before.episodes + 1}"),
        )

    def update(self, before: Alert) -> Alert:
        """A newer state in the same episode."""
        event, alert = self.event, self._shown(self._counted(before))
        episode = self._in_episode(alert.episode, before.episode.started_at)
        reasons = before.reasons
        if event.status is Status.FIRING and self._severity is not before.severity:
            reasons = told(
                reasons, Reason(step="dedup", text=f"severity went from {before.severity} to {self._severity}")
            )
        if event.status is Status.RESOLVED and (before.status is Status.FIRING or inferred(before)):
            end = max(episode.started_at, event.ends_at or event.occurred_at)
            episode = msgspec.structs.replace(episode, ended_at=end, end_reason="sender")
            text = f"resolved by the sender at {clock(end)}, after {span(end - episode.started_at)}"
            reasons = told(reasons, Reason(step="dedup", text=text))
        if alert.acknowledged is not before.acknowledged:
            reasons = told(reasons, _taken(event))
        return msgspec.structs.replace(alert, episode=episode, reasons=reasons)

    def late(self, before: Alert) -> Alert:
        """An older state: it counts, and may tell that the first episode began earlier; status and text stay."""
        event, alert = self.event, self._counted(before)
        start = before.episode.started_at
        if before.episodes == 1:
            start = min(start, self._start)
        reasons = before.reasons
        if event.status is not before.status:
            text = (
                f"a state '{event.status}' from {clock(event.occurred_at)} came in late, after one from"
                f" {clock(before.state_at)}: the alert stays {before.status}"
            )
            reasons = told(reasons, Reason(step="dedup", text=text))
        return msgspec.structs.replace(alert, episode=self._in_episode(alert.episode, start), reasons=reasons)

    @property
    def _severity(self) -> Severity:
        return self.placement.severity or self.event.severity

    @property
    def _start(self) -> datetime:
        """When the firing that the event speaks of began, as far as it says so; not after we heard of it."""
        event = self.event
        return min(event.starts_at or event.occurred_at, event.occurred_at, event.received_at)

    @property
    def _sample(self) -> Sample:
        event = self.event
        return Sample(at=event.occurred_at, status=event.status, severity=self._severity, value=event.value)

    def _reasons(self, said: str) -> tuple[Reason, ...]:
        """Why it is this alert, on this node, of this shape: the reasons that an episode begins with."""
        event, templated = self.event, self.templated
        news = ", never seen before" if templated.first else ""
        shape = Reason(
            step="template",
            text=f'its text has the shape "{templated.text[:200]}"{news}',
            evidence={"template_id": templated.template_id},
        )
        by = (
            f"fingerprint {event.fingerprint}"
            if event.fingerprint
            else "source and labels"
            if event.labels
            else "title"
        )
        dedup = Reason(step="dedup", text=f"{said}; known by its {by}", evidence={"fingerprint": self.fingerprint})
        taken = (_taken(event),) if _acknowledged(event) else ()
        return (*event.reasons, *self.placement.reasons, shape, dedup, *taken)[:MOST_REASONS]

    def _episode(self, start: datetime) -> Episode:
        event = self.event
        over = event.status is Status.RESOLVED
        return Episode(
            episode_id=f"{self.fingerprint}-{event.event_id}",
            fingerprint=self.fingerprint,
            name=event.title,
            entity=self.placement.entity,
            kind_key=event.labels.get("alertname") or self.templated.template_id,
            template_id=self.templated.template_id,
            severity=self._severity,
            started_at=start,
            received_at=event.received_at,
            last_seen=event.received_at,
            ended_at=max(start, event.ends_at or event.occurred_at) if over else None,
            end_reason="sender" if over else "",
        )

    def _in_episode(self, episode: Episode, start: datetime) -> Episode:
        """The episode with one more event, which may be worse than all before."""
        worst = max(episode.severity, self._severity, key=lambda severity: severity.rank)
        if self.event.status is Status.RESOLVED or self.event.occurred_at < start:
            worst = episode.severity
        return msgspec.structs.replace(
            episode,
            severity=worst,
            started_at=start,
            last_seen=max(episode.last_seen, self.event.received_at),
            events=episode.events + 1,
        )

    def _counted(self, before: Alert) -> Alert:
        """What every event adds, whenever it is from."""
        return msgspec.structs.replace(
            before,
            count=before.count + 1,
            first_seen=min(before.first_seen, self._start),
            last_seen=max(before.last_seen, self.event.received_at),
            history=sampled(before.history, self._sample),
        )

    def _shown(self, alert: Alert) -> Alert:
        """The alert as this event states it. The entity is the episode's and stays with it."""
        event, templated = self.event, self.templated
        return msgspec.structs.replace(
            alert,
            title=event.title,
            message=event.message,
            owner=self.placement.owner,
            labels=event.labels,
            annotations=event.annotations,
            url=event.url,
            acknowledged=_acknowledged(event),
            status=event.status,
            severity=self._severity,
            value=event.value,
            state_at=event.occurred_at,
            template_id=templated.template_id,
            template=templated.text,
            masked=templated.masked,
            parameters=templated.parameters,
            pattern_id=self.pattern_id,
            event_id=event.event_id,
        )


def _acknowledged(event: Event) -> bool:
    """Does the sender say that somebody there has taken it?"""
    return event.status is Status.FIRING and event.facts.get("status") == "acknowledged"


def _taken(event: Event) -> Reason:
    at = clock(event.occurred_at)
    if _acknowledged(event):
        text = f"acknowledged in {event.source} at {at}: somebody there has taken it; here it still fires and may page"
    else:
        text = f"no longer acknowledged in {event.source}, at {at}"
    return Reason(step="dedup", text=text)


def expired(alert: Alert, now: datetime, end_reason: str, room: str = "") -> Alert:
    """The alert, resolved though nobody said so: "lease" and "expiry" are in INFERRED, ``room`` is why it must go.

    ``state_at`` stays the sender's: its own later word counts.
    """
    silent = now - alert.last_seen
    if room:
        why = f"{room}: {span(silent)}"
    elif alert.source.startswith("detector:"):
        why = f"there was no such line for {span(silent)}"
    elif end_reason == "lease":
        why = f"nothing was heard of it for {span(silent)}, and its sender's word holds no longer"
    else:
        why = f"nothing was heard of it for {span(silent)}: its sender neither repeated nor resolved it"
    reason = Reason(step="expire", text=f"resolved, because {why}", evidence={"silent_seconds": silent.total_seconds()})
    return msgspec.structs.replace(
        alert,
        status=Status.RESOLVED,
        lease_until=None,
        episode=msgspec.structs.replace(
            alert.episode, ended_at=max(now, alert.episode.started_at), end_reason=end_reason
        ),
        history=sampled(alert.history, Sample(at=now, status=Status.RESOLVED, severity=alert.severity)),
        reasons=told(alert.reasons, reason),
    )


def superseded(alert: Alert, now: datetime) -> Alert:
    """The alert, over: all that its present episode was made of was read anew, and counts no longer."""
    episode = alert.episode
    if episode.open:
        episode = msgspec.structs.replace(episode, ended_at=max(now, episode.started_at))
    return msgspec.structs.replace(
        alert,
        status=Status.RESOLVED,
        lease_until=None,
        episode=msgspec.structs.replace(episode, end_reason="superseded"),
        history=sampled(alert.history, Sample(at=now, status=Status.RESOLVED, severity=alert.severity)),
    )


def inferred(alert: Alert) -> bool:
    """Did it end without anybody telling us so?"""
    return not alert.episode.open and alert.episode.end_reason in INFERRED


def sampled(history: tuple[Sample, ...], sample: Sample) -> tuple[Sample, ...]:
    """Add a sample at its place in time; the newest 50 stay."""
    if history and sample.at < history[-1].at:
        return tuple(sorted((*history, sample), key=lambda one: one.at))[-MOST_SAMPLES:]
    return (*history, sample)[-MOST_SAMPLES:]
