"""What did mutes cost in this incident? Asked when a person confirms its cause, of all alerts that they hid in it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from aiops.domain.alerts import Alert
from aiops.domain.base import Noun
from aiops.domain.rules import Rule
from aiops.domain.words import plural, span


class Harm(Noun, frozen=True, kw_only=True):
    """What one rule hid, or in shadow would have hidden, of one incident."""

    rule_id: str
    alerts: int
    root: str  # title of one on the confirmed cause; empty: none was
    seconds: float  # how much earlier than the first alert that was heard the first of them began; at least 0
    narrower: str  # entities that the rule would have to leave alone

    @property
    def text(self) -> str:
        """Return it as a sentence."""
        sooner = f", {span(self.seconds)} before anything was heard" if self.seconds else ""
        root = f"; {self.root!r} was on its cause" if self.root else ""
        return (
            f"rule {self.rule_id} hid {plural(self.alerts, 'alert')} of it{sooner}{root};"
            f" narrow it to leave out {self.narrower}"
        )


def harms(
    members: Sequence[Alert], hiding: Mapping[str, Iterable[Rule]], cause: str, first_heard: datetime
) -> list[Harm]:
    """Return what each rule cost. ``members``: the incident's alerts; ``hiding``: by fingerprint the rules over it."""
    hidden: dict[str, list[Alert]] = {}
    for alert in members:
        for rule in hiding.get(alert.fingerprint, ()):
            hidden.setdefault(rule.id, []).append(alert)
    return [_harm(rule_id, alerts, cause, first_heard) for rule_id, alerts in sorted(hidden.items())]


def _harm(rule_id: str, alerts: Sequence[Alert], cause: str, first_heard: datetime) -> Harm:
    first = min(alert.episode.started_at for alert in alerts)
    return Harm(
        rule_id=rule_id,
        alerts=len(alerts),
        root=next((alert.title for alert in alerts if cause and alert.entity.name == cause), ""),
        seconds=max(0.0, (first_heard - first).total_seconds()),
        narrower=", ".join(sorted({alert.entity.name or alert.title for alert in alerts})[:5]),
    )
