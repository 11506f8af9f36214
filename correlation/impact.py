"""Who is hurt? What lies downstream of the services that alert."""

from collections.abc import Collection

from aiops.domain.graph import EntityKind, GraphView
from aiops.domain.incidents import Impact

MOST = 50  # dependents named; all are counted, up to MOST_LOOKED_AT
MOST_LOOKED_AT = 5_000


def impact(services: Collection[str], view: GraphView) -> Impact:
    """Return which services depend on ``services`` (not themselves among them), nearest first, and whose business."""
    dependents = _dependents(services, view)
    hurt = [view.services[name] for name in (*services, *dependents) if name in view.services]
    business = tuple(sorted({service.business_service for service in hurt if service.business_service}))
    return Impact(
        dependents=tuple(dependents[:MOST]),
        dependents_total=len(dependents),
        business_services=business,
        text=_sentence(dependents, business, any(name in view.services for name in services)),
    )


def _dependents(services: Collection[str], view: GraphView) -> list[str]:
    """Breadth first from all of them at once, so that "nearest" means nearest to any."""
    seen = dict.fromkeys(services)
    queue = list(seen)
    for node in queue:
        for caller in view.dependents.get(node, ()):
            if caller not in seen and len(queue) < MOST_LOOKED_AT:
                seen[caller] = None
                queue.append(caller)
    hurt = queue[len(set(services)) :]
    return [name for name in hurt if view.services[name].kind in (EntityKind.SERVICE, EntityKind.INSTANCE)]


def _sentence(dependents: list[str], business: tuple[str, ...], known: bool) -> str:
    if not known:
        return "unknown: none of its services is in the service graph"
    named = ", ".join(dependents[:3]) + (f" and {len(dependents) - 3} more" if len(dependents) > 3 else "")
    depend = (
        f"{len(dependents)} more services depend on these: {named}" if dependents else "nothing else depends on these"
    )
    if len(dependents) == 1:
        depend = f"1 more service depends on these: {named}"
    return f"business services {', '.join(business)}; {depend}" if business else depend
