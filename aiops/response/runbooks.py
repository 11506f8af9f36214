"""Which runbook tells what to do about alerts? By name and labels, else by what both say.

By text it is Okapi BM25 (Robertson and Zaragoza 2009), with the words of names taken apart: ``KubePodCrashLooping``
says kube, pod, crash, looping. Beside it counts how alike the name is to what is said, by pieces of words: "expiring"
is no word of ``CertificateExpiration``, and most of one.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

import re2

from aiops.domain.alerts import Alert
from aiops.domain.base import Noun
from aiops.domain.matching import fields_of
from aiops.domain.runbooks import Runbook

SATURATION, LENGTH = 1.2, 0.75  # k1 and b of BM25, as its authors give them
TITLE = 3  # the words of its name count so often
NAMED = 0.2  # share of the name's likeness in a score, beside BM25; each is told in parts of the best one's
PIECES = (3, 4, 5)  # letters of a piece of a word
LEAST = 0.2  # share of the rarity of the words asked with that a runbook must hold to be named by text
_GLUED = re2.compile(r"(\p{Lu}+)(\p{Lu}\p{Ll})")  # CPUThrottling: the last capital begins the next word
_WORD = re2.compile(r"\p{Lu}?\p{Ll}+|\p{Lu}+|\p{Lo}+|[0-9]+")
_Test = tuple[str, Callable[[str], bool]]  # field, and what holds for its value


class Match(Noun, frozen=True, kw_only=True):
    """A runbook, and why it is offered."""

    runbook: Runbook
    why: str
    by_text: bool = False  # else by name or labels


class Library:
    """Runbooks, indexed by name and by word."""

    def __init__(self, runbooks: Sequence[Runbook] = ()) -> None:
        self._all = {one.id: one for one in runbooks}
        self._tests = {one.id: [(matcher.field, matcher.test()) for matcher in one.matchers] for one in runbooks}
        self._named: dict[str, list[Runbook]] = {}
        self._unnamed = [one for one in runbooks if one.matchers and not one.alerts]
        for one in runbooks:
            for alert in dict.fromkeys(map(_plain, one.alerts)):
                self._named.setdefault(alert, []).append(one)
        self._words = {
            one.id: Counter([*words(one.name) * TITLE, *words(" ".join(one.alerts)), *words(one.text)])
            for one in runbooks
        }
        self._lengths = {key: sum(counts.values()) for key, counts in self._words.items()}
        self._mean = sum(self._lengths.values()) / max(1, len(self._lengths))
        self._holding = Counter(word for counts in self._words.values() for word in counts)
        self._names = {one.id: _pieces(f"{one.name} {' '.join(one.alerts)}") for one in runbooks}
        pieced = Counter(piece for counts in self._names.values() for piece in counts)
        self._pieces = {piece: math.log((1 + len(self._all)) / number) ** 2 for piece, number in pieced.items()}

    def fitting(self, alert: Alert) -> Iterator[Match]:
        """Yield those for this alert by its name and labels, the more they ask for the sooner."""
        fields = fields_of(alert)
        names = {_plain(name): name for name in (alert.title, alert.labels.get("alertname", "")) if name}
        fit = {one.id: (one, name) for key, name in names.items() for one in self._named.get(key, ())}
        fit |= {one.id: (one, "") for one in self._unnamed}
        holding = [found for found in fit.values() if self._holds(found[0], fields)]
        holding.sort(key=lambda found: (not found[1], -len(found[0].matchers), found[0].id))
        for one, name in holding:
            parts = [f"the alert {name}"] if name else []
            parts += [f"alerts with {' '.join(map(str, one.matchers))}"] if one.matchers else []
            yield Match(runbook=one, why=f"it is for {' and '.join(parts)}")

    def saying(self, alerts: Sequence[Alert], most: int = 1) -> list[Match]:
        """Return those that say the most of what ``alerts`` say; none where no runbook says enough of it."""
        fields = [fields_of(alert) for alert in alerts]
        asked = {word: self._rarity(word) for word in dict.fromkeys(words(" ".join(_told(alerts))))}
        every = sum(asked.values())
        fit = [
            key
            for key, one in self._all.items()
            if every and (not one.matchers or any(self._holds(one, some) for some in fields))
        ]
        said, named = self._said(fit, asked), self._called(fit, " ".join(_told(alerts)))
        scored = [((1 - NAMED) * said[key] + NAMED * named[key], key) for key in fit]
        matches = []
        for score, key in sorted(scored, key=lambda item: (-item[0], item[1]))[:most]:
            shared = [word for word in asked if word in self._words[key]]
            share = sum(asked[word] for word in shared) / every
            if score > 0 and share >= LEAST:
                told = ", ".join(sorted(shared, key=lambda word: (-asked[word], word))[:5])
                why = f"it says {share:.0%} of what the alerts say: {told}"
                matches.append(Match(runbook=self._all[key], why=why, by_text=True))
        return matches

    def _holds(self, one: Runbook, fields: Mapping[str, str]) -> bool:
        return all(test(fields.get(field, "")) for field, test in self._tests[one.id])

    def _said(self, keys: Sequence[str], asked: Mapping[str, float]) -> dict[str, float]:
        """Return how much of what is asked each says, 1 for the one that says most."""
        return _in_parts({key: self._score(key, asked) for key in keys})

    def _called(self, keys: Sequence[str], text: str) -> dict[str, float]:
        """Return how alike each name and a text are, by the cosine of their pieces; 1 for the one most alike."""
        asked = _pieces(text)
        alike = {}
        for key in keys:
            name = [(count, asked[piece], self._pieces[piece]) for piece, count in self._names[key].items()]
            length = math.sqrt(math.fsum(weight * count**2 for count, _, weight in name))
            shared = math.fsum(weight * count * told for count, told, weight in name)
            alike[key] = shared / length if length else 0.0
        return _in_parts(alike)

    def _rarity(self, word: str) -> float:
        number = self._holding[word]
        return math.log(1 + (len(self._all) - number + 0.5) / (number + 0.5))

    def _score(self, key: str, asked: Mapping[str, float]) -> float:
        counts = self._words[key]
        room = SATURATION * (1 - LENGTH + LENGTH * self._lengths[key] / max(1.0, self._mean))
        return sum(
            rarity * counts[word] * (SATURATION + 1) / (counts[word] + room)
            for word, rarity in asked.items()
            if word in counts
        )


def words(text: str) -> list[str]:
    """Return the words of a text in lower case, those of ``CamelCase`` and ``snake_case`` apart, without a plural s."""
    found = (word.lower() for word in _WORD.findall(_GLUED.sub(r"\1 \2", text)))
    return [
        word[:-1] if len(word) > 3 and word[-1] == "s" and word[-2] != "s" else word for word in found if len(word) > 1
    ]


def _pieces(text: str) -> Counter[str]:
    """Return the pieces of the words of a text, each word between two spaces."""
    padded = [f" {word} " for word in words(text)]
    return Counter(
        word[start : start + size] for word in padded for size in PIECES for start in range(len(word) - size + 1)
    )


def _in_parts(scores: Mapping[str, float]) -> dict[str, float]:
    best = max(scores.values(), default=0.0)
    return {key: score / best if best else 0.0 for key, score in scores.items()}


def _told(alerts: Sequence[Alert]) -> Iterator[str]:
    for alert in alerts:
        yield from (alert.title, alert.message)
        yield from (alert.annotations[name] for name in ("summary", "description") if name in alert.annotations)


def _plain(name: str) -> str:
    """Names are the same whatever their case and separators."""
    return "".join(letter for letter in name.lower() if letter.isalnum())
