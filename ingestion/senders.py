"""What did people say of each source? The mapping and settings in force, which decide what a delivery says."""

from datetime import datetime

import msgspec

from aiops.domain.acts import EndMapping, Kept, PutMapping, Reparse, SetSource
from aiops.domain.deliveries import Position
from aiops.domain.documents import MAPPINGS, SOURCE_SETTINGS
from aiops.domain.entries import Delivery
from aiops.domain.errors import BadInput, Conflict
from aiops.domain.events import Event, EventKind, Parsed, Status
from aiops.domain.part import Part
from aiops.domain.reasons import Reason
from aiops.domain.senders import SourceMapping, SourceSettings, source_name
from aiops.domain.words import plural, span
from ingestion.mapping import Compiled
from ingestion.mapping_file import load
from ingestion.sources import registry

MOST = 1_000  # sources that people said something of


class Senders(Part):
    """By source: the newest version of its mapping, ended or not, and its settings."""

    def __init__(self) -> None:
        super().__init__()
        self._mappings: dict[str, SourceMapping] = {}
        self._compiled: dict[str, Compiled] = {}  # of those in force
        self._settings: dict[str, SourceSettings] = {}
        self._reread: dict[str, Position] = {}  # source -> the entry before the one that last read it anew
        self._taken: tuple[Kept, ...] = ()  # by the act at hand
        self.readings = 0  # how often deliveries were read anew

    def parse(self, delivery: Delivery, received_at: datetime) -> Parsed:
        """Return what the delivery says, by the mapping in force where there is one. Never raises."""
        mapping = self.mapping_of(delivery, received_at)
        parsed = registry.parse(delivery, received_at, mapping.parse if mapping else None)
        settings = self._settings
        if delivery.source not in settings and not any(event.source in settings for event in parsed.events):
            return parsed
        return msgspec.structs.replace(parsed, events=tuple(self._set(event, delivery) for event in parsed.events))

    def mapping_of(self, delivery: Delivery, received_at: datetime) -> Compiled | None:
        """Return the mapping of its source; where nobody described that one, the first by name whose match fits."""
        if found := self._compiled.get(delivery.source):
            return found
        if registry.known(delivery.source):
            return None
        return next((one for _, one in sorted(self._compiled.items()) if one.fits(delivery, received_at)), None)

    def _set(self, event: Event, delivery: Delivery) -> Event:
        """A person's word on how long a firing holds stands above the parser's."""
        settings = self._settings.get(event.source) or self._settings.get(delivery.source)
        expire = settings.expire_after if settings else None
        if settings is None or expire is None or event.kind is not EventKind.ALERT or event.status is not Status.FIRING:
            return event
        text = f"over after {span(expire)} without another word, as {settings.put_by} set for {settings.source}"
        return msgspec.structs.replace(event, lease=expire, reasons=(*event.reasons, Reason(step="parse", text=text)))

    def act(self, act: PutMapping | EndMapping | SetSource, actor: str, now: datetime) -> tuple[str, str]:
        """Apply it; return what was done in words, and the source. AiopsError says why not."""
        match act:
            case PutMapping():
                return self._put_mapping(act, actor, now)
            case EndMapping():
                return self._end_mapping(act, actor, now)
            case SetSource():
                return self._set_source(act, actor, now)

    def _put_mapping(self, act: PutMapping, actor: str, now: datetime) -> tuple[str, str]:
        """Read its source by it from here on; BadInput says what is wrong."""
        mapping = load(act.text)
        source, before = mapping.source, self._mappings.get(mapping.source)
        if before is None and len(self._mappings) >= MOST:
            raise BadInput(f"{MOST} sources are mapped", place="source", fix="use the name of one of them")
        self._end(source, actor, now)
        version = before.version + 1 if before else 1
        headers = tuple(sorted(mapping.headers))
        put = SourceMapping(source=source, version=version, text=act.text, headers=headers, put_by=actor, put_at=now)
        self._mappings[source], self._compiled[source] = put, mapping
        self.put(MAPPINGS, put)
        return f"{source} is read by version {version} of its mapping from here on", source

    def _end_mapping(self, act: EndMapping, actor: str, now: datetime) -> tuple[str, str]:
        """Read the source as if there were none."""
        if act.source not in self._compiled:
            raise Conflict(f"{act.source} has no mapping")
        self._end(act.source, actor, now)
        del self._compiled[act.source]
        return f"{act.source} is read without a mapping from here on", act.source

    def _end(self, source: str, actor: str, now: datetime) -> None:
        before = self._mappings.get(source)
        if before is not None and before.ended_at is None:
            before = msgspec.structs.replace(before, ended_by=actor, ended_at=now)
            self._mappings[source] = before
            self.put(MAPPINGS, before)

    def _set_source(self, act: SetSource, actor: str, now: datetime) -> tuple[str, str]:
        """Take the settings of one source."""
        act.settings.check()
        name = source_name(act.settings.source)
        if name not in self._settings and len(self._settings) >= MOST:
            raise BadInput(f"{MOST} sources have settings", place="source", fix="change one of them")
        settings = msgspec.structs.replace(act.settings, source=name, put_by=actor, put_at=now)
        self._settings[name] = settings
        self.put(SOURCE_SETTINGS, settings)
        expire = "as its parser says" if settings.expire_after is None else f"after {span(settings.expire_after)}"
        rate = "any number" if settings.rate is None else f"{settings.rate:g} a second"
        return f"{name}: alerts expire {expire}, {rate} of deliveries", name

    def read_anew(self, act: Reparse, position: Position | None) -> tuple[str, str]:
        """Note what is to be read anew, for ``taken``. Conflict: somebody else had it read since it was looked at."""
        last = self._reread.get(act.source)
        if last is not None and last >= act.based_on:
            raise Conflict(f"{act.source} was read anew at entry {last}, after this was looked at: look again")
        if position is not None:
            self._reread[act.source] = position
        self.readings += 1
        self._taken = act.kept
        before = sum(len(kept.events) for kept in act.kept)
        superseded = f"{plural(before, 'event')} superseded"
        return f"{act.source}: {len(act.kept)} of its kept deliveries were read anew, {superseded}", act.source

    def taken(self) -> tuple[Kept, ...]:
        """Hand over what is to be read anew."""
        taken, self._taken = self._taken, ()
        return taken

    def dump(self) -> bytes:
        state = list(self._mappings.values()), list(self._settings.values()), self._reread, self.readings
        return msgspec.msgpack.encode(state)

    def load(self, state: bytes) -> None:
        shape = tuple[list[SourceMapping], list[SourceSettings], dict[str, Position], int]
        mappings, settings, self._reread, self.readings = msgspec.msgpack.decode(state, type=shape)
        self._mappings = {mapping.source: mapping for mapping in mappings}
        self._compiled = {one.source: load(one.text) for one in mappings if one.ended_at is None}
        self._settings = {one.source: one for one in settings}


def reading(mappings: list[SourceMapping]) -> Senders:
    """Return what reads as the engine does by these mappings: for previews and for answers at the door."""
    made = Senders()
    made.load(msgspec.msgpack.encode((mappings, [], {}, 0)))
    return made
