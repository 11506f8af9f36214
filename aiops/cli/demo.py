"""How does one see it at work? A made-up day first, then the server."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from aiops.cli import demonstration
from aiops.cli.chatter import say
from aiops.cli.options import loaded
from aiops.cli.shape import examples, family

app = family()


@app.command(epilog=examples("demo", "demo --port 9000", "demo --once"))
def demo(
    context: typer.Context,
    port: Annotated[int | None, typer.Option(help="Port; 0: any free one. Default: 8080, or PORT.")] = None,
    data: Annotated[Path, typer.Option(help="Data folder of the demo.")] = Path("aiops-demo"),
    keep: Annotated[bool, typer.Option("--keep", help="Go on with the folder of an earlier demo.")] = False,
    once: Annotated[bool, typer.Option("--once", help="Print the incidents and end, without serving.")] = False,
    embedder: Annotated[str | None, typer.Option(help="auto, minilm, light, or a model's path.")] = None,
) -> None:
    """Fill a folder of its own with a made-up day of alerts, print what became of them, and serve the page."""
    config = loaded(context, server__port=port, data=data, learner__embedder=embedder).config
    demonstration.fill(config, fresh=not keep)
    if once:
        return
    options = [f"--{name}={value}" for name, value in (("port", config.server.port), ("data", config.data))]
    options += [f"--embedder={config.learner.embedder}", "--log-format=console"]
    say(f"the page is on http://{config.server.host}:{config.server.port}; Ctrl-C ends it")
    sys.stdout.flush()
    # A fresh process: the supervisor need not carry the engine that was at work here.
    command = [sys.executable, "-m", "aiops.cli", "serve", *options, "--environment=demo"]
    os.execv(sys.executable, command)
