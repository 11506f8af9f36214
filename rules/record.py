"""What does one record of a log say, field by field? Dotted names, whatever their case, and what each says as texts."""

from collections.abc import Iterator, Mapping

MOST_VALUES = 2_000  # of one record; what is beyond is not looked at
MOST_LEVELS = 16
LONGEST = 32_768  # characters of one value that are looked at

Values = tuple[str, ...]
_NONE: Values = ()


class Record:
    """A flat view of one record, bounded. Lists count as many values of one field, in and out of objects."""

    def __init__(self, pairs: Iterator[tuple[str, str]]) -> None:
        found: dict[str, list[str]] = {}
        for _, (name, value) in zip(range(MOST_VALUES), pairs, strict=False):
            found.setdefault(name.lower(), []).append(value[:LONGEST])
        self.fields: dict[str, Values] = {name: tuple(values) for name, values in found.items()}
        self._lower: dict[str, Values] = {}
        self._all: Values | None = None

    @classmethod
    def of(cls, raw: Mapping[str, object], **beside: str) -> "Record":
        """Return the view of a decoded JSON object; ``beside`` are fields that it has where the object has them not."""
        record = cls(_pairs(raw))
        for name, value in beside.items():
            record.alias(name, (value,))
        return record

    def alias(self, name: str, values: Values) -> None:
        """Let it say this under one more name, unless it says something there itself."""
        if values and name.lower() not in self.fields:
            self.fields[name.lower()] = tuple(value[:LONGEST] for value in values)

    def get(self, name: str) -> Values:
        """Return what the field (its name in lower case) says; of no name: what every field says."""
        return self.fields.get(name, _NONE) if name else self._everything()

    def lower(self, name: str) -> Values:
        """Return the same in lower case; made once."""
        found = self._lower.get(name)
        if found is None:
            found = self._lower[name] = tuple(value.lower() for value in self.get(name))
        return found

    def first(self, name: str) -> str:
        """Return the first thing that the field says, in lower case; empty where there is none."""
        return next(iter(self.lower(name)), "")

    def _everything(self) -> Values:
        if self._all is None:
            self._all = tuple(value for values in self.fields.values() for value in values)
        return self._all


def _pairs(raw: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield path and text of every scalar, in the order of the object; null says nothing."""
    waiting: list[Iterator[tuple[str, object]]] = [iter(raw.items())]
    prefixes = [""]
    while waiting:
        pair = next(waiting[-1], None)
        if pair is None:
            waiting.pop()
            prefixes.pop()
            continue
        path, value = f"{prefixes[-1]}{pair[0]}", pair[1]
        if isinstance(value, Mapping | list):
            if len(waiting) < MOST_LEVELS:
                inside = value.items() if isinstance(value, Mapping) else (("", item) for item in value)
                waiting.append(iter(inside))
                prefixes.append(f"{path.rstrip('.')}." if isinstance(value, Mapping) else path)
        elif value is not None:
            yield path.rstrip("."), text_of(value)


def text_of(value: object) -> str:
    """Return a scalar as Sigma rules write it: true, 5 (for 5.0 too), text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
