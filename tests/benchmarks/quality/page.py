"""How does docs/quality.md hold each set's newest figures? One generated part per set, between two markers."""

import re

HEAD = """# How good is it?
Measured by `make bench-quality SHARED=...` on public data sets that nobody of this project made; each part is written
by its own run (`ONLY=name` renews that part alone). One default configuration for all sets. "95 %" is the Wilson
interval of a proportion: differences inside it mean nothing. Where labels were used, the note says so.
"""
_PART = re.compile(r"<!-- begin ([\w-]+) -->\n(.*?)<!-- end \1 -->\n", re.DOTALL)


def renewed(page: str, name: str, part: str) -> str:
    """Return the page with the part of set ``name`` put in, in place of an older one; parts stand in order of name."""
    parts = dict(_PART.findall(page))
    parts[name] = part.rstrip("\n") + "\n"
    head = _PART.sub("", page).rstrip("\n") + "\n" if page else HEAD
    return head + "".join(f"\n<!-- begin {one} -->\n{parts[one]}<!-- end {one} -->\n" for one in sorted(parts))
