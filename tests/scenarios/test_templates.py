"""What happens around a scope that chooses its own templates, told from the outside?"""

from aiops import fold
from aiops.domain.acts import LabelTemplate
from aiops.domain.alerts import Verdict
from aiops.domain.documents import SCOPES, TEMPLATES
from aiops.domain.records import Template
from aiops.storage.memory import MemoryStore
from tests.properties.digest import contents
from tests.scenarios.world import Seen, World

OPENED, CLOSED = "session of 10.0.0.7 was opened", "session of 10.0.0.7 was closed"
LINES = [OPENED, CLOSED, OPENED] * 667
EITHER, ONLY_OPENED, ONLY_CLOSED = (f"session of <ip> was {verb}" for verb in ("<*>", "opened", "closed"))


def in_use(seen: Seen) -> dict[str, Template]:
    return {template.text: template for template in seen.all(TEMPLATES) if not template.successor}


def test_a_service_with_lines_enough_keeps_apart_what_one_word_tells_apart(world: World) -> None:
    world.at(0).logs("auth", LINES)
    world.at(60).learn()
    before, after = world.expect(at=30), world.expect(at=90)
    (merged,) = before.all(TEMPLATES)
    assert merged.text == EITHER
    found = in_use(after)
    assert set(found) == {ONLY_OPENED, ONLY_CLOSED}
    assert found[ONLY_OPENED].template_id == merged.template_id
    assert found[ONLY_CLOSED].origin == merged.template_id
    (scope,) = after.all(SCOPES)
    assert (scope.scope, scope.version, scope.sample, scope.health) == ("logs/auth", 1, (), ())


def test_lines_count_for_the_templates_that_were_chosen(world: World) -> None:
    world.at(0).logs("auth", LINES)
    world.at(60).learn()
    world.at(70).logs("auth", [CLOSED] * 5)
    assert in_use(world.expect(at=90))[ONLY_CLOSED].count == 5


def test_a_choice_makes_no_alert_of_what_is_not_new(world: World) -> None:
    world.at(0).logs("auth", LINES)
    world.at(60).learn()
    world.at(70).logs("auth", [OPENED, CLOSED])
    assert world.expect(at=90).incidents == []


def test_a_rule_on_the_template_before_holds_for_all_its_messages(world: World) -> None:
    world.at(0).logs("auth", LINES)
    (merged,) = world.expect(at=30).all(TEMPLATES)
    world.at(40).act(LabelTemplate(template_id=merged.template_id, verdict=Verdict.KNOWN_GOOD, reason="normal"))
    world.at(60).learn()
    world.at(70).logs("auth", [CLOSED], level="error")
    assert world.expect(at=90).alert("auth").verdict is Verdict.KNOWN_GOOD


def test_a_replay_in_other_pieces_comes_to_the_same(world: World) -> None:
    world.at(0).logs("auth", LINES)
    world.at(60).learn()
    world.at(70).logs("auth", [OPENED, "session of 10.0.0.9 was dropped"])
    seen = world.expect(at=90)
    for limit in (1, 100):
        store = MemoryStore()
        engine = fold.recover(store)
        while fold.step(engine, seen.journal, store, limit=limit):
            fold.snapshot(engine, store)
            engine = fold.recover(store)
        assert contents(store) == contents(seen.store)
