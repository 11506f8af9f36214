"""How do people change which alerts are one incident? No gate is asked: they say so."""

from collections.abc import Callable, Sequence
from datetime import datetime

from aiops.domain import acts
from aiops.domain.errors import BadInput, Conflict
from aiops.domain.words import plural
from correlation.live import Live
from correlation.regrouping import Regrouping


def regroup(
    act: acts.GroupingAct, held: Regrouping, living: Callable[[str], Live], actor: str, now: datetime
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


def _merge(held: Regrouping, survivor: Live, other: Live, text: str, actor: str, now: datetime) -> tuple[str, str]:
    if survivor is other:
        raise Conflict("these two are one incident already")
    if other.doc.active:
        held.reopen(survivor, f"{actor} merged #{other.doc.number}, which is at work, into it", now)
    held.merge(survivor, other, _why(actor, text), now, actor)
    return f"merged #{other.doc.number} into #{survivor.doc.number}", survivor.doc.incident_id


def _split(held: Regrouping, live: Live, act: acts.Split, actor: str, now: datetime) -> tuple[str, str]:
    chosen = _chosen(held, live, act.episodes)
    number = f"#{live.doc.number}"
    if len(chosen) == len(live.members):
        fix = "leave at least one of them in it, or move them to another incident"
        raise Conflict(f"these are all alerts of {number}, and it would be empty: {fix}")
    new = held.part(live, chosen, _why(actor, act.text), now, actor)
    return f"split {plural(len(chosen), 'alert')} off {number} into #{new.doc.number}", new.doc.incident_id


def _move(held: Regrouping, live: Live, other: Live, act: acts.Move, actor: str, now: datetime) -> tuple[str, str]:
    if live is other:
        raise Conflict(f"these alerts are in #{live.doc.number} already")
    chosen = _chosen(held, live, act.episodes)
    if len(chosen) == len(live.members):
        return _merge(held, other, live, act.text, actor, now)
    if live.doc.active and any(live.members[key] for key in chosen):
        held.reopen(other, f"{actor} moved alerts of #{live.doc.number} that fire to it", now)
    held.move(live, other, chosen, _why(actor, act.text), now, actor)
    done = f"moved {plural(len(chosen), 'alert')} of #{live.doc.number} to #{other.doc.number}"
    return done, other.doc.incident_id


def _chosen(held: Regrouping, live: Live, names: Sequence[str]) -> list[str]:
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
