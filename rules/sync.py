"""What must change so that the rules kept are those of the packs in a folder? For reading them in, and for a diff."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from aiops.domain.base import Noun
from aiops.domain.events import Problem
from aiops.domain.rules import Pack, Rule, RuleStatus
from aiops.domain.words import clock
from rules.check import normal
from rules.files import files_of
from rules.pack import read_pack

SAID = (
    *("verdict", "matchers", "any_of", "owner", "reason", "expires", "review", "ceiling", "threshold", "priority"),
    *("status", "any_shape", "cases", "pack"),
)
MOST_PROBLEMS = 50  # kept of one pack
_OVER = (RuleStatus.EXPIRED, RuleStatus.REJECTED)


class Difference(Noun, frozen=True, kw_only=True):
    """What is to be done about one rule."""

    rule_id: str
    what: str  # new, changed, gone
    fields: tuple[str, ...] = ()  # that differ, of a changed one
    rule: Rule | None = None  # as the pack says it; None: it is gone from there


class LeftOut(Noun, frozen=True, kw_only=True):
    """A rule of a pack that has ended by a person's word, and does not come back with the pack."""

    rule_id: str
    by: str = ""  # id of the rule that was accepted in its place; empty: there is none
    ended_by: str = ""  # the person who ended it

    @property
    def text(self) -> str:
        """Say it, and how it is taken back."""
        if self.by:
            return f"left out {self.rule_id}: {self.by} was accepted in its place; end that to have it back"
        return f"left out {self.rule_id}: {self.ended_by} ended it; `aiops rules enable {self.rule_id}` brings it back"


class Sync(Noun, frozen=True, kw_only=True):
    """What the packs say, and how that differs from what is kept."""

    packs: tuple[Pack, ...]
    differences: tuple[Difference, ...]
    left_out: tuple[LeftOut, ...] = ()

    @property
    def problems(self) -> list[Problem]:
        """Return what could not be used; these rules stay as they are."""
        return [problem for pack in self.packs for problem in pack.problems]


def compare(folder: Path, present: Iterable[Rule], now: datetime) -> Sync:
    """Compare the packs of ``folder`` (or one) with the rules kept. OSError: a file cannot be read.

    One bad rule stops nothing but itself. A rule that a sound pack no longer has is gone; one whose pack has problems
    is not, for it may be what could not be read. One that a person ended, or accepted another in the place of, is left
    out.
    """
    kept = {rule.id: rule for rule in present}
    packs: list[Pack] = []
    wanted: dict[str, Rule] = {}
    for file in files_of(folder):
        pack, rules, problems = read_pack(file.read_text("utf-8", "replace"), str(file))
        for rule in rules:
            if rule.id in wanted:
                problem = f"rule {rule.id} is in pack {wanted[rule.id].pack} too"
                problems.append(Problem(place=str(file), problem=problem, fix="choose another id"))
            elif (end := rule.expires or rule.review) is not None and end <= now:
                place, fix = f"{file}: rule {rule.id}", "renew it or take it out"
                problems.append(Problem(place=place, problem=f"its time was over on {clock(end)}", fix=fix))
            else:
                wanted[rule.id] = normal(rule)
        count = sum(rule.pack == pack.name for rule in wanted.values())
        packs.append(msgspec.structs.replace(pack, rules=count, problems=tuple(problems[:MOST_PROBLEMS])))
    left_out = _left_out(kept, wanted)
    put = [rule for key, rule in wanted.items() if key not in left_out]
    differences = [one for rule in put if (one := _difference(rule, kept.get(rule.id)))]
    sound = {pack.name for pack in packs if not pack.problems}
    gone = [rule for rule in kept.values() if rule.pack in sound and rule.id not in wanted and rule.status not in _OVER]
    differences += [Difference(rule_id=rule.id, what="gone") for rule in gone]
    return Sync(packs=tuple(packs), differences=tuple(differences), left_out=tuple(left_out.values()))


def _left_out(kept: Mapping[str, Rule], wanted: Iterable[str]) -> dict[str, LeftOut]:
    """Return what people's words keep ended of what packs say."""
    replaced = in_place_of(kept)
    over = {key: rule for key in wanted if (rule := kept.get(key)) and rule.status in _OVER}
    return {
        key: LeftOut(rule_id=key, by=replaced.get(key, ""), ended_by=rule.ended_by)
        for key, rule in over.items()
        if rule.ended_by or key in replaced
    }


def in_place_of(kept: Mapping[str, Rule]) -> dict[str, str]:
    """Return which rule in force stands in the place of which others, over all that were narrowed in between."""
    found: dict[str, str] = {}
    for rule in kept.values():
        before = kept.get(rule.replaces) if rule.status is RuleStatus.ACTIVE else None
        while before is not None and before.id not in found:
            found[before.id] = rule.id
            before = kept.get(before.replaces)
    return found


def _difference(wanted: Rule, present: Rule | None) -> Difference | None:
    """Does the file say something else? What was counted is not the file's."""
    if present is None or present.status in _OVER:
        return Difference(rule_id=wanted.id, what="new", rule=wanted)
    said = (*SAID, "envelope") if wanted.envelope else SAID  # one that the pack does not say may have been learned
    fields = tuple(name for name in said if getattr(wanted, name) != getattr(present, name))
    return Difference(rule_id=wanted.id, what="changed", fields=fields, rule=wanted) if fields else None


def same(pack: Pack, present: Mapping[str, Pack]) -> bool:
    """Is it known already that the pack is like this?"""
    known = present.get(pack.name)
    unread = (msgspec.structs.replace(one, read_at=None, revision=0) for one in (pack, known) if one)
    return known is not None and len(set(map(repr, unread))) == 1
