"""How do people change which alerts are one incident? No gate is asked: they say so."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from aiops.domain import acts
from aiops.domain.errors import BadInput, Conflict
from aiops.domain.words import plural
from correlation.causes.signs import Sign
from correlation.lessons import teach
from correlation.live import Live, sign_of
from correlation.pinning import Deed, Pinning
from correlation.pins import Pins

NO_PIN = "; nothing follows for later ones: more of the same sort stay in {}"


def regroup(
    act: acts.GroupingAct, held: Pinning, living: Callable[[str], Live], actor: str, now: datetime
) -> tuple[str, str]:
    """Apply the act; return what was done, and the id of the incident that the alerts are of now.

    ``living`` finds an incident that can still change. Conflict: it is the same one, or nothing would be left of it.
    BadInput: these are no alerts of it, or none that can still be moved.
    """
    live = living(act.incident_id)
    match act:
        case acts.Merge():
            return _merge(held, live, living(act.other_id), act.text, actor, now)
        case acts.Split():
            return _split(held, live, act, actor, now)
        case acts.Move():
            return _move(held, live, living(act.other_id), act, actor, now)


def revoke(act: acts.RevokePin, pins: Pins, actor: str, now: datetime) -> tuple[str, str]:
    """End a pin; return what was done, and its id. BadInput: there is none such in force."""
    pin = pins.revoke(act.pin_id, actor, act.text, now)
    return f"pin #{pin.number} no longer counts: {pin.says}", pin.pin_id


def _merge(held: Pinning, survivor: Live, other: Live, text: str, actor: str, now: datetime) -> tuple[str, str]:
    if survivor is other:
        raise Conflict("these two are one incident already")
    if other.doc.active:
        held.reopen(survivor, f"{actor} merged #{other.doc.number}, which is at work, into it", now)
    mine, theirs = list(survivor.keys.values()), list(other.keys.values())
    joined = list(other.members)
    held.merge(survivor, other, _why(actor, text), now, actor)
    teach(held, survivor, joined, now)
    deed = Deed("merged", actor, text, (other.doc.number, survivor.doc.number), now)
    pinned = held.pin(deed, theirs, mine, together=True)
    return f"merged #{other.doc.number} into #{survivor.doc.number}{pinned}", survivor.doc.incident_id


def _split(held: Pinning, live: Live, act: acts.Split, actor: str, now: datetime) -> tuple[str, str]:
    if unknown := [name for name in act.services if name not in live.services]:
        fix = f"name services that it lists, such as {next(iter(live.services))}"
        raise BadInput(f"#{live.doc.number} has no alert of {unknown[0]!r}", place="services", fix=fix)
    theirs = (key for key in live.members if held.members[key].node in act.services)
    chosen = _chosen(held, live, (*act.episodes, *theirs))
    number = f"#{live.doc.number}"
    if len(chosen) == len(live.members):
        fix = "leave at least one of them in it, or move them to another incident"
        raise Conflict(f"these are all alerts of {number}, and it would be empty: {fix}")
    new = held.part(live, chosen, _why(actor, act.text), now, actor)
    deed = Deed("split off", actor, act.text, (live.doc.number, new.doc.number), now)
    gone, rest = _sides(live, new.keys)
    pinned = held.pin(deed, gone, rest, together=False)
    if len(gone) > 1:
        pinned += held.pin(deed, gone, gone, together=True)
    done = f"split {plural(len(chosen), 'alert')} off {number} into #{new.doc.number}"
    return f"{done}{pinned or NO_PIN.format(number)}", new.doc.incident_id


def _move(held: Pinning, live: Live, other: Live, act: acts.Move, actor: str, now: datetime) -> tuple[str, str]:
    if live is other:
        raise Conflict(f"these alerts are in #{live.doc.number} already")
    chosen = _chosen(held, live, act.episodes)
    if len(chosen) == len(live.members):
        return _merge(held, other, live, act.text, actor, now)
    if live.doc.active and any(live.members[key] for key in chosen):
        held.reopen(other, f"{actor} moved alerts of #{live.doc.number} that fire to it", now)
    there, moved = list(other.keys.values()), {held.members[key].key: sign_of(held.members[key]) for key in chosen}
    held.move(live, other, chosen, _why(actor, act.text), now, actor)
    teach(held, other, chosen, now)
    deed = Deed("moved", actor, act.text, (live.doc.number, other.doc.number), now)
    gone, rest = _sides(live, moved)
    pinned = held.pin(deed, gone, rest, together=False) + held.pin(deed, gone, there, together=True)
    done = f"moved {plural(len(chosen), 'alert')} of #{live.doc.number} to #{other.doc.number}"
    return f"{done}{pinned or NO_PIN.format(f'#{live.doc.number}')}", other.doc.incident_id


def _sides(live: Live, moved: Mapping[str, Sign]) -> tuple[list[Sign], list[Sign]]:
    """Return the sorts that have left, and the others that are there; what is still there as well says nothing."""
    gone = [sign for key, sign in moved.items() if key not in live.keys]
    return gone, [sign for key, sign in live.keys.items() if key not in moved]


def _chosen(held: Pinning, live: Live, names: Sequence[str]) -> list[str]:
    """Return the ids of the members that are named, by their ids or by the fingerprints of their alerts."""
    if not names:
        raise BadInput("no alert is chosen", place="episodes", fix="name at least one")
    members = [held.members[key] for key in live.members]
    known = {name for member in members for name in (member.episode_id, member.fingerprint)}
    for name in names:
        if name not in known:
            fix = "take ids from its list of alerts; those that ended long ago stay where they are"
            raise BadInput(f"#{live.doc.number} has no alert {name!r} that can be moved", place="episodes", fix=fix)
    wanted = set(names)
    chosen = [member for member in members if not wanted.isdisjoint((member.episode_id, member.fingerprint))]
    for member in chosen:
        if member.final:
            raise Conflict(f"{member.name!r} of {member.entity or 'an unmapped node'} ended too long ago to be moved")
    return [member.episode_id for member in chosen]


def _why(actor: str, text: str) -> str:
    return f"{actor} says so{f': {text}' if text else ''}"
