"""How are rules kept from the command line?"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from aiops.cli import packs as git
from aiops.cli import sigma, suggestions
from aiops.cli.chatter import say
from aiops.cli.ends import end_of
from aiops.cli.errors import FINDINGS, USAGE
from aiops.cli.matchers import Match, matchers_of
from aiops.cli.output import Columns, Format, Limit, Output, show, show_one
from aiops.cli.session import client
from aiops.cli.shape import examples, family
from aiops.domain.alerts import Verdict
from aiops.domain.errors import BadInput
from aiops.domain.masking import mask
from aiops.domain.rules import Rule
from aiops.domain.words import how_many, plural
from api.preview_schemas import Past, Preview
from api.requests import NewRule
from api.rule_schemas import FindingList, RuleList
from rules.check import normal
from rules.files import files_of
from rules.pack import load_pack, test_packs

app = family(
    "What is known already: rules that say known good or known bad.",
    examples("rules", "rules preview -m service=backup", "rules lint packs/ours.yaml"),
)
Pack = Annotated[Path, typer.Argument(metavar="FILE", help="Rule pack (YAML).", exists=True, dir_okay=False)]


def columns() -> Columns[Rule]:
    """Return what a list of rules shows."""
    return {
        "Id": lambda rule: rule.id,
        "Verdict": lambda rule: rule.verdict,
        "Status": lambda rule: rule.status,
        "Matches": lambda rule: " or ".join(" ".join(map(str, way)) for way in rule.ways),
        "Owner": lambda rule: rule.owner,
        "Reason": lambda rule: rule.reason,
        "Until": lambda rule: rule.expires or rule.review,
        "Hits": lambda rule: rule.hits,
        "Last hit": lambda rule: rule.last_hit,
    }


@app.callback(invoke_without_command=True)
def default(context: typer.Context, output: Output = Format.TABLE) -> None:
    """What is known already; without a command: the list."""
    if context.invoked_subcommand is None:
        show_list(context, output=output)


@app.command("list", epilog=examples("rules list", "rules list -o csv"))
def show_list(context: typer.Context, limit: Limit = 200, output: Output = Format.TABLE) -> None:
    """List rules with owner, reason, end and hits."""
    with client(context) as one:
        page = one.get("/api/rules", RuleList, {"limit": limit})
    show(page.items, columns(), output)
    say(f"{len(page.items)} of {how_many(page.total, page.exact)} rules")


@app.command(
    "add",
    epilog=examples(
        "rules add packs/ours.yaml",
        'rules add -m service=backup -m "template=high disk io on <*>" --owner noc --reason "nightly backup" --for 30d',
        "rules add --verdict known_bad -m alertname=DiskFailed --owner dba --reason 'data loss' --for 90d",
    ),
)
def add(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="Rule pack (YAML).", exists=True)] = None,
    match: Match = [],  # noqa: B006 - typer copies it
    verdict: Annotated[str, typer.Option(help="known_good (hides) or known_bad (raises).")] = "known_good",
    owner: Annotated[str, typer.Option(help="Who answers for it.")] = "",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    for_: Annotated[str, typer.Option("--for", help="Until it expires (known_bad: is reviewed): 30d.")] = "30d",
) -> None:
    """Add rules: those of a pack, or one from flags."""
    if (file is None) == (not match):
        raise BadInput("what should be added?", place="rules add", fix="give a pack, or matchers with -m")
    bodies = _bodies(file) if file else [_body(match, verdict, owner, reason, for_)]
    with client(context, new=True) as one:
        for body in bodies:
            print(one.act("POST", "/api/rules", body).text)


@app.command("preview", epilog=examples("rules preview -m service=backup", "rules preview -m pod=~batch-.* --days 30"))
def preview(
    context: typer.Context,
    match: Match,
    days: Annotated[int, typer.Option(min=0, max=366, help="Also look back so many days; 0: only now.")] = 7,
    output: Output = Format.TABLE,
) -> None:
    """Say what such a rule would hide now, and what it would have hidden; nothing is changed."""
    with client(context) as one:
        found = one.post("/api/rules/preview", Preview, {"matchers": matchers_of(match), "days": days})
    show_one(found, "\n".join(_previewed(found)), output)


@app.command("expire", epilog=examples("rules expire nightly-backup-io"))
def expire(context: typer.Context, rule_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """End a rule now; what it hid can page again."""
    with client(context) as one:
        print(one.act("DELETE", f"/api/rules/{rule_id}").text)


@app.command("enable", epilog=examples("rules enable nightly-backup-io"))
def enable(context: typer.Context, rule_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Have a rule back that a person ended; its pack does not bring it back by itself."""
    with client(context) as one:
        print(one.act("POST", f"/api/rules/{rule_id}/enable").text)


@app.command("lint", epilog=examples("rules lint", "rules lint --kind dead", "rules lint packs/ours.yaml"))
def lint(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="Rule pack (YAML).", exists=True)] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Only findings of this kind; repeatable.")] = None,
    shift: Annotated[str, typer.Option(help="How long whoever is on call now stays at it.")] = "12h",
) -> None:
    """Check a pack: form, owners, ends, own cases. Without a file: what needs an eye among the rules kept."""
    problems = _pack(file)[1] if file else _linted(context, kind or [], shift)
    for problem in problems:
        print(problem)
    say(plural(len(problems), "finding") if problems else "all rules are sound")
    if problems:
        raise typer.Exit(FINDINGS)


