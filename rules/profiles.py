"""What is each kind of alert like on each entity: how often, when, with what, for how long, near which harm?

Sufficient statistics, kept as alerts come: mutes take their envelope from them, and proposals their grounds.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from aiops.domain.alerts import Alert, Verdict
from aiops.domain.base import Noun, stable_hash
from aiops.domain.events import Severity, Status
from aiops.domain.part import Part

MOST = 20_000  # kinds on entities; the longest unheard is forgotten
MOST_VALUES = 8  # different values of a parameter, beyond which it may have any
MOST_PLACES = 8  # parameters looked at
MOST_BESIDE = 8  # kinds that fire beside it, beyond which it may be any
MOST_NEIGHBOURS = 32  # kinds on one entity that are remembered as having fired lately
MOST_EXAMPLES = 3
BESIDE = 600.0  # seconds within which two kinds fire together
BIN = 900  # seconds: so exactly is remembered when it fired
BINS = 30 * 24 * 4  # for 30 days
HOUR = 3_600
WEEK = 168  # hours


class Profile(msgspec.Struct, array_like=True):
    """One kind of alert on one entity. Hours are counted since 1970, times in seconds."""

    key: str
    source: str
    kind: str
    template: str
    title: str
    entity: str
    first: float
    last: float
    firings: int = 0
    episodes: int = 0
    ended: int = 0  # by their sender
    longest: float = 0.0  # episode, in seconds
    worst: Severity = Severity.INFO
    hour: int = -1  # of the last firing
    in_hour: int = 0
    hours: int = 0  # different ones
    peak: int = 0  # most firings in an hour that is over
    week: dict[int, int] = {}  # hour of the week -> the same
    values: list[list[str]] = []  # of each parameter, sorted; empty: too many
    beside: list[str] = []  # other kinds that fired with it on its entity
    crowd: bool = False  # there were too many of those
    near: int = 0  # confirmed incidents of the last 30 days that it fired near to, when proposals were last thought of
    rooted: int = 0  # of which its entity was the cause
    known: bool = False  # a rule gave it a verdict when it was last judged
    examples: list[str] = []
    fingerprint: str = ""  # of the alert that fired last
    bins: bytearray = msgspec.field(default_factory=lambda: bytearray(BINS // 8))  # a ring of bits: did it fire then?

    def fired(self, since: datetime, until: datetime) -> bool:
        """Did it fire between these times, as exactly as that is remembered?"""
        newest = int(self.last) // BIN
        first = max(int(since.timestamp()) // BIN, newest - BINS + 1)
        return any(self._bit(number) for number in range(first, min(int(until.timestamp()) // BIN, newest) + 1))

    def fire(self, now: datetime) -> None:
        """It fires now; what is older than the ring is forgotten."""
        present, newest = int(now.timestamp()) // BIN, int(self.last) // BIN
        for number in range(newest + 1, min(present, newest + BINS) + 1):
            self.bins[number % BINS // 8] &= ~(1 << number % 8)
        self.bins[present % BINS // 8] |= 1 << present % 8
        self.last = now.timestamp()

    def most(self, hour: int) -> int:
        """Return the most firings in this hour of the week, that of the last firing included."""
        present = self.in_hour if self.hour >= 0 and _of_week(self.hour) == hour else 0
        return max(self.week.get(hour, 0), present)

    def _bit(self, number: int) -> bool:
        return bool(self.bins[number % BINS // 8] & 1 << number % 8)


class Seen(Noun, frozen=True, kw_only=True):
    """How an alert stands at this moment, as envelopes judge it."""

    in_hour: int  # firings of its kind on its entity in this hour
    hour: int  # of the week
    beside: tuple[str, ...] = ()  # other kinds that fire on its entity
    company: tuple[str, ...] = ()  # other services in its incident of which something fires that nothing hides
    vital: bool = False  # its entity is business-critical


class Profiles(Part):
    """Everything that is known of kinds of alerts, by ``key_of``."""

    def __init__(self) -> None:
        super().__init__()
        self._profiles: OrderedDict[str, Profile] = OrderedDict()  # the longest unheard first
        self._lately: OrderedDict[str, dict[str, tuple[float, str]]] = OrderedDict()  # entity -> kind -> when last, key

    def note(self, alert: Alert, now: datetime, hit: bool, turned: bool) -> Seen:
        """Count an alert in if an event came in for it (``hit``); return how it stands now."""
        key = key_of(alert)
        fires = hit and alert.status is Status.FIRING
        profile = self._profiles.get(key) or (self._new(key, alert, now) if fires else None)
        if profile and fires:
            self._fire(profile, alert, now)
        if profile and turned and alert.episode.ended_at and alert.episode.end_reason == "sender":
            profile.ended += 1
            lasted = alert.episode.ended_at - alert.episode.started_at
            profile.longest = max(profile.longest, lasted.total_seconds())
        hour, own = int(now.timestamp()) // HOUR, alert.episode.kind_key
        here = self._lately.get(alert.entity.name, {})
        beside = tuple(sorted(kind for kind in here if kind != own and _fresh(here[kind][0], now)))
        in_hour = profile.in_hour if profile and profile.hour == hour else 0
        return Seen(in_hour=in_hour, hour=_of_week(hour), beside=beside)

    def judged(self, alert: Alert) -> None:
        """A rule has given the alert a verdict, or none has: what is known already need not be proposed."""
        if profile := self._profiles.get(key_of(alert)):
            profile.known = alert.verdict is not Verdict.UNKNOWN

    def families(self) -> Iterator[list[Profile]]:
        """Yield the profiles of each kind over all entities, in the order of their kinds."""
        families: dict[tuple[str, str, str], list[Profile]] = {}
        for profile in self._profiles.values():
            families.setdefault((profile.source, profile.template, profile.kind), []).append(profile)
        for family in sorted(families):
            yield sorted(families[family], key=lambda profile: profile.entity)

    def all(self) -> Iterable[Profile]:
        """Return all of them, the longest unheard first."""
        return self._profiles.values()

    def get(self, key: str) -> Profile | None:
        """Return what is known of a kind on an entity, by ``key_of`` its alerts."""
        return self._profiles.get(key)

    def dump(self) -> bytes:
        return msgspec.msgpack.encode((list(self._profiles.values()), list(self._lately.items())))

    def load(self, state: bytes) -> None:
        shape = tuple[list[Profile], list[tuple[str, dict[str, tuple[float, str]]]]]
        profiles, lately = msgspec.msgpack.decode(state, type=shape)
        self._profiles = OrderedDict((profile.key, profile) for profile in profiles)
        self._lately = OrderedDict(lately)

    def _new(self, key: str, alert: Alert, now: datetime) -> Profile:
        profile = self._profiles[key] = Profile(
            key=key,
            source=alert.source,
            kind=alert.episode.kind_key,
            template=alert.template,
            title=alert.title,
            entity=alert.entity.name,
            first=now.timestamp(),
            last=now.timestamp(),
        )
        if len(self._profiles) > MOST:
            self._profiles.popitem(last=False)
        return profile

    def _fire(self, profile: Profile, alert: Alert, now: datetime) -> None:
        self._profiles.move_to_end(profile.key)
        hour = int(now.timestamp()) // HOUR
        if hour != profile.hour:
            if profile.hour >= 0:
                of_week = _of_week(profile.hour)
                profile.peak = max(profile.peak, profile.in_hour)
                profile.week[of_week] = max(profile.week.get(of_week, 0), profile.in_hour)
            profile.hour, profile.in_hour, profile.hours = hour, 0, profile.hours + 1
        profile.in_hour += 1
        profile.firings += 1
        profile.episodes += alert.episode.events == 1
        profile.fire(now)
        profile.fingerprint = alert.fingerprint
        profile.template = alert.template
        profile.worst = max(profile.worst, alert.severity, key=lambda severity: severity.rank)
        places = alert.parameters[:MOST_PLACES]
        if len(places) > len(profile.values):  # its template has become more general
            profile.values = [[value] for value in places]
        profile.values = [_with(values, value) for values, value in zip(profile.values, places, strict=False)]
        if len(profile.examples) < MOST_EXAMPLES and alert.message not in profile.examples:
            profile.examples.append(alert.message or alert.title)
        self._meet(profile, now)

    def _meet(self, profile: Profile, now: datetime) -> None:
        """Remember who fires together on one entity, both ways."""
        if not profile.entity:
            return
        here = self._lately.setdefault(profile.entity, {})
        self._lately.move_to_end(profile.entity)
        here.pop(profile.kind, None)
        here[profile.kind] = now.timestamp(), profile.key
        while len(here) > MOST_NEIGHBOURS:
            del here[next(iter(here))]
        while len(self._lately) > MOST:
            self._lately.popitem(last=False)
        for kind, (when, key) in here.items():
            if kind != profile.kind and _fresh(when, now):
                _together(profile, kind)
                if other := self._profiles.get(key):
                    _together(other, profile.kind)


def key_of(alert: Alert) -> str:
    """Return what sort of alert on which entity."""
    return stable_hash(alert.source, alert.episode.kind_key, alert.template_id, alert.entity.name)


def weeks_of(profile: Profile) -> float:
    """Return over how long it was seen, in weeks."""
    return (profile.last - profile.first) / timedelta(weeks=1).total_seconds()


def _with(values: list[str], value: str) -> list[str]:
    if not values or value in values:
        return values
    return [] if len(values) == MOST_VALUES else sorted([*values, value])


def _together(profile: Profile, kind: str) -> None:
    if kind not in profile.beside and not profile.crowd:
        profile.beside = sorted([*profile.beside, kind])
        profile.crowd = len(profile.beside) > MOST_BESIDE


def _fresh(when: float, now: datetime) -> bool:
    return now.timestamp() - when <= BESIDE


def _of_week(hour: int) -> int:
    """Return the hour of the week, from Monday 00:00 UTC, of an hour counted since 1970."""
    at = datetime.fromtimestamp(hour * HOUR, UTC)
    return at.weekday() * 24 + at.hour
