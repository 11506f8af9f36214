"""What do we already know of an alert? The rules and silences in force, and the verdict they give."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Set
from datetime import datetime, timedelta

import msgspec

from aiops.domain.acts import (
    AcceptRule,
    EndRule,
    EndSilence,
    LabelTemplate,
    PutPack,
    PutRule,
    PutSilence,
    RejectRule,
    RuleAct,
    Shelve,
)
from aiops.domain.alerts import Alert, Suppression, Verdict
from aiops.domain.documents import PACKS, RULES
from aiops.domain.errors import BadInput, Conflict
from aiops.domain.events import Status
from aiops.domain.matching import all_match, fields_of
from aiops.domain.part import Part
from aiops.domain.records import Template
from aiops.domain.rules import Pack, Rule, RuleStatus, Silence
from aiops.domain.settings import MutingSettings, SuggestSettings
from aiops.domain.timers import Timers
from aiops.domain.words import plural
from rules.check import check_rule, check_silence, normal
from rules.envelope import ends
from rules.held import COUNTED, Held
from rules.judgement import judged, lifted, said, silenced, where, within
from rules.late import Late
from rules.making import label_id, labelled, shelved
from rules.profiles import Seen
from rules.signatures import Signatures
from rules.silences import Silences
from rules.suggest import waits
from rules.trail import ENGINE, Trail, person

MOST = 100_000  # rules and silences that have not ended


def _as_it_is(rule: Rule) -> Rule:
    return rule


class Book(Part):
    """Holds what has not ended; what has is in the store. Timers of kind ``book`` carry the id of a rule or silence."""

    def __init__(
        self,
        settings: MutingSettings,
        timers: Timers,
        signatures: Signatures,
        shaped: Callable[[Rule], Rule] = _as_it_is,
    ) -> None:
        """``shaped``: returns a mute that a person makes with the shape of what it hides, where that is known."""
        super().__init__()
        self._shaped = shaped
        self.settings, self.suggest = settings, SuggestSettings()
        self._timers, self._signatures = timers, signatures
        self._rules = Held(self)
        self._late = Late()
        self._trail = Trail(self, "rule")
        self._silences = Silences(self, timers, self._trail)

    def judge(
        self,
        alert: Alert,
        now: datetime,
        hit: bool,
        others: tuple[Suppression, ...] = (),
        seen: Seen | None = None,
    ) -> Alert:
        """Return the alert with its verdict and what suppresses it, orthogonal to its status.

        ``hit``: an event came in for it, so what matches counts a hit, unless it says that it is over. ``others``: what
        else suppresses it. Nothing hides from its end on, timer or not. ``seen``: how the alert stands now, for those
        with an envelope.
        """
        fields = fields_of(alert)
        self._rules.see(fields)
        rules = [rule for rule in self._rules.met(fields) if rule.expires is None or now < rule.expires]
        lifts = {rule.id: lift for rule in rules if (lift := lifted(rule, alert, seen, now))}
        silences = self._silences.over(fields, now)
        new = hit and alert.episode.events == 1
        late = self._late.met(fields) if new else []
        for rule in late:
            self.put(RULES, rule)
        if hit and alert.status is Status.FIRING:
            counted = [rule for rule in rules if within(rule, alert) and rule.id not in lifts]
            self._rules.count(counted, alert, now)
            self._silences.count(silences, now)
        rules += self._signatures.verdict(alert)
        quiet = (*(silenced(silence) for silence in silences), *others)
        self._watch(alert, rules, now)
        return judged(alert, rules, quiet, lifts, late=late, new=new)

    def act(self, act: RuleAct, actor: str, now: datetime, templates: Mapping[str, Template]) -> tuple[str, str]:
        """Apply an act; return what was done in words and the id of the rule or silence. Raises BadInput | Conflict."""
        match act:
            case PutRule(rule=rule):
                return self._put_rule(rule, actor, now)
            case AcceptRule(rule_id=rule_id, days=days):
                return self._accept(rule_id, days, actor, now)
            case RejectRule(rule_id=rule_id, text=text):
                how = f"rejected by {actor}" + (f": {text}" if text else "")
                return self._end_rule(rule_id, actor, now, how, RuleStatus.REJECTED, by=person(actor))
            case EndRule(rule_id=rule_id, text=text, gone=gone):
                how = f"ended by {actor}" + (f": {text}" if text else "")
                return self._end_rule(rule_id, actor, now, how, by="" if gone else person(actor))
            case LabelTemplate(verdict=Verdict.UNKNOWN, reason=reason):
                return self._end_rule(label_id(act), actor, now, f"ended by {actor}: {reason}", by=person(actor))
            case LabelTemplate():
                template = templates.get(act.template_id)
                return self._put_rule(labelled(act, template, actor, now, self.settings.longest), actor, now)
            case PutSilence() | EndSilence() | Shelve():
                return self._of_silences(act, actor, now)
            case PutPack(pack=pack):
                return self._put_pack(pack, now)

    def _of_silences(self, act: PutSilence | EndSilence | Shelve, actor: str, now: datetime) -> tuple[str, str]:
        match act:
            case PutSilence() | Shelve():
                longest = self.settings.longest
                silence = act.silence if isinstance(act, PutSilence) else shelved(act, actor, now, longest)
                check_silence(silence, now, longest)
                self._room(silence.id, self._rules, "rule")
                return self._silences.add(silence, actor, now)
            case EndSilence(silence_id=silence_id):
                return self._silences.end(silence_id, actor, now)

    def turn(self, key: str, now: datetime) -> None:
        """The time of a rule or silence has come: it ends, or a silence starts."""
        if key in self._rules:
            self._end_rule(key, ENGINE, now, "expired")
        else:
            self._silences.turn(key, now)

    def concerned(self, key: str, alerts: Iterable[Alert]) -> Iterator[Alert]:
        """Yield those of ``alerts`` that name this rule (or what it replaced) or silence, or that it matches."""
        rule, silence = self._rules.get(key), self._silences.get(key)
        ways = rule.ways if rule else (silence.matchers,) if silence else ()
        keys = {key, rule.replaces} - {""} if rule else {key}
        for alert in alerts:
            if keys & {alert.verdict_rule, *(item.id for item in alert.suppressed_by)} or any(
                all_match(way, fields_of(alert)) for way in ways
            ):
                yield alert

    def suspend(self, rule_id: str, why: str, now: datetime) -> bool:
        """Let a rule decide nothing until a person accepts it again; was it in force, or in shadow?"""
        rule = self._rules.get(rule_id)
        if rule is None or rule.status not in COUNTED:
            return False
        suspended = msgspec.structs.replace(rule, status=RuleStatus.SUSPENDED)
        self._rules.put(suspended)
        self._trail.note(rule, suspended, ENGINE, now, f"rule {rule_id} suspended: {why}")
        return True

    def hiding(self, alert: Alert) -> list[Rule]:
        """Return the known_good rules, in force or in shadow, that match the alert, whatever its envelope."""
        return [rule for rule in self._rules.met(fields_of(alert)) if rule.verdict is Verdict.KNOWN_GOOD]

    def rule(self, rule_id: str) -> Rule | None:
        """Return a rule that has not ended."""
        return self._rules.get(rule_id)

    def statuses(self) -> dict[str, RuleStatus]:
        """Return where each rule that has not ended stands, by id."""
        return {rule.id: rule.status for rule in self._rules}

    def rules_but(self, keys: Set[str]) -> list[str]:
        """Return the ids of the rules that have not ended, other than ``keys``."""
        return [rule.id for rule in self._rules if rule.id not in keys]

    def dump(self) -> bytes:
        held = (list(self._rules), self._silences.all(), sorted(self._rules.seen))
        return msgspec.msgpack.encode((*held, self._late.all(), self._trail.lines))

    def load(self, state: bytes) -> None:
        shape = tuple[list[Rule], list[Silence], list[str], list[Rule], int]
        rules, silences, seen, late, self._trail.lines = msgspec.msgpack.decode(state, type=shape)
        self._late = Late()
        for rule in late:
            self._late.put(rule)
        self._rules.load(rules, seen)
        self._silences.load(silences)

    def _put_rule(self, rule: Rule, actor: str, now: datetime) -> tuple[str, str]:
        check_rule(rule, now, self.settings.longest)
        self._room(rule.id, self._silences, "silence")
        before = self._rules.get(rule.id)
        whatever = rule.any_shape or rule.envelope or rule.pack or actor == ENGINE
        if rule.verdict is Verdict.KNOWN_GOOD and not whatever:
            rule = self._shaped(normal(rule))
        since = before.active_since if before and before.status is RuleStatus.ACTIVE else now
        rule = msgspec.structs.replace(
            normal(rule),
            created_by=rule.created_by or actor,
            created_at=before.created_at if before else now,
            active_since=since if rule.status is RuleStatus.ACTIVE else None,
            hits=before.hits if before else 0,
            last_hit=before.last_hit if before else None,
            audit=before.audit if before else (),
            unseen=self._rules.unseen(rule),
            ended_by="",
        )
        self._rules.put(rule)
        self._late.drop(rule.id)
        if rule.expires:
            self._timers.set("book", rule.id, rule.expires)
        else:
            self._timers.cancel("book", rule.id)
        not_yet = "" if rule.status is RuleStatus.ACTIVE else f"{rule.status}, decides nothing yet: "
        text = f"{not_yet}{said(rule)}; {where(rule.ways)}{_bounds(rule)}"
        self._trail.note(before, rule, actor, now, text)
        return text, rule.id

    def _accept(self, rule_id: str, days: int, actor: str, now: datetime) -> tuple[str, str]:
        """A person takes a proposed rule for their own; one that the engine proposed must have proved itself."""
        rule = self._rules.get(rule_id)
        if rule is None or rule.status is RuleStatus.ACTIVE:
            raise Conflict(f"there is no rule {rule_id!r} that waits to be accepted")
        if not 1 <= days <= self.settings.longest.days:
            raise BadInput(f"{days} days", place="days", fix=f"give 1 to {self.settings.longest.days}")
        if unproved := waits(rule, self.suggest, now):
            raise Conflict(unproved)
        until = now + timedelta(days=days)
        good = rule.verdict is Verdict.KNOWN_GOOD
        owner = actor if rule.owner == ENGINE else rule.owner
        accepted = msgspec.structs.replace(
            rule,
            status=RuleStatus.ACTIVE,
            owner=owner,
            expires=until if good else None,
            review=None if good else until,
        )
        text, rule_id = self._put_rule(accepted, actor, now)
        if rule.replaces in self._rules:
            self._end_rule(rule.replaces, actor, now, f"replaced by {rule_id}")
            text = f"{text}; it replaces {rule.replaces}"
        return text, rule_id

    def _watch(self, alert: Alert, rules: Iterable[Rule], now: datetime) -> None:
        """Look at the alert again when it has lasted longer than a mute was made for."""
        shapes = (rule.envelope for rule in rules if rule.envelope and rule.status is RuleStatus.ACTIVE)
        times = [end for shape in shapes if (end := ends(shape, alert)) and end > now]
        if times:
            self._timers.set("envelope", alert.fingerprint, min(times))

    def _end_rule(
        self, rule_id: str, actor: str, now: datetime, how: str, status: RuleStatus = RuleStatus.EXPIRED, by: str = ""
    ) -> tuple[str, str]:
        """``by``: the person whose word it is that it has ended, whatever packs say."""
        rule = self._rules.take_out(rule_id)
        if rule is None:
            raise Conflict(f"there is no rule {rule_id!r}, or it has ended")
        self._timers.cancel("book", rule_id)
        ended = msgspec.structs.replace(rule, status=status, expires=now, ended_by=by)
        self.put(RULES, ended)
        if actor == ENGINE and rule.verdict is Verdict.KNOWN_GOOD and rule.status is RuleStatus.ACTIVE:
            self._late.put(ended)
        self._trail.note(rule, None, actor, now, f"rule {rule_id} {how}")
        return f"rule {rule_id} {how}", rule_id

    def _put_pack(self, pack: Pack, now: datetime) -> tuple[str, str]:
        """The rules of a pack come one by one; this says what became of the file."""
        if not pack.name:
            raise BadInput("it has no name", place="pack", fix="name it as its file")
        self.put(PACKS, msgspec.structs.replace(pack, read_at=now))
        problems = "; ".join(f"{one.place}: {one.problem}" for one in pack.problems)
        lost = f"; left out: {problems}" if problems else ""
        return f"pack {pack.name}: {plural(pack.rules, 'sound rule')}{lost}", pack.name

    def _room(self, key: str, others: Container[str], kind: str) -> None:
        """Refuse an id that the other kind uses (timers and reasons name both by id), and more than we can hold."""
        if key in others:
            raise Conflict(f"{key!r} is the id of a {kind}: choose another one")
        if len(self._rules) + len(self._silences) >= MOST and key not in self._rules and key not in self._silences:
            raise Conflict(f"there are {MOST} rules and silences: end some first")


def _bounds(rule: Rule) -> str:
    most = rule.envelope.per_hour if rule.envelope else 0
    return f"; while they are as they were learned, at most {most} an hour" if most else ""