@app.command(
    "test",
    epilog=examples("rules test packs", 'rules test packs/ours.yaml --label service=backup --message "io on sda"'),
)
def try_out(
    packs: Annotated[Path, typer.Argument(metavar="FILE|FOLDER", help="Rule pack, or folder of packs.", exists=True)],
    label: Annotated[list[str] | None, typer.Option("--label", "-l", help="name=value of it; repeatable.")] = None,
    message: Annotated[str, typer.Option(help="Text of an alert.")] = "",
) -> None:
    """Run the cases of all packs; with an alert: say which rules match it. Works without a server."""
    if label or message:
        _match(packs, dict(text.split("=", 1) for text in label or [] if "=" in text), message)
        return
    problems = test_packs(packs)
    for problem in problems:
        print(f"{problem.place}: {problem.problem}; {problem.fix}")
    say(plural(len(problems), "finding") if problems else "every case is as its rule says")
    if problems:
        raise typer.Exit(FINDINGS)


def _match(packs: Path, labels: dict[str, str], message: str) -> None:
    """Show the rules that match one alert."""
    read = [_pack(file) for file in files_of(packs)]
    problems = [problem for _, found in read for problem in found]
    for problem in problems:
        say(problem)
    fields = {**labels, "template": mask(message)}
    matching = [rule for rules, _ in read for rule in map(normal, rules) if rule.matches(fields)]
    show(matching, columns(), Format.TABLE)
    if problems:
        raise typer.Exit(USAGE)
    if not matching:
        raise typer.Exit(FINDINGS)


def _pack(file: Path) -> tuple[list[Rule], list[str]]:
    rules, problems = load_pack(file.read_text("utf-8"), str(file))
    return list(rules), [f"{problem.place}: {problem.problem}; {problem.fix}" for problem in problems]


def _linted(context: typer.Context, kinds: list[str], shift: str) -> list[str]:
    """Return what needs a person's eye among the rules and silences that the server keeps."""
    with client(context) as one:
        found = one.get("/api/rules/lint", FindingList, {"kind": kinds, "shift": shift}).items
    return [f"{finding.id}: {finding.kind}: {finding.text}" for finding in found]


def _bodies(file: Path) -> list[object]:
    """Return the rules of a pack as requests; one bad rule refuses them all."""
    rules, problems = _pack(file)
    if problems:
        raise BadInput(problems[0], place=str(file), fix="`aiops rules lint` lists all problems")
    return [NewRule(**{name: getattr(rule, name) for name in NewRule.__struct_fields__}) for rule in rules]


def _body(match: list[str], verdict: str, owner: str, reason: str, for_: str) -> object:
    known = {str(Verdict.KNOWN_GOOD): "expires", str(Verdict.KNOWN_BAD): "review"}
    if verdict not in known:
        raise BadInput(f"{verdict!r} is no verdict", place="--verdict", fix=f"say {' or '.join(known)}")
    end = end_of(for_, "--for")
    return NewRule(
        verdict=Verdict(verdict),
        matchers=matchers_of(match),
        owner=owner,
        reason=reason,
        expires=end if known[verdict] == "expires" else None,
        review=end if known[verdict] == "review" else None,
    )


def _previewed(found: Preview) -> list[str]:
    return [
        f"would hide {found.alerts} firing alerts ({found.critical} critical) and {found.incidents} whole incidents;"
        f" {found.looked_at} alerts were looked at",
        *(f"  {one.severity}  {one.entity}  {one.title}" for one in found.examples),
        *(_of_past(found.past) if found.past else ()),
    ]


def _of_past(past: Past) -> Iterator[str]:
    of = f"; of a sample of {past.looked_at:,} among the {past.candidates:,} that may match"
    yield (
        f"in the past {past.days} days: {_about(plural(past.alerts, 'alert'), past.alerts_between)},"
        f" {_about(f'{past.critical:,}', past.critical_between)} critical,"
        f" {past.known_bad:,} known bad (those are never hidden){'' if past.complete else of}"
    )
    if past.known_bad_left:
        yield f"  ! {plural(past.known_bad_left, 'known bad alert')} could not be tried in time: it may match them"
    if past.incidents_left:
        yield f"  ! {plural(past.incidents_left, 'confirmed incident')} could not be looked through in time"
    for one in past.incidents:
        how = "its root cause" if one.root else "all of it" if one.whole else f"{one.hidden} of {one.episodes} episodes"
        yield f"  ! incident #{one.number} (confirmed cause {one.cause}): would have hidden {how}: {one.title}"
    yield from (f"  {one.severity}  {one.entity}  {one.title}" for one in past.examples)


def _about(said: str, between: tuple[int, int]) -> str:
    low, high = between
    return said if low == high else f"about {said} ({low:,} to {high:,})"


app.add_typer(sigma.app, name="sigma")
app.command("suggestions", epilog=examples("rules suggestions", "rules suggestions --rejected"))(suggestions.listed)
app.command("accept", epilog=examples("rules accept suggested-5f0c1a2b3c4d --days 14"))(suggestions.accept)
app.command("reject", epilog=examples("rules reject suggested-5f0c1a2b3c4d --reason 'we want to see it'"))(
    suggestions.reject
)
app.command("sample", epilog=examples("rules sample", "rules sample -o json"))(suggestions.sampled)
app.command("export", epilog=examples("rules export --to packs/ours.yaml", "rules export --pack ours"))(git.export)
app.command("diff", epilog=examples("rules diff packs"))(git.diff)
app.command("sync", epilog=examples("rules sync packs", "rules sync packs --dry-run"))(git.sync)
app.command("packs", epilog=examples("rules packs"))(git.listed)
app.command("log", epilog=examples("rules log", "rules log nightly-backup-io -o json"))(git.log)
app.command(
    "import",
    epilog=examples("rules import --from alertmanager alertmanager.yml", "rules import --from keep rules.json"),
)(git.bring)
