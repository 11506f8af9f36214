"""Do the documents say what runs?"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from aiops.config import KEYS, VARIABLES, Loaded, load
from tests.aiops.served import Server, until

ROOT = Path(__file__).resolve().parent.parent


def commands(document: str) -> list[str]:
    """Return the lines of all ``sh`` blocks, without comments; continued lines are joined."""
    text = (ROOT / document).read_text(encoding="utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [line.split("  #")[0].strip() for line in lines if line.strip()]


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_every_make_target_that_is_named_exists(document: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z-]+)", (ROOT / document).read_text(encoding="utf-8")))
    assert named <= targets


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"])
def test_every_file_that_is_named_exists(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    named = set(re.findall(r"\]\((?!https?:)([^)#]+)\)", text))
    named |= set(re.findall(r"`((?:aiops|ingestion|correlation|rules|api|tests|docs)/[\w./]+\.\w+)`", text))
    assert named
    assert {name for name in named if not (ROOT / name).exists()} == set()


SERVICES = """
services:
  web: {owner: shop, depends_on: [orders]}
  orders: {depends_on: [orders-db]}
  orders-db: {}
"""


def test_the_commands_of_the_readme_run_as_they_stand(tmp_path: Path) -> None:
    (tmp_path / "services.yaml").write_text(SERVICES)
    (tmp_path / "packs").mkdir()
    (tmp_path / "app.log").write_text("ERROR connection to 10.0.0.7 refused\nINFO order 12 placed\n")
    lines = [line for line in commands("README.md") if not line.startswith("make ")]
    server = Server(tmp_path / "aiops-data").ready()
    environment = {**os.environ, "AIOPS_DATA": "aiops-data", "AIOPS_LEARNER_EMBEDDER": "light"}
    try:
        for line in lines:
            here = line.replace("http://127.0.0.1:8080", server.url).replace("explain 12", "explain 1")
            here = here.replace(".venv/bin/", f"{Path(sys.executable).parent}/")
            run = subprocess.run(
                ["bash", "-c", here], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
            )
            assert run.returncode == 0, (line, run.stdout, run.stderr)
            until(server.folded, f"{line} to be folded")
        services = {service for incident in server.incidents() for service in incident["services"]}
    finally:
        server.end()
    assert sum(line.startswith(".venv/bin/aiops ") for line in lines) >= 6
    assert services == {"orders-db", "orders"}  # the alert by curl, and the error in the log


def test_the_make_commands_of_the_readme_are_known_to_make() -> None:
    for line in [line for line in commands("README.md") if line.startswith("make ")]:
        run = subprocess.run(["make", "-n", *line.split()[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
        assert run.returncode == 0, (line, run.stderr)


def test_every_setting_is_documented_and_nothing_else_is() -> None:
    text = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([\w.]+)` \|", text, flags=re.MULTILINE)) == set(KEYS)


def test_every_default_that_is_documented_is_the_one_that_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w.]+)` \| *(?:`([^`]*)`)?([^|]*)\|", text, flags=re.MULTILINE)
    environ = {variable_of(key): said for key, said, _ in rows if said}
    plain, typed = (dict(pairs(load(environ=given))) for given in ({}, environ))
    unsaid = {key for key, said, more in rows if not said and not more.strip()}
    assert {key: plain[key] for key in unsaid if plain[key]} == {}
    assert {key: typed[key] for key in typed if typed[key] != plain[key]} == {}


def variable_of(key: str) -> str:
    return next(name for name, named in VARIABLES.items() if named == key)


def pairs(loaded: Loaded) -> Iterator[tuple[str, str]]:
    yield from ((key, value) for key, value, _ in loaded.rows())
