"""How is a matcher written on the command line? ``field=value``, with one of ``= != =~ !~``."""

from typing import Annotated

import typer

from aiops.domain.matching import Matcher, parse_matcher

HELP = "field=value, field!=value, field=~regex or field!~regex; repeatable, all must hold."
Match = Annotated[list[str], typer.Option("--match", "-m", help=HELP)]


def matchers_of(texts: list[str]) -> tuple[Matcher, ...]:
    """Read matchers; BadInput names the one that is none."""
    return tuple(parse_matcher(text, "--match") for text in texts)
