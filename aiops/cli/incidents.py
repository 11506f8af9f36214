"""How does one work on incidents from the command line?"""

import shlex
import time
from collections.abc import Mapping
from typing import Annotated

import typer

from aiops.cli.chatter import say
from aiops.cli.output import Columns, Format, Limit, Output, show, show_one, when
from aiops.cli.session import client
from aiops.cli.shape import examples, family
from aiops.client import Client
from aiops.domain.incidents import Candidate, Division, Incident
from aiops.domain.words import how_many, plural
from api.incident_schemas import IncidentDetail, IncidentList, SimilarIncidents
from api.similar import in_short

app = family("List incidents and work on them.", examples("incidents", "incidents ack 12"))
Key = Annotated[str, typer.Argument(metavar="ID", help="Number (12) or id.")]
All = Annotated[bool, typer.Option("--all", help="Also those that are resolved, closed or merged.")]
Service = Annotated[list[str] | None, typer.Option(help="Only with alerts of this service; repeatable.")]
Why = Annotated[str, typer.Option("--text", help="Why.")]
Alerts = Annotated[list[str], typer.Argument(metavar="ALERT...", help="Ids of its episodes, or fingerprints.")]
Query = Annotated[str, typer.Option("--text", help="Only with these words in title or services.")]


def columns() -> Columns[Incident]:
    """Return what a list of incidents shows."""
    return {
        "#": lambda incident: incident.number,
        "Severity": lambda incident: incident.severity,
        "Status": lambda incident: incident.status,
        "Incident": lambda incident: incident.title,
        "Root cause": cause_of,
        "Alerts": lambda incident: incident.alerts,
        "Services": lambda incident: incident.services_total,
        "Opened": lambda incident: incident.opened_at,
        "Assignee": lambda incident: incident.assignee,
    }


def cause_of(incident: Incident) -> str:
    """Return the first candidate, as a list shows it; how likely it is, unless the engine abstains."""
    first = next(iter(incident.candidates), None)
    if first is None:
        return "-"
    if first.confirmed:
        return f"{first.entity} confirmed"
    return first.entity if incident.abstained else f"{first.entity} {first.likely}"


@app.callback(invoke_without_command=True)
def default(context: typer.Context, output: Output = Format.TABLE) -> None:
    """List incidents and work on them; without a command: the list."""
    if context.invoked_subcommand is None:
        show_list(context, output=output)


@app.command("list", epilog=examples("incidents list", "incidents list --all --service db -o json"))
def show_list(
    context: typer.Context,
    all_: All = False,
    service: Service = None,
    text: Query = "",
    limit: Limit = 50,
    output: Output = Format.TABLE,
) -> None:
    """List what is open, the worst first."""
    wanted = {"active": None if all_ else "true", "muted": None if all_ else "false"}
    with client(context) as one:
        parameters = {**wanted, "service": service or None, "text": text, "limit": limit}
        page = one.get("/api/incidents", IncidentList, parameters)
    show(page.items, columns(), output)
    say(f"{len(page.items)} of {how_many(page.total, page.exact)} incidents")


@app.command("show", epilog=examples("incidents show 12", "incidents show 12 -o json"))
def show_incident(context: typer.Context, key: Key, output: Output = Format.TABLE) -> None:
    """Show one incident: candidates, members, story."""
    with client(context) as one:
        detail = _detail(one, key)
    show_one(detail, "\n".join(_told(detail)), output)


@app.command("ack", epilog=examples("incidents ack 12"))
def acknowledge(context: typer.Context, key: Key) -> None:
    """Say that somebody looks at it."""
    _act(context, key, "acknowledge")


@app.command("assign", epilog=examples("incidents assign 12 ana", 'incidents assign 12 ""'))
def assign(context: typer.Context, key: Key, assignee: Annotated[str, typer.Argument(help='"": nobody.')]) -> None:
    """Make it this person's."""
    _act(context, key, "assign", {"assignee": assignee})


@app.command("comment", epilog=examples('incidents comment 12 "looking at db1"'))
def comment(context: typer.Context, key: Key, text: str) -> None:
    """Add a line to its story."""
    _act(context, key, "comment", {"text": text})


@app.command("resolve", epilog=examples('incidents resolve 12 --text "restarted the pooler"'))
def resolve(context: typer.Context, key: Key, text: Annotated[str, typer.Option(help="What mended it.")] = "") -> None:
    """Say that it is over."""
    _act(context, key, "resolve", {"text": text})


@app.command("merge", epilog=examples("incidents merge 12 13"))
def merge(
    context: typer.Context,
    key: Key,
    other: Annotated[str, typer.Argument(metavar="OTHER", help="Number or id of the one that becomes part of it.")],
    text: Why = "",
) -> None:
    """Say that two are one; the next alerts of their sorts join each other."""
    _act(context, key, "merge", {"other_id": other, "text": text})


