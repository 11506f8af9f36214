"""What would these matchers hide now?"""

from collections import Counter
from collections.abc import Sequence

from aiops.domain.alerts import Alert
from aiops.domain.changes import INCIDENTS
from aiops.domain.errors import BadInput
from aiops.domain.events import Severity
from aiops.domain.matching import Matcher, all_match, fields_of
from aiops.ports import View
from api.reading import firing
from api.schemas import Example, Preview
from rules.check import masked

EXAMPLES = 5
MOST = 10_000  # firing alerts that are tried


def preview(view: View, matchers: Sequence[Matcher]) -> Preview:
    """Try ``matchers`` on every alert that fires and that nothing hides yet."""
    check(matchers)
    looked_at, matched, applied = 0, [], masked(tuple(matchers))
    for alert in firing(view, MOST):
        looked_at += 1
        if all_match(applied, fields_of(alert)):
            matched.append(alert)
    hits = [alert for alert in matched if not alert.suppressed]
    worst_first = sorted(hits, key=lambda alert: (-alert.severity.rank, alert.fingerprint))
    return Preview(
        alerts=len(hits),
        incidents=_hidden_incidents(view, hits),
        critical=sum(alert.severity is Severity.CRITICAL for alert in hits),
        worst=max((alert.severity for alert in matched), key=lambda severity: severity.rank, default=None),
        looked_at=looked_at,
        complete=looked_at < MOST,
        examples=tuple(_example(alert) for alert in worst_first[:EXAMPLES]),
    )


def check(matchers: Sequence[Matcher]) -> None:
    """Refuse what cannot work, or what would match everything."""
    if not matchers:
        raise BadInput("nothing to match", place="matchers", fix="give at least one matcher")
    for number, matcher in enumerate(matchers):
        matcher.check(f"matchers[{number}]")
    if all(not matcher.value for matcher in matchers):
        raise BadInput("an empty value matches what lacks the label", place="matchers", fix="give one matcher a value")


def _hidden_incidents(view: View, hits: Sequence[Alert]) -> int:
    """Count the incidents of which nothing that fires would be left to see."""
    by_incident = Counter(alert.episode.incident_id for alert in hits if alert.episode.incident_id)
    found = view.many(INCIDENTS, list(by_incident))
    return sum(1 for item in found if item.active and by_incident[item.incident_id] >= item.firing)


def _example(alert: Alert) -> Example:
    return Example(
        fingerprint=alert.fingerprint, title=alert.title, entity=alert.entity.name, severity=alert.severity.value
    )
