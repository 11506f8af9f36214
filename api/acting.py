"""How does what a person writes become an act, and the outcome an answer?"""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

import msgspec
from fastapi import Depends, Request
from starlette.responses import Response

from aiops.domain.acts import Act, PutInhibition, PutRule, PutRunbook, PutSilence, PutWindow
from aiops.domain.base import stable_hash
from aiops.domain.documents import RULE_CHANGES, RULES, WINDOWS
from aiops.domain.errors import BadInput
from aiops.domain.queries import Query
from aiops.domain.rules import Inhibition, Rule, RuleStatus, Silence, Window
from aiops.domain.runbooks import Runbook
from aiops.ports import View
from api.desk import Answer, DeskOf, actor_of
from api.errors import NotFound, ProblemDetails, problem_response
from api.filters import zoned
from api.openapi import reply
from api.preview import check, ways_of
from api.requests import NewInhibition, NewRule, NewRunbook, NewSilence, NewWindow
from api.schemas import Accepted
from rules.runbooks import faults

LONGEST_KEY = 200
_BEGINS = (RuleStatus.ACTIVE, RuleStatus.SHADOW, RuleStatus.PROPOSED)


class Acting:
    """One request's way to act: who, under which id."""

    def __init__(self, request: Request, desk: DeskOf) -> None:
        self._desk = desk
        self.actor = actor_of(request)
        self.key = request.headers.get("idempotency-key", "")[:LONGEST_KEY]

    def do(self, act: Act) -> Response:
        """Act, and answer a program with what became of it."""
        return answer(self._desk.act(act, self.actor, self.key))


ActingOf = Annotated[Acting, Depends(Acting)]


def answer(answered: Answer) -> Response:
    """200 with the outcome, 409 when it was refused, 202 with a link when it is not known yet."""
    outcome = answered.outcome
    if outcome is None:
        where = f"/api/commands/{answered.command_id}"
        return reply(Accepted(command_id=answered.command_id, outcome=where), 202, {"Location": where})
    if not outcome.applied:
        return problem_response(ProblemDetails(title=HTTPStatus.CONFLICT.phrase, status=409, detail=outcome.text))
    return reply(outcome)


def put_rule(new: NewRule, actor: str, key: str, now: datetime) -> PutRule:
    """Make the act of adding a rule; the id follows from ``key``, so that a repeat is the same rule."""
    ways_of(new.matchers, new.any_of)
    if new.status not in _BEGINS:
        raise BadInput(f"{new.status} is no beginning", place="status", fix=f"say {', '.join(_BEGINS)}")
    rule = Rule(
        id=new.id or f"rule-{stable_hash(key)[:10]}",
        verdict=new.verdict,
        matchers=new.matchers,
        any_of=new.any_of,
        owner=said(new.owner, "owner"),
        reason=said(new.reason, "reason"),
        expires=zoned(new.expires, "expires") if new.expires else None,
        review=zoned(new.review, "review") if new.review else None,
        ceiling=new.ceiling,
        priority=new.priority,
        threshold=new.threshold,
        envelope=new.envelope,
        any_shape=new.any_shape,
        cases=new.cases,
        pack=new.pack,
        status=new.status,
        created_by=actor,
        created_at=now,
    )
    return PutRule(rule=rule)


def enable_rule(view: View, rule_id: str) -> PutRule:
    """Make the act of having a rule back as it was before it was ended. NotFound | BadInput."""
    found = view.get(RULES, rule_id)
    if found is None or found.status not in (RuleStatus.EXPIRED, RuleStatus.REJECTED):
        raise NotFound(f"no rule {rule_id} has ended")
    query = Query(where={"kind": ("rule",), "concerns": (rule_id,)}, order=("-at", "-change"), limit=1)
    last = next(iter(view.find(RULE_CHANGES, query).items), None)
    if last is None or not last.before:
        raise BadInput("what it said is kept no longer", place=f"rule {rule_id}", fix="add it anew")
    return PutRule(rule=msgspec.json.decode(last.before, type=Rule))


def put_silence(new: NewSilence, key: str, now: datetime) -> PutSilence:
    """Make the act of adding a silence."""
    check(new.matchers)
    silence = Silence(
        id=new.id or f"silence-{stable_hash(key)[:10]}",
        matchers=new.matchers,
        owner=said(new.owner, "owner"),
        reason=said(new.reason, "reason"),
        starts_at=zoned(new.starts_at, "starts_at") if new.starts_at else now,
        ends_at=zoned(new.ends_at, "ends_at"),
        created_at=now,
    )
    return PutSilence(silence=silence)


def put_window(new: NewWindow, key: str) -> PutWindow:
    """Make the act of planning maintenance."""
    check(new.matchers)
    window = Window(
        id=new.id or f"window-{stable_hash(key)[:10]}",
        matchers=new.matchers,
        owner=said(new.owner, "owner"),
        reason=said(new.reason, "reason"),
        starts_at=zoned(new.starts_at, "starts_at"),
        ends_at=zoned(new.ends_at, "ends_at"),
        recurs=new.recurs.strip(),
        zone=new.zone,
        until=zoned(new.until, "until") if new.until else None,
        ticket=new.ticket,
    )
    return PutWindow(window=window)


def accept_window(view: View, window_id: str) -> PutWindow:
    """Make the act of accepting a window that was proposed."""
    found = view.get(WINDOWS, window_id)
    if found is None or found.status is not RuleStatus.PROPOSED:
        raise NotFound(f"no window {window_id} is proposed")
    return PutWindow(window=msgspec.structs.replace(found, status=RuleStatus.ACTIVE))


def put_runbook(new: NewRunbook, key: str) -> PutRunbook:
    """Make the act of adding a runbook. BadInput says what keeps it from being of use."""
    runbook = Runbook(
        id=new.id or f"runbook-{stable_hash(key)[:10]}",
        name=said(new.name, "name"),
        owner=said(new.owner, "owner"),
        url=new.url.strip(),
        text=new.text.strip(),
        alerts=new.alerts,
        matchers=new.matchers,
        pack=new.pack,
    )
    for problem in faults(runbook):
        raise BadInput(problem.problem, place=problem.place, fix=problem.fix)
    return PutRunbook(runbook=runbook)


def put_inhibition(new: NewInhibition, key: str) -> PutInhibition:
    """Make the act of adding an inhibition."""
    check(new.source)
    check(new.target)
    inhibition = Inhibition(
        id=new.id or f"inhibition-{stable_hash(key)[:10]}",
        source=new.source,
        target=new.target,
        equal=new.equal,
        owner=said(new.owner, "owner"),
        reason=said(new.reason, "reason"),
        expires=zoned(new.expires, "expires"),
    )
    return PutInhibition(inhibition=inhibition)


def said(text: str, name: str) -> str:
    """Refuse what was left empty."""
    if not text.strip():
        raise BadInput("is empty", place=name, fix=f"say the {name}")
    return text.strip()