@app.command(
    "move", epilog=examples("incidents move 12 13 5f0c1a2b3c4d5e6f", "incidents move 12 13 5f0c1a2b3c4d5e6f-0-17-0")
)
def move(
    context: typer.Context,
    key: Key,
    other: Annotated[str, typer.Argument(metavar="OTHER", help="Number or id of the one where they belong.")],
    alerts: Alerts,
    text: Why = "",
) -> None:
    """Move alerts to another incident; the next ones of their sorts go there too."""
    _act(context, key, "move", {"other_id": other, "episodes": alerts, "text": text})


@app.command(
    "split",
    epilog=examples(
        'incidents split 12 5f0c1a2b3c4d5e6f --text "another matter"',
        "incidents split 12 --service pay --service pay-db",
    ),
)
def split(
    context: typer.Context,
    key: Key,
    alerts: Annotated[list[str] | None, typer.Argument(metavar="[ALERT...]", help="As of move.")] = None,
    service: Annotated[list[str] | None, typer.Option(help="All alerts of this service; repeatable.")] = None,
    text: Why = "",
) -> None:
    """Make alerts an incident of their own; the next ones of their sorts stay apart."""
    _act(context, key, "split", {"episodes": alerts or [], "services": service or [], "text": text})


@app.command("similar", epilog=examples("incidents similar 12", "incidents similar 12 -o json"))
def similar(context: typer.Context, key: Key, output: Output = Format.TABLE) -> None:
    """List similar incidents with what was done then; none, where nothing similar enough is known."""
    with client(context) as one:
        found = one.get(f"/api/incidents/{key.lstrip('#')}/similar", SimilarIncidents)
    show(
        found.items,
        {
            "#": lambda like: like.incident.number,
            "Incident": lambda like: like.incident.title,
            "Alike": lambda like: f"{like.score:.0%}",
            "Done": lambda like: in_short(like.done),
        },
        output,
    )
    say(found.verdict if found.placed else "not compared yet: the learner has not looked at it")


@app.command("watch", epilog=examples("incidents watch", "incidents watch --every 5"))
def watch(
    context: typer.Context,
    every: Annotated[float, typer.Option(min=0.2, help="Seconds between two looks.")] = 2.0,
    looks: Annotated[int | None, typer.Option(help="End after so many looks; default: on Ctrl-C.")] = None,
) -> None:
    """Print incidents as they open or change; one line each."""
    seen: dict[str, int] = {}
    with client(context) as one:
        while looks is None or looks > 0:
            page = one.get("/api/incidents", IncidentList, {"sort": "updated", "limit": 100})
            for incident in reversed(page.items):
                if seen.get(incident.incident_id) != incident.revision:
                    seen[incident.incident_id] = incident.revision
                    print(_line(incident), flush=True)
            looks = looks - 1 if looks is not None else None
            if looks != 0:
                time.sleep(every)


def _act(context: typer.Context, key: str, act: str, body: Mapping[str, str | list[str]] | None = None) -> None:
    with client(context) as one:
        outcome = one.act("POST", f"/api/incidents/{key.lstrip('#')}/{act}", body)
    print(outcome.text)


def _detail(one: Client, key: str) -> IncidentDetail:
    return one.get(f"/api/incidents/{key.lstrip('#')}", IncidentDetail)


def _told(detail: IncidentDetail) -> list[str]:
    incident = detail.incident
    return [
        _line(incident),
        "",
        "Root-cause candidates" if incident.candidates else "No root-cause candidate",
        *([f"  {incident.abstained}"] if incident.abstained else []),
        *(
            f"  {one.entity}{_likely(incident, one)}: {'; '.join(r.text for r in one.evidence)}"
            for one in incident.candidates
        ),
        *(
            ["", f"Maybe two: {incident.division.text}", f"  {_split(incident, incident.division)}"]
            if incident.division
            else []
        ),
        "",
        f"Impact: {incident.impact.text or 'none known'}",
        *([f"  their owners: {', '.join(incident.impact.owners)}"] if incident.impact.owners else []),
        f"  in the list it {incident.weighed}",
        "",
        f"Alerts ({len(detail.members)} of {detail.members_total})",
        *(
            f"  {when(one.started_at)}  {one.entity.name or '-'}  {one.name}  {one.episode_id}"
            for one in detail.members
        ),
        "",
        "Story",
        *(f"  {when(item.at)}  {item.text}{f' ({item.actor})' if item.actor else ''}" for item in detail.timeline),
    ]


def _split(incident: Incident, division: Division) -> str:
    """The command that takes the proposal up."""
    return shlex.join(
        ["aiops", "incidents", "split", str(incident.number), *(f"--service={name}" for name in division.services)]
    )


def _likely(incident: Incident, one: Candidate) -> str:
    """How likely it is; nothing where there is no other to compare it with."""
    return "" if incident.abstained and len(incident.candidates) == 1 else f" {one.likely}"


def _line(incident: Incident) -> str:
    said = f"#{incident.number} {incident.severity} {incident.status}: {incident.title}"
    return f"{said} | cause: {cause_of(incident)} | {plural(incident.alerts, 'alert')}"
