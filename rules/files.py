"""Which files hold rules, signatures or runbooks, and what stands in one? YAML, one a document or in lists."""

from collections.abc import Iterator
from pathlib import Path

import yaml

from aiops.domain.events import Problem


def files_of(folder: Path) -> list[Path]:
    """Return the files of a folder (``*.yaml``, ``*.yml``, at any depth, sorted); a file is one by itself."""
    return [folder] if folder.is_file() else sorted(p for p in folder.rglob("*") if p.suffix in (".yaml", ".yml"))


def items_of(text: str, place: str, problems: list[Problem]) -> Iterator[tuple[int, object]]:
    """Yield each item of the text as plain data, with its line; what is no YAML becomes a problem and ends it."""
    try:
        loader = yaml.CSafeLoader(text)
        while loader.check_node():
            node = loader.get_node()
            for item in node.value if isinstance(node, yaml.SequenceNode) else [node]:
                if item is not None:
                    yield item.start_mark.line + 1, loader.construct_document(item)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # a date such as 2027-02-30; brackets without end
        mark = getattr(error, "problem_mark", None)
        line = f":{min(mark.line, text.count(chr(10))) + 1}" if mark else ""  # what never ends is told of its last line
        said = getattr(error, "problem", None) or str(error)
        problems.append(Problem(place=f"{place}{line}", problem=f"not YAML: {said}", fix="mend it; the rest is unread"))
