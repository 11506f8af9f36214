"""Signatures over the API and on their page: put, listed, hit, ended; what cannot be used is told and stops nothing."""

from typing import Any

import msgspec
import pytest

from aiops.bootstrap.signing import PACK
from aiops.domain.documents import PACKS
from aiops.domain.entries import Delivery
from aiops.domain.events import Problem
from aiops.domain.rules import Pack
from tests.api.world import World

RULE = """title: Repository deleted
name: repository_deleted
level: high
tags: [attack.t1485, attack.impact, attack.t1098.001]
logsource: {product: github, service: audit}
detection:
  selection: {action: repo.destroy}
  condition: selection
"""
MANY = """title: Many repositories deleted
name: many_deleted
level: critical
correlation:
  type: value_count
  rules: [repository_deleted]
  group-by: [actor]
  timespan: 5m
  condition: {gte: 2, field: repo}
"""
BAD = RULE.replace("repository_deleted", "bad").replace("condition: selection", "condition: nothing")


def put(world: World, *texts: str, status: int = 200, **changes: Any) -> Any:
    files = [{"name": "github.yaml", "text": "---\n".join(texts)}]
    return world.post("/api/signatures", {"files": files, "owner": "security", **changes}, status=status)


def audited(world: World, repo: str, **fields: Any) -> None:
    record = {"action": "repo.destroy", "actor": "eve", "repo": repo, "_document_id": repo, **fields}
    delivery = Delivery(source="github", body=msgspec.json.encode(record), content_type="application/json")
    world.journal.append([delivery])


def kept(world: World, **asked: str) -> dict[str, Any]:
    return {one["id"]: one for one in world.get("/api/signatures", params=asked)["items"]}


def test_what_is_put_raises_and_counts_its_hits(world: World) -> None:
    done = put(world, RULE)
    assert (done["put"], done["problems"], done["text"]) == (["repository_deleted"], [], "1 signature put")
    audited(world, "acme/shop")
    (alert,) = world.get("/api/alerts")["items"]
    assert (alert["verdict"], alert["verdict_rule"]) == ("known_bad", "repository_deleted")
    said = [reason["text"] for reason in alert["reasons"]]
    assert any("known bad by rule repository_deleted (security): Repository deleted" in text for text in said)
    one = world.get("/api/signatures/repository_deleted")
    assert (one["hits"], one["owner"], one["pack"]) == (1, "security", "github")


def test_a_bad_rule_is_told_with_file_line_and_fix_and_stops_no_other(world: World) -> None:
    done = put(world, BAD, RULE)
    assert done["put"] == ["repository_deleted"]
    (problem,) = done["problems"]
    assert problem["place"].startswith("github.yaml:1")
    assert problem["fix"]
    assert list(kept(world)) == ["repository_deleted"]


def test_where_nothing_can_be_used_it_is_refused(world: World) -> None:
    assert "nothing" in put(world, BAD, status=400)["detail"]
    assert put(world, "", status=400)["place"] == "files"
    assert world.post("/api/signatures", {"files": [{"text": "x" * 2_000_001}]}, status=413)


def test_a_correlation_may_be_about_what_was_put_before(world: World) -> None:
    assert "repository_deleted is not there" in put(world, MANY, status=400)["detail"]
    put(world, RULE)
    assert put(world, MANY)["put"] == ["many_deleted"]
    audited(world, "acme/a")
    assert world.get("/api/alerts")["items"] == []
    audited(world, "acme/b")
    (alert,) = world.get("/api/alerts")["items"]
    assert (alert["verdict_rule"], alert["title"]) == ("many_deleted", "Many repositories deleted for eve")
    assert any("2 values of repo" in reason["text"] for reason in alert["reasons"])


def test_what_is_ended_raises_no_more_and_is_listed_as_ended(world: World) -> None:
    put(world, RULE)
    assert "ended by" in world.client.delete("/api/signatures/repository_deleted").json()["text"]
    audited(world, "acme/shop")
    assert world.get("/api/alerts")["items"] == []
    assert list(kept(world, ended="true")) == ["repository_deleted"]
    assert list(kept(world, ended="false")) == []
    assert world.client.delete("/api/signatures/repository_deleted").status_code == 409
    assert world.client.get("/api/signatures/ghost").status_code == 404


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"severity": "high"}, ["repository_deleted"]),
        ({"pack": "github", "sort": "id"}, ["many_deleted", "repository_deleted"]),
        ({"text": "many"}, ["many_deleted"]),
        ({"logsource": "github/audit"}, ["repository_deleted"]),
    ],
)
def test_the_list_is_narrowed(world: World, asked: dict[str, str], found: list[str]) -> None:
    put(world, RULE, MANY)
    assert list(kept(world, **asked)) == found
    world.get("/api/signatures", status=400, params={"sort": "nothing"})


