"""What do the forms of the pages do? Each acts, waits for the outcome and sends back to a page that says it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal
from urllib.parse import urlsplit
from uuid import uuid4

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from aiops.domain import acts
from aiops.domain.alerts import Verdict
from aiops.domain.errors import BadInput
from aiops.domain.events import Problem
from api.acting import accept_window, enable_rule, said
from api.bodies import Form, aside, form_of, read_body
from api.desk import Actor, Desk, DeskOf, desk_of
from api.reading import incident
from api.routes.services import read_topology
from api.ui import muting
from api.ui.render import THEMES, chrome, page
from api.ui.serving import services_page
from api.ui.triage import ListUrl, chosen_ids
from api.ui.windows import planned, windows
from correlation.topology import BadTopology

router = APIRouter(include_in_schema=False)
YEAR = 365 * 86_400
_TYPED = ("matchers", "starts", "ends", "zone", "recurs", "until", "reason", "owner")  # of the form of a window


async def _form(request: Request) -> Form:
    body = await read_body(request, desk_of(request).settings.max_body_bytes)
    return await aside(lambda: form_of(body), body)


FormOf = Annotated[Form, Depends(_form)]


def done(desk: Desk, wanted: Sequence[acts.Act], actor: str, back: str) -> Response:
    """Act, and go back to the page, which will say what became of it."""
    answers = desk.act_all(wanted, actor)
    return RedirectResponse(with_outcome(back, answers[0].command_id, len(answers)) if answers else back, 303)


def with_outcome(back: str, command_id: str, count: int = 1) -> str:
    """Return the URL ``back`` with the act that led there."""
    parts = urlsplit(muting.safe_back(back))
    kept = [part for part in parts.query.split("&") if part and not part.startswith(("did=", "of="))]
    more = [f"did={command_id}", *([f"of={count}"] if count > 1 else [])]
    return parts._replace(query="&".join([*kept, *more])).geturl()


@router.post("/act")
def act_on_many(desk: DeskOf, actor: Actor, form: FormOf) -> Response:
    """Do one thing to the chosen incidents, or to all that the list's URL matches."""
    back = muting.safe_back(form.get("back", "/"))
    with desk.view() as view:
        ids = chosen_ids(view, form.all("id"), ListUrl.of(back) if form.get("all") else None)
    if not ids:
        return RedirectResponse(with_outcome(back, "nothing"), 303)
    if form.get("act") == "mute":
        return RedirectResponse(f"/mute?incident={ids[0]}&back={muting.quoted(back)}", 303)
    wanted = [one_act(form, id_, ids[0]) for id_ in ids if not _itself(form, id_, ids)]
    return done(desk, wanted, actor, back) if wanted else RedirectResponse(with_outcome(back, "alone"), 303)


def _itself(form: Form, incident_id: str, ids: Sequence[str]) -> bool:
    return form.get("act") == "merge" and incident_id == ids[0]


@router.post("/incidents/{key}/act")
def act_on_one(desk: DeskOf, actor: Actor, form: FormOf, key: str) -> Response:
    """Do one thing to one incident."""
    with desk.view() as view:
        id_ = incident(view, key).incident_id
    return done(desk, [one_act(form, id_)], actor, form.get("back") or f"/incidents/{key}")


def one_act(form: Form, incident_id: str, first: str = "") -> acts.Act:
    """Read the act that the pressed button names."""
    text = form.get("text")
    match form.get("act"):
        case "acknowledge":
            return acts.Acknowledge(incident_id=incident_id)
        case "assign":
            return acts.Assign(incident_id=incident_id, assignee=form.get("assignee"))
        case "comment":
            return acts.Comment(incident_id=incident_id, text=said(text, "comment"))
        case "resolve":
            return acts.Resolve(incident_id=incident_id, text=text)
        case _:
            return _rarer_act(form, incident_id, first)


def _rarer_act(form: Form, incident_id: str, first: str) -> acts.Act:
    match form.get("act"):
        case "close":
            return acts.Close(incident_id=incident_id)
        case "reopen":
            return acts.Reopen(incident_id=incident_id)
        case "cause":
            return acts.ConfirmCause(incident_id=incident_id, entity=form.get("entity"))
        case "merge":
            return acts.Merge(incident_id=first, other_id=incident_id)
        case other:
            raise BadInput(f"no such act: {other!r}", place="act", fix="use a button of the page")


@router.post("/mute")
def mute(request: Request, desk: DeskOf, actor: Actor, form: FormOf) -> Response:
    """Show what it would hide, or mute."""
    key = str(uuid4())
    filled = muting.filled(form)
    with desk.view() as view:
        top = chrome(request, view, "rules")
        shown = muting.with_preview(view, filled, top.now)
    if form.get("do") == "mute" and shown.preview:
        try:
            act = muting.act_of(shown, shown.preview, actor, key, top.now)
        except BadInput as error:
            shown = replace(shown, problem=f"{error.place}: {error.problem}; {error.fix}")
        else:
            answered = desk.act(act, actor, key)
            return RedirectResponse(with_outcome(shown.back, answered.command_id), 303)
    return page("mute.html", 200, top=top, form=shown, choices=muting.UNTIL)


