"""What did mutes cost in an incident whose cause a person confirmed? And what fired near it, so is no noise?

Such incidents of the last 30 days are what proposals are tested against: none of their members, and nothing that fired
near the cause while they lasted, is proposed to be muted.
"""

from collections import Counter, OrderedDict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

import msgspec

from aiops.domain.alerts import Alert
from aiops.domain.base import Noun
from aiops.domain.events import Status
from aiops.domain.part import Part
from aiops.domain.rules import Rule, RuleStatus
from aiops.domain.words import plural, span
from rules.profiles import Profiles

MOST = 500  # confirmed incidents remembered; the one confirmed longest ago is forgotten
REMEMBERED = timedelta(days=30)


class _Trial(msgspec.Struct, array_like=True):
    """A confirmed incident; profiles by their keys."""

    at: float  # when it was confirmed, in seconds since 1970
    near: list[str]  # what fired in it, or near its cause
    rooted: list[str]  # those of them on its cause


class Harms(Part):
    """The confirmed incidents that proposals are tested against, counted in the profiles of what fired near them.

    The counts of profiles are as of the last time that somebody asked for what is ``tested``.
    """

    def __init__(self, profiles: Profiles) -> None:
        super().__init__()
        self._profiles = profiles
        self._trials: OrderedDict[str, _Trial] = OrderedDict()  # by incident, the one confirmed longest ago first

    def confirm(
        self,
        incident_id: str,
        cause: str,
        members: Collection[str],
        around: Collection[str],
        lasted: tuple[datetime, datetime],
        now: datetime,
    ) -> None:
        """An incident was real. ``members``: keys of its alerts' profiles; ``around``: nodes near its cause.

        ``lasted``: from when to when what fires on those belongs to it. Confirming it once more replaces this.
        """
        self.take_back(incident_id)
        near = [
            one for one in self._profiles.all() if one.key in members or (one.entity in around and one.fired(*lasted))
        ]
        rooted = [one for one in near if one.entity == cause and one.fired(*lasted)]
        trial = _Trial(now.timestamp(), [one.key for one in near], [one.key for one in rooted])
        self._trials[incident_id] = trial
        while len(self._trials) > MOST:
            self._trials.popitem(last=False)

    def take_back(self, incident_id: str) -> None:
        """The incident was not what was said of it, or it is long ago."""
        self._trials.pop(incident_id, None)

    def tested(self, now: datetime) -> int:
        """Forget what is long ago, and count the rest in the profiles; return how many there are to be tested against.

        All are counted anew: a profile that was forgotten and came back knows nothing of what it fired near to.
        """
        since = (now - REMEMBERED).timestamp()
        for key in [key for key, trial in self._trials.items() if trial.at < since]:
            self.take_back(key)
        near = Counter(key for trial in self._trials.values() for key in trial.near)
        rooted = Counter(key for trial in self._trials.values() for key in trial.rooted)
        for profile in self._profiles.all():
            profile.near, profile.rooted = near[profile.key], rooted[profile.key]
        return len(self._trials)

    def dump(self) -> bytes:
        return msgspec.msgpack.encode(list(self._trials.items()))

    def load(self, state: bytes) -> None:
        self._trials = OrderedDict(msgspec.msgpack.decode(state, type=list[tuple[str, _Trial]]))


class Harm(Noun, frozen=True, kw_only=True):
    """What one rule hid of one incident, or would have hidden: in shadow, or had it been made by then."""

    rule: Rule
    hid: bool  # it was in force then; else it would have hidden them
    alerts: int
    members: int  # of them in the incident; the others fired near its services
    root: str  # title of a member on the confirmed cause; empty: none was
    seconds: float  # how much earlier than the first alert that was heard the first of them fired; at least 0
    nodes: tuple[str, ...]  # where they were

    @property
    def text(self) -> str:
        """Return it as a sentence."""
        near = f", {plural(self.members, 'member')} of it and the others near it" if self.members < self.alerts else ""
        sooner = f", the first {span(self.seconds)} before anything was heard" if self.seconds else ""
        root = f"; {self.root!r} was on its cause" if self.root else ""
        return f"rule {self.rule.id} {self.deed}{near}{sooner}{root}"

    @property
    def deed(self) -> str:
        """Return what it did, in words."""
        return f"{'hid' if self.hid else 'would have hidden'} {plural(self.alerts, 'alert')}"


def harms(
    fired: Mapping[str, tuple[Alert, datetime]],
    hiding: Mapping[str, Iterable[Rule]],
    members: Collection[str],
    cause: str,
) -> list[Harm]:
    """Return what each rule cost. ``fired``: by fingerprint what fired in time, and when first; ``hiding``: the rules.

    ``members``: fingerprints of the incident's alerts.
    """
    over = {key: [rule for rule in hiding.get(key, ()) if _over(rule, *fired[key])] for key in fired}
    heard = [
        fired[key][1] for key in fired if key in members and not any(_hid(rule, fired[key][1]) for rule in over[key])
    ]
    rules = {rule.id: rule for key in fired for rule in over[key]}
    return [
        _harm(rules[rule_id], {key: fired[key] for key in fired if rules[rule_id] in over[key]}, members, cause, heard)
        for rule_id in sorted(rules)
    ]


def fired_in(alert: Alert, since: datetime, until: datetime) -> datetime | None:
    """Return when the alert first fired within these times, as far as its history goes; None: it did not."""
    times = [one.at for one in alert.history if one.status is Status.FIRING]
    return min((at for at in (alert.episode.started_at, *times) if since <= at <= until), default=None)


def _over(rule: Rule, alert: Alert, at: datetime) -> bool:
    """Does the rule hide what fired then? Of an earlier episode: would it, by what it says now?"""
    over = {one.id for one in (*alert.suppressed_by, *filter(None, [alert.lifted]))}
    return rule.status is RuleStatus.SHADOW or alert.episode.started_at > at or rule.id in over


def _hid(rule: Rule, at: datetime) -> bool:
    """Was it in force then?"""
    since = rule.active_since or rule.created_at
    return rule.status is RuleStatus.ACTIVE and (since is None or since <= at)


def _harm(
    rule: Rule,
    hidden: Mapping[str, tuple[Alert, datetime]],
    members: Collection[str],
    cause: str,
    heard: Collection[datetime],
) -> Harm:
    first = min(at for _, at in hidden.values())
    root = (one.title for key, (one, _) in hidden.items() if cause and one.entity.name == cause and key in members)
    return Harm(
        rule=rule,
        hid=any(_hid(rule, at) for _, at in hidden.values()),
        alerts=len(hidden),
        members=sum(key in members for key in hidden),
        root=next(root, ""),
        seconds=max(0.0, (min(heard) - first).total_seconds()) if heard else 0.0,
        nodes=tuple(sorted({one.entity.name for one, _ in hidden.values() if one.entity.name})),
    )
