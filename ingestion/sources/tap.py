"""What does the Test Anything Protocol (12 to 14, also ``node --test``) say, in our words?"""

from collections.abc import Iterator
from datetime import datetime

from aiops.domain.entries import Delivery
from aiops.domain.errors import BadInput
from aiops.domain.events import Parsed
from ingestion.reading.tested import Case, Outcome, report

NAME = "tap"


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one test Event. A point whose subtests were counted is their sum, not one more test."""
    text = delivery.body.decode("utf-8", "replace")
    cases = list(_cases(text.splitlines()))
    if not cases and "1..0" not in text:
        raise BadInput("no test points", place="body", fix="send TAP: lines 'ok 1 - name' and 'not ok 2 - name'")
    return Parsed(events=(report(delivery.source, received_at, delivery.query.get("service", ""), cases),))


def _cases(lines: list[str]) -> Iterator[Case]:
    """Subtests come before their parent and stand further right, under a comment that names it."""
    named: dict[int, str] = {}  # indentation -> the subtest that is open there
    counted: dict[int, int] = {}  # indentation -> points that came at it since its parent's last point
    detail = False
    for line in lines:
        text = line.lstrip()
        depth = len(line) - len(text)
        if text in ("---", "..."):
            detail = text == "---"
        elif detail:
            continue
        elif text.startswith("# Subtest: "):
            named[depth] = _unescaped(text[11:])
        elif text.startswith(("ok", "not ok")) and (case := _case(text, depth, named)):
            below = [deeper for deeper in counted if deeper > depth and counted[deeper]]
            counted[depth] = counted.get(depth, 0) + 1
            if not below:
                yield case
            for deeper in below:
                counted[deeper] = 0


def _case(text: str, depth: int, named: dict[int, str]) -> Case | None:
    failed = text.startswith("not ")
    rest = text[6 if failed else 2 :]
    if rest and not rest.startswith(" "):
        return None
    name, directive = _directive(rest.strip())
    number, _, said = name.partition(" ")
    name = _unescaped((said if number.isdecimal() else name).removeprefix("- ").strip() or number)
    above = [named[indent] for indent in sorted(named) if indent < depth]
    outcome = Outcome.FAILED if failed else Outcome.PASSED
    if directive.startswith("skip"):
        outcome = Outcome.SKIPPED
    elif directive.startswith("todo"):
        outcome = Outcome.TODO
    return Case(" > ".join([*above, name]), outcome)


def _directive(rest: str) -> tuple[str, str]:
    """Part at a `` # `` that is not escaped; what follows is SKIP, TODO or a remark."""
    at = rest.rfind(" # ")
    return (rest[:at], rest[at + 3 :].strip().lower()) if at >= 0 else (rest, "")


def _unescaped(text: str) -> str:
    return text.replace("\\#", "#").replace("\\\\", "\\").strip()
