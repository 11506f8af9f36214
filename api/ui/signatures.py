"""What stands on the page of signatures?"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from aiops.domain.documents import PACKS, SIGNATURES
from aiops.domain.events import Problem
from aiops.domain.queries import Query
from aiops.domain.signatures import Correlated, Counted, Signature, Size
from aiops.domain.words import span
from aiops.ports import View
from api.signatures import IN_FORCE, linked
from rules.signature_links import Links

PACK = "files.signatures"  # as which the operator's folder is told
PAGE = 50
TECHNIQUE = re.compile(r"attack\.t(\d{4})(?:\.(\d{3}))?")
_SIZES: Mapping[Size, str] = {Size.ABOVE: "more than", Size.SAME: "exactly"}


@dataclass(frozen=True)
class SignatureRow:
    """One signature."""

    one: Signature
    tags: tuple[tuple[str, str], ...]  # as it is said, and where it leads; empty: nowhere
    counts: str  # of a correlation: what comes together
    about: tuple[tuple[str, str], ...]  # of a correlation: what it is about (name, id; empty: not in force)
    feeds: tuple[str, ...]  # ids of the correlations that are about it
    raises: bool  # by itself


@dataclass(frozen=True)
class SignaturesPage:
    """A page of signatures, those in force and most hit first."""

    rows: tuple[SignatureRow, ...]
    total: int
    exact: bool  # False: there are more
    next: str
    q: str
    alone: bool  # the one signature that was asked for
    pack: str
    packs: tuple[tuple[str, int], ...]  # with how many in force
    problems: tuple[Problem, ...]  # of the operator's folder
    typed: Mapping[str, str]  # what the form held, when not all of it was taken
    refused: tuple[Problem, ...] = ()


def signatures(
    view: View, asked: Mapping[str, str], typed: Mapping[str, str] | None = None, refused: tuple[Problem, ...] = ()
) -> SignaturesPage:
    """Ask for a page of signatures."""
    q, pack = asked.get("q", "")[:200], asked.get("pack", "")
    where = {"pack": (pack,)} if pack else {}
    query = Query(text=q, where=where, order=("ended", "-hits"), cursor=asked.get("cursor", ""), limit=PAGE)
    found = view.find(SIGNATURES, query)
    shown = _one(view, asked["id"]) if asked.get("id") else tuple(found.items)
    here = linked(view, shown)
    links, ids = Links(here), _ids(here)
    counts = view.facets(SIGNATURES, Query(where=IN_FORCE), ("pack",)).get("pack", {})
    folder = view.get(PACKS, PACK)
    return SignaturesPage(
        rows=tuple(_row(one, links, ids) for one in shown),
        total=found.total,
        exact=found.exact,
        next="" if asked.get("id") else found.next,
        q=q,
        alone=bool(asked.get("id")),
        pack=pack,
        packs=tuple(sorted((str(name), count) for name, count in counts.items() if name)),
        problems=folder.problems if folder else (),
        typed=typed or {},
        refused=refused,
    )


def _one(view: View, key: str) -> tuple[Signature, ...]:
    found = view.get(SIGNATURES, key)
    return (found,) if found else ()


def _ids(here: list[Signature]) -> Mapping[str, str]:
    return {one.name: one.id for one in here if one.name} | {one.id: one.id for one in here}


def _row(one: Signature, links: Links, ids: Mapping[str, str]) -> SignatureRow:
    detection = one.condition
    together = isinstance(detection, Correlated)
    return SignatureRow(
        one=one,
        tags=tuple((tag.removeprefix("attack."), _link(tag)) for tag in one.tags),
        counts=_counts(detection) if isinstance(detection, Correlated) else "",
        about=tuple((name, ids.get(name, "")) for name in detection.of) if isinstance(detection, Correlated) else (),
        feeds=tuple(links.about(one.id)),
        raises=one.ended_at is None and one.id not in links.quiet and not (together and links.missing(one.id)),
    )


def _link(tag: str) -> str:
    """Return where MITRE ATT&CK tells of a technique."""
    found = TECHNIQUE.fullmatch(tag)
    return "https://attack.mitre.org/techniques/T" + "/".join(filter(None, found.groups())) + "/" if found else ""


def _counts(detection: Correlated) -> str:
    """Say what a correlation counts: "at least 5 records within 10 min, for each user.name"."""
    each = f", for each {' and '.join(detection.group_by)}" if detection.group_by else ""
    within = f"within {span(detection.within)}{each}"
    if detection.expression is not None:
        return f"together {within}"
    number = detection.number
    match detection.counted:
        case Counted.RECORDS:
            what = "record" if number == 1 else "records"
        case Counted.VALUES:
            what = f"{'value' if number == 1 else 'values'} of {', '.join(detection.values)}"
        case Counted.SIGNATURES:
            what = "of them in whatever order"
        case Counted.STEPS:
            what = "of them one after the other"
    return f"{_SIZES.get(detection.size, 'at least')} {number:,} {what} {within}"
