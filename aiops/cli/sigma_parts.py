"""In which requests do more Sigma files go to a server than it reads at once, and what did all of these show?"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from aiops.domain.errors import BadInput
from aiops.domain.events import Problem
from aiops.domain.words import plural
from api.signatures import MOST_TEXT, SigmaFile, SignaturesPut
from rules.files import items_of

Put = Callable[[tuple[SigmaFile, ...]], SignaturesPut]


def put_all(files: Sequence[SigmaFile], put: Put, most: int = MOST_TEXT) -> SignaturesPut:
    """Send files by ``put``, at once where they have at most ``most`` characters; return what became of them together.

    Else filters go with every part, because they narrow what is read with them, and correlations after all that they
    may be about. BadInput: one file or all filters are too long by themselves, or nothing at all can be used.
    """
    if _length(files) <= most:
        return put(tuple(files))
    filters, plain, together = _sorted(files)
    parts = [(*filters, *some) for kind in (plain, together) for some in _parts(kind, most - _length(filters))]
    answers = [_answer(put, part) for part in parts]
    ids = Counter(key for one in answers for key in one.put)
    twice = [_twice(key) for key, number in ids.items() if number > 1]
    return SignaturesPut(
        text=f"{plural(len(ids), 'signature')} put in {plural(len(parts), 'part')}",
        put=tuple(ids),
        problems=(*_problems(answers, {file.name for file in filters}), *twice),
        known=all(one.known for one in answers),
    )


def _sorted(files: Iterable[SigmaFile]) -> tuple[list[SigmaFile], list[SigmaFile], list[SigmaFile]]:
    """Tell apart the files with filters, those with neither filters nor correlations, and those with correlations."""
    filters, plain, together = list[SigmaFile](), list[SigmaFile](), list[SigmaFile]()
    for file in files:
        keys = {key for _, data in items_of(file.text, file.name, []) if isinstance(data, dict) for key in data}
        (filters if "filter" in keys else together if "correlation" in keys else plain).append(file)
    return filters, plain, together


def _parts(files: Iterable[SigmaFile], most: int) -> Iterator[list[SigmaFile]]:
    """Yield as many files at once, in their order, as may be sent beside the filters."""
    part, length = list[SigmaFile](), 0
    for file in files:
        if len(file.text) > most:
            problem = f"{len(file.text):,} characters, and at most {max(0, most):,} are sent beside the filters"
            raise BadInput(problem, place=file.name, fix="cut it into several files")
        if length + len(file.text) > most:
            yield part
            part, length = [], 0
        part.append(file)
        length += len(file.text)
    if part:
        yield part


def _answer(put: Put, part: tuple[SigmaFile, ...]) -> SignaturesPut:
    """Put one part; where nothing in it can be used, that stops no other."""
    try:
        return put(part)
    except BadInput as error:
        return SignaturesPut(text="", problems=(Problem(place=error.place, problem=error.problem, fix=error.fix),))


def _problems(answers: Sequence[SignaturesPut], everywhere: set[str]) -> Iterator[Problem]:
    """Yield each problem once; that a filter is about nothing only where it is so in every part."""
    for problem, number in Counter(one for answer in answers for one in dict.fromkeys(answer.problems)).items():
        if number == len(answers) or not any(problem.place.startswith(f"{name}:") for name in everywhere):
            yield problem


def _twice(key: str) -> Problem:
    said, fix = "it is in several files: the last one counts", "choose another id or name"
    return Problem(place=f"rule {key}", problem=said, fix=fix)


def _length(files: Iterable[SigmaFile]) -> int:
    return sum(len(file.text) for file in files)
