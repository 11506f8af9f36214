"""What is asked before something is muted, and what does the answer make?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import quote

import msgspec

from aiops.domain.acts import PutRule, PutSilence
from aiops.domain.alerts import Alert, Verdict
from aiops.domain.documents import ALERTS, TEMPLATES
from aiops.domain.errors import BadInput
from aiops.domain.matching import Matcher, Operator
from aiops.domain.rules import Threshold
from aiops.domain.words import plural
from aiops.ports import View
from api.acting import put_rule, put_silence
from api.bodies import Form
from api.errors import NotFound
from api.preview import preview
from api.preview_schemas import Preview
from api.reading import alert, episodes_of, incident
from api.requests import NewRule, NewSilence
from rules.check import proof

UNTIL: Mapping[str, timedelta] = {
    "1h": timedelta(hours=1),
    "2h": timedelta(hours=2),
    "8h": timedelta(hours=8),
    "1d": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
DAYS = 7  # that a preview looks back
ROWS = 4  # offered at least, so that one can be added without JavaScript


@dataclass(frozen=True)
class Row:
    """One matcher on the form."""

    used: bool
    field: str
    operator: str
    value: str


@dataclass(frozen=True)
class MuteForm:
    """The form as it was filled in so far."""

    rows: tuple[Row, ...]
    until: str
    reason: str
    owner: str
    sure: bool  # that criticals shall be hidden
    back: str
    preview: Preview | None = None
    problem: str = ""
    kind: str = "mute"  # or silence
    times: str = ""  # N of M: hides until so many
    of: str = ""  # of the last so many states
    within: str = ""  # minutes

    @property
    def doubt(self) -> str:
        """What must be confirmed before it is made; empty: nothing."""
        return doubt(self.preview) if self.preview else ""

    @property
    def matchers(self) -> tuple[Matcher, ...]:
        """The matchers that are ticked."""
        used = [row for row in self.rows if row.used and row.field]
        return tuple(Matcher(field=row.field, operator=Operator(row.operator), value=row.value) for row in used)


def offered(view: View, asked: Mapping[str, str], actor: str) -> MuteForm:
    """Return the form for an alert, an incident or a template, filled in as far as is known."""
    back = safe_back(asked.get("back", "/"))
    if "template" in asked:
        template = view.get(TEMPLATES, asked["template"])
        rows = [Row(True, "template", "=", template.text if template else "")]
        service = asked.get("service", "")
        rows += [Row(True, "entity", "=", service)] if service else []
        return _empty(rows, actor, back)
    found = _alert_of(view, asked)
    return _empty(_rows_of(found) if found else [], actor, back)


def _empty(rows: Sequence[Row], actor: str, back: str) -> MuteForm:
    blank = [Row(False, "", "=", "")] * max(1, ROWS - len(rows))
    return MuteForm((*rows, *blank), until="2h", reason="", owner=actor, sure=False, back=back)


def _alert_of(view: View, asked: Mapping[str, str]) -> Alert | None:
    """Return the alert meant, or the one that stands for most of the incident's members."""
    if "alert" in asked:
        return alert(view, asked["alert"])
    if "incident" not in asked:
        return None
    members = episodes_of(view, incident(view, asked["incident"]))
    kinds = [(episode.template_id, episode.entity.name) for episode in members]
    most = max(members, key=lambda episode: kinds.count((episode.template_id, episode.entity.name)), default=None)
    return view.get(ALERTS, most.fingerprint) if most else None


def shape_of(view: View, asked: Mapping[str, str]) -> str:
    """Return the template of the alert meant, or of most alerts of the incident meant."""
    found = _alert_of(view, asked)
    if found is None or not found.template_id:
        raise NotFound("there is no message whose shape could be labelled")
    return found.template_id


def _rows_of(found: Alert) -> list[Row]:
    """Offer the message's shape and the service; the title and severity, unticked."""
    return [
        Row(bool(found.template), "template", "=", found.template),
        Row(bool(found.entity.name), "entity", "=", found.entity.name),
        Row(not found.template, "title", "=", found.title),
        Row(False, "severity", "=", found.severity.value),
    ]


