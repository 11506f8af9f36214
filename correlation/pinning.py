"""How does what people said of alerts decide where later ones go? Before likelihood is asked."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from aiops.domain.alerts import Link
from aiops.domain.pins import Pin, Sort
from correlation.causes.signs import Sign
from correlation.joining import Choice
from correlation.live import Live
from correlation.members import Member
from correlation.pins import MOST_SORTS, Tie
from correlation.regrouping import Regrouping
from correlation.topology import ServiceGraph

PINNED = "pinned"  # relation of what a pin brought here
MOST_APART = 100  # incidents of which an incident's story tells that a pin keeps the two apart
FAR = 99  # hops between what the graph does not connect


class Deed(NamedTuple):
    """What a person did with alerts."""

    what: str  # moved, split off, merged
    actor: str
    text: str  # why
    incidents: tuple[int, int]  # numbers: from which, to which
    now: datetime


class Pinning(Regrouping):
    """Incidents in which people have a say."""

    def pinned(self, member: Member, now: datetime) -> tuple[Link, Live] | None:
        """Return the active incident in which a pin says that the episode belongs, and why; the newest is asked first.

        As anybody's, its pull lasts for the window: what it is pinned to must have been heard that lately.
        """
        window = self.settings.window.total_seconds()
        for tie, key in self.pins.company(member.key):
            live = self.lives.get(self.holders.get(key, ""))
            if live is None or not live.doc.active or live.doc.incident_id == member.incident:
                continue
            company, said = live.companies[key], self.pins.between(member.key, live)
            if now.timestamp() - company.heard <= window and said is not None and not said.apart:
                self.pins.hit(tie.pin, now)
                return _link(member, tie, self.members.get(company.newest)), live
        return None

    def keep_out(self, member: Member, choice: Choice, now: datetime) -> str:
        """Leave only incidents that no pin keeps the episode out of; return which one it would have joined, and why."""
        said = ""
        for pulled in list(choice.pulled):
            live = self.lives[pulled.incident]
            tie = self.pins.between(member.key, live)
            if tie is None or not tie.apart:
                continue
            choice.pulled.remove(pulled)
            if choice.ratio(pulled) > self.settings.join_ratio:
                self.pins.hit(tie.pin, now)
                said = said or f"; kept out of #{live.doc.number}, as {tie.text}"
        return said

    def holder(self, member: Member, now: datetime) -> Live | None:
        """Return the incident that holds this sort of alert already, unless a pin keeps the episode out of it."""
        live = super().holder(member, now)
        tie = self.pins.between(member.key, live) if live is not None else None
        return None if tie is not None and tie.apart else live

    def apart(self, one: Live, other: Live, now: datetime) -> bool:
        """Does a pin keep two incidents from becoming one? It is told once of each two."""
        tie = self.pins.across(one, other)
        if tie is None or not tie.apart:
            return False
        self.pins.hit(tie.pin, now)
        if other.doc.incident_id not in one.apart and len(one.apart) < MOST_APART:
            one.apart[other.doc.incident_id] = other.apart[one.doc.incident_id] = None
            for live, company in ((one, other.doc), (other, one.doc)):
                self.tell(live, now, "pinned", f"not merged with #{company.number}, as {tie.text}")
        return True

    def pin(self, deed: Deed, these: Collection[Sign], those: Collection[Sign], together: bool) -> str:
        """Let what a person did with some alerts hold for their sorts; return that in words, "" where there is nothing.

        Of large incidents it names those sorts that stand closest to the others: what is far off pulls nothing.
        """
        here, there = _closest(these, those, self.graph), _closest(those, these, self.graph)
        if not here or not there:
            return ""
        pin = Pin(
            pin_id="",
            number=0,
            together=together,
            these=here,
            those=there,
            more=len(these) + len(those) - len(here) - len(there),
            deed=deed.what,
            actor=deed.actor,
            made_at=deed.now,
            text=deed.text,
            incidents=deed.incidents,
        )
        made, before = self.pins.put(pin, deed.now)
        overridden = f", in place of pin #{', #'.join(str(one.number) for one in before)}" if before else ""
        return f"; from now on {made.says} (pin #{made.number}{overridden})"


def _closest(signs: Collection[Sign], others: Collection[Sign], graph: ServiceGraph) -> tuple[Sort, ...]:
    """Return the sorts that stand closest to any of the others, at most ``MOST_SORTS``; of equals those that began."""
    nodes = {other.node for other in others}

    def hops(sign: Sign) -> int:
        return min((near.hops for node, near in graph.near(sign.node).items() if node in nodes), default=FAR)

    ordered = sorted(signs, key=lambda sign: (hops(sign), sign.started, sign.node, sign.kind))
    return tuple(Sort(node=sign.node, kind=sign.kind, name=sign.name) for sign in ordered[:MOST_SORTS])


def _link(member: Member, tie: Tie, newest: Member | None) -> Link:
    """Return the receipt for an episode that a pin brought to where ``newest`` is."""
    who = member.entity or repr(member.name)
    return Link(
        parent=newest.episode_id if newest else "",
        parent_entity=newest.entity if newest else "",
        relation=PINNED,
        seconds=round(member.started - newest.started, 3) if newest else 0.0,
        ratio=0.0,
        text=f"{who} joined because {tie.text}",
    )