def test_a_trial_changes_nothing_and_says_what_fits(world: World) -> None:
    cases = "cases: {match: [{action: repo.destroy}], no_match: [{action: repo.destroy}]}\n"
    files = [{"text": RULE + cases}]
    tried = world.post("/api/signatures/check", {"files": files, "record": {"action": "repo.destroy"}})
    assert (tried["rules"], tried["fits"]) == (1, ["repository_deleted"])
    assert [problem["problem"] for problem in tried["problems"]] == ["the signature fits this case"]
    assert kept(world) == {}
    put(world, RULE)
    assert world.post("/api/signatures/check", {"record": {"action": "repo.destroy"}})["fits"] == ["repository_deleted"]
    assert world.post("/api/signatures/check", {"record": {"action": "repo.create"}})["fits"] == []


def test_every_change_is_in_the_audit_log(world: World) -> None:
    put(world, RULE)
    put(world, RULE.replace("high", "low"))
    world.client.delete("/api/signatures/repository_deleted")
    lines = world.get("/api/rule-changes", params={"concerns": "repository_deleted"})["items"]
    assert [line["text"].split(" ended")[0] for line in reversed(lines)] == [
        "signature repository_deleted put",
        "signature repository_deleted changed",
        "signature repository_deleted",
    ]
    assert "severity: high → info" in world.page("/rules/changes")


def test_the_page_shows_level_tags_owner_and_hits(world: World) -> None:
    put(world, RULE, MANY)
    audited(world, "acme/shop")
    page = world.page("/signatures")
    assert "https://attack.mitre.org/techniques/T1485/" in page
    assert "https://attack.mitre.org/techniques/T1098/001/" in page
    assert 'data-unit="hit">1<' in page
    assert "security" in page
    assert "at least 2 values of repo within 5 min, for each actor, about" in page
    assert "raises nothing by itself" in page
    assert 'id="repository_deleted"' not in world.page("/signatures?q=many")
    assert "Nothing fits" in world.page("/signatures?pack=other")


def test_an_alert_leads_to_the_signature_that_raised_it(world: World) -> None:
    put(world, RULE, RULE.replace("repository_deleted", "other").replace("destroy", "create"))
    audited(world, "acme/shop")
    (alert,) = world.get("/api/alerts")["items"]
    page = world.page(f"/alerts/{alert['fingerprint']}")
    assert 'href="/signatures?id=repository_deleted"' in page
    assert "which has ended" not in page
    alone = world.page("/signatures?id=repository_deleted")
    assert 'id="repository_deleted"' in alone
    assert 'id="other"' not in alone
    assert "Nothing fits" in world.page("/signatures?id=ghost")
    world.send("/signatures/repository_deleted/end")
    assert "which has ended" in world.page(f"/alerts/{alert['fingerprint']}")


def test_signatures_are_pasted_and_ended_on_the_page(world: World) -> None:
    assert world.send("/signatures", text=RULE, pack="ours", owner="sec").status_code == 200
    assert kept(world)["repository_deleted"]["pack"] == "ours"
    world.send("/signatures/repository_deleted/end")
    assert list(kept(world, ended="false")) == []


def test_what_cannot_be_read_is_shown_again_with_what_was_typed(world: World) -> None:
    answer = world.send("/signatures", text=f"{BAD}---\n{RULE}", pack="", owner="sec")
    assert "pasted.yaml:1" in answer.text
    assert "condition: nothing" in answer.text
    assert list(kept(world)) == ["repository_deleted"]
    assert "no rule in them" in world.send("/signatures", text=" ", pack="", owner="sec").text


def test_a_record_that_lacks_what_is_grouped_by_is_told_on_the_page(world: World) -> None:
    put(world, RULE, MANY)
    audited(world, "acme/shop", actor=None)
    assert "1 hit not counted" in world.page("/signatures")


def test_what_of_the_folder_cannot_be_read_stands_on_the_page(world: World) -> None:
    problem = Problem(place="sigma/a.yaml:3", problem="no detection", fix="write one")
    world.put(PACKS, Pack(name=PACK, origin="sigma", rules=2, problems=(problem,)))
    page = world.page("/signatures")
    assert "1 Sigma rule of the folder could not be used and was left as it was" in page
    assert "sigma/a.yaml:3" in page
    assert "write one" in page
