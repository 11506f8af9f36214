"""Where in an object that nobody described does something stand? By names that are known, or by what names end with."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from ingestion.reading import fields
from ingestion.reading.times import moment

WRAPPERS = (
    *fields.names("alert incident data payload error issue problem finding check monitor notification event"),
    "data.attributes",
)
MOST_OTHERS = 20  # objects inside an object that are looked through when nothing else says it
_SAYING = fields.names(
    "name label value displayname hostname title slug severity level status state text attributes data"
)
_UNSET: tuple[object, ...] = (None, "", 0, -1, "0", "-1", "null", "None", [], {})  # how senders say "nothing"
_EARLIER = ("last", "prev", "old", "before", "from")  # in the name of what was before
_STATE_ENDS = ("status", "state", "statename", "statusname", "transition", "condition")
_LINK_ENDS = ("url", "link", "href", "permalink")
_TELLING = fields.names("alert incident issue problem event detail dash console perma upstream sensor source finding")
_NO_LINK = fields.names("image icon logo avatar api callback request target check monitorurl screenshot origin badge")
_ADDRESSED = fields.names("monitorurl monitortarget target checkurl requesturl siteurl endpoint address ipaddress ip")
_TIME_ENDS = ("time", "timestamp", "date", "datetime", "at", "on", "timeiso", "iso")
_BEGUN = fields.names("start begin began open trigger fired firing raised outage incident occur since")
_OVER = fields.names("end resolv clos recover clear restor")


class Look:
    """An object and what it wraps, looked through for the first of several names, whatever their case."""

    def __init__(self, item: dict[str, object]) -> None:
        self.places: list[dict[str, object]] = [item]
        inside = [value for value in item.values() if isinstance(value, dict) and value]
        for wrapped in (*(fields.dig(item, name) for name in WRAPPERS), *(inside if len(inside) == 1 else ())):
            if isinstance(wrapped, dict) and not any(wrapped is place for place in self.places):
                self.places.append(wrapped)
        others = [one for one in inside if not any(one is place for place in self.places)]
        self._others = [folded(other) for other in others[:MOST_OTHERS]]
        self._folded = [folded(place) for place in self.places]

    def first(self, names: Sequence[str]) -> str:
        return next(self.all(names), "")

    def all(self, names: Sequence[str]) -> Iterator[str]:
        """Yield the texts under ``names``, place by place."""
        texts = (fields.text_of(value) for value in self._values(names))
        return (text for text in texts if text)

    def worded(self, names: Sequence[str]) -> Iterator[str]:
        """Yield them too where they are the name or label of an object, or the first of a list."""
        texts = (said(value) for value in self._values(names))
        return (text for text in texts if text)

    def moment(self, names: Sequence[str], received_at: datetime) -> datetime | None:
        values = (moment(value, received_at) for value in self._values(names))
        return next((value for value in values if value), None)

    def unread(self, names: Sequence[str], read: Callable[[object], object]) -> str:
        """Return the first value that says something though none of them can be read, as it was sent; empty: none."""
        found = [value for value in self._values(names) if value not in _UNSET and not str(value).startswith("0001-")]
        return "" if any(read(value) for value in found) else next((repr(value)[:60] for value in found), "")

    def elsewhere(self, names: Sequence[str]) -> Iterator[str]:
        """Yield what stands under ``names`` in objects that are no wrapper we know."""
        texts = (said(other.get(fold(name))) for other in self._others for name in names)
        return (text for text in texts if text)

    def states(self) -> Iterator[str]:
        """Yield what stands under names that end as a state's does and are not of an earlier one."""
        for name, text in self._texts(self._folded):
            if name.endswith(_STATE_ENDS) and not any(word in name for word in _EARLIER):
                yield text

    def links(self) -> Iterator[str]:
        """Yield what stands under names that end as a link's does; those that lead to an alert first."""
        found = [
            (name, text)
            for name, text in self._texts([*self._folded, *self._others])
            if (name.endswith(_LINK_ENDS) or name.startswith("link")) and not any(word in name for word in _NO_LINK)
        ]
        found.sort(key=lambda pair: not any(word in pair[0] for word in _TELLING))
        return (text for _, text in found)

    def addresses(self) -> Iterator[str]:
        """Yield what is watched, where only its address says which host that is."""
        return (text for name, text in self._texts(self._folded) if name in _ADDRESSED)

    def times(self, received_at: datetime) -> "Times":
        """Return times under names that only sound like it."""
        found = Times()
        for name, text in self._texts(self._folded):
            if name.endswith(_TIME_ENDS) and (at := moment(_plain(text), received_at)):
                kind = "ends" if any(word in name for word in _OVER) else "own"
                kind = "starts" if kind == "own" and any(word in name for word in _BEGUN) else kind
                found.setdefault(kind, at)
        return found

    def _texts(self, places: Sequence[dict[str, object]]) -> Iterator[tuple[str, str]]:
        for place in places:
            for name, value in place.items():
                if text := fields.text_of(value):
                    yield name, text

    def _values(self, names: Sequence[str]) -> Iterator[object]:
        for place, plain in zip(self.places, self._folded, strict=True):
            for name in names:
                value = fields.dig(place, name)
                yield plain.get(fold(name)) if value is None else value


Times = dict[str, datetime]  # starts, ends, own


def fold(name: str) -> str:
    """``AlertName``, ``ALERT_NAME`` and ``alert-name`` are one name."""
    return name.lower().replace("_", "").replace("-", "")


def folded(place: dict[str, object]) -> dict[str, object]:
    """Return an object with its names folded."""
    return {fold(str(name)): value for name, value in place.items()}


def said(value: object, depth: int = 3) -> str:
    """Return a text, or what an object that stands for one is called; of a list the first."""
    if isinstance(value, list):
        return said(value[0], depth - 1) if value and depth else ""
    if isinstance(value, dict) and depth:
        inside = folded(value)
        return next((text for name in _SAYING if (text := said(inside.get(name), depth - 1))), "")
    return fields.text_of(value)


def _plain(text: str) -> str:
    """Without the zone in brackets behind it: "3/2/2026 8:59:00 AM (UTC)"."""
    return text.removesuffix("(UTC)").removesuffix("(GMT)").strip()
