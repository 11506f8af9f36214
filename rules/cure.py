"""What mends a written rule that cannot be read? Told from what the reader says is wrong with it."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

_QUOTED = ("got `int`", "got `float`", "got `bool`")
_SHAPES = {  # where it is, and how it is written
    "match": "{service: db}, or a list such as ['service=~\"db.*\"']",
    "any": "a list of matches, as under match",
    "cases": "{match: [{service: db}], no_match: [{service: web}]}",
    "threshold": "{times: 3, of: 5, within: 10m}",
    "envelope": "as `aiops rules export` writes it",
    "priority": "a whole number",
    "expires": "a day, 2027-03-31, or a moment with its zone, 2027-03-31T04:00:00Z",
    "review": "a day, 2027-03-31, or a moment with its zone, 2027-03-31T04:00:00Z",
}


def cure(error: str, fields: Mapping[str, Sequence[str]], words: Mapping[str, Sequence[str]]) -> str:
    """Return the fix of a ``msgspec.ValidationError``.

    ``fields``: which there are, by the top field that they stand in ("": in the rule itself). ``words``: which a field
    takes, where it takes no others.
    """
    _, _, path = error.partition(" - at `$.")
    top = path.rstrip("`").partition(".")[0].partition("[")[0]
    quoted = error.split("`")
    if "unknown field" in error:
        known = fields.get(top, ())
        close = get_close_matches(quoted[1], known, 1)
        return f"did you mean {close[0]!r}?" if close else f"take it out; there are {', '.join(known)}"
    if "missing required field" in error:
        return f"add {quoted[1]}"
    if "enum value" in error and top in words:
        return f"say one of {', '.join(words[top])}"
    if "got `null`" in error and top not in _SHAPES:
        return f"say what its {top} is, or leave it out"
    if top != "threshold" and "Expected `str" in error and any(got in error for got in _QUOTED):
        return "put it in quotes: YAML takes numbers, yes and no for something else than text"
    if top in _SHAPES:
        return f"write {_SHAPES[top]}"
    return "see CONTRIBUTING.md" + (f", {top}" if top else ": a rule is written as names with their values")
