"""How are the people who sign in with a name and a password kept from the command line?"""

import getpass
import sys
from typing import Annotated

import typer

from aiops.bootstrap.clock import now
from aiops.cli.chatter import say
from aiops.cli.opening import access, note
from aiops.cli.output import Columns, Format, Output, show
from aiops.cli.shape import examples, family
from aiops.domain.errors import BadInput
from aiops.domain.words import plural
from api.grants import Role
from api.people import Person

app = family(
    "People who sign in with a name and a password, in the data folder.",
    examples("people", "people add ana --role on-call", "people password ana < password.txt"),
)
Name = Annotated[str, typer.Argument(metavar="NAME")]
RoleOf = Annotated[Role, typer.Option("--role", help="What they do here.", show_default=True)]


def columns() -> Columns[Person]:
    """Return what a list of people shows."""
    return {
        "Name": lambda one: one.name,
        "Role": lambda one: one.role.value,
        "Created": lambda one: one.created_at,
        "Locked": lambda one: one.locked,
    }


@app.callback(invoke_without_command=True)
def default(context: typer.Context, output: Output = Format.TABLE) -> None:
    """People who sign in; without a command: the list."""
    if context.invoked_subcommand is None:
        show_list(context, output=output)


@app.command("list", epilog=examples("people list", "people list -o json"))
def show_list(context: typer.Context, output: Output = Format.TABLE) -> None:
    """List people: role, and whether too many wrong passwords keep them out for a minute."""
    with access(context) as one:
        people = one.people.list(now())
    show(people, columns(), output)
    say(plural(len(people), "name"))


@app.command("add", epilog=examples("people add ana --role on-call", "people add kim --role viewer < password.txt"))
def add(context: typer.Context, name: Name, role: RoleOf = Role.ON_CALL) -> None:
    """Add somebody; the password is asked for, or read from standard input."""
    password = _password()
    with access(context, new=True) as one:
        one.people.add(name, password, role, now())
    note("somebody was added", who=name, may=role)
    print(f"{name} may sign in, as {role}")
    say("A server that asked nobody until now asks from its next start.")


@app.command("password", epilog=examples("people password ana", "people password ana < password.txt"))
def password(context: typer.Context, name: Name) -> None:
    """Give somebody another password, asked for or read from standard input; their sessions end."""
    said = _password()
    with access(context) as one:
        one.people.set_password(name, said)
    note("a password was changed", who=name)
    print(f"{name} has another password; their sessions are over")


@app.command("role", epilog=examples("people role ana admin"))
def role(context: typer.Context, name: Name, role: Annotated[Role, typer.Argument(metavar="ROLE")]) -> None:
    """Give somebody another role, at once also where they are signed in."""
    with access(context) as one:
        one.people.set_role(name, role)
    note("a role was changed", who=name, may=role)
    print(f"{name} is {role} now")


@app.command("remove", epilog=examples("people remove ana"))
def remove(context: typer.Context, name: Name) -> None:
    """Let somebody in no more; their sessions end."""
    with access(context) as one:
        one.people.remove(name)
    note("somebody was removed", who=name)
    print(f"{name} may not sign in any more")


def _password() -> str:
    """Read a password where no history and no list of processes shows it."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != first:
        raise BadInput("the two are not the same", place="password", fix="type it twice")
    return first
