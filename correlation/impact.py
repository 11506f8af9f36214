"""Who is hurt? What lies downstream of the services that alert, whose business it is, how many requests it meets."""

from collections.abc import Collection, Sequence

from aiops.domain.graph import EntityKind, GraphView, Service
from aiops.domain.impact import Impact, Traffic

MOST = 50  # dependents named; all are counted, up to MOST_LOOKED_AT
MOST_LOOKED_AT = 5_000
NAMED = 3  # of them in a sentence
MOST_OWNERS = 20
CRITICAL = 2  # a tier up to this one is worth a word


def impact(services: Collection[str], dependents: Sequence[str], view: GraphView, traffic: Traffic | None) -> Impact:
    """Return who is hurt when ``services`` alert, and ``dependents`` (nearest first) depend on them."""
    hurt = [view.services[name] for name in (*services, *dependents) if name in view.services]
    business = tuple(sorted({service.business_service for service in hurt if service.business_service}))
    worst = min(hurt, key=lambda service: service.tier, default=None)  # of equals the first: it alerts, or is nearest
    owners = dict.fromkeys(view.services[name].owner for name in dependents if view.services[name].owner)
    return Impact(
        dependents=tuple(dependents[:MOST]),
        dependents_total=len(dependents),
        business_services=business,
        owners=tuple(owners)[:MOST_OWNERS],
        tier=worst.tier if worst else 0,
        most_critical=worst.name if worst else "",
        traffic=traffic,
        text="; ".join(
            filter(
                None,
                (
                    _met(traffic),
                    f"business services {', '.join(business)}" if business else "",
                    "" if worst and worst.name in dependents[:NAMED] else _critical(worst),
                    _depend(dependents, any(name in view.services for name in services), worst),
                ),
            )
        ),
    )


def dependents_of(services: Collection[str], view: GraphView) -> list[str]:
    """Return which services depend on ``services`` (not themselves among them), nearest to any of them first."""
    seen = dict.fromkeys(services)
    queue = list(seen)
    for node in queue:
        for caller in view.dependents.get(node, ()):
            if caller not in seen and len(queue) < MOST_LOOKED_AT:
                seen[caller] = None
                queue.append(caller)
    hurt = queue[len(set(services)) :]
    return [name for name in hurt if view.services[name].kind in (EntityKind.SERVICE, EntityKind.INSTANCE)]


def _met(traffic: Traffic | None) -> str:
    """Say how many requests are affected: what is usual where fewer come now, as those are lost."""
    if traffic is None:
        return ""
    now = "reports none since" if traffic.now is None else f"gets {traffic.now:,.0f} now"
    usual = "" if traffic.usual is None else f", {traffic.usual:,.0f} before"
    return f"about {traffic.affected:,.0f} requests/min are affected ({traffic.service} {now}{usual})"


def _critical(worst: Service | None) -> str:
    return f"the most critical is {worst.name}, tier {worst.tier}" if worst and worst.tier <= CRITICAL else ""


def _marked(name: str, worst: Service | None) -> str:
    return f" (the most critical, tier {worst.tier})" if worst and worst.name == name and _critical(worst) else ""


def _depend(dependents: Sequence[str], known: bool, worst: Service | None) -> str:
    if not known:
        return "what depends on these is unknown: none of its services is in the service graph"
    named = ", ".join(f"{name}{_marked(name, worst)}" for name in dependents[:NAMED])
    named += f" and {len(dependents) - NAMED:,} more" if len(dependents) > NAMED else ""
    if len(dependents) == 1:
        return f"1 more service depends on these: {named}"
    return (
        f"{len(dependents):,} more services depend on these: {named}" if dependents else "nothing else depends on these"
    )
