"""How does a page come out of a template? Autoescaped, with what every page shows in its header."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from aiops.domain.changes import OUTCOMES, RULES
from aiops.domain.rules import RuleStatus
from aiops.ports import View
from api import presenting
from api.desk import MOST_AT_ONCE, desk_of
from api.health import hidden, muting
from api.reading import lag

HERE = Path(__file__).parent
THEMES = ("light", "dark")


@dataclass(frozen=True)
class Chrome:
    """What the header of every page says."""

    now: datetime
    environment: str
    muting: int  # rules and silences that hide something
    hidden: int  # alerts they hide
    lag: int
    theme: str  # empty: as the system says
    section: str
    url: str  # of this page, to come back to
    signed_in: bool
    did: "Did | None" = None


@dataclass(frozen=True)
class Did:
    """What became of the act that led to this page."""

    text: str
    good: bool
    undo: str = ""  # id of the rule that can be ended again


def chrome(request: Request, view: View, section: str) -> Chrome:
    """Gather the header from the same read as the page."""
    desk = desk_of(request)
    return Chrome(
        now=desk.clock(),
        environment=desk.settings.environment,
        muting=muting(view, desk),
        hidden=hidden(view),
        lag=lag(view.position(), desk.journal.last()),
        theme=theme_of(request),
        section=section,
        url=here(request),
        signed_in=desk.settings.token_required,
        did=what_was_done(view, request.query_params.get("did", ""), request.query_params.get("of", "")),
    )


def what_was_done(view: View, command_id: str, number: str) -> Did | None:
    """Say what became of a command, or of ``number`` commands that share an id; None when the URL names none."""
    if not command_id:
        return None
    wanted = int(number) if number.isdecimal() and 1 < int(number[:4]) <= MOST_AT_ONCE else 1
    ids = [command_id, *(f"{command_id}-{index}" for index in range(1, wanted))]
    outcomes = view.many(OUTCOMES, ids)
    refused = [outcome for outcome in outcomes if not outcome.applied]
    if len(outcomes) < len(ids):
        return Did(f"{len(ids) - len(outcomes)} of {len(ids)} still on the way", good=True)
    if refused:
        done = f"{len(outcomes) - len(refused)} done, {len(refused)} refused: " if wanted > 1 else "Refused: "
        return Did(done + refused[0].text, good=False)
    last = outcomes[-1]
    rule = view.get(RULES, last.concerns)
    undo = rule.id if rule and rule.status is RuleStatus.ACTIVE and wanted == 1 else ""
    return Did(last.text if wanted == 1 else f"{wanted} done; the last: {last.text}", good=True, undo=undo)


def theme_of(request: Request) -> str:
    """Return the theme that was chosen; empty: none was."""
    theme = request.cookies.get("theme", "")
    return theme if theme in THEMES else ""


def here(request: Request) -> str:
    """Return this page's own URL without what only the last act added."""
    query = "&".join(part for part in request.url.query.split("&") if part and not part.startswith(("did=", "of=")))
    return request.url.path + (f"?{query}" if query else "")


def page(template: str, code: int = 200, **context: object) -> HTMLResponse:
    """Render a page."""
    html = environment().get_template(template).render(**context)
    return HTMLResponse(html, code, {"cache-control": "no-store"})  # going back must not show what was true before


def piece(template: str, **context: object) -> str:
    """Render a part of a page."""
    return environment().get_template(template).render(**context)


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return the templates: every text in them is escaped, a missing name is an error."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "ago": presenting.ago,
        "due": presenting.due,
        "clock": presenting.clock,
        "span": presenting.span,
        "percent": presenting.percent,
        "matchers": presenting.matchers_text,
        "number": lambda count: f"{count:,}",
        "iso": lambda when: when.isoformat(timespec="seconds"),
    }
    made.globals |= {"plural": presenting.plural, "asset": asset}
    return made


def asset(name: str) -> str:
    """Return the URL of a static file: its folder is named after the content of them all."""
    return f"/static/{_digest()}/{name}"


@lru_cache(maxsize=1)
def _digest() -> str:
    digest = hashlib.blake2b(digest_size=5)
    for file in sorted((HERE / "static").iterdir()):
        digest.update(file.read_bytes())
    return digest.hexdigest()
