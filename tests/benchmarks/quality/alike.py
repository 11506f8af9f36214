"""Which signature of ours is about the same as a rule of somebody else's? By their words, within one product's logs.

A rule says name, id and description; a signature title, id, description and the values that it looks for, for these are
what others name their rules after ("CreateUser"). Compared by TF-IDF over words without their endings.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer

from aiops.domain.signatures import All, Condition, Correlated, OneOf, Says, Signature

ALIKE = 0.3  # cosine below which texts are not about the same
MOST_VALUES = 12  # of one signature
LONGEST = 400  # characters of a rule's description
_ENDINGS = ("ing", "ied", "ed", "es", "s", "ion")


def nearest(theirs: Sequence[tuple[Mapping[str, Any], str]], ours: Sequence[Signature]) -> list[str]:
    """Return for each rule (with the product whose log it is about) the signature most like it; empty: none is."""
    texts = [f"{rule['name']} {rule['name']} {rule['rule_id']} {_short(rule)}" for rule, _ in theirs]
    mine = [f"{one.title} {one.title} {one.id} {one.description} {' '.join(_values(one))}" for one in ours]
    if not texts:
        return []
    vectors = TfidfVectorizer(analyzer=_words, sublinear_tf=True).fit_transform([*texts, *mine])
    alike = (vectors[: len(texts)] @ vectors[len(texts) :].T).toarray()
    found = []
    for (_, product), row in zip(theirs, alike, strict=True):
        near = max((place for place, one in enumerate(ours) if one.logsource.product == product), key=row.__getitem__)
        found.append(ours[near].id if row[near] >= ALIKE else "")
    return found


def _short(rule: Mapping[str, Any]) -> str:
    return str(rule.get("description") or "")[:LONGEST]


def _values(signature: Signature) -> list[str]:
    condition = signature.condition
    found = [] if isinstance(condition, Correlated) else list(dict.fromkeys(_said(condition)))
    return found[:MOST_VALUES]


def _said(condition: Condition) -> Iterator[str]:
    """Yield the values that a condition asks for; what it leaves out is not what it is about."""
    if isinstance(condition, All | OneOf):
        for one in condition.of:
            yield from _said(one)
    elif isinstance(condition, Says):
        yield from condition.values


def _words(text: str) -> list[str]:
    """Cut a text into words, also where a small letter meets a capital; without those that say nothing."""
    parts = re.sub(r"([a-z0-9])([A-Z])|([A-Z]+)([A-Z][a-z])", r"\1\3 \2\4", text)
    words = re.split(r"[^a-z0-9]+", parts.lower())
    return [_stem(word) for word in words if len(word) > 1 and word not in ENGLISH_STOP_WORDS]


def _stem(word: str) -> str:
    ending = next((one for one in _ENDINGS if word.endswith(one) and len(word) >= len(one) + 4), "")
    return word.removesuffix(ending)
