"""What do we already know of an alert? The rules and silences in force, and the verdict they give."""

from collections.abc import Iterable, Iterator, Mapping, Set
from datetime import datetime, timedelta

import msgspec

from aiops.domain.acts import EndRule, EndSilence, LabelTemplate, PutRule, PutSilence, RuleAct
from aiops.domain.alerts import Alert, Verdict
from aiops.domain.changes import RULES, SILENCES
from aiops.domain.errors import BadInput, Conflict
from aiops.domain.matching import OWN_FIELDS, Matcher, all_match, fields_of
from aiops.domain.part import Part
from aiops.domain.records import Template
from aiops.domain.rules import Case, Cases, Rule, RuleStatus, Silence
from aiops.domain.timers import Timers
from aiops.domain.words import clock
from rules.check import LONGEST, check_rule, check_silence, masked, normal
from rules.index import Index
from rules.judgement import judged, said, within

MOST = 100_000  # rules and silences that have not ended
MOST_FIELDS = 10_000  # label names remembered as seen
_COUNTED = (RuleStatus.ACTIVE, RuleStatus.SHADOW)


class Book(Part):
    """Holds what has not ended; what has is in the store. Timers of kind ``book`` carry the id of a rule or silence."""

    def __init__(self, timers: Timers) -> None:
        super().__init__()
        self._timers = timers
        self._rules: dict[str, Rule] = {}
        self._silences: dict[str, Silence] = {}
        self._rule_index = Index()
        self._silence_index = Index()
        self._seen: set[str] = set()  # names of the fields that alerts had so far

    def judge(self, alert: Alert, now: datetime, hit: bool) -> Alert:
        """Return the alert with its verdict and what suppresses it, orthogonal to its status.

        ``hit``: an event came in for it, so what matches counts a hit. Nothing hides from its end on, timer or not.
        """
        fields = fields_of(alert)
        if not self._seen.issuperset(fields):
            self._see(fields)
        found = (self._rules[key] for key in self._rule_index.find(fields))
        rules = [rule for rule in found if rule.expires is None or now < rule.expires]
        quiet = (self._silences[key] for key in self._silence_index.find(fields))
        silences = [silence for silence in quiet if silence.starts_at <= now < silence.ends_at]
        if hit:
            self._count([rule for rule in rules if within(rule, alert)], silences, now)
        return judged(alert, rules, silences, new=hit and alert.episode.events == 1)

    def act(self, act: RuleAct, actor: str, now: datetime, templates: Mapping[str, Template]) -> tuple[str, str]:
        """Apply an act; return what was done in words and the id of the rule or silence. Raises BadInput | Conflict."""
        match act:
            case PutRule(rule=rule):
                return self._put_rule(rule, actor, now)
            case EndRule(rule_id=rule_id, text=text):
                return self._end_rule(rule_id, now, f"ended by {actor}" + (f": {text}" if text else ""))
            case PutSilence(silence=silence):
                return self._put_silence(silence, now)
            case EndSilence(silence_id=silence_id):
                return self._end_silence(silence_id, actor, now)
            case LabelTemplate():
                return self._label(act, actor, now, templates)

    def turn(self, key: str, now: datetime) -> None:
        """The time of a rule or silence has come: it ends, or a silence starts."""
        if key in self._rules:
            self._end_rule(key, now, "expired")
        elif (silence := self._silences.get(key)) is not None:
            if silence.ends_at <= now:
                self._forget_silence(key)
            else:
                self._timers.set("book", key, silence.ends_at)

    def concerned(self, key: str, alerts: Iterable[Alert]) -> Iterator[Alert]:
        """Yield those of ``alerts`` that name this rule or silence, or that it matches."""
        known = self._rules.get(key) or self._silences.get(key)
        for alert in alerts:
            named = alert.verdict_rule == key or any(item.id == key for item in alert.suppressed_by)
            if named or (known is not None and all_match(known.matchers, fields_of(alert))):
                yield alert

    def rules_but(self, keys: Set[str]) -> list[str]:
        """Return the ids of the rules that have not ended, other than ``keys``."""
        return [key for key in self._rules if key not in keys]

    def dump(self) -> bytes:
        state = (list(self._rules.values()), list(self._silences.values()), sorted(self._seen))
        return msgspec.msgpack.encode(state)

    def load(self, state: bytes) -> None:
        shape = tuple[list[Rule], list[Silence], list[str]]
        rules, silences, seen = msgspec.msgpack.decode(state, type=shape)
        self._rules = {rule.id: rule for rule in rules}
        self._silences = {silence.id: silence for silence in silences}
        self._rule_index, self._silence_index, self._seen = Index(), Index(), set(seen)
        for rule in rules:
            self._index(rule)
        for silence in silences:
            self._silence_index.put(silence.id, silence.matchers)

    def _put_rule(self, rule: Rule, actor: str, now: datetime) -> tuple[str, str]:
        check_rule(rule, now)
        self._room(rule.id, self._silences, "silence")
        before = self._rules.get(rule.id)
        rule = msgspec.structs.replace(
            normal(rule),
            created_by=rule.created_by or actor,
            created_at=before.created_at if before else now,
            hits=before.hits if before else 0,
            last_hit=before.last_hit if before else None,
            unseen=tuple(sorted({item.field for item in rule.matchers}.difference(self._seen, OWN_FIELDS))),
        )
        self._keep(rule)
        self._index(rule)
        if rule.expires:
            self._timers.set("book", rule.id, rule.expires)
        else:
            self._timers.cancel("book", rule.id)
        return f"{said(rule)}; {_where(rule.matchers)}", rule.id

    def _end_rule(self, rule_id: str, now: datetime, how: str) -> tuple[str, str]:
        rule = self._rules.pop(rule_id, None)
        if rule is None:
            raise Conflict(f"there is no rule {rule_id!r}, or it has ended")
        self._rule_index.drop(rule_id)
        self._timers.cancel("book", rule_id)
        self.put(RULES, msgspec.structs.replace(rule, status=RuleStatus.EXPIRED, expires=now))
        return f"rule {rule_id} {how}", rule_id

    def _put_silence(self, silence: Silence, now: datetime) -> tuple[str, str]:
        check_silence(silence, now)
        self._room(silence.id, self._rules, "rule")
        before = self._silences.get(silence.id)
        silence = msgspec.structs.replace(
            silence,
            matchers=masked(silence.matchers),
            created_at=before.created_at if before else now,
            hits=before.hits if before else 0,
            last_hit=before.last_hit if before else None,
        )
        self._silences[silence.id] = silence
        self.put(SILENCES, silence)
        self._silence_index.put(silence.id, silence.matchers)
        self._timers.set("book", silence.id, silence.starts_at if silence.starts_at > now else silence.ends_at)
        text = f"silenced by {silence.owner} until {clock(silence.ends_at)}: {silence.reason}"
        return f"{text}; {_where(silence.matchers)}", silence.id

    def _end_silence(self, silence_id: str, actor: str, now: datetime) -> tuple[str, str]:
        silence = self._silences.get(silence_id)
        if silence is None:
            raise Conflict(f"there is no silence {silence_id!r}, or it has ended")
        self._forget_silence(silence_id)
        self.put(SILENCES, msgspec.structs.replace(silence, ends_at=now))
        return f"silence {silence_id} ended by {actor}", silence_id

    def _forget_silence(self, key: str) -> None:
        del self._silences[key]
        self._silence_index.drop(key)
        self._timers.cancel("book", key)

    def _label(
        self, act: LabelTemplate, actor: str, now: datetime, templates: Mapping[str, Template]
    ) -> tuple[str, str]:
        """A person's verdict on a template is the rule of that template."""
        rule_id = f"template-{act.template_id}"
        if act.verdict is Verdict.UNKNOWN:
            return self._end_rule(rule_id, now, f"ended by {actor}: {act.reason}")
        template = templates.get(act.template_id)
        if template is None:
            raise Conflict(f"there is no template {act.template_id!r}, or it was forgotten")
        if not 1 <= act.days <= LONGEST.days:
            raise BadInput(f"{act.days} days", place="days", fix=f"give 1 to {LONGEST.days}")
        until = now + timedelta(days=act.days)
        good = act.verdict is Verdict.KNOWN_GOOD
        rule = Rule(
            id=rule_id,
            verdict=act.verdict,
            matchers=(Matcher(field="template", value=template.text),),
            owner=actor,
            reason=act.reason,
            expires=until if good else None,
            review=None if good else until,
            cases=Cases(match=(Case(message=template.example),) if template.example else ()),
        )
        return self._put_rule(rule, actor, now)

    def _room(self, key: str, others: Mapping[str, object], kind: str) -> None:
        """Refuse an id that the other kind uses (timers and reasons name both by id), and more than we can hold."""
        if key in others:
            raise Conflict(f"{key!r} is the id of a {kind}: choose another one")
        if len(self._rules) + len(self._silences) >= MOST and key not in self._rules and key not in self._silences:
            raise Conflict(f"there are {MOST} rules and silences: end some first")

    def _keep(self, rule: Rule) -> None:
        self._rules[rule.id] = rule
        self.put(RULES, rule)

    def _index(self, rule: Rule) -> None:
        if rule.status in _COUNTED:
            self._rule_index.put(rule.id, rule.matchers)
        else:
            self._rule_index.drop(rule.id)

    def _count(self, rules: Iterable[Rule], silences: Iterable[Silence], now: datetime) -> None:
        for rule in rules:
            self._keep(msgspec.structs.replace(rule, hits=rule.hits + 1, last_hit=now))
        for silence in silences:
            counted = msgspec.structs.replace(silence, hits=silence.hits + 1, last_hit=now)
            self._silences[silence.id] = counted
            self.put(SILENCES, counted)

    def _see(self, fields: Mapping[str, str]) -> None:
        """Remember field names; rules that waited for one no longer lack it."""
        new = {name for name in fields if name not in self._seen}
        if len(self._seen) + len(new) > MOST_FIELDS:
            return
        self._seen |= new
        for rule in list(self._rules.values()):
            if new.intersection(rule.unseen):
                self._keep(msgspec.structs.replace(rule, unseen=tuple(sorted(set(rule.unseen) - new))))


def _where(matchers: tuple[Matcher, ...]) -> str:
    return "where " + ", ".join(str(matcher) for matcher in matchers)
