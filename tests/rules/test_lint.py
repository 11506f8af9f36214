"""Findings: what a person should look at, and nothing else."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from aiops.domain.alerts import Verdict
from aiops.domain.matching import Matcher, Operator
from aiops.domain.rules import Case, Cases, Rule, RuleStatus, Silence
from rules.lint import lint
from tests.builders import T0

DAY = timedelta(days=1)
SOUND = Rule(
    id="r",
    verdict=Verdict.KNOWN_GOOD,
    matchers=(Matcher(field="service", value="db"),),
    owner="noc",
    reason="x",
    expires=T0 + 30 * DAY,
    created_at=T0 - 30 * DAY,
    hits=4,
    cases=Cases(no_match=(Case(labels={"service": "web"}),)),
)
QUIET = Silence(
    id="s", matchers=SOUND.matchers, owner="ana", reason="x", starts_at=T0 - 2 * DAY, ends_at=T0 + 2 * DAY, hits=1
)


def test_a_sound_rule_and_silence_have_no_findings() -> None:
    assert lint([SOUND], [QUIET], T0) == []


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"status": RuleStatus.EXPIRED}, "expired"),
        ({"expires": T0}, "expired"),
        ({"expires": T0 + 3 * DAY}, "expiring"),
        ({"expires": None, "review": T0 - DAY}, "review"),
        ({"hits": 0}, "never_hit"),
        ({"cases": Cases()}, "no_negative_case"),
        ({"unseen": ("servcie",)}, "unseen_field"),
        ({"matchers": (Matcher(field="service", operator=Operator.REGEX, value="d.*"),)}, "costly"),
    ],
)
def test_what_needs_an_eye_is_found(changes: dict[str, Any], kind: str) -> None:
    (finding,) = lint([msgspec.structs.replace(SOUND, **changes)], [], T0)
    assert (finding.id, finding.kind) == ("r", kind)
    assert finding.text


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({"ends_at": T0 + DAY / 2}, ["expiring"]),
        ({"hits": 0}, ["never_hit"]),
        ({"hits": 0, "starts_at": T0 - DAY / 24}, []),  # too young to tell
        ({"hits": 0, "ends_at": T0}, []),
    ],
)
def test_silences_are_looked_at_while_they_last(changes: dict[str, Any], kinds: list[str]) -> None:
    assert [finding.kind for finding in lint([], [msgspec.structs.replace(QUIET, **changes)], T0)] == kinds


def test_how_far_ahead_is_for_the_caller_to_say() -> None:
    assert [finding.kind for finding in lint([SOUND], [], T0, soon=40 * DAY)] == ["expiring"]
