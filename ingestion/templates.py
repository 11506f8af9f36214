"""Which shape does a message have? One tree per scope, templates with ids that stay, and their counts."""

from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from aiops.domain.alerts import Templated
from aiops.domain.base import stable_hash
from aiops.domain.documents import SCOPES, TEMPLATES
from aiops.domain.entries import Learned
from aiops.domain.events import Event, EventKind
from aiops.domain.graph import Entity
from aiops.domain.learned import ScopeTemplate, ScopeTemplates
from aiops.domain.masking import MASKS, mask, masked_tokens, raw_tokens
from aiops.domain.part import Document, Part
from aiops.domain.records import ScopeRecord, Template
from aiops.domain.settings import TemplateSettings
from ingestion.templates_fold import unnamed
from ingestion.templates_sample import Room
from ingestion.templates_scope import OneScope, OneScopeState
from ingestion.templates_tree import WILDCARD, Cluster

__all__ = ["Templates", "mask"]

MOST_SCOPES = 1_000  # the least recently used is forgotten
MOST_TEMPLATES = 100_000  # over all scopes, as long as there is more than one
MOST_PARAMETERS = 20
LONGEST_PARAMETER = 200
MOST_MATCHES = 50_000  # remembered; when full, all are forgotten (they are only a short cut)
REPORTED = 1_000  # messages of a scope between two reports on it
DEAD = timedelta(days=7)
PLACEHOLDERS = (WILDCARD, *MASKS)


