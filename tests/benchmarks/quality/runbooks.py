"""Runbooks: an alert -> its page, by the alert's name, and by what is said of it when the name is not known.

By text: what a page says under "Meaning" is taken as the description of an alert whose name says nothing, and asked for
among pages that lack that part. What the alerts really say is not in the set.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import re2
from msgspec import structs

from aiops.domain.alerts import Alert
from aiops.domain.runbooks import Runbook
from aiops.response.runbooks import Library
from rules.runbook_files import read
from tests.benchmarks.quality.figures import Figure
from tests.builders import an_alert

NAME = "runbooks"
_MEANING = re2.compile(r"(?s)(?:^|\n)## Meaning[^\n]*\n(.*?)(?:\n## |$)")


def run(shared: Path, predictions: Path | None) -> list[Figure]:
    """Return hit@1 by name, hit@1 and hit@3 by description, and how many of the answers by description are right."""
    folder = shared / "data" / NAME
    if not folder.exists():
        return []
    pages, _ = read(folder)
    library = Library(pages)
    alerts = {one.alerts[0]: one.id for one in pages}
    by_name = {name: [match.runbook.id for match in library.fitting(_called(name))] for name in alerts}
    described = {one.id: text for one in pages if (text := _meaning(one))}
    bare = Library([structs.replace(one, text=one.text.replace(_meaning(one), "")) for one in pages])
    by_text = {key: [one.runbook.id for one in bare.saying([_saying(text)], 3)] for key, text in described.items()}
    if predictions:
        _write(predictions / "by-name.jsonl", by_name)
        _write(predictions / "by-description.jsonl", by_text)
    check, asked = "a check: pages are called by their alert", "Meaning asked for, removed from the pages"
    return [
        _hits("hit@1 by name", check, [(found[:1], alerts[name]) for name, found in by_name.items()]),
        _hits("hit@1 by description", asked, [(found[:1], key) for key, found in by_text.items()]),
        _hits("hit@3 by description", asked, [(found, key) for key, found in by_text.items()]),
        _hits("right of those answered", asked, [(found[:1], key) for key, found in by_text.items() if found]),
    ]


def _called(name: str) -> Alert:
    return an_alert(title=name, labels={"alertname": name})


def _saying(text: str) -> Alert:
    return an_alert(title="", message=text, labels={})


def _meaning(one: Runbook) -> str:
    found = _MEANING.search(one.text)
    return found.group(1).strip() if found else ""


def _hits(measure: str, note: str, answers: Iterable[tuple[list[str], str]]) -> Figure:
    every = list(answers)
    share = sum(truth in found for found, truth in every) / len(every)
    return Figure(set=NAME, measure=measure, ours=share, n=len(every), proportion=True, note=note)


def _write(path: Path, answers: Mapping[str, list[str]]) -> None:
    lines = (json.dumps({"case": case, "ranking": ranking}) for case, ranking in answers.items())
    path.write_text("".join(f"{line}\n" for line in lines))
