"""What do people and programs ask about signatures, and what does it make of the Sigma files that they send?"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from aiops.domain.acts import PutSignatures
from aiops.domain.base import Noun
from aiops.domain.collection import Scalar
from aiops.domain.documents import SIGNATURES
from aiops.domain.errors import BadInput
from aiops.domain.events import Problem, Severity
from aiops.domain.queries import Query
from aiops.domain.signatures import Correlated, Signature
from aiops.domain.words import plural
from aiops.ports import View
from aiops.walking import documents_of
from api.desk import Desk
from api.errors import TooLarge
from api.filters import Paged
from rules.sigma import Read, load_texts
from rules.sigma_cases import fitting, unproved
from rules.signature_links import chunks

IN_FORCE: Mapping[str, tuple[Scalar, ...]] = {"ended": (False,)}  # where: signatures that raise
AT_ONCE = 1_000  # names that are looked up in one query
MOST_TEXT = 2_000_000  # characters of files in one request: thousands of rules, read within seconds
_ORDERS: Mapping[str, tuple[str, ...]] = {"hits": ("ended", "-hits"), "recent": ("ended", "-last_hit"), "id": ()}


class SignatureFilter(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which signatures; several values of one parameter mean "any of them"."""

    severity: tuple[Severity, ...] = ()
    logsource: tuple[str, ...] = ()  # github/audit
    pack: tuple[str, ...] = ()
    ended: bool | None = None
    text: str = ""  # words of title, description and tags, by their beginning
    sort: str = "hits"  # recent, id

    def query(self) -> Query:
        """Say it in the store's words."""
        if self.sort not in _ORDERS:
            raise BadInput(f"no such order: {self.sort}", place="sort", fix=f"use one of {', '.join(_ORDERS)}")
        where: dict[str, tuple[Any, ...]] = {
            name: tuple(getattr(self, name)) for name in ("severity", "logsource", "pack") if getattr(self, name)
        }
        if self.ended is not None:
            where["ended"] = (self.ended,)
        return Query(where=where, text=self.text, order=_ORDERS[self.sort], cursor=self.cursor, limit=self.bounded)


class SignatureList(Noun, frozen=True, kw_only=True):
    """One page of signatures."""

    items: tuple[Signature, ...]
    total: int
    next: str
    exact: bool = True  # False: there are more than ``total``


class SigmaFile(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of Sigma rules: one a YAML document, or a list."""

    text: str
    name: str = "sigma.yaml"  # what problems call it; without its ending, the pack


class NewSignatures(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sigma files to be put. A rule that cannot be read is told, and stops no other."""

    files: tuple[SigmaFile, ...]
    owner: str = ""  # of rules that name none


class SignaturesPut(Noun, frozen=True, kw_only=True):
    """What became of Sigma files."""

    text: str
    put: tuple[str, ...] = ()  # ids
    problems: tuple[Problem, ...] = ()  # with file, line and fix; these rules are as they were
    known: bool = True  # False: on disk, but the outcome is not known yet


class Trial(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sigma files to be proved by their cases, and tried on a record as its sender writes it."""

    files: tuple[SigmaFile, ...] = ()
    record: dict[str, Any] | None = None


class Tried(Noun, frozen=True, kw_only=True):
    """What a trial showed; nothing was changed."""

    rules: int
    problems: tuple[Problem, ...] = ()
    fits: tuple[str, ...] = ()  # ids of those that the record fits by itself


def read_files(view: View, files: Sequence[SigmaFile]) -> tuple[list[Read], list[Problem]]:
    """Read Sigma files, beside the signatures in force that correlations among them may be about."""
    if sum(len(file.text) for file in files) > MOST_TEXT:
        raise TooLarge(f"more than {MOST_TEXT:,} characters: send the files in parts, as `aiops rules sigma add` does")
    return load_texts([(file.name, file.text) for file in files], lambda new: linked(view, new))


def in_force(view: View) -> Iterator[Signature]:
    """Yield the signatures that raise."""
    return documents_of(view, SIGNATURES, IN_FORCE)


def linked(view: View, new: Iterable[Signature] = ()) -> list[Signature]:
    """Return the correlations in force and what of that they, or ``new`` ones, are about: all that ``Links`` needs.

    However many signatures there are, few are read.
    """
    correlations = list(documents_of(view, SIGNATURES, {**IN_FORCE, "together": (True,)}))
    every = (one.condition for one in (*correlations, *new))
    named = sorted({name for condition in every if isinstance(condition, Correlated) for name in condition.of})
    found = {one.id: one for one in correlations}
    for at in range(0, len(named), AT_ONCE):
        some = tuple(named[at : at + AT_ONCE])
        found |= {one.id: one for one in view.many(SIGNATURES, some) if one.ended_at is None}
        found |= {one.id: one for one in documents_of(view, SIGNATURES, {**IN_FORCE, "name": some})}
    return list(found.values())


def put_files(desk: Desk, new: NewSignatures, actor: str, key: str) -> SignaturesPut:
    """Put what can be read of Sigma files. BadInput: nothing can."""
    with desk.view() as view:
        read, problems = read_files(view, new.files)
    signatures = [owned(one.signature, new.owner) for one in read]
    if not signatures:
        first = problems[0] if problems else Problem(place="files", problem="no rule in them", fix="send Sigma rules")
        raise BadInput(first.problem, place=first.place, fix=first.fix)
    parts = chunks(signatures)
    answers = desk.act_all([PutSignatures(signatures=some) for some in parts], actor, key)
    done = [part for part, one in zip(parts, answers, strict=True) if one.outcome and one.outcome.applied]
    refused = [one.outcome.text for one in answers if one.outcome and not one.outcome.applied]
    problems += [Problem(place="signatures", problem=text, fix="mend it and send it again") for text in refused]
    put = tuple(one.id for part in done for one in part)
    known = all(one.outcome is not None for one in answers)
    said = f"{plural(len(put), 'signature')} put" + ("" if len(put) == len(signatures) else f" of {len(signatures):,}")
    said = said if known else "on disk; what becomes of it is not known yet"
    return SignaturesPut(
        text=said,
        put=put,
        problems=tuple(problems),
        known=known,
    )


def owned(signature: Signature, owner: str) -> Signature:
    """Return the signature with the owner that it names, or else this one."""
    return signature if signature.owner or not owner else msgspec.structs.replace(signature, owner=owner)


def tried(view: View, trial: Trial) -> Tried:
    """Prove files by their cases and try a record on them; without files on what is in force."""
    read, problems = read_files(view, trial.files)
    signatures = [one.signature for one in read] if trial.files else list(in_force(view))
    beside = [*linked(view, signatures), *signatures] if trial.files else []
    problems += [problem for one in read for problem in unproved(one, beside)]
    fits = fitting(signatures, trial.record) if trial.record is not None else []
    return Tried(rules=len(signatures), problems=tuple(problems), fits=tuple(one.id for one in fits))
