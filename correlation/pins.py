"""What have people said of which sorts of alerts belong together? Asked by assembly before it weighs likelihoods."""

from collections.abc import Iterable, Iterator, Set
from datetime import datetime
from typing import NamedTuple

import msgspec

from aiops.domain.errors import BadInput
from aiops.domain.pins import Pin, Sort
from correlation.background import key_of
from correlation.live import Live

MOST_PINS = 500  # in force; beyond it that one ends which nothing met, or nothing for the longest time
MOST_SORTS = 20  # on each side of a pin


class Tie(NamedTuple):
    """A pin that speaks of two sorts at hand."""

    pin: Pin
    one: Sort  # of its ``these``
    other: Sort  # of its ``those``

    @property
    def apart(self) -> bool:
        """Does it say that they do not belong together?"""
        return not self.pin.together

    @property
    def text(self) -> str:
        """Say what a person did: "ana moved 'disk full' of db-1 to 'slow' of web on 2026-11-20 (pin #4)"."""
        pin, one, other = self.pin, self.one, self.other
        deeds = {
            ("merged", True): f"merged {one} with {other}",
            ("moved", True): f"moved {one} to {other}",
            ("moved", False): f"moved {one} away from {other}",
            ("split off", True): f"split off {one} with {other}",
            ("split off", False): f"split off {one} from {other}",
        }
        return f"{pin.actor} {deeds[pin.deed, pin.together]} on {pin.made_at:%Y-%m-%d} (pin #{pin.number})"


