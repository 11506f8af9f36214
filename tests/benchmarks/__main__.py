"""``python -m tests.benchmarks [NAME ...]``: run every ``bench_*.py`` here, or the named ones."""

import sys
from importlib import import_module
from pathlib import Path


def main(names: list[str]) -> None:
    """Run the benchmarks one after the other; each prints its own figures."""
    every = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))
    for name in names or every:
        print(f"\n== {name}", flush=True)
        import_module(f"tests.benchmarks.bench_{name}").main()


if __name__ == "__main__":
    main(sys.argv[1:])
