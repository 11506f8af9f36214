"""Which silences have not ended, and which of them are over an alert? The book keeps them beside its rules."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from aiops.domain.documents import SILENCES
from aiops.domain.errors import Conflict
from aiops.domain.part import Part
from aiops.domain.rules import Silence
from aiops.domain.timers import Timers
from rules.check import masked
from rules.index import Index
from rules.judgement import silenced, where
from rules.trail import ENGINE, Trail


class Silences:
    """By id. Documents and lines of the audit log are put by ``part``; timers of kind ``book`` carry the id."""

    def __init__(self, part: Part, timers: Timers, trail: Trail) -> None:
        self._part, self._timers, self._trail = part, timers, trail
        self._silences: dict[str, Silence] = {}
        self._index = Index()

    def __contains__(self, key: object) -> bool:
        return key in self._silences

    def __len__(self) -> int:
        return len(self._silences)

    def get(self, key: str) -> Silence | None:
        """Return one that has not ended."""
        return self._silences.get(key)

    def all(self) -> list[Silence]:
        """Return all of them, to be loaded again."""
        return list(self._silences.values())

    def over(self, fields: Mapping[str, str], now: datetime) -> list[Silence]:
        """Return those that these fields satisfy and that are in force, timer or not."""
        matching = (self._silences[key] for key in self._index.find(fields))
        return [silence for silence in matching if silence.starts_at <= now < silence.ends_at]

    def count(self, silences: Iterable[Silence], now: datetime) -> None:
        """Each of them hid an event."""
        for silence in silences:
            counted = msgspec.structs.replace(silence, hits=silence.hits + 1, last_hit=now)
            self._silences[silence.id] = counted
            self._part.put(SILENCES, counted)

    def add(self, silence: Silence, actor: str, now: datetime) -> tuple[str, str]:
        """Keep a silence that may stand; return what was done in words, and its id."""
        before = self._silences.get(silence.id)
        silence = msgspec.structs.replace(
            silence,
            matchers=masked(silence.matchers),
            created_at=before.created_at if before else now,
            hits=before.hits if before else 0,
            last_hit=before.last_hit if before else None,
        )
        self._silences[silence.id] = silence
        self._part.put(SILENCES, silence)
        self._index.put(silence.id, silence.matchers)
        self._timers.set("book", silence.id, silence.starts_at if silence.starts_at > now else silence.ends_at)
        text = f"{silenced(silence).text}; {where((silence.matchers,))}"
        self._trail.note(before, silence, actor, now, text, "silence")
        return text, silence.id

    def end(self, silence_id: str, actor: str, now: datetime) -> tuple[str, str]:
        """End one before its time; return what was done in words, and its id. Raises Conflict."""
        silence = self._silences.get(silence_id)
        if silence is None:
            raise Conflict(f"there is no silence {silence_id!r}, or it has ended")
        self._forget(silence_id)
        self._part.put(SILENCES, msgspec.structs.replace(silence, ends_at=now))
        text = f"silence {silence_id} ended by {actor}"
        self._trail.note(silence, None, actor, now, text, "silence")
        return text, silence_id

    def turn(self, key: str, now: datetime) -> None:
        """The time of one has come, if it is there: it starts, or ends."""
        silence = self._silences.get(key)
        if silence is not None and silence.ends_at <= now:
            self._forget(key)
            self._trail.note(silence, None, ENGINE, now, f"silence {key} ended", "silence")
        elif silence is not None:
            self._timers.set("book", key, silence.ends_at)

    def load(self, silences: Sequence[Silence]) -> None:
        """Take over what ``all`` returned."""
        self._silences = {silence.id: silence for silence in silences}
        self._index = Index()
        for silence in silences:
            self._index.put(silence.id, silence.matchers)

    def _forget(self, key: str) -> None:
        del self._silences[key]
        self._index.drop(key)
        self._timers.cancel("book", key)
