"""What is a pattern called? By the title among its templates that a person reads most easily, without what varies."""

from collections import Counter
from collections.abc import Sequence

import re2

LONGEST = 60  # characters of a name: a line of a list, also on a phone
NEARLY = 0.05  # of mean cosine below the medoid's; a family's name may be that of any such member
VARIES = "<*>"
GAP = "…"  # what stands for it inside a name

_JOINING = """
a an and as at by for from in into of on or than the to towards via with
"""
_JOINS = frozenset(_JOINING.split())
_SPARE = " \t:,;=-|/([{<#'\"%"  # nothing to begin or end a name with
_LEAST = 2  # words that a name keeps
_WORD = re2.compile(r"[\pL]{2,}")
_EMPTY = re2.compile(r"""[(\['"]\s*…?\s*[)\]'"]""")
_GAPS = re2.compile(r"(?:…[\s.,:;/_+=-]*)+…")
_LOOSE = re2.compile(r"\s+([:;,])")


def called(titles: Sequence[str], central: Sequence[float]) -> str:
    """Return the name of a family; ``central``: how near each title lies to all of them.

    Of the titles that hold the word that most of them share, those nearly as central as the most central one; of these
    the one that says most in fewest words. What varies is left out at both ends, and a gap elsewhere.
    """
    shared = _shared(titles)
    holding = [row for row, title in enumerate(titles) if shared in words(title)] if shared else range(len(titles))
    best = max(central[row] for row in holding)
    names = (plain(titles[row]) for row in holding if central[row] >= best - NEARLY)
    return min(names, key=lambda name: (len(words(name)) < _LEAST, _gaps(name), len(name), name))


def plain(title: str) -> str:
    """Return a title without what varies and without the joining words before that; a gap where it stands between."""
    text = _GAPS.sub(GAP, _EMPTY.sub("", title.replace(VARIES, GAP)))
    parts = text.split()
    while parts and not _says(parts[-1]):
        parts.pop()
    while len(parts) > _LEAST and not _says(parts[0]):
        parts.pop(0)
    found = _cut(_LOOSE.sub(r"\1", " ".join(parts))).strip(_SPARE)
    return found if words(found) else title.strip()


def told_apart(names: Sequence[str]) -> list[str]:
    """Return names of which no two are equal: a later equal one gets a number."""
    given: dict[str, None] = {}
    for name in names:
        own, number = name, 1
        while own in given:
            number += 1
            own = f"{_cut(name, LONGEST - 1 - len(str(number)) - 2)} ({number})"
        given[own] = None
    return list(given)


def words(text: str) -> frozenset[str]:
    """Return the words that say something: of letters, in lower case, without joining ones."""
    return frozenset(word.lower() for word in _WORD.findall(text)) - _JOINS


def _shared(titles: Sequence[str]) -> str:
    """Return the word that most titles hold, the longest of equals; empty where none stands in more than half."""
    counts = Counter(word for title in titles for word in words(title.replace(VARIES, " ")))
    common = [word for word, count in counts.items() if 2 * count > len(titles)]
    return max(common, key=lambda word: (counts[word], len(word), word), default="")


def _says(part: str) -> bool:
    return part.lower() not in _JOINS and any(letter.isalnum() for letter in part)


def _gaps(name: str) -> float:
    return name.count(GAP) / (name.count(" ") + 1)


def _cut(name: str, most: int = LONGEST) -> str:
    """Cut at the last whole word that fits, if any."""
    if len(name) <= most:
        return name
    head = name[: most - 1]
    return f"{head[: head.rfind(' ')] if ' ' in head else head}{GAP}"
