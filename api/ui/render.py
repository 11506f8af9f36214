"""How does a page come out of a template? Autoescaped, with what every page shows in its header."""

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import escape
from starlette.responses import HTMLResponse

from aiops.backlog import behind
from aiops.domain.acts import Outcome
from aiops.domain.documents import OUTCOMES, RULES, SILENCES
from aiops.domain.rules import RuleStatus
from aiops.domain.words import how_many, percent, plural
from aiops.ports import Journal, View
from api import presenting
from api.desk import MOST_AT_ONCE, desk_of
from api.health import hidden, muting
from api.reading import lag
from api.undo import grouping

HERE = Path(__file__).parent
THEMES = ("light", "dark")
NOTHING_DONE = {  # in place of a command's id, where nothing was to be done
    "nothing": "Nothing was selected: tick at least one incident first.",
    "unread": "Nothing was read anew: no delivery of that time is kept.",
    "alone": "Nothing was merged: tick at least two incidents.",
}
# Characters that turn the order of text, or that nobody sees; joiners stay, for emoji and scripts that need them.
UNSEEN = {
    code: None
    for code in (
        0xAD,
        0x61C,
        0x180E,
        0x200B,
        0x200E,
        0x200F,
        0xFEFF,
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
        *range(0xFFF9, 0xFFFC),
        *range(0xE0000, 0xE0080),
    )
}


@dataclass(frozen=True)
class Chrome:
    """What the header of every page says."""

    now: datetime
    environment: str
    muting: int  # rules and silences that hide something
    hidden: int  # alerts they hide
    behind: float  # seconds that the engine is
    position: str  # up to which it has folded; empty: it has folded nothing
    theme: str  # empty: as the system says
    section: str
    url: str  # of this page, to come back to
    signed_in: bool
    did: "Did | None" = None

    @property
    def as_of(self) -> datetime:
        """What came in before is on the page."""
        return (self.now - timedelta(seconds=self.behind)).astimezone(UTC)


@dataclass(frozen=True)
class Did:
    """What became of the act that led to this page."""

    text: str
    good: bool
    undo: str = ""  # path of the form that takes it back
    waiting: str = ""  # URL that will say more: it is not known yet what became of the act


def chrome(request: Request, view: View, section: str) -> Chrome:
    """Gather the header from the same read as the page."""
    desk = desk_of(request)
    now, position = desk.clock(), view.position()
    return Chrome(
        now=now,
        environment=desk.settings.environment,
        muting=muting(view, desk),
        hidden=hidden(view),
        behind=behind(desk.journal, position, now),
        position=str(position or ""),
        theme=theme_of(request),
        section=section,
        url=here(request),
        signed_in=desk.settings.token_required,
        did=_did(request, view),
    )


def _did(request: Request, view: View) -> Did | None:
    command_id, number = request.query_params.get("did", ""), request.query_params.get("of", "")
    if command_id in NOTHING_DONE:
        return Did(NOTHING_DONE[command_id], good=False)
    did = what_was_done(view, desk_of(request).journal, command_id, number)
    if did is None or not did.waiting:
        return did
    if not lag(view.position(), desk_of(request).journal.last()):  # all is folded, and no outcome is among it
        return Did("Nothing is known of that act.", good=False)
    return replace(did, waiting=f"{request.url.path}?{request.url.query}")


def what_was_done(view: View, journal: Journal, command_id: str, number: str) -> Did | None:
    """Say what became of a command, or of ``number`` commands that share an id; None when the URL names none."""
    if not command_id:
        return None
    wanted = int(number) if number.isdecimal() and len(number) <= 4 and 1 < int(number) <= MOST_AT_ONCE else 1
    ids = [command_id, *(f"{command_id}-{index}" for index in range(1, wanted))]
    outcomes = view.many(OUTCOMES, ids)
    refused = [outcome for outcome in outcomes if not outcome.applied]
    if missing := len(ids) - len(outcomes):
        text = f"{missing} of {len(ids)} acts are still on the way" if wanted > 1 else "It is still on the way"
        return Did(text, good=True, waiting=command_id)
    if refused:
        done = f"{len(outcomes) - len(refused)} done, {len(refused)} refused: " if wanted > 1 else "Refused: "
        return Did(done + refused[0].text, good=False)
    last = outcomes[-1]
    text = last.text if wanted == 1 else f"{wanted} done; the last: {last.text}"
    return Did(text, good=True, undo=_undo(view, journal, last) if wanted == 1 else "")


def _undo(view: View, journal: Journal, outcome: Outcome) -> str:
    """Return the path of the form that takes back what the act did; empty: there is nothing to take back."""
    rule, silence = view.get(RULES, outcome.concerns), view.get(SILENCES, outcome.concerns)
    if grouping(journal, outcome) is not None:
        return f"/moves/{quote(outcome.command_id, safe='')}/undo"
    if rule and rule.status is RuleStatus.ACTIVE:
        return f"/rules/{quote(rule.id, safe='')}/end"
    if rule and rule.ended_by:
        return f"/rules/{quote(rule.id, safe='')}/enable"
    return f"/silences/{quote(silence.id, safe='')}/end" if silence and silence.ends_at > silence.starts_at else ""


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


def _seen(value: object) -> object:
    """Take out of a text what would turn its surroundings round; what is marked as exact stays."""
    return value.translate(UNSEEN) if type(value) is str and not value.isascii() else value


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return the templates: every text in them is escaped, a missing name is an error."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        finalize=_seen,
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
        "percent": percent,
        "matchers": presenting.matchers_text,
        "bounds": presenting.bounds,
        "broken": presenting.broken,
        "exact": escape,
        "number": how_many,
        "iso": lambda when: when.isoformat(timespec="seconds"),
    }
    made.globals |= {"plural": plural, "asset": asset}
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
