"""What must be installed before this project runs, and is it there already?

``python3 scripts/setup.py [run|test]`` makes ``.venv`` from pyproject.toml and does nothing when that is done.
AIOPS_EMBEDDER_EXTRA: ``semantic`` or ``light`` decides which embedder comes with it; ``auto`` (the default) takes
the semantic one where torch comes as a CPU build: the CUDA build costs 5 GB that nothing here would use.
"""

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036
    found = f"{sys.executable} is {sys.version.split()[0]}"
    sys.exit(f"AIOps needs Python 3.11 or newer; {found}. Name another one: make PYTHON=python3.12 ...")

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
EXTRAS = {"run": [], "test": ["dev"]}
TORCH = "torch==2.13.0"
# Without compiled bytecode every process that imports torch pays 12-15 s of CPU.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def main(profile: str) -> None:
    choice = os.environ.get("AIOPS_EMBEDDER_EXTRA", "auto")
    if profile not in EXTRAS or choice not in ("auto", "light", "semantic"):
        sys.exit(f"{__doc__}\nunknown: profile {profile!r} or AIOPS_EMBEDDER_EXTRA {choice!r}")
    if is_installed(profile, choice):
        return
    started = time.monotonic()
    if not PYTHON.exists():
        say(f"making .venv with Python {sys.version.split()[0]}")
        run(sys.executable, "-m", "venv", "--clear", VENV)
    embedder, why = (choice, "AIOPS_EMBEDDER_EXTRA says so") if choice != "auto" else best_embedder()
    say(f"embedder: {embedder} ({why})")
    extras = EXTRAS[profile] + (["semantic"] if embedder == "semantic" else [])
    target = f"{ROOT}[{','.join(extras)}]" if extras else str(ROOT)
    say(f"installing aiops{target.removeprefix(str(ROOT))} and what it needs; this takes about a minute")
    pinned = [TORCH] if embedder == "semantic" else []
    run(PYTHON, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "-e", target, *pinned)
    stamp(profile).write_text(fingerprint(choice))
    megabytes = sum(file.lstat().st_size for file in VENV.rglob("*")) / 1e6
    say(f"ready in {time.monotonic() - started:.0f} s; .venv takes {megabytes:.0f} MB")


def best_embedder() -> tuple[str, str]:
    """Ask pip what torch would bring, without installing it."""
    say(f"asking the package index for a CPU build of {TORCH}")
    ask = [str(PYTHON), "-m", "pip", "install", "-qq", "--dry-run", "--ignore-installed", "--report", "-", TORCH]
    try:
        answer = subprocess.run(ask, env=ENVIRONMENT, capture_output=True, timeout=120, check=True)
    except subprocess.TimeoutExpired:
        return "light", f"the package index did not say within 120 s what {TORCH} needs"
    except subprocess.CalledProcessError:
        return "light", f"{TORCH} is not offered for this machine"
    names = [package["metadata"]["name"].lower() for package in json.loads(answer.stdout)["install"]]
    if any(name.startswith(("nvidia", "cuda", "triton")) for name in names):
        return "light", f"{TORCH} is offered only as a CUDA build here"
    return "semantic", f"a CPU build of {TORCH} is offered"


def is_installed(profile: str, choice: str) -> bool:
    """The test profile includes the run profile."""
    stamps = [stamp(name) for name in EXTRAS if set(EXTRAS[name]) >= set(EXTRAS[profile])]
    return PYTHON.exists() and any(file.exists() and file.read_text() == fingerprint(choice) for file in stamps)


def stamp(profile: str) -> Path:
    return VENV / f"installed-{profile}"


def fingerprint(choice: str) -> str:
    content = (ROOT / "pyproject.toml").read_bytes() + Path(__file__).read_bytes() + choice.encode()
    return hashlib.sha256(content).hexdigest()


def run(*command: str | Path) -> None:
    code = subprocess.run(command, env=ENVIRONMENT, check=False).returncode
    if code:
        sys.exit(f"setup failed (exit {code}): {' '.join(map(str, command))}")


def say(text: str) -> None:
    print(f"setup: {text}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:] or ["run"])
