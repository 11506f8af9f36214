"""What do all commands look like? Plain help that ends with examples, and -h for it."""

import typer


def family(help: str | None = None, epilog: str | None = None) -> typer.Typer:
    """Return an app to add commands to: with ``help`` a family of them; with a single command, that one."""
    return typer.Typer(
        help=help,
        epilog=epilog,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def examples(*lines: str) -> str:
    """Return the end of a command's help: one example a line."""
    return "Examples:\n\n" + "\n\n".join(f"  $ aiops {line}" for line in lines)
