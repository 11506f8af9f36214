"""What does ElastAlert 2 say, in our words? The matched document, and what its http_post adds; never an end."""

from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed
from ingestion.reading.shape import DAY, Shape, always, tell

NAME = "elastalert2"

_ALERT = Shape(
    title="rule_name rule.name alert_subject name title alert_text",
    message="alert_text alert_body message match_body.message log.original error.message",
    severity="severity priority level log.level alert_severity",
    service="service.name service kubernetes.labels.app app",
    host="host.name host.hostname host hostname agent.hostname beat.hostname",
    environment="environment service.environment",
    time="@timestamp timestamp match_time",
    url="kibana_discover_url kibana_link url",
    value="num_matches",
    identity="rule_name rule.name name service.name host.name",
    named={"index": "_index"},
    facts={"num_hits": "num_hits", "num_matches": "num_matches"},
    lease=DAY,
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state that is told."""
    return tell(delivery, received_at, always(_ALERT))
