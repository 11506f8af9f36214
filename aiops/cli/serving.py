"""How does one start it? The server, and the demo that fills one first."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from aiops.cli.errors import examples
from aiops.cli.output import say
from aiops.cli.session import loaded

Port = Annotated[int | None, typer.Option(help="Port; 0: any free one. Default: 8080, or PORT.")]
Host = Annotated[str | None, typer.Option(help="Address to listen on; default: this machine only.")]
Data = Annotated[Path | None, typer.Option(help="Data folder.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(epilog=examples("serve", "serve --port 9000 --data /var/lib/aiops --services services.yaml"))(serve)
    app.command(epilog=examples("demo", "demo --port 9000", "demo --once"))(demo)


def serve(
    context: typer.Context,
    host: Host = None,
    port: Port = None,
    data: Data = None,
    services: Annotated[Path | None, typer.Option(help="Service graph (YAML).")] = None,
    rules: Annotated[Path | None, typer.Option(help="Folder of rule packs (YAML).")] = None,
    embedder: Annotated[str | None, typer.Option(help="auto, minilm, light, or a model's path.")] = None,
    log_format: Annotated[str | None, typer.Option(help="auto, console or json.")] = None,
    environment: Annotated[str | None, typer.Option(help="A name in the page header.")] = None,
) -> None:
    """Run the server: API and page, engine, learner and responder, under one supervisor. Ctrl-C ends it."""
    from aiops.bootstrap import supervisor

    config = loaded(
        context,
        server__host=host,
        server__port=port,
        data=data,
        files__services=services,
        files__rules=rules,
        learner__embedder=embedder,
        log__format=log_format,
        server__environment=environment,
    ).config
    raise typer.Exit(supervisor.serve(config))


def demo(
    context: typer.Context,
    port: Port = None,
    data: Annotated[Path, typer.Option(help="Data folder of the demo.")] = Path("aiops-demo"),
    keep: Annotated[bool, typer.Option("--keep", help="Go on with the folder of an earlier demo.")] = False,
    once: Annotated[bool, typer.Option("--once", help="Print the incidents and end, without serving.")] = False,
    embedder: Annotated[str | None, typer.Option(help="auto, minilm, light, or a model's path.")] = None,
) -> None:
    """Fill a folder of its own with a made-up day of alerts, print what became of them, and serve the page."""
    from aiops.cli import demonstration

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
