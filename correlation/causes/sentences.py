"""Why may it be this node, or why is nobody named? What the alerts say, in sentences with their numbers."""

from collections.abc import Iterable, Sequence

from aiops.domain.incidents import Candidate
from aiops.domain.reasons import Evidence, Reason
from aiops.domain.words import plural, span
from correlation.background import key_of
from correlation.causes.lessons import taught
from correlation.causes.signs import Signs, alerts, onset, stem
from correlation.causes.table import Standing, Table
from correlation.causes.testimony import Testimony
from correlation.topology import ServiceGraph

LEAST_MARGIN = 0.1  # between the first two probabilities; below it nobody is named
LEAST_SURE = 1 / 3  # below it the first one is more than twice as likely not to be it
LEAST_SHARE = 0.5  # of the services that the first one must explain
MOST_CALLERS = 4  # named in a sentence


def candidate(one: Standing, share: float, table: Table) -> Candidate:
    """Return the candidate with its probability, its way to whom it hurts, and its evidence."""
    path = table.graph.path(one.node, _most_hurt(one, table.named, table.graph))
    return Candidate(
        entity=one.node,
        probability=round(share, 3),
        share=round(len(one.rest) / max(1, len(table.named)), 3),
        path=path,
        evidence=(*one.said, *_evidence(one, table), *_missing(path, table.named)),
    )


def abstained(candidates: Sequence[Candidate], proven: bool) -> str:
    """Return why the first candidate is not to be trusted, or "".

    ``proven``: more than what ships speaks for the first one: measurements, or causes that people confirmed.
    """
    first = candidates[0]
    if first.share < LEAST_SHARE and not proven:
        return f"no node explains half of the affected services; {first.entity} comes closest with {first.share:.0%}"
    if len(candidates) > 1 and first.probability - candidates[1].probability < LEAST_MARGIN:
        second = candidates[1]
        text = f"{first.entity} ({first.probability:.0%}) and {second.entity} ({second.probability:.0%})"
        return f"{text} are too close to call"
    if first.probability < LEAST_SURE:
        return f"{len(candidates)} are too close to call: {first.entity} leads with {first.probability:.0%}"
    return ""


def doubted(node: str, testimonies: Sequence[Testimony]) -> str:
    """Return why no more is known than an order; "" where something speaks for the first one that nobody doubts."""
    if any(said.node == node and not said.doubt for said in testimonies):
        return ""
    return next((said.doubt for said in testimonies if said.doubt), "")


def _missing(path: Sequence[str], named: Signs) -> Iterable[Reason]:
    """Between a cause and whom it hurts, who did not alert?"""
    between = [node for node in path[1:-1] if node not in named]
    if between:
        text = f"{', '.join(between)} on the way to {path[-1]} should have alerted and did not"
        yield Reason(step="cause", text=text, evidence={"missing": ", ".join(between)})


def _most_hurt(one: Standing, named: Signs, graph: ServiceGraph) -> str:
    """Return the service that rests on it and hurts most: worst alert, most critical tier, closest to the users."""

    def pain(node: str) -> tuple[int, int, int, str]:
        service = graph.view().service(node)
        worst = max(sign.severity.rank for sign in named[node])
        return -worst, service.tier if service else 9, len(graph.rests(node)), node

    return min(one.rest - {one.node}, key=pain, default=one.node)


def _evidence(one: Standing, table: Table) -> Iterable[Reason]:
    named = table.named
    others = sorted(one.rest - {one.node})
    affected = len(named) - (one.node in named)
    if others:
        text = f"{len(others)} of {affected} {'other ' if one.node in named else ''}affected services depend on"
        yield Reason(step="cause", text=f"{text} {one.node}", evidence={"resting": len(others), "affected": affected})
    if one.node not in named:
        yield _silence(one.node, table)
        yield from taught(one.node, named, table.experience)
        return
    alerting = [node for node in others if alerts(node, named)]
    if alerting and alerts(one.node, named):
        seconds = min(onset(node, named) for node in alerting) - onset(one.node, named)
        text = f"{one.node} {_when(seconds)} those that depend on it"
        yield Reason(step="cause", text=text, evidence={"seconds": seconds})
    yield _rarest(one.node, table)
    yield from taught(one.node, named, table.experience)


def _silence(node: str, table: Table) -> Reason:
    """Say that a node did not alert itself, and what that means after what it said in earlier incidents."""
    text, evidence = f"{node} did not alert itself", dict[str, Evidence](silent=True)
    if callers := table.unheard.get(node):
        more = f" and {len(callers) - MOST_CALLERS} more" if len(callers) > MOST_CALLERS else ""
        text += f", though all that call it complain ({', '.join(callers[:MOST_CALLERS])}{more})"
        heard = table.experience.frequencies
        evidence |= {"callers": len(callers), "spoke": heard.spoke(node), "starved": heard.starved(node)}
        earlier = plural(heard.incidents, "earlier incident")
        if heard.spoke(node):
            text += f"; in {heard.spoke(node)} of {earlier} it did"
        if heard.starved(node):
            text += f"; it is called, or it would say that nothing reaches it, as in {heard.starved(node)} of {earlier}"
    return Reason(step="cause", text=text, evidence=evidence)


def _when(seconds: float) -> str:
    if round(seconds) > 0:
        return f"alerted first, {span(seconds)} before"
    if round(seconds) < 0:
        return f"alerted {span(-seconds)} after the first of"
    return "alerted at the same moment as the first of"


def _rarest(node: str, table: Table) -> Reason:
    mine = table.named[node]
    rare = max(mine, key=lambda sign: (table.telling(sign), sign.kind))
    key, seen = key_of(node, rare.kind), table.experience.frequencies.seen(node, stem(rare.kind))
    rate = table.rates.rate(key, table.now) * 3600
    usual = []
    if table.rates.since(key) < rare.started:
        usual.append(f"usual rate {rate:.2g}/h")
    elif not (rare.of_calls and seen):  # of calls there are no rates
        usual.append("never seen before")
    if seen:
        whatever = "" if rare.of_calls or stem(rare.kind) == rare.kind else ", whatever its number"
        every = plural(table.experience.frequencies.incidents, "earlier incident")
        usual.append(f"in {seen} of {every}{whatever}")
    alone = "an alert about its calls," if rare.of_calls else "its alert"
    kinds = f"{len(mine)} kinds of alert, the rarest" if len(mine) > 1 else alone
    return Reason(
        step="cause",
        text=f"{kinds} {rare.name!r} ({', '.join(usual)})",
        evidence={"kinds": len(mine), "rate_per_hour": round(rate, 4), "incidents": seen},
    )
