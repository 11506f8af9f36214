"""What do people teach of what follows from what, when they name a cause, move alerts or merge incidents?

They have looked at these alerts then: each was brought about by others of its incident, or stands at its beginning,
and nothing else had a part in it. So it is counted as the stream counts it, without the doubt.
"""

from collections.abc import Iterable
from datetime import datetime

from correlation.holdings import Holdings
from correlation.intensity import Cause
from correlation.live import Live
from correlation.members import Member

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
