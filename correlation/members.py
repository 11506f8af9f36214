"""Which episodes can still pull another one in, and what does each say?"""

from collections.abc import Iterable, Iterator

import msgspec

from aiops.domain.alerts import Alert, Episode
from aiops.domain.events import Severity
from aiops.domain.graph import GraphView, Near
from correlation.background import key_of

CALLERS = ("caller", "client", "source_workload", "source_service")  # labels: SkyWalking, service graphs, Istio


class Member(msgspec.Struct, array_like=True):
    """One episode as correlation holds it; times in seconds since 1970, compared without making datetimes."""

    episode_id: str
    fingerprint: str
    node: str  # entity name; where there is none "?" + kind, which no entity has: relates to its own kind only
    kind: str
    name: str
    owner: str
    started: float
    received: float
    severity: Severity
    events: int
    suppressed: bool
    known_bad: bool  # and pages however mild it is
    source: str
    stated: float  # when it began by its sender's clock; ``started`` is corrected where that is known to be wrong
    ended: float | None = None
    incident: str = ""  # id of the incident it is in now; empty: context only
    chance: float = 0.0  # that it was there whatever its neighbours did
    counted: float = 0.0  # when it last counted towards its usual rate
    kept: float = 0.0  # when it was last put among the active ones
    flapping: bool = False
    lifted: bool = False  # a mute of it is lifted: it counts as no company for others
    final: bool = False  # its document is out of reach: it stays where it is
    taught: bool = False  # a person said where it belongs, and that was counted
    caller: str = ""  # the node whose calls to this one it is about, where its labels say so

    @property
    def key(self) -> str:
        """What sort of alert on which node."""
        return key_of(self.node, self.kind)

    @property
    def entity(self) -> str:
        """The node's name to show; empty when its labels name none."""
        return "" if self.node.startswith("?") else self.node


def member_of(alert: Alert, now: float, ahead: float = 0.0, caller: str = "") -> Member:
    """Return the alert's present episode as it comes in at ``now``; ``ahead``: of its sender's clock, in seconds."""
    episode = alert.episode
    stated = episode.started_at.timestamp()
    return Member(
        episode_id=episode.episode_id,
        fingerprint=alert.fingerprint,
        node=node_of(episode),
        kind=episode.kind_key,
        name=episode.name,
        owner=alert.owner,
        started=stated - ahead,
        received=now,
        severity=episode.severity,
        events=episode.events,
        suppressed=alert.suppressed,
        known_bad=alert.pressing,
        source=alert.source,
        stated=stated,
        flapping=alert.flapping > 0,
        lifted=alert.lifted is not None and alert.lifted.kind == "rule",
        caller=caller,
    )


def caller_of(alert: Alert, view: GraphView) -> str:
    """Return the node whose calls to the alert's own one it is about; "" where no label names one of the graph.

    Where no other calls it, that says nothing: whoever fails is seen by all that call it, so it is "" then too.
    """
    if len(view.dependents.get(alert.entity.name, ())) < 2:
        return ""
    for label in CALLERS:
        caller = alert.labels.get(label, "").strip().lower()
        if caller and caller != alert.entity.name and view.service(caller):
            return caller
    return ""


def node_of(episode: Episode) -> str:
    """Return the node that an episode is on."""
    return episode.entity.name or f"?{episode.kind_key}"


class Active:
    """Members by node, the newest of each alert, for as long as they can pull: bounded in time and per node."""

    def __init__(self, members: Iterable[Member] = ()) -> None:
        self._nodes: dict[str, dict[str, Member]] = {}  # node -> fingerprint -> member, newest last
        self._order: dict[tuple[str, str], None] = {}  # (node, fingerprint), longest kept first
        self._kinds: dict[str, dict[tuple[str, str], Member]] = {}  # kind -> its members, newest last
        for member in members:
            self.put(member, member.kept)

    def put(self, member: Member, now: float) -> None:
        """Keep ``member`` from ``now`` on, in place of an older one of its alert."""
        member.kept = now
        here = self._nodes.setdefault(member.node, {})
        if member.fingerprint in here:
            self._drop(member.node, member.fingerprint)
            here = self._nodes.setdefault(member.node, {})
        here[member.fingerprint] = member
        self._order[member.node, member.fingerprint] = None
        kin = self._kinds.setdefault(member.kind, {})
        kin[member.node, member.fingerprint] = member

    def prune(self, node: str, before: float, most: int) -> None:
        """Forget what was last put ``before`` then, and the oldest beyond ``most`` on ``node``."""
        here = self._nodes.get(node, {})
        while len(here) > most:
            self._drop(node, next(iter(here)))
        while self._order:
            oldest, fingerprint = next(iter(self._order))
            if self._nodes[oldest][fingerprint].kept >= before:
                break
            self._drop(oldest, fingerprint)

    def drop(self, member: Member) -> None:
        """Forget what is kept of its alert on its node."""
        if (member.node, member.fingerprint) in self._order:
            self._drop(member.node, member.fingerprint)

    def around(self, ball: dict[str, Near]) -> Iterator[tuple[Member, Near]]:
        """Yield the active members of all nodes in ``ball``, closest relation first, newest first."""
        for node, near in ball.items():
            if node in self._nodes:
                for member in reversed(self._nodes[node].values()):
                    yield member, near

    def kin(self, kind: str) -> Iterator[Member]:
        """Yield the active members of a kind, wherever they are, newest first."""
        return reversed(self._kinds.get(kind, {}).values())

    def on(self, node: str) -> Iterable[Member]:
        """Return the active members on ``node`` itself."""
        return self._nodes.get(node, {}).values()

    def members(self) -> list[Member]:
        """Return all, oldest first."""
        return [self._nodes[node][fingerprint] for node, fingerprint in self._order]

    def _drop(self, node: str, fingerprint: str) -> None:
        del self._order[node, fingerprint]
        here = self._nodes[node]
        gone = here.pop(fingerprint)
        kin = self._kinds[gone.kind]
        del kin[node, fingerprint]
        if not kin:
            del self._kinds[gone.kind]
        if not here:
            del self._nodes[node]
