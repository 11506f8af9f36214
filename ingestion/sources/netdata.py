"""What does Netdata say, in our words? Its custom sender, its Alerta and Slack ways, and Netdata Cloud's webhook.

All of them name the alarm by host, chart and alarm, so a node that tells it in two ways tells one alert.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from aiops.domain.entries import Delivery
from aiops.domain.events import Parsed
from ingestion.reading.shape import Item, Shape, tell, text

NAME = "netdata"

_ALARM = Shape(
    title="info message text attachments.0.fallback alarm alert name",
    message="attachments.0.text",
    severity="alarm_status status severity",
    status="alarm_status status severity",
    service="class component",
    host="alarm_host host node_name node hostname",
    time="alarm_when when date",
    url="url alert_url alarm_url attachments.0.title_link attributes.moreInfo",
    value="value",
    identity="alarm_host alarm_chart alarm_name",
    labels="labels",
    named={"alarm": "alarm_name", "chart": "alarm_chart", "room": "room rooms", "space": "space"},
)


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one Event for the state of an alarm; where the fields differ, the link back holds the same names."""
    return tell(delivery, received_at, _items)


def _items(document: object) -> Iterator[Item]:
    if isinstance(document, Mapping):
        yield _ALARM, {**document, **_named(document)}


def _named(document: Mapping[str, object]) -> dict[str, object]:
    link = text(document, _ALARM.url).partition('href="')
    address = (link[2] or link[0]).partition('"')[0]  # Alerta gets it as the HTML of a link
    query = dict(parse_qsl(urlsplit(address).query))
    where = {
        "url": address,
        "alarm_host": query.get("host") or text(document, _ALARM.host),
        "alarm_chart": query.get("chart") or text(document, "chart context"),
        "alarm_name": query.get("alarm") or text(document, "alarm alert name"),
    }
    return {**where, **{name: query[name] for name in ("alarm_status", "alarm_when") if name in query}}
