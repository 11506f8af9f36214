"""How does what a person writes become an act, and the outcome an answer?"""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import Response

from aiops.domain.acts import Act, PutRule, PutSilence
from aiops.domain.base import stable_hash
from aiops.domain.errors import BadInput
from aiops.domain.rules import Rule, Silence
from api.desk import Answer, DeskOf, actor_of
from api.errors import ProblemDetails, problem_response
from api.filters import zoned
from api.openapi import reply
from api.preview import check
from api.requests import NewRule, NewSilence
from api.schemas import Accepted

LONGEST_KEY = 200


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
    check(new.matchers)
    rule = Rule(
        id=new.id or f"rule-{stable_hash(key)[:10]}",
        verdict=new.verdict,
        matchers=new.matchers,
        owner=said(new.owner, "owner"),
        reason=said(new.reason, "reason"),
        expires=zoned(new.expires, "expires") if new.expires else None,
        review=zoned(new.review, "review") if new.review else None,
        ceiling=new.ceiling,
        priority=new.priority,
        cases=new.cases,
        created_by=actor,
        created_at=now,
    )
    return PutRule(rule=rule)


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


def said(text: str, name: str) -> str:
    """Refuse what was left empty."""
    if not text.strip():
        raise BadInput("is empty", place=name, fix=f"say the {name}")
    return text.strip()