def filled(form: Form) -> MuteForm:
    """Read what was sent. Raises BadInput for an operator that is none."""
    fields, operators, values = form.all("field"), form.all("operator"), form.all("value")
    used = set(form.all("use"))
    if not len(fields) == len(operators) == len(values):
        raise BadInput(
            "field, operator and value do not come in threes", place="form", fix="send all three of each row"
        )
    unknown = [operator for operator in operators if operator not in set(Operator)]
    if unknown:
        raise BadInput(f"no such operator: {unknown[0]}", place="operator", fix="use = != =~ !~")
    rows = tuple(
        Row(str(number) in used, field.strip(), operator, value)
        for number, (field, operator, value) in enumerate(zip(fields, operators, values, strict=True))
    )
    until = form.get("until", "2h")
    return MuteForm(
        rows=rows,
        until=until if until in UNTIL else "2h",
        reason=form.get("reason"),
        owner=form.get("owner"),
        sure=form.get("sure") == "1",
        back=safe_back(form.get("back", "/")),
        kind=kind_of(form.get("kind")),
        times=form.get("times").strip(),
        of=form.get("of").strip(),
        within=form.get("within").strip(),
    )


def kind_of(text: str) -> str:
    """Return what is to be made: a mute unless a silence is asked for."""
    return "silence" if text == "silence" else "mute"


def with_preview(view: View, form: MuteForm, now: datetime) -> MuteForm:
    """Try the form's matchers on what fires and on the past days, or say why they cannot be."""
    if not form.matchers:
        return form
    try:
        return replace(form, preview=preview(view, form.matchers, past=(now, DAYS)))
    except BadInput as error:
        return replace(form, problem=f"{error.problem}; {error.fix}")


def act_of(form: MuteForm, seen: Preview, actor: str, key: str, now: datetime) -> PutRule | PutSilence:
    """Make the act that the form asks for. Hiding criticals, also those that there may be, must have been confirmed."""
    if not form.sure and (why := doubt(seen)):
        raise BadInput(why, place="matchers", fix="tick the box if that is meant")
    until = now + UNTIL[form.until]
    if form.kind == "mute":
        return mute(form, seen, until, actor, key, now)
    new = NewSilence(matchers=form.matchers, owner=form.owner, reason=form.reason, ends_at=until)
    return put_silence(new, key, now)


def mute(form: MuteForm, seen: Preview, until: datetime, actor: str, key: str, now: datetime) -> PutRule:
    """Make a known_good rule that expires, and hides nothing worse than what it hides now.

    Where it is about one node, it proves that it leaves others alone.
    """
    new = NewRule(
        verdict=Verdict.KNOWN_GOOD,
        matchers=form.matchers,
        owner=form.owner,
        reason=form.reason,
        expires=until,
        ceiling=seen.worst,
        threshold=threshold_of(form.times, form.of, form.within),
    )
    rule = put_rule(new, actor, key, now).rule
    return PutRule(rule=msgspec.structs.replace(rule, cases=proof(rule)))


def threshold_of(times: str, of: str, within: str) -> Threshold | None:
    """Read N of M as it was typed, ``within`` in minutes; None: all three fields are empty."""
    typed = (times, of, within)
    if not any(typed):
        return None
    if not all(one.isascii() and one.isdecimal() and len(one) < 6 for one in typed):
        raise BadInput("N of M is not said in whole", place="threshold", fix="give three whole numbers: 3 of 5 in 10")
    return Threshold(times=int(times), of=int(of), within=timedelta(minutes=int(within)))


def doubt(seen: Preview) -> str:
    """Say what must be confirmed first; empty: nothing."""
    if seen.critical:
        return f"it hides {plural(seen.critical, 'critical alert')}"
    if not seen.complete:
        return f"only {seen.looked_at:,} firing alerts were tried; it may hide critical ones too"
    past = seen.past
    if past and (past.known_bad_left or past.incidents_left):
        left = {"known bad alert": past.known_bad_left, "confirmed incident": past.incidents_left}
        said = " and ".join(plural(count, what) for what, count in left.items() if count)
        return f"{said} could not be looked through in time; it may hide them"
    return ""


def safe_back(text: str) -> str:
    """Return a path of this site; anything else becomes the list."""
    inside = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable()
    return text if inside else "/"


def quoted(back: str) -> str:
    """Write a way back as one parameter of a URL."""
    return quote(back, safe="")
