"""Do the files for Kibana, Grafana, Prometheus and Alertmanager speak of what there is?"""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from aiops.domain.acts import Heartbeat
from aiops.domain.channels import Paging
from aiops.domain.documents import COLLECTIONS
from aiops.domain.entries import Command
from aiops.storage.elastic_mapping import Shape
from api.health import Collector, listened
from api.settings import ApiSettings
from ingestion.listeners.standing import Standing
from tests.api.world import World

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"


def text(path: str) -> str:
    return (DEPLOY / path).read_text(encoding="utf-8")


def metrics_told() -> set[str]:
    """The names that /metrics has, as the program tells them."""
    world = World(ApiSettings(paging=Paging(heartbeat=True)))
    world.journal.append([Command(id="beat", actor="responder", act=Heartbeat(well=True, detail="it is reached"))])
    desk = world.app.state.desk
    listener = Standing(name="syslog_udp", source="syslog", address="127.0.0.1:514")
    families = [*Collector(desk, 0).collect(), *listened([listener])]
    counters = {f"{family.name}_total" for family in families if family.type == "counter"}
    return counters | {family.name for family in families if family.type == "gauge"}


def expressions() -> list[str]:
    panels = json.loads(text("grafana/dashboards/aiops.json"))["panels"]
    rules = yaml.safe_load(text("prometheus/aiops.rules.yml"))["groups"][0]["rules"]
    return [target["expr"] for panel in panels for target in panel["targets"]] + [rule["expr"] for rule in rules]


def test_dashboard_and_rules_ask_for_metrics_that_there_are() -> None:
    asked = {name for expression in expressions() for name in re.findall(r"aiops_\w+", expression)}
    assert asked == metrics_told()  # and whatever is told is shown


def paths(properties: dict[str, Any], before: str = "") -> set[str]:
    found = set()
    for name, mapping in properties.items():
        inner = paths(mapping["properties"], f"{before}{name}.") if "properties" in mapping else {before + name}
        found |= inner
    return found


def test_kibana_looks_at_indices_and_fields_that_there_are() -> None:
    shapes = {f"aiops-{one.name}": Shape(one, "aiops") for one in COLLECTIONS}
    objects = [json.loads(line) for line in text("kibana/aiops.ndjson").splitlines()]
    assert {one["type"] for one in objects} == {"index-pattern", "search"}
    titles = {one["id"]: one["attributes"]["title"] for one in objects if one["type"] == "index-pattern"}
    assert set(titles.values()) <= set(shapes)
    for one in objects:
        if one["type"] == "index-pattern":
            assert "@timestamp" in paths(shapes[one["attributes"]["title"]].mapping["properties"])
        else:
            fields = paths(shapes[titles[one["references"][0]["id"]]].mapping["properties"])
            query = json.loads(one["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])["query"]["query"]
            named = {*one["attributes"]["columns"], *re.findall(r"([\w.]+) :", query)}
            assert named <= fields


@pytest.mark.parametrize("path", sorted(str(path.relative_to(DEPLOY)) for path in DEPLOY.rglob("*.yml")))
def test_every_yaml_file_is_one(path: str) -> None:
    assert isinstance(yaml.safe_load(text(path)), dict)


def test_the_role_in_the_documentation_is_the_role() -> None:
    document = (ROOT / "docs/elasticsearch.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```json\n(.*?)```", document, flags=re.DOTALL)
    assert json.loads(shown) == json.loads(text("elasticsearch/role.json"))


def test_what_compose_mounts_is_there_and_every_port_is_on_the_loopback() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    for service in services.values():
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
        assert "healthcheck" in service
        assert "mem_limit" in service
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert not source.startswith(".") or (ROOT / source).exists()
