"""Do the documents say what runs?"""

import re
import subprocess
from pathlib import Path

import pytest

from aiops.config import KEYS

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


def test_readme_commands_of_the_cli_have_help() -> None:
    named = [line for line in commands("README.md") if line.startswith(".venv/bin/aiops ")]
    assert len(named) >= 5
    for line in named:
        command = line.split()[1]
        run = subprocess.run([ROOT / ".venv/bin/aiops", command, "--help"], capture_output=True, text=True, check=False)
        assert run.returncode == 0, (line, run.stderr)


def test_every_setting_is_documented_and_nothing_else_is() -> None:
    text = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([\w.]+)` \|", text, flags=re.MULTILINE)) == set(KEYS)