class Pins:
    """All pins in force, by number; state of assembly. Documents that changed are taken by ``taken``."""

    def __init__(self) -> None:
        self._number = 0
        self._pins: dict[int, Pin] = {}  # oldest first
        self._others: dict[str, dict[int, tuple[str, ...]]] = {}  # key of a sort -> number -> keys of the other side
        self._changed: dict[int, Pin] = {}

    def put(self, pin: Pin, now: datetime) -> tuple[Pin, list[Pin]]:
        """Take a new pin in; return it with its number, and the older ones of which it now says all there is to say."""
        self._number += 1
        pin = msgspec.structs.replace(pin, number=self._number, pin_id=str(self._number))
        covered = [one for one in self._pins.values() if not one.overridden_by and _covers(pin, one)]
        for one in covered:
            self._keep(msgspec.structs.replace(one, overridden_by=pin.number))
        self._keep(pin)
        self._index(pin)
        if len(self._pins) > MOST_PINS:
            spare = min(self._pins.values(), key=lambda one: (one.hits > 0, one.last_hit or one.made_at, one.number))
            self._end(spare, "", f"forgotten: at most {MOST_PINS} pins are in force, and nothing met it lately", now)
        return pin, covered

    def revoke(self, pin_id: str, actor: str, text: str, now: datetime) -> Pin:
        """End a pin; what it had overridden counts again. BadInput: there is none such in force."""
        pin = self._pins.get(int(pin_id)) if pin_id.isdecimal() and len(pin_id) < 10 else None
        if pin is None:
            raise BadInput(f"there is no pin {pin_id!r} in force", place="pin_id", fix="take a number from /pins")
        return self._end(pin, actor, text, now)

    def between(self, key: str, live: Live) -> Tie | None:
        """Return what pins say of a sort and of what the incident holds: one that keeps it out, else one that does not.

        Of each two sorts the newest pin counts.
        """
        together: Tie | None = None
        said: set[str] = set()
        for number, others in reversed(self._others.get(key, {}).items()):
            met = [other for other in others if other in live.companies and other not in said]
            said.update(met)
            if met and not self._pins[number].together:
                return _tie(self._pins[number], key, met[0])
            if met and together is None:
                together = _tie(self._pins[number], key, met[0])
        return together

    def across(self, one: Live, other: Live) -> Tie | None:
        """Return what pins say of what the one holds and the other: the newest that keeps them apart, if any does."""
        less, more = sorted((one, other), key=lambda live: len(live.companies))
        found = [self.between(key, more) for key in less.companies if key in self._others] if self._pins else []
        return max(filter(None, found), key=lambda tie: (tie.apart, tie.pin.number), default=None)

    def company(self, key: str) -> Iterator[tuple[Tie, str]]:
        """Yield with what a sort is said to belong together, newest pin first, each with that sort's key."""
        for number, others in reversed(self._others.get(key, {}).items()):
            if self._pins[number].together:
                for other in others:
                    yield _tie(self._pins[number], key, other), other

    def bond(self, keys: Iterable[str], others: Set[str]) -> Tie | None:
        """Return a pin by which a sort of ``keys`` belongs with one of ``others``, where none said otherwise since."""
        for key in keys:
            said = {other: number for number, known in self._others.get(key, {}).items() for other in known}
            for other in sorted(said.keys() & others):
                if self._pins[said[other]].together:
                    return _tie(self._pins[said[other]], key, other)
        return None

    def hit(self, pin: Pin, now: datetime) -> None:
        """A pin has decided something."""
        pin = self._pins[pin.number]
        self._keep(msgspec.structs.replace(pin, hits=pin.hits + 1, last_hit=now))

    def taken(self) -> list[Pin]:
        """Return the pins that changed since the last call."""
        changed, self._changed = self._changed, {}
        return list(changed.values())

    def dump(self) -> bytes:
        """Return all state."""
        return msgspec.msgpack.encode((self._number, list(self._pins.values())))

    def load(self, state: bytes) -> None:
        """Take over what ``dump`` returned."""
        self._number, pins = msgspec.msgpack.decode(state, type=tuple[int, list[Pin]])
        self._pins = {pin.number: pin for pin in pins}
        self._others = {}
        for pin in pins:
            self._index(pin)

    def _keep(self, pin: Pin) -> None:
        self._pins[pin.number] = self._changed[pin.number] = pin

    def _index(self, pin: Pin) -> None:
        these, those = _keys(pin)
        for mine, others in ((these, those), (those, these)):
            for key in mine:
                known = self._others.setdefault(key, {})
                joined = dict.fromkeys((*known.get(pin.number, ()), *others))
                known[pin.number] = tuple(other for other in joined if other != key)

    def _end(self, pin: Pin, actor: str, text: str, now: datetime) -> Pin:
        """Take a pin out of force; those that it had overridden count again, unless another one overrides them."""
        ended = msgspec.structs.replace(pin, ended_at=now, ended_by=actor, ended_text=text)
        self._changed[pin.number] = ended
        del self._pins[pin.number]
        for key in {key for side in _keys(pin) for key in side}:
            del self._others[key][pin.number]
            if not self._others[key]:
                del self._others[key]
        for one in [one for one in self._pins.values() if one.overridden_by == pin.number]:
            newer = (other.number for other in self._pins.values() if other.number > one.number and _covers(other, one))
            self._keep(msgspec.structs.replace(one, overridden_by=min(newer, default=0)))
        return ended


def _keys(pin: Pin) -> tuple[tuple[str, ...], tuple[str, ...]]:
    these, those = (tuple(key_of(one.node, one.kind) for one in side) for side in (pin.these, pin.those))
    return these, those


def _tie(pin: Pin, key: str, other: str) -> Tie:
    """Return the pin with the two sorts that these keys are of, each on its side."""
    these, those = ({key_of(one.node, one.kind): one for one in side} for side in (pin.these, pin.those))
    return Tie(pin, these[key], those[other]) if key in these and other in those else Tie(pin, these[other], those[key])


def _covers(newer: Pin, older: Pin) -> bool:
    """Does the newer one say something of each pair of which the older one does?"""
    (here, there), (these, those) = (tuple(map(set, _keys(pin))) for pin in (newer, older))
    return (these <= here and those <= there) or (these <= there and those <= here)
