"""How does one start the server?"""

from pathlib import Path
from typing import Annotated

import typer

from aiops.bootstrap import supervisor
from aiops.cli.options import loaded
from aiops.cli.shape import examples, family

app = family()


@app.command(epilog=examples("serve", "serve --port 9000 --data /var/lib/aiops --services services.yaml"))
def serve(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen on; default: this machine only.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0: any free one. Default: 8080, or PORT.")] = None,
    data: Annotated[Path | None, typer.Option(help="Data folder.")] = None,
    services: Annotated[Path | None, typer.Option(help="Service graph (YAML).")] = None,
    rules: Annotated[Path | None, typer.Option(help="Folder of rule packs (YAML).")] = None,
    embedder: Annotated[str | None, typer.Option(help="auto, minilm, light, or a model's path.")] = None,
    log_format: Annotated[str | None, typer.Option(help="auto, console or json.")] = None,
    environment: Annotated[str | None, typer.Option(help="A name in the page header.")] = None,
) -> None:
    """Run the server: API and page, engine, learner and responder, under one supervisor. Ctrl-C ends it."""
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
