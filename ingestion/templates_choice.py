"""Which settings and which templates suit a scope? Chosen from its own lines; nobody labels any.

Drain generalises a place as soon as two words differ there: "GET" and "POST", "opened" and "closed" become one
template. A person keeps such lines apart, because a verb has few values and a parameter has many. So: group the
lines loosely by Drain, split each group where a place holds few words (as IPLoM does: Makanju et al., KDD 2009), and
put together what differs in nothing but values. Of the settings tried, those are taken whose groups agree most with
the groups by all the others: what holds under many settings is in the lines, not in the settings.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import product

from aiops.domain.learned import ScopeTemplate, ScopeTemplates
from aiops.domain.records import SampledLine, ScopeRecord
from aiops.domain.settings import TemplateSettings
from ingestion.templates_fold import VALUE, fold, loosen
from ingestion.templates_tree import WILDCARD, Scope

FEW = 4  # words at one place that still are constants; more of them: a parameter
REPEATED = 2  # a group is split where each word came so often on average; below, chance decides what was seen
SIMILARITIES = (0.5, 0.4, 0.6)  # on equal agreement the first
DEPTHS = (4, 3)
MOST_TEMPLATES = 2_000  # of a scope, the most frequent ones

Tokens = tuple[str, ...]
Lines = list[int]  # places in the sample
Patterns = tuple[str, ...]  # of one template


def choose(record: ScopeRecord) -> ScopeTemplates:
    """Return what suits the sample that ``record`` holds, a function of it alone."""
    lines = record.sample
    weights = [line.count for line in lines]
    tokens = [tuple(line.masked.split()) for line in lines]
    tried = {
        (similarity, depth): groups(tokens, weights, TemplateSettings(similarity=similarity, depth=depth))
        for similarity, depth in product(SIMILARITIES, DEPTHS)
    }
    similarity, depth = _most_agreeing(tried, weights)
    found = _patterns(tried[similarity, depth], tokens, weights)
    templates, successors = _named(found, lines)
    return ScopeTemplates(
        scope=record.scope,
        version=record.version + 1,
        lines=sum(weights),
        similarity=similarity,
        depth=depth,
        templates=templates,
        successors=successors,
    )


def groups(tokens: Sequence[Tokens], weights: Sequence[int], settings: TemplateSettings) -> list[Lines]:
    """Return the lines that a person would call one template, group by group."""
    loose = [tuple(map(loosen, said)) for said in tokens]
    scope = Scope("", settings)
    found: dict[int, Lines] = {}
    for line, said in enumerate(loose):
        found.setdefault(scope.learn(said)[0].cluster_id, []).append(line)
    alike: dict[str, Lines] = {}
    for members in found.values():
        for part in _split(members, loose, weights):
            alike.setdefault(fold(map(loosen, _pattern([loose[line] for line in part]))), []).extend(part)
    return [sorted(lines) for lines in alike.values()]


def _split(lines: Lines, loose: Sequence[Tokens], weights: Sequence[int]) -> list[Lines]:
    """Split a group at the place with the fewest words, and the parts again; one that has no such place stays."""
    few = min(FEW, sum(weights[line] for line in lines) // REPEATED)
    places = [set(values) for values in zip(*(loose[line] for line in lines), strict=True)]
    splitting = [(len(words), place) for place, words in enumerate(places) if 1 < len(words) <= few and _words(words)]
    count, place = min(splitting, default=(0, 0))
    if not count:
        return [lines]
    parts: dict[str, Lines] = {}
    for line in lines:
        parts.setdefault(loose[line][place], []).append(line)
    return [part for members in parts.values() for part in _split(members, loose, weights)]


def _words(values: set[str]) -> bool:
    """Are at least half of them words, with neither a value nor a digit inside? Names of machines often hold one."""
    return 2 * sum(VALUE in value or any(map(str.isdigit, value)) for value in values) <= len(values)


def _pattern(lines: Sequence[Tokens]) -> Tokens:
    """Return what all lines, of one length, share, with a wildcard where they differ."""
    return tuple(values[0] if len(set(values)) == 1 else WILDCARD for values in zip(*lines, strict=True))


def _most_agreeing(tried: Mapping[tuple[float, int], list[Lines]], weights: Sequence[int]) -> tuple[float, int]:
    """Return the settings whose groups agree most with those of all others, the first of equals."""
    labels = {key: _labels(found) for key, found in tried.items()}
    agreement = {one: round(sum(_rand(labels[one], other, weights) for other in labels.values()), 9) for one in labels}
    return max(agreement, key=lambda one: agreement[one])


def _labels(found: Sequence[Lines]) -> list[int]:
    of = {line: number for number, lines in enumerate(found) for line in lines}
    return [of[line] for line in range(len(of))]


def _rand(one: Sequence[int], other: Sequence[int], weights: Sequence[int]) -> float:
    """Return the adjusted Rand index (Hubert and Arabie 1985) of two labellings of weighted lines: 1 for equal ones."""
    both, left, right = Counter[tuple[int, int]](), Counter[int](), Counter[int]()
    for mine, theirs, weight in zip(one, other, weights, strict=True):
        both[mine, theirs] += weight
        left[mine] += weight
        right[theirs] += weight
    in_left, in_right = _pairs(left.values()), _pairs(right.values())
    expected, most = in_left * in_right / max(_pairs([sum(weights)]), 1), (in_left + in_right) / 2
    return (_pairs(both.values()) - expected) / (most - expected) if most != expected else 1.0


def _pairs(counts: Iterable[int]) -> float:
    return sum(count * (count - 1) / 2 for count in counts)


def _patterns(found: Sequence[Lines], tokens: Sequence[Tokens], weights: Sequence[int]) -> list[tuple[Patterns, Lines]]:
    """Return one pattern for each length of a group, and its lines; groups that came more than once, largest first.

    What has nothing constant, and what came once, is left to the tree.
    """
    weight = {id(lines): sum(weights[line] for line in lines) for lines in found}
    described = []
    for lines in sorted(found, key=lambda lines: (-weight[id(lines)], lines)):
        by_length: dict[int, Lines] = {}
        for line in lines:
            by_length.setdefault(len(tokens[line]), []).append(line)
        parts = sorted(by_length.values(), key=lambda part: (-sum(weights[line] for line in part), part))
        patterns = [_pattern([tokens[line] for line in part]) for part in parts]
        kept = tuple(" ".join(pattern) for pattern in patterns if any(token != WILDCARD for token in pattern))
        if kept and weight[id(lines)] > 1:
            described.append((kept, lines))
    return described[:MOST_TEMPLATES]


def _named(
    found: Sequence[tuple[Patterns, Lines]], lines: Sequence[SampledLine]
) -> tuple[tuple[ScopeTemplate, ...], dict[str, int]]:
    """Let each former template stay the one that holds most of its lines; of several, the largest does."""
    holds: Counter[tuple[str, int]] = Counter()  # former template, place in ``found``
    for place, (_, members) in enumerate(found):
        for line in members:
            if former := lines[line].template_id:
                holds[former, place] += lines[line].count
    home: dict[str, int] = {}
    origin: dict[int, str] = {}
    for former, place in sorted(holds, key=lambda pair: (-holds[pair], pair)):
        home.setdefault(former, place)
        origin.setdefault(place, former)
    stays: dict[int, str] = {}
    for former, place in sorted(home.items(), key=lambda pair: (-holds[pair], pair)):
        stays.setdefault(place, former)
    templates = tuple(
        ScopeTemplate(
            patterns=patterns,
            template_id=stays.get(place, ""),
            origin="" if place in stays else origin.get(place, ""),
        )
        for place, (patterns, _) in enumerate(found)
    )
    return templates, {former: place for former, place in home.items() if stays[place] != former}
