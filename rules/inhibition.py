"""Which alerts are but consequences of another one that fires? By rules of people, and by what runs on what."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from aiops.domain.acts import EndInhibition, InhibitionAct, PutInhibition
from aiops.domain.alerts import Alert, Suppression, Verdict
from aiops.domain.base import Noun
from aiops.domain.documents import INHIBITIONS
from aiops.domain.errors import BadInput, Conflict
from aiops.domain.events import Status
from aiops.domain.graph import EntityKind, GraphView
from aiops.domain.matching import all_match, fields_of
from aiops.domain.part import Part
from aiops.domain.rules import Inhibition
from aiops.domain.settings import MutingSettings
from aiops.domain.timers import Timers
from aiops.domain.words import clock
from rules.check import check_common, masked
from rules.index import Index
from rules.trail import ENGINE, Trail

MOST = 1_000  # inhibitions in force
LEVELS = 4  # of "runs on" and "is part of" that are followed: service, host, rack, site
LEAD = timedelta(minutes=5)  # what began longer before its host went down has a cause of its own
BELOW = 10_000  # nodes under one that went down that are looked at
GRAPH = "graph"  # id of what the service graph inhibits
_CARRIERS = (EntityKind.HOST, EntityKind.CLUSTER, EntityKind.SITE)

_Key = tuple[str, ...]  # id of an inhibition and the values of its equal labels


class _Firing(Noun, frozen=True, kw_only=True):
    """An alert that fires, as inhibitions see it."""

    title: str
    entity: str
    began: datetime
    down: bool  # it says that its host, cluster or site is down
    sources: tuple[_Key, ...] = ()
    targets: tuple[_Key, ...] = ()


class Inhibitor(Part):
    """Holds inhibitions in force and what fires. Timers of kind ``inhibition`` carry the id of one that expires."""

    def __init__(self, settings: MutingSettings, timers: Timers) -> None:
        super().__init__()
        self.settings = settings
        self._timers = timers
        self._inhibitions: dict[str, Inhibition] = {}
        self._source_index, self._target_index = Index(), Index()
        self._firing: dict[str, _Firing] = {}
        self._sources: dict[_Key, dict[str, None]] = {}
        self._targets: dict[_Key, dict[str, None]] = {}
        self._down: dict[str, dict[str, None]] = {}  # node -> alerts that say that it is down
        self._at: dict[str, dict[str, None]] = {}  # node -> its alerts that fire
        self._trail = Trail(self, "inhibition")

    def over(self, alert: Alert, view: GraphView, now: datetime, hit: bool) -> tuple[Suppression, ...]:
        """Return what inhibits the alert: rules, and a node below it that is down. ``hit``: an event came in for it."""
        found = list(self._by_rule(alert, now, hit)) if self._inhibitions else []
        return tuple([*found, *self._by_graph(alert, view)])

    def note(self, alert: Alert, view: GraphView) -> list[str]:
        """Take in how the alert is now; return the fingerprints of others that must be judged anew because of it."""
        before = self._firing.get(alert.fingerprint)
        after = self._seen(alert) if alert.status is Status.FIRING else None
        if before == after:
            return []
        old, new = before or _NOTHING, after or _NOTHING
        heads = {key: _first(self._sources.get(key)) for key in (*old.sources, *new.sources)}
        nodes = {node: _first(self._down.get(node)) for node in (old.entity, new.entity) if node}
        self._take_out(alert.fingerprint, old)
        if after is not None:
            self._put_in(alert.fingerprint, after)
        turned: dict[str, None] = {}
        for key, head in heads.items():
            if _first(self._sources.get(key)) != head:
                turned |= self._targets.get(key, {})
            elif set(old.sources) != set(new.sources):
                turned |= {one: None for one in self._targets.get(key, ()) if one in self._sources.get(key, ())}
        for node, head in nodes.items():
            if _first(self._down.get(node)) != head:
                turned |= {one: None for below in self._below(node, view) for one in self._at.get(below, ())}
        turned.pop(alert.fingerprint, None)
        return list(turned)

    def act(self, act: InhibitionAct, actor: str, now: datetime) -> tuple[str, str]:
        """Apply an act; return what was done in words and the inhibition's id. Raises BadInput | Conflict."""
        match act:
            case PutInhibition(inhibition=inhibition):
                return self._put(inhibition, actor, now)
            case EndInhibition(inhibition_id=key):
                return self._end(key, actor, now, f"inhibition {key} ended by {actor}")

    def turn(self, key: str, now: datetime) -> None:
        """The time of an inhibition is over."""
        if key in self._inhibitions:
            self._end(key, ENGINE, now, f"inhibition {key} expired")

    def concerned(self, key: str, alerts: Iterable[Alert]) -> Iterator[Alert]:
        """Yield those of ``alerts`` that the inhibition hides, or that either of its sides matches."""
        known = self._inhibitions.get(key)
        for alert in alerts:
            if any(item.kind == "inhibition" and item.id == key for item in alert.suppressed_by):
                yield alert
            elif known is not None:
                fields = fields_of(alert)
                if all_match(known.source, fields) or all_match(known.target, fields):
                    yield alert

    def dump(self) -> bytes:
        groups = [
            [(list(key) if isinstance(key, tuple) else [key], list(ids)) for key, ids in group.items()]
            for group in (self._sources, self._targets, self._down, self._at)
        ]
        return msgspec.msgpack.encode((list(self._inhibitions.values()), self._firing, groups, self._trail.lines))

    def load(self, state: bytes) -> None:
        shape = tuple[list[Inhibition], dict[str, _Firing], list[list[tuple[list[str], list[str]]]], int]
        inhibitions, self._firing, groups, self._trail.lines = msgspec.msgpack.decode(state, type=shape)
        self._inhibitions = {one.id: one for one in inhibitions}
        self._source_index, self._target_index = Index(), Index()
        for one in inhibitions:
            self._file(one)
        sources, targets, down, at = groups
        self._sources = {tuple(key): dict.fromkeys(ids) for key, ids in sources}
        self._targets = {tuple(key): dict.fromkeys(ids) for key, ids in targets}
        self._down = {key[0]: dict.fromkeys(ids) for key, ids in down}
        self._at = {key[0]: dict.fromkeys(ids) for key, ids in at}

    def _by_rule(self, alert: Alert, now: datetime, hit: bool) -> Iterator[Suppression]:
        fields = fields_of(alert)
        both = set(self._source_index.find(fields))
        for key in self._target_index.find(fields):
            rule = self._inhibitions[key]
            where = (key, *(fields.get(label, "") for label in rule.equal))
            mutual = self._targets.get(where, {}) if key in both else {}
            sources = (one for one in self._sources.get(where, ()) if one != alert.fingerprint and one not in mutual)
            source = next(sources, "")
            if source and now < rule.expires:
                if hit:
                    self._keep(msgspec.structs.replace(rule, hits=rule.hits + 1, last_hit=now))
                first = self._firing[source]
                text = f"inhibited by {rule.owner} while {first.title} of {first.entity or 'no node'} fires"
                yield Suppression(kind="inhibition", id=key, text=f"{text}: {rule.reason}", until=rule.expires)

    def _by_graph(self, alert: Alert, view: GraphView) -> Iterator[Suppression]:
        if not self.settings.by_graph or not self._down:
            return
        culprit = self._below_is_down(alert.entity.name, view, LEVELS)
        if not culprit:
            return
        first = self._firing[_first(self._down[culprit])]
        if alert.episode.started_at >= first.began - LEAD:
            text = f"{alert.entity.name} depends on where it runs: {culprit} is down ({first.title})"
            yield Suppression(kind="inhibition", id=f"{GRAPH}:{culprit}", text=text)

    def _below_is_down(self, name: str, view: GraphView, levels: int) -> str:
        """Return the node that is down and takes ``name`` with it: one that it is part of, or all that it runs on."""
        if levels == 0:
            return ""
        for whole in view.part_of.get(name, ()):
            if culprit := self._out(whole, view, levels):
                return culprit
        hosts = [self._out(host, view, levels) for host in view.runs_on.get(name, ())]
        return hosts[0] if hosts and all(hosts) else ""

    def _out(self, name: str, view: GraphView, levels: int) -> str:
        return self._below_is_down(name, view, levels - 1) or (name if name in self._down else "")

    @staticmethod
    def _below(name: str, view: GraphView) -> list[str]:
        """Return what runs on ``name`` or is part of it, over up to LEVELS steps."""
        found: dict[str, None] = {}
        level = [name]
        for _ in range(LEVELS):
            level = [
                node
                for one in level
                for node in view.dependents.get(one, ())
                if node not in found and one in (*view.runs_on.get(node, ()), *view.part_of.get(node, ()))
            ]
            found |= dict.fromkeys(level[: BELOW - len(found)])
        return list(found)

    def _seen(self, alert: Alert) -> _Firing:
        bad = alert.severity.rank >= self.settings.down.rank and alert.verdict is not Verdict.KNOWN_GOOD
        fields = fields_of(alert) if self._inhibitions else {}
        return _Firing(
            title=alert.title,
            entity=alert.entity.name,
            began=alert.episode.started_at,
            down=alert.entity.kind in _CARRIERS and alert.entity.known and bad,
            sources=self._keys(self._source_index, fields),
            targets=self._keys(self._target_index, fields),
        )

    def _keys(self, index: Index, fields: dict[str, str]) -> tuple[_Key, ...]:
        found = index.find(fields) if fields else []
        return tuple((key, *(fields.get(label, "") for label in self._inhibitions[key].equal)) for key in found)

    def _put_in(self, fingerprint: str, one: _Firing) -> None:
        self._firing[fingerprint] = one
        for key in one.sources:
            self._sources.setdefault(key, {})[fingerprint] = None
        for key in one.targets:
            self._targets.setdefault(key, {})[fingerprint] = None
        self._at.setdefault(one.entity, {})[fingerprint] = None
        if one.down:
            self._down.setdefault(one.entity, {})[fingerprint] = None

    def _take_out(self, fingerprint: str, one: _Firing) -> None:
        self._firing.pop(fingerprint, None)
        for key in one.sources:
            _drop(self._sources, key, fingerprint)
        for key in one.targets:
            _drop(self._targets, key, fingerprint)
        _drop(self._at, one.entity, fingerprint)
        _drop(self._down, one.entity, fingerprint)

    def _put(self, new: Inhibition, actor: str, now: datetime) -> tuple[str, str]:
        place = f"inhibition {new.id}"
        for side, matchers in (("source", new.source), ("target", new.target)):
            for problem in check_common(f"{place}, {side}", new.id, new.owner, new.reason, matchers):
                raise BadInput(problem.problem, place=problem.place, fix=problem.fix)
        if not now < new.expires <= now + self.settings.longest:
            fix = f"let it end within {self.settings.longest.days} days"
            raise BadInput(f"{clock(new.expires)} is no end", place=f"{place}, expires", fix=fix)
        before = self._inhibitions.get(new.id)
        if before is None and len(self._inhibitions) >= MOST:
            raise Conflict(f"there are {MOST} inhibitions: end some first")
        if before is not None:
            self._unfile(new.id)
        new = msgspec.structs.replace(
            new,
            source=masked(new.source),
            target=masked(new.target),
            created_by=before.created_by if before else actor,
            created_at=before.created_at if before else now,
            hits=before.hits if before else 0,
            last_hit=before.last_hit if before else None,
            ended=False,
        )
        self._keep(new)
        self._file(new)
        self._timers.set("inhibition", new.id, new.expires)
        sides = [", ".join(map(str, side)) for side in (new.source, new.target)]
        text = f"inhibition {new.id}: while {sides[0]} fires, {sides[1]} does not page, until {clock(new.expires)}"
        self._trail.note(before, new, actor, now, text)
        return text, new.id

    def _end(self, key: str, actor: str, now: datetime, text: str) -> tuple[str, str]:
        one = self._inhibitions.pop(key, None)
        if one is None:
            raise Conflict(f"there is no inhibition {key!r}, or it has ended")
        self._unfile(key)
        self._timers.cancel("inhibition", key)
        self.put(INHIBITIONS, msgspec.structs.replace(one, ended=True, expires=min(one.expires, now)))
        self._trail.note(one, None, actor, now, text)
        return text, key

    def _file(self, one: Inhibition) -> None:
        self._source_index.put(one.id, one.source)
        self._target_index.put(one.id, one.target)

    def _unfile(self, key: str) -> None:
        """Forget who stood on which side of it; those it concerns are considered again and noted anew."""
        self._source_index.drop(key)
        self._target_index.drop(key)
        for fingerprint, one in list(self._firing.items()):
            sides = [tuple(where for where in side if where[0] != key) for side in (one.sources, one.targets)]
            if (one.sources, one.targets) != tuple(sides):
                self._firing[fingerprint] = msgspec.structs.replace(one, sources=sides[0], targets=sides[1])
        for group in (self._sources, self._targets):
            for where in [where for where in group if where[0] == key]:
                del group[where]

    def _keep(self, one: Inhibition) -> None:
        self._inhibitions[one.id] = one
        self.put(INHIBITIONS, one)


_NOTHING = _Firing(title="", entity="", began=datetime.fromtimestamp(0, UTC), down=False)


def _first(ids: dict[str, None] | None) -> str:
    return next(iter(ids or ()), "")


def _drop(group: dict[_Key, dict[str, None]] | dict[str, dict[str, None]], key: object, fingerprint: str) -> None:
    ids = group.get(key)  # type: ignore[call-overload]
    if ids is not None:
        ids.pop(fingerprint, None)
        if not ids:
            del group[key]  # type: ignore[arg-type]
