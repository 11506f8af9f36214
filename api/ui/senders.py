"""What do the forms about senders do? Mappings, settings, dead-man switches, test alerts, reading anew."""

from collections.abc import Callable
from typing import TypeVar

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from aiops.domain import acts
from aiops.domain.entries import Position
from aiops.domain.errors import BadInput
from aiops.domain.matching import parse_matcher
from aiops.domain.senders import source_name
from api import mapped
from api.desk import Actor, DeskOf
from api.routes.senders import settings_of, watch_of
from api.sender_schemas import SettingsBody, WatchBody, duration
from api.ui import integrations
from api.ui.forms import FormOf, done, with_outcome
from api.ui.mappings import savable, shown, told
from api.ui.render import chrome, page

N = TypeVar("N", int, float)

router = APIRouter(include_in_schema=False)
MOST_PARTS = 20  # of what is read anew by one press of the button; the command line goes on for as long as it takes


@router.get("/integrations")
def show_integrations(request: Request, desk: DeskOf) -> HTMLResponse:
    """How each sender delivers, and what came."""
    asked = request.query_params
    sent = Position.parse(asked.get("sent", ""))
    chosen = source_name(asked["source"]) if asked.get("source") else ""
    with desk.view() as view:
        top = chrome(request, view, "integrations")
        found = integrations.integrations_page(view, desk, str(request.base_url), top.now, str(sent or ""), chosen)
    return page("integrations.html", top=top, page=found)


@router.post("/integrations/{source}/test")
def send_test(desk: DeskOf, source: str) -> Response:
    """Deliver a test alert, the same way as everyone's."""
    position = desk.journal.append([integrations.test_delivery(source_name(source), desk.clock())])[-1]
    desk.store.wait(position, desk.settings.command_wait)
    return RedirectResponse(f"/integrations?sent={position}", 303)


@router.post("/integrations/{source}/settings")
def set_source(desk: DeskOf, actor: Actor, form: FormOf, source: str) -> Response:
    """Set what holds for a source."""
    body = SettingsBody(
        expire_after=form.get("expire_after"),
        rate=_number(form.get("rate"), "rate", float) if form.get("rate") else None,
        burst=_number(form.get("burst") or "100", "burst", int),
    )
    act = acts.SetSource(settings=settings_of(source, body))
    return done(desk, [act], actor, f"/integrations?source={source_name(source)}")


@router.post("/watches")
def put_watch(desk: DeskOf, actor: Actor, form: FormOf) -> Response:
    """Watch a source, or an alert by its matchers."""
    about = form.get("about")
    matches = any(sign in about for sign in "=~!")
    body = WatchBody(
        source="" if matches else about,
        matchers=tuple(parse_matcher(part.strip(), "about") for part in about.split(",")) if matches else (),
        every=form.get("every"),
        owner=form.get("owner"),
    )
    return done(desk, [acts.PutWatch(watch=watch_of(body))], actor, "/integrations")


@router.post("/watches/{watch_id}/end")
def end_watch(desk: DeskOf, actor: Actor, watch_id: str) -> Response:
    """Watch no longer."""
    return done(desk, [acts.EndWatch(watch_id=watch_id)], actor, "/integrations")


@router.get("/mappings")
def show_mappings(request: Request, desk: DeskOf) -> HTMLResponse:
    """The editor, and what is in force."""
    asked = request.query_params.get("source", "")
    return _editor(request, desk, source_name(asked) if asked else "")


@router.post("/mappings")
def edit_mapping(request: Request, desk: DeskOf, actor: Actor, form: FormOf) -> Response:
    """Show what the text would read, or save it."""
    text = next(iter(form.all("text")), "").replace("\r\n", "\n")
    found = shown(desk, "", text)
    refused = savable(found)
    if form.get("do") != "save" or found.problem or (refused and not form.get("force")):
        source = found.preview.source if found.preview else ""
        return _editor(request, desk, source, text, refused if form.get("do") == "save" else None)
    source = found.preview.source if found.preview else ""
    return done(desk, [acts.PutMapping(text=text)], actor, f"/mappings?source={source}")


@router.post("/mappings/{source}/end")
def end_mapping(desk: DeskOf, actor: Actor, source: str) -> Response:
    """Read the source without a mapping."""
    return done(desk, [acts.EndMapping(source=source_name(source))], actor, f"/mappings?source={source_name(source)}")


@router.post("/mappings/{source}/reparse")
def reparse(desk: DeskOf, actor: Actor, form: FormOf, source: str) -> Response:
    """Read kept deliveries anew, part by part, for as long as a press of a button may take."""
    name = source_name(source)
    since, cursor, back = desk.clock() - duration(form.get("since"), "since"), "", f"/mappings?source={name}"
    command_id = "unread"
    for _ in range(MOST_PARTS):
        with desk.view() as view:
            part = mapped.chunk(view, desk.journal, name, since, cursor)
            based_on = view.position() or Position(0, 0)
        if part.kept:
            answer = desk.act(acts.Reparse(source=name, based_on=based_on, kept=part.kept), actor)
            command_id = answer.command_id
            if answer.outcome is None or not answer.outcome.applied:
                break
        cursor = part.next
        if not cursor:
            break
    return RedirectResponse(with_outcome(back, command_id), 303)


def _editor(
    request: Request, desk: DeskOf, source: str, text: str = "", refused: BadInput | None = None
) -> HTMLResponse:
    found = shown(desk, source, text)
    with desk.view() as view:
        top = chrome(request, view, "integrations")
    problem = found.problem or refused
    code = 400 if problem else 200
    return page(
        "mappings.html", code, top=top, page=found, problem=problem, refused=refused and not found.problem, told=told
    )


def _number(text: str, name: str, kind: Callable[[str], N]) -> N:
    try:
        return kind(text)
    except ValueError as error:
        raise BadInput(f"{text!r} is no number", place=name, fix="write a number such as 20") from error
