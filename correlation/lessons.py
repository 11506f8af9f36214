"""What do people teach of what follows from what, when they name a cause, move alerts or merge incidents?

They have looked at these alerts then: each was brought about by others of its incident, or stands at its beginning,
and nothing else had a part in it. So it is counted as the stream counts it, without the doubt.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import accumulate

import re2

from aiops.domain.pins import Lesson
from aiops.domain.words import plural, span
from correlation.holdings import Holdings
from correlation.intensity import EDGES, Cause, Kernels
from correlation.live import Live
from correlation.members import Member

TEMPLATE = re2.compile("[0-9a-f]{16}")  # id of one, the kind of an alert without a name
MOST = 0.75  # share of alerts that came within the time that is told
MOST_KINDS = 3  # kinds of alert that are told
WORDS = {  # what the earlier alert's node is to the later one's
    "self": "the same node",
    "callee": "a service that theirs calls",
    "callee2": "what theirs depends on over one service between",
    "caller": "a service that calls theirs",
    "caller2": "what depends on theirs over one service between",
    "sibling": "a service that calls one which theirs calls too",
    "host": "the host on which theirs runs",
    "guest": "what runs on theirs",
    "host_mate": "a service on the same host",
    "kin": "the same kind, where the service graph knows neither",
    "part_of": "what theirs is part of",
    "contains": "a part of theirs",
}
MOST_TAUGHT = 200  # alerts of one incident, the first that came in: what comes after these says little that is new


def teach(held: Holdings, live: Live, vouched: Iterable[str], now: datetime) -> None:
    """Let the alerts of ``live`` that a person ``vouched`` for (episode ids) teach what brings about what, once each.

    Of an alert that is placed otherwise later, what it taught stays. Cost: at most ``MOST_TAUGHT`` squared, halved.
    """
    wanted, before, lessons = set(vouched), dict[str, list[Member]](), []
    members = sorted((held.members[key] for key in live.members), key=lambda one: (one.received, one.episode_id))
    for member in members[:MOST_TAUGHT]:
        if member.episode_id in wanted and not member.taught:
            member.taught = True
            lessons.append((member, list(_causes(held, member, before, now.timestamp()))))
        before.setdefault(member.node, []).append(member)
    for member, causes in lessons:  # all were weighed by what was known before
        rate = held.rates.rate(member.key, now.timestamp())
        held.kernels.teach(member.kind, rate, held.fans(member.node), causes)
    if lessons:
        most = held.settings.window.total_seconds()
        names = {member.kind: member.name for member in members if TEMPLATE.fullmatch(member.kind)}
        taught = held.kernels.taught
        held.lessons = [_said(held.kernels, relation, most, names) for relation in WORDS if relation in taught]


def _said(kernels: Kernels, relation: str, most: float, names: Mapping[str, str]) -> Lesson:
    """Return what people taught of a relation so far, for people to read; ``most`` seconds count as following.

    A kind without an alert name is the id of its template: it is told by what ``names`` has for it, if anything.
    """
    row, total = kernels.taught[relation], round(kernels.lessons)
    sums = list(accumulate(row.delays))
    within = next((edge for edge, below in zip(EDGES, sums, strict=False) if below >= MOST * row.caused), most)
    kinds = dict(sorted(row.kinds.items(), key=lambda item: (-item[1], item[0]))[:MOST_KINDS])
    text = f"none of {plural(total, 'alert')} followed one of {WORDS[relation]}"
    if number := round(row.caused):
        when = f"at most {span(within)} later" if within > 0 else "no later than it"
        which = f"mostly {', '.join(repr(names.get(kind, kind)) for kind in kinds)}"
        text = (
            f"{number:,} of {plural(total, 'alert')} followed one of {WORDS[relation]}, three of four {when}; {which}"
        )
    rounded = {kind: round(count, 2) for kind, count in kinds.items()}
    return Lesson(
        relation=relation, alerts=round(row.caused, 2), total=total, within=max(0.0, within), kinds=rounded, text=text
    )


def _causes(held: Holdings, member: Member, before: dict[str, list[Member]], now: float) -> Iterable[Cause]:
    """Yield which of those that came in ``before`` it, by their nodes, may have brought it about, and how strongly."""
    most = held.settings.window.total_seconds()
    for node, near in held.graph.near(member.node).items():
        for other in before.get(node, ()):
            seconds = member.started - other.started
            if abs(seconds) > most or other.fingerprint == member.fingerprint:
                continue
            fan = held.graph.near(node).get(member.node, near).fan
            rate = held.rates.rate(other.key, now)
            yield near.relation, seconds, held.kernels.pull(near.relation, fan, seconds, rate, member.kind)
