"""Which rules could be made? Proposals with what speaks for them, out of what is known of kinds of alerts.

A kind is harmless as far as we know if it fired often and in many different hours, was never critical, is not of what
is business-critical, and was in no incident of the last 30 days whose cause a person confirmed, nor near one, which
rules/harm counts. It may be the sign of harm if its entity was the confirmed cause most times that it fired. A proposal
covers all entities where each of them is so by itself, else one. A rejected one does not come again.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice

import msgspec

from aiops.domain.alerts import Verdict
from aiops.domain.base import stable_hash
from aiops.domain.events import Severity
from aiops.domain.matching import Matcher
from aiops.domain.part import Part
from aiops.domain.rules import Case, Cases, Grounds, Rule, RuleStatus
from aiops.domain.settings import SuggestSettings
from aiops.domain.timers import Timers
from aiops.domain.words import clock, plural, span
from rules.envelope import envelope_of
from rules.holding import at_least
from rules.making import NARROWER
from rules.profiles import Profile, Profiles
from rules.trail import ENGINE

TIMER = "suggest"
EVERY = timedelta(hours=1)
MANY = 3  # entities that are each so by themselves: then the rule may cover all
SURE = 0.95
SIGNS = 3  # confirmed incidents whose cause it was on
MOST_OPEN = 200  # proposals that wait for a person
MOST_REJECTED = 10_000
PREFIX = "suggested-"


class Suggest(Part):
    """The timer of kind ``suggest`` runs hourly once something fired."""

    def __init__(self, settings: SuggestSettings, timers: Timers, profiles: Profiles) -> None:
        super().__init__()
        self.settings = settings
        self._timers, self._profiles = timers, profiles
        self._rejected: OrderedDict[str, None] = OrderedDict()

    def wake(self, now: datetime) -> None:
        """Something fired: let proposals be thought of, hourly."""
        if not self._timers.waits(TIMER, ""):
            self._timers.set(TIMER, "", now + EVERY)

    def due(self, now: datetime, present: Mapping[str, RuleStatus], vital: Collection[str], tested: int) -> list[Rule]:
        """Return what is to be proposed now.

        ``present``: the rules that there are, by id; ``vital``: what is business-critical; ``tested``: how many
        confirmed incidents the profiles count.
        """
        waiting = sum(key.startswith(PREFIX) and how is RuleStatus.SHADOW for key, how in present.items())
        if not self.settings.propose:
            return []
        known = {*present, *self._rejected}
        found = (
            rule
            for family in self._profiles.families()
            for rule in _proposed(family, vital, tested, self.settings, now, known)
        )
        return list(islice(found, max(0, MOST_OPEN - waiting)))

    def rejected(self, rule_id: str) -> bool:
        """Did a person not want it?"""
        return rule_id in self._rejected

    def reject(self, rule_id: str) -> None:
        """A person does not want it; what no engine proposes needs no remembering."""
        if not rule_id.startswith(PREFIX) and NARROWER not in rule_id:
            return
        self._rejected[rule_id] = None
        if len(self._rejected) > MOST_REJECTED:
            self._rejected.popitem(last=False)

    def dump(self) -> bytes:
        return msgspec.msgpack.encode(list(self._rejected))

    def load(self, state: bytes) -> None:
        self._rejected = OrderedDict.fromkeys(msgspec.msgpack.decode(state, type=list[str]))


def waits(rule: Rule, settings: SuggestSettings, now: datetime) -> str:
    """Say what a rule that the engine proposed has yet to show in shadow; empty: nothing."""
    begun = rule.created_at or now
    if not rule.grounds or rule.verdict is Verdict.KNOWN_BAD or rule.status is not RuleStatus.SHADOW:
        return ""
    if rule.hits >= settings.least or now >= begun + settings.shadow:
        return ""
    ready = clock((begun + settings.shadow).replace(microsecond=0))
    return f"still in shadow: {rule.hits} of {settings.least} hits; it can be accepted then, or from {ready}"


def _proposed(
    family: Sequence[Profile],
    vital: Collection[str],
    tested: int,
    settings: SuggestSettings,
    now: datetime,
    known: Collection[str],
) -> Iterator[Rule]:
    """Yield the rules for one kind of alert that are not ``known``, by id: the widest that every entity agrees to."""
    named = [one for one in family if one.entity]
    clean = [one for one in named if one.entity not in vital and _harmless(one, settings)]
    everywhere = len(clean) >= MANY and len(clean) == len(named)
    for some in [clean] if everywhere else [[one] for one in clean]:
        if _id(some[0], everywhere, Verdict.KNOWN_GOOD) not in known:
            yield _good(some, everywhere, tested, settings, now)
    for one in named:
        often = one.rooted >= SIGNS and 2 * one.rooted >= one.episodes
        if often and _id(one, False, Verdict.KNOWN_BAD) not in known:
            yield _bad(one, settings, now)


def _harmless(profile: Profile, settings: SuggestSettings) -> bool:
    often = profile.firings >= settings.least and profile.hours >= settings.hours
    return often and not profile.near and not profile.known and profile.worst is not Severity.CRITICAL


def _good(profiles: Sequence[Profile], everywhere: bool, tested: int, settings: SuggestSettings, now: datetime) -> Rule:
    grounds = _grounds(profiles, 0, tested)
    span_said = span(timedelta(days=grounds.days))
    where = f"on all {plural(grounds.entities, 'node')}" if everywhere else "there"
    against = f"in or near none of {plural(tested, 'confirmed incident')} of the last 30 days"
    text = (
        f"fired {plural(grounds.firings, 'time')} {where} within {span_said}, in {plural(grounds.hours, 'hour')};"
        f" {grounds.ended} of {plural(grounds.episodes, 'episode')} ended by themselves; "
        + (against if tested else "no incident of the last 30 days is confirmed that could speak against it")
    )
    one, matchers = profiles[0], _matchers(profiles[0], everywhere)
    return Rule(
        id=_id(one, everywhere, Verdict.KNOWN_GOOD),
        verdict=Verdict.KNOWN_GOOD,
        matchers=matchers,
        owner=ENGINE,
        reason=text,
        expires=now + timedelta(days=settings.days),
        ceiling=max((profile.worst for profile in profiles), key=lambda severity: severity.rank),
        status=RuleStatus.SHADOW,
        envelope=envelope_of(profiles, settings.headroom, named=not everywhere),
        grounds=grounds,
        cases=_cases(one, matchers),
        created_by=ENGINE,
    )


def _bad(profile: Profile, settings: SuggestSettings, now: datetime) -> Rule:
    grounds = _grounds([profile], profile.rooted, profile.near)
    text = (
        f"{profile.entity} was the confirmed cause in {plural(profile.rooted, 'incident')} while this fired;"
        f" {plural(profile.episodes, 'episode')} in all"
    )
    matchers = _matchers(profile, False)
    return Rule(
        id=_id(profile, False, Verdict.KNOWN_BAD),
        verdict=Verdict.KNOWN_BAD,
        matchers=matchers,
        owner=ENGINE,
        reason=text,
        review=now + timedelta(days=settings.days),
        status=RuleStatus.SHADOW,
        grounds=grounds,
        cases=_cases(profile, matchers),
        created_by=ENGINE,
    )


def _cases(profile: Profile, matchers: Sequence[Matcher]) -> Cases:
    """Return that the same said by another source is not matched."""
    labels = {matcher.field: matcher.value for matcher in matchers if matcher.field != "template"}
    message = profile.examples[0] if profile.examples else ""
    return Cases(no_match=(Case(labels={**labels, "source": f"another than {profile.source}"}, message=message),))


def _matchers(profile: Profile, everywhere: bool) -> tuple[Matcher, ...]:
    """The sender, the kind, the shape of the message and, unless it holds everywhere, the entity."""
    found = [Matcher(field="source", value=profile.source), Matcher(field="kind", value=profile.kind)]
    if not profile.template:
        found.append(Matcher(field="title", value=profile.title))
    elif any("<*>" not in token for token in profile.template.split()):
        found.append(Matcher(field="template", value=profile.template))
    return (*found, *(() if everywhere else (Matcher(field="entity", value=profile.entity),)))


def _grounds(profiles: Sequence[Profile], rooted: int, tested: int) -> Grounds:
    firings, episodes = sum(one.firings for one in profiles), sum(one.episodes for one in profiles)
    first, last = min(one.first for one in profiles), max(one.last for one in profiles)
    days = timedelta(seconds=last - first) / timedelta(days=1)
    return Grounds(
        firings=firings,
        episodes=episodes,
        entities=len(profiles),
        hours=max(one.hours for one in profiles),
        days=round(days, 4),
        ended=sum(one.ended for one in profiles),
        near=rooted,
        tested=tested,
        bound=round(at_least(min(rooted, episodes), episodes) if rooted else (1 - SURE) ** (1 / firings), 4),
        examples=tuple(text[:500] for one in profiles for text in one.examples)[:3],
    )


def _id(profile: Profile, everywhere: bool, verdict: Verdict) -> str:
    where = "" if everywhere else profile.entity
    return PREFIX + stable_hash(profile.source, profile.kind, profile.template, where, verdict)[:12]
