"""How does a person give their word on proposed rules, and look at what rules hid, from the command line?"""

from typing import Annotated

import typer

from aiops.cli.chatter import say
from aiops.cli.output import Columns, Format, Output, show
from aiops.cli.session import client
from aiops.domain.alerts import Alert
from aiops.domain.words import plural
from api.requests import TextBody
from api.rule_schemas import AcceptBody, SampleList, Suggestion, SuggestionList

_Id = Annotated[str, typer.Argument(metavar="ID")]


def columns() -> Columns[Suggestion]:
    """Return what a list of proposals shows."""
    return {
        "Id": lambda one: one.rule.id,
        "Verdict": lambda one: one.rule.verdict,
        "Matches": lambda one: " or ".join(" ".join(map(str, way)) for way in one.rule.ways),
        "Evidence": lambda one: one.rule.reason,
        "Tested": lambda one: one.tested,
        "Shadow": lambda one: one.shadow,
        "Waits for": lambda one: one.waits or ("" if one.rule.status == "rejected" else "you"),
    }


def listed(
    context: typer.Context,
    rejected: Annotated[bool, typer.Option(help="Those that nobody wanted.")] = False,
    output: Output = Format.TABLE,
) -> None:
    """List proposed rules with what speaks for them, how they were tested and what they met in shadow."""
    with client(context) as one:
        page = one.get("/api/rules/suggestions", SuggestionList, {"status": ["rejected"] if rejected else []})
    show(page.items, columns(), output)
    say(plural(page.total, "proposal"))


def accept(
    context: typer.Context,
    rule_id: _Id,
    days: Annotated[int, typer.Option(min=1, help="Until it expires, or is reviewed.")] = 30,
) -> None:
    """Let a proposed rule decide from now on."""
    with client(context) as one:
        print(one.act("POST", f"/api/rules/{rule_id}/accept", AcceptBody(days=days)).text)


def reject(context: typer.Context, rule_id: _Id, reason: Annotated[str, typer.Option(help="Why.")] = "") -> None:
    """Say that nobody wants such a rule: it is not proposed again."""
    with client(context) as one:
        print(one.act("POST", f"/api/rules/{rule_id}/reject", TextBody(text=reason)).text)


def sampled(context: typer.Context, output: Output = Format.TABLE) -> None:
    """List 2 % of what rules hid, to be looked at: was it right to hide it?"""
    with client(context) as one:
        page = one.get("/api/rules/sample", SampleList)
    rows = [(item.rule.id, alert) for item in page.items for alert in item.alerts]
    shown: Columns[tuple[str, Alert]] = {
        "Rule": lambda row: row[0],
        "Severity": lambda row: row[1].severity,
        "Entity": lambda row: row[1].entity.name,
        "Alert": lambda row: row[1].title,
        "Last seen": lambda row: row[1].last_seen,
        "Fingerprint": lambda row: row[1].fingerprint,
    }
    show(rows, shown, output)
    say(f"{plural(len(rows), 'alert')} of {plural(page.total, 'rule')}")
