"""Which parts has an expression, and which paths of a document does it use?"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the name of a published type; nothing of it is there at run time
    from jmespath.visitor import _TreeNode as Node

_STEPS = ("subexpression", "index_expression", "pipe", "projection", "flatten", "value_projection")
_BOTH = ("or_expression", "and_expression", "multi_select_list", "multi_select_dict", "key_val_pair")
_USING = ("comparator", "not_expression", "function_expression")
_NOTHING = ("literal", "expref")


def children(node: "Node") -> list["Node"]:
    """Return the parts of a step that are steps themselves."""
    return [] if node["type"] == "slice" else list(node.get("children", ()))


def nodes(tree: "Node") -> Iterator[tuple["Node", int]]:
    """Yield every step with its depth, without recursion."""
    left = [(tree, 1)]
    while left:
        node, depth = left.pop()
        yield node, depth
        left += [(child, depth + 1) for child in children(node)]


def reads(tree: "Node") -> frozenset[str]:
    """Return the dotted paths whose values the expression uses; lists are passed through, ``""`` is all of it."""
    used: set[str] = set()
    used |= _follow(tree, frozenset(("",)), used)
    return frozenset(used)


def _follow(node: "Node", at: frozenset[str], used: set[str]) -> frozenset[str]:
    """Return where the step's value comes from; what decides, or is handed to a function, is ``used``."""
    kind, parts = node["type"], children(node)
    if kind == "field":
        return frozenset(f"{path}.{node['value']}".lstrip(".") for path in at)
    if kind == "filter_projection":
        found = _follow(parts[0], at, used)
        used |= _follow(parts[2], found, used)
        return _follow(parts[1], found, used)
    if kind in _STEPS:
        for part in parts:
            at = _follow(part, at, used)
        return at
    if kind in _BOTH or kind in _USING:
        found = frozenset(path for part in parts for path in _follow(part, at, used))
        if kind in _BOTH:
            return found
        used |= found
    return frozenset() if kind in _NOTHING or kind in _USING else at
