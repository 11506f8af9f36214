"""Which node do an event's labels name? Look-ups, label precedence, normalisation; every step leaves a Reason."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_address

from aiops.domain.alerts import Placement
from aiops.domain.events import Severity
from aiops.domain.graph import Entity, EntityKind, EntityMapping, GraphView
from aiops.domain.reasons import Reason

KINDS = {  # what an unknown value of these labels is; all other labels name services
    "instance": EntityKind.INSTANCE,
    "host": EntityKind.HOST,
    "hostname": EntityKind.HOST,
    "node": EntityKind.HOST,
    "nodename": EntityKind.HOST,
    "server": EntityKind.HOST,
    "cluster": EntityKind.CLUSTER,
    "site": EntityKind.SITE,
    "datacenter": EntityKind.SITE,
}
WEAK = ("job",)  # names what scrapes, for many at once: counts when the graph knows it, or nothing better is named
NAMELESS = ("", "-", "unknown", "none", "null", "nil", "n/a", "na", "undefined", "localhost", "127.0.0.1", "::1")
PODS = ("pod", "pod_name", "kubernetes_pod_name", "k8s_pod_name")
POD_LETTERS = frozenset("bcdfghjklmnpqrstvwxz2456789")  # Kubernetes draws random suffixes from these alone
MACHINES = (EntityKind.HOST, EntityKind.INSTANCE, EntityKind.CLUSTER, EntityKind.SITE)
LONGEST = 253  # characters of a name: a DNS name's

Found = tuple[str, str, str]  # label, node, how it was read


def name_entity(
    labels: Mapping[str, str], mapping: EntityMapping, view: GraphView, aliases: Mapping[str, str]
) -> Placement:
    """Return where an event with these labels belongs.

    Look-ups come first. Else, in label order, the first node that the graph knows. A service that the graph does not
    know yields to another *service*, never to the machine it runs on: a new service is shown as unmapped, not hidden
    in its host. With no known node: the first label's value, unmapped; with no usable label: the empty entity.
    """
    row, reasons = _looked_up(labels, mapping)
    if service := row.get("service"):
        node = aliases.get(service, service)
        found: Found | None = ("look-up", node, "")
    else:
        found, choice = _by_labels(labels, mapping, view, aliases)
        reasons.append(choice)
    severity = Severity(row["severity"]) if row.get("severity") in set(Severity) else None
    entity = _entity(found, view)
    known = view.service(entity.name)
    owner = row.get("owner", "") or (known.owner if known else "")
    return Placement(entity=entity, owner=owner, severity=severity, reasons=tuple(reasons))


def _looked_up(labels: Mapping[str, str], mapping: EntityMapping) -> tuple[dict[str, str], list[Reason]]:
    """Return the first value of each fact that the look-ups give."""
    facts: dict[str, str] = {}
    reasons = []
    for look_up in mapping.look_ups:
        value = labels.get(look_up.label)
        new = {key: fact for key, fact in look_up.rows.get(value or "", {}).items() if fact and key not in facts}
        if new:
            said = ", ".join(f"{key} {fact}" for key, fact in new.items())
            reasons.append(_reason(f"the look-up of {look_up.label} {value!r} says {said}", label=look_up.label, **new))
            facts.update(new)
    return facts, reasons


def _by_labels(
    labels: Mapping[str, str], mapping: EntityMapping, view: GraphView, aliases: Mapping[str, str]
) -> tuple[Found | None, Reason]:
    unknown: list[Found] = []
    nameless: list[str] = []
    for label in mapping.labels:
        written = labels.get(label, "").strip().lower()[:LONGEST]
        if written in NAMELESS:
            nameless += [f"{label} {written!r}"] if written else []
            continue
        known, found = _read(label, written, mapping, view, aliases)
        if known is None:
            unknown.append(found)
        elif not _passed_over(known, unknown, view):
            return known, _chosen(known, unknown)
    if unknown:
        strong = [found for found in unknown if found[0] not in WEAK]
        label, name, how = (strong or unknown)[0]
        text = f"label {label} names {name}{how}, which the service graph does not have: shown as unmapped"
        return (label, name, how), _reason(text, label=label, entity=name, known=False)
    tried = f"; {', '.join(nameless)} names nothing" if nameless else ""
    return None, _reason(f"no label names a node (looked at {', '.join(mapping.labels)}){tried}", known=False)


def _passed_over(known: Found, unknown: list[Found], view: GraphView) -> bool:
    """Is this known node only the machine under a service that a stronger label names?"""
    service = view.service(known[1])
    machine = service is not None and service.kind in MACHINES
    return machine and any(label not in WEAK and label not in KINDS for label, _, _ in unknown)


def _chosen(known: Found, unknown: list[Found]) -> Reason:
    label, name, how = known
    passed = "".join(f"; {other} {value!r} is not in the service graph" for other, value, _ in unknown)
    return _reason(f"label {label} names {name}{how}{passed}", label=label, entity=name, known=True)


def _read(
    label: str, written: str, mapping: EntityMapping, view: GraphView, aliases: Mapping[str, str]
) -> tuple[Found | None, Found]:
    """Return the first reading of a value that the graph knows, if any, and the plainest reading."""
    readings = _readings(label, written, mapping)
    for name, how in readings:
        node = aliases.get(name, name)
        if view.service(node) is not None:
            return (label, node, how if node == name else f"{how} (alias {name!r})"), (label, node, how)
    machine = label in KINDS
    plain = [(name, how) for name, how in readings if machine or "domain" not in how]  # com.acme.pay is not "com"
    return None, (label, *plain[-1])


def _readings(label: str, written: str, mapping: EntityMapping) -> list[tuple[str, str]]:
    """Return the value as written, then ever more of it taken off, each with what was done in words."""
    readings, done, name = [(written, "")], [], written
    for taken, what in _steps(label, written, mapping):
        if taken != name:
            name = taken
            done.append(what)
            readings.append((name, f" ({written!r}, {' and '.join(done)} taken off)"))
    if mapping.strip_domain and "." in name and not _is_address(name):
        name = name.partition(".")[0]
        readings.append((name, f" ({written!r}, {' and '.join([*done, 'domain'])} taken off)"))
    return [reading for reading in readings if reading[0]] or [(written, "")]


def _steps(label: str, name: str, mapping: EntityMapping) -> Iterator[tuple[str, str]]:
    if mapping.strip_port:
        name, what = _without_port(name)
        yield name, what
    if mapping.pod_to_workload:
        yield _workload(name, label in PODS)


def _without_port(name: str) -> tuple[str, str]:
    """Take scheme, path and port off: what is scraped or probed is often written as a URL."""
    host = name.partition("://")[2] or name
    host = host.partition("/")[0] if "://" in name else host
    if host.startswith("["):
        return host[1:].partition("]")[0], "port"
    head, colon, port = host.rpartition(":")
    if colon and port.isdecimal() and ":" not in head:
        host = head
    return host, "port" if "://" not in name else "scheme and port"


def _workload(name: str, is_pod: bool) -> tuple[str, str]:
    """Take a pod's random or ordinal suffix off: the workload is the node, not one of its pods."""
    parts = name.split("-")
    if len(parts) >= 3 and _drawn(parts[-1], 5, 5) and _drawn(parts[-2], 6, 10) and _digit(parts[-2]):
        return "-".join(parts[:-2]), "pod hash"
    last = parts[-1]
    if is_pod and len(parts) >= 2 and (_drawn(last, 5, 5) or (last.isdecimal() and len(last) <= 4)):
        return "-".join(parts[:-1]), "pod suffix"
    return name, ""


def _drawn(text: str, least: int, most: int) -> bool:
    return least <= len(text) <= most and POD_LETTERS.issuperset(text)


def _digit(text: str) -> bool:
    return any(letter.isdecimal() for letter in text)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _entity(found: Found | None, view: GraphView) -> Entity:
    if found is None:
        return Entity(name="", known=False)
    label, name, _ = found
    service = view.service(name)
    if service is None:
        return Entity(name=name, kind=KINDS.get(label, EntityKind.SERVICE), known=False)
    return Entity(name=name, kind=service.kind)


def _reason(text: str, **evidence: str | bool) -> Reason:
    return Reason(step="entity", text=text, evidence=dict(evidence))