class Templates(Part):
    """All templates, by id, and the trees that find them."""

    def __init__(self, settings: TemplateSettings) -> None:
        super().__init__()
        self.records: dict[str, Template] = {}
        self._settings = settings
        self._scopes: OrderedDict[str, OneScope] = OrderedDict()
        self._room = Room()
        self._matches: dict[tuple[str, tuple[str, ...]], _Match] = {}
        self._seen: dict[str, tuple[int, datetime]] = {}  # template id -> messages since the last drain, newest receipt

    @property
    def settings(self) -> TemplateSettings:
        """Drain's parameters; setting others builds the trees anew from the templates there are."""
        return self._settings

    @settings.setter
    def settings(self, settings: TemplateSettings) -> None:
        if settings != self._settings:
            self._settings = settings
            self._matches.clear()
            for scope in self._scopes.values():
                self._forget(scope.rebuild(settings))

    def learn(self, event: Event, entity: Entity) -> Templated:
        """Return the shape of the event's text, learning from it: scope is the source, for logs with the entity.

        A text that was learned as another event's (``scope``) is not counted again.
        """
        name = event.scope or (f"{event.source}/{entity.name}" if event.kind is EventKind.LOG else event.source)
        masked = masked_tokens(event.text)
        scope = self._scopes.get(name) or self._open(name)
        self._scopes.move_to_end(name)
        match, first = self._matches.get((name, masked)), False
        if match is None or match.generation != scope.generation(len(masked)):
            match, first = self._match(scope, masked, event.received_at)
        elif match.cluster.cluster_id:
            scope.tree.touch(match.cluster)
        template_id = match.cluster.template_id
        count, newest = self._seen.get(template_id, (0, event.received_at))
        record = self.records[template_id]
        if event.scope and not first:
            first = record.count + count == 1  # told of the message that made it
        else:
            self._seen[template_id] = (count + 1, max(newest, event.received_at))
            said = masked if event.kind is EventKind.LOG or not entity.name else unnamed(masked, entity.name)
            complete = scope.sample.note(said, template_id, keep=self._settings.automatic)
            if complete or scope.sample.lines % REPORTED == 0:
                self._report(scope, event.received_at, complete=complete)
        raw = raw_tokens(event.text) if match.places else ()
        return Templated(
            template_id=template_id,
            text=record.text,
            scope=name,
            masked=match.masked,
            parameters=tuple([raw[place][:LONGEST_PARAMETER] for place in match.places]),
            first=first,
            version=record.version,
        )

    def drain(self) -> list[Document]:
        """Hand over the templates that were seen, with their counts."""
        self._count()
        return super().drain()

    def adopt(self, learned: Learned, now: datetime) -> None:
        """Let a scope go by what was chosen from its own lines; a choice that does not follow its last is ignored.

        A template that is not to be used any more is handed over once more, with its successor, and forgotten.
        """
        found = learned.result
        if not isinstance(found, ScopeTemplates):
            return
        scope = self._scopes.get(found.scope)
        if scope is None or found.version != scope.choice.version + 1 or not self._settings.automatic:
            return
        self._count()
        ids = [self._named(template, scope.name, now) for template in found.templates]
        for former, place in found.successors.items():
            if record := self.records.get(former):
                self.put(TEMPLATES, msgspec.structs.replace(record, successor=ids[place]))
        self._forget(scope.adopt(found, ids, self._settings, now))
        for template_id in ids:
            if template_id in self.records:
                self.put(TEMPLATES, self.records[template_id])
        self._matches.clear()
        self._report(scope, now)

    def _named(self, template: ScopeTemplate, scope: str, now: datetime) -> str:
        """Return the id of a chosen template: the former one that it stays, or a new one."""
        text, former = template.patterns[0], self.records.get(template.template_id)
        if former is None or former.scope != scope:
            template_id = self._new(scope, text, now, origin=template.origin)
        else:
            template_id = former.template_id
            if former.text != text:
                self.records[template_id] = msgspec.structs.replace(former, text=text, version=former.version + 1)
        return template_id

    def _report(self, scope: OneScope, now: datetime, *, complete: bool = False) -> None:
        """Say how the scope is; with the sample, when it is ``complete`` or waits already."""
        if complete:
            scope.sample.complete()
        own = scope.choice.over(self._settings)
        alive = [(self.records[one], self._seen.get(one)) for one in set(scope.template_ids())]
        record = ScopeRecord(
            scope=scope.name,
            lines=scope.sample.lines,
            templates=len(alive),
            rare=sum(record.count + (seen[0] if seen else 0) == 1 for record, seen in alive),
            dead=sum((seen[1] if seen else record.last_seen) < now - DEAD for record, seen in alive),
            version=scope.choice.version,
            similarity=own.similarity,
            depth=own.depth,
            chosen_at=scope.choice.at,
            chosen_from=scope.choice.lines,
            sample=scope.sample.waiting,
        )
        self.put(SCOPES, record)

    def _open(self, name: str) -> OneScope:
        self._scopes[name] = scope = OneScope(name, self._settings, self._room)
        self._bound()
        return scope

    def _bound(self) -> None:
        """Forget the least recently used scopes beyond the bounds; the one at hand is the newest."""
        while len(self._scopes) > MOST_SCOPES or (len(self.records) > MOST_TEMPLATES and len(self._scopes) > 1):
            oldest = self._scopes.popitem(last=False)[1]
            self._forget(oldest.template_ids())
            oldest.sample.drop()
            self._matches.clear()

    def _match(self, scope: OneScope, masked: tuple[str, ...], now: datetime) -> tuple["_Match", bool]:
        """Search the tree, and learn: a new template, a more general one, or only a count."""
        cluster, change = scope.learn(masked)
        if change == "created":
            self._forget(scope.tree.evict())
            cluster.template_id = self._new(scope.name, cluster.get_template(), now)
            self._bound()
        elif change == "changed":
            record = self.records[cluster.template_id]
            text = cluster.get_template()
            self.records[record.template_id] = msgspec.structs.replace(record, text=text, version=record.version + 1)
        tokens = enumerate(cluster.log_template_tokens)
        places = [place for place, token in tokens if any(mark in token for mark in PLACEHOLDERS)]
        match = _Match(scope.generation(len(masked)), cluster, " ".join(masked), tuple(places[:MOST_PARAMETERS]))
        if not change:  # only what left the tree as it was is found again in the same way
            if len(self._matches) >= MOST_MATCHES:
                self._matches.clear()
            self._matches[scope.name, masked] = match
        return match, change == "created"

    def _new(self, scope: str, text: str, now: datetime, origin: str = "") -> str:
        """Return the id of a new template: a hash of scope and first-seen tokens, salted while another bears it."""
        template_id, salt = stable_hash(scope, text), 0
        while template_id in self.records:
            salt += 1
            template_id = stable_hash(scope, text, str(salt))
        self.records[template_id] = Template(
            template_id=template_id,
            scope=scope,
            text=text,
            first_seen=now,
            last_seen=now,
            count=0,
            example=text,
            origin=origin,
        )
        return template_id

    def _forget(self, template_ids: Iterable[str]) -> None:
        for template_id in template_ids:
            self.records.pop(template_id, None)
            self._seen.pop(template_id, None)

    def _count(self) -> None:
        """Add up what was seen; once an entry and not once a message, because a log delivery holds thousands."""
        for template_id, (count, newest) in self._seen.items():
            record = self.records[template_id]
            record = msgspec.structs.replace(
                record, count=record.count + count, last_seen=max(newest, record.last_seen)
            )
            self.records[template_id] = record
            self.put(TEMPLATES, record)
        self._seen.clear()

    def dump(self) -> bytes:
        self._count()
        scopes = [scope.dump() for scope in self._scopes.values()]
        return msgspec.msgpack.encode((self._settings, list(self.records.values()), scopes))

    def load(self, state: bytes) -> None:
        shape = tuple[TemplateSettings, list[Template], list[OneScopeState]]
        self._settings, records, scopes = msgspec.msgpack.decode(state, type=shape)
        self.records = {record.template_id: record for record in records}
        self._room = Room()
        loaded = [OneScope.load(scope, self._settings, self._room) for scope in scopes]
        self._scopes = OrderedDict((scope.name, scope) for scope in loaded)
        self._matches, self._seen = {}, {}


class _Match(NamedTuple):
    """What the tree answered for one masked message; holds while no template of that length has changed."""

    generation: int
    cluster: "Cluster"
    masked: str
    places: tuple[int, ...]  # of its parameters
