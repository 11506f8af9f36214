"""``python -m tests.benchmarks.quality SHARED [--only NAME] [--predictions DIR]``: run the sets, write docs/quality.md.

A set is a module here with ``run(shared, predictions) -> list[Figure]``: it reads what ``shared / "data" / its name``
(or ``shared / "bench"``) holds, whatever cases these are, and writes its answers to ``predictions`` in the form that
the set's scorer takes, where a folder is given. No figures: the folder does not hold the set. Each set runs in a
process of its own, so that its CPU time and peak memory are its own, and one that fails does not end the others.
Exit code 1: a set failed, or the folder holds none of those asked for.
"""

import argparse
import resource
import sys
import traceback
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import tests.benchmarks.quality as sets
from tests.benchmarks.quality.figures import Figure, table
from tests.benchmarks.quality.page import renewed

PAGE = Path(__file__).parents[3] / "docs" / "quality.md"
PACKAGE = "tests.benchmarks.quality"
OWN = {"patterns"}  # samples of ours, which are there whatever the folder holds


def names() -> list[str]:
    """Return the sets: the modules here that can ``run``."""
    every = (module.name for module in iter_modules(sets.__path__) if not module.name.startswith("_"))
    return sorted(name for name in every if hasattr(import_module(f"{PACKAGE}.{name}"), "run"))


def measure(name: str, shared: Path, predictions: Path | None) -> tuple[list[Figure], str]:
    """Run one set; return its figures, and what the run cost in words."""
    figures = import_module(f"{PACKAGE}.{name}").run(shared, predictions)
    own, theirs = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = sum(one.ru_utime + one.ru_stime for one in (own, theirs))
    peak = max(own.ru_maxrss, theirs.ru_maxrss) / 1024  # Linux counts in KiB
    return figures, f"{seconds:.0f} s of CPU time, {peak:.0f} MiB of memory at most."


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table per set, and renew its part of the page; return the exit code."""
    parser = argparse.ArgumentParser(prog="bench-quality")
    parser.add_argument("shared", type=Path, help="folder with data/ and bench/")
    parser.add_argument("--only", choices=names(), help="this set alone")
    parser.add_argument("--predictions", type=Path, help="folder for the answers, in the scorers' form")
    options = parser.parse_args(arguments)
    if not options.shared.is_dir():
        parser.error(f"there is no folder {options.shared}")
    found, failed = set(), False
    for name in [options.only] if options.only else names():
        answers = options.predictions / name if options.predictions else None
        if answers:
            answers.mkdir(parents=True, exist_ok=True)
        with ProcessPoolExecutor(max_workers=1) as alone:
            running = alone.submit(measure, name, options.shared, answers)
        print(f"\n== {name}", flush=True)
        if problem := running.exception():
            failed = True
            traceback.print_exception(problem)
            continue
        figures, cost = running.result()
        print(f"{table(figures)}\n{cost}" if figures else "not in this folder", flush=True)
        if figures:
            found.add(name)
            _renew(name.replace("_", "-"), f"{table(figures)}\n\n{cost}\n")
    if not (found if options.only else found - OWN):
        print(f"{options.shared} holds nothing that could be measured", file=sys.stderr)
        return 1
    return int(failed)


def _renew(title: str, part: str) -> None:
    """Write the page anew, whole or not at all."""
    page = PAGE.read_text() if PAGE.exists() else ""
    new = PAGE.with_suffix(".new")
    new.write_text(renewed(page, title, f"## {title}\n{part}"))
    new.replace(PAGE)


if __name__ == "__main__":
    sys.exit(main())