@router.post("/rules/{rule_id}/end")
def end_rule(desk: DeskOf, actor: Actor, form: FormOf, rule_id: str) -> Response:
    """End a rule now; also the undo of a mute."""
    return done(desk, [acts.EndRule(rule_id=rule_id)], actor, form.get("back", "/rules"))


@router.post("/rules/{rule_id}/enable")
def enable(desk: DeskOf, actor: Actor, form: FormOf, rule_id: str) -> Response:
    """Have a rule back that was ended."""
    with desk.view() as view:
        act = enable_rule(view, rule_id)
    return done(desk, [act], actor, form.get("back", "/rules"))


@router.post("/silences/{silence_id}/end")
def end_silence(desk: DeskOf, actor: Actor, form: FormOf, silence_id: str) -> Response:
    """End a silence now."""
    return done(desk, [acts.EndSilence(silence_id=silence_id)], actor, form.get("back", "/rules"))


@router.post("/windows")
def plan_window(request: Request, desk: DeskOf, actor: Actor, form: FormOf) -> Response:
    """Plan maintenance; what cannot be read is shown again, to be mended."""
    key = str(uuid4())
    try:
        act = planned(form, key)
    except BadInput as error:
        problem = f"{error.place}: {error.problem}; {error.fix}"
        with desk.view() as view:
            top = chrome(request, view, "rules")
            shown = windows(view, top.now, problem, {name: form.get(name) for name in _TYPED})
        return page("windows.html", 200, top=top, page=shown)
    return RedirectResponse(with_outcome("/windows", desk.act(act, actor, key).command_id), 303)


@router.post("/windows/{window_id}/accept")
def accept(desk: DeskOf, actor: Actor, form: FormOf, window_id: str) -> Response:
    """Accept what a change ticket asked for."""
    with desk.view() as view:
        act = accept_window(view, window_id)
    return done(desk, [act], actor, form.get("back") or "/windows")


@router.post("/windows/{window_id}/end")
def end_window(desk: DeskOf, actor: Actor, form: FormOf, window_id: str) -> Response:
    """End a maintenance window now."""
    return done(desk, [acts.EndWindow(window_id=window_id)], actor, form.get("back") or "/windows")


@router.post("/inhibitions/{inhibition_id}/end")
def end_inhibition(desk: DeskOf, actor: Actor, form: FormOf, inhibition_id: str) -> Response:
    """End an inhibition now."""
    return done(desk, [acts.EndInhibition(inhibition_id=inhibition_id)], actor, form.get("back") or "/windows")


@router.post("/templates/{template_id}/label")
def label(desk: DeskOf, actor: Actor, form: FormOf, template_id: str) -> Response:
    """Give a template a verdict."""
    verdict = form.get("verdict")
    if verdict not in set(Verdict):
        raise BadInput(f"no such verdict: {verdict!r}", place="verdict", fix=f"use one of {', '.join(Verdict)}")
    days = form.get("days", "30")
    act = acts.LabelTemplate(
        template_id=template_id,
        verdict=Verdict(verdict),
        reason=said(form.get("reason"), "reason"),
        days=int(days) if days.isdecimal() and len(days) < 5 else 30,
        threshold=muting.threshold_of(*(form.get(name).strip() for name in ("times", "of", "within"))),
    )
    return done(desk, [act], actor, form.get("back", "/patterns"))


@router.post("/services/import")
def import_services(request: Request, desk: DeskOf, actor: Actor, form: FormOf) -> Response:
    """Replace the service graph by what was pasted; what cannot be read is shown again, to be mended."""
    pasted = form.get("services")
    try:
        topology = read_topology(pasted.encode("utf-8", "surrogatepass"), "services")
    except BadTopology as error:
        return services_page(request, desk, pasted=pasted, problems=error.problems)
    except BadInput as error:
        problem = Problem(place=error.place, problem=error.problem, fix=error.fix)
        return services_page(request, desk, pasted=pasted, problems=[problem])
    return done(desk, [acts.ImportTopology(topology=topology)], actor, "/services")


@router.post("/edges/{edge_id}/{verdict}")
def judge_edge(desk: DeskOf, actor: Actor, edge_id: str, verdict: Literal["accept", "reject"]) -> Response:
    """Make a proposed edge part of the graph, or say that it is none."""
    act = acts.AcceptEdge(edge_id=edge_id) if verdict == "accept" else acts.RejectEdge(edge_id=edge_id)
    return done(desk, [act], actor, "/services#proposals")


@router.post("/theme")
def choose_theme(form: FormOf) -> Response:
    """Remember light or dark in a cookie."""
    answer = RedirectResponse(muting.safe_back(form.get("back", "/")), 303)
    theme = form.get("theme")
    if theme in THEMES:
        answer.set_cookie("theme", theme, max_age=YEAR, samesite="lax", httponly=True)
    return answer
