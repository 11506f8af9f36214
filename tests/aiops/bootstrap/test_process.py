"""What a child of the supervisor does first: reads its orders, heeds the signals, ends with its parent."""

import json
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from aiops.bootstrap import process
from aiops.bootstrap.log import LogSetup
from aiops.bootstrap.setups import ApiSetup, EngineSetup, LearnerSetup, ResponderSetup, engine_setup, responder_setup
from aiops.domain.channels import WebhookChannel
from aiops.domain.sections import AccessConfig, Config, EngineConfig, FilesConfig, PagesConfig, StoreConfig
from aiops.domain.settings import CorrelationSettings, Settings

PATIENCE = 20
LOG = LogSetup(format="json")


def started(code: str, orders: bytes = b"") -> subprocess.Popen[bytes]:
    """Start a child that runs ``code`` and was given ``orders``; its pipe stays open."""
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert child.stdin is not None
    child.stdin.write(orders)
    child.stdin.flush()
    return child


def ended(child: subprocess.Popen[bytes]) -> tuple[str, str]:
    """Wait for its end, the parent being there all the while; return what it wrote to standard output and error."""
    with child:
        child.wait(PATIENCE)
        assert child.stdout is not None
        assert child.stderr is not None
        return child.stdout.read().decode().strip(), child.stderr.read().decode().strip()


def first_line(child: subprocess.Popen[bytes]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().decode().strip()


SETUPS = [
    EngineSetup(
        data=Path("/there/with space"),
        decisions=Settings(correlation=CorrelationSettings(window=timedelta(minutes=3))),
        services=Path("services.yaml"),
        snapshot_every=timedelta(seconds=7),
        snapshot_entries=9,
    ),
    ApiSetup(
        data=Path("d"),
        socket=7,
        host="::1",
        port=80,
        token_required=True,
        access=AccessConfig(tokens=("t1", "t2")),
        environment="ü",
    ),
    LearnerSetup(
        data=Path("d"),
        store=StoreConfig(url=("https://es1:9200",), ca=Path("ca.crt"), refresh=timedelta(0), retention=None),
        embedder="light",
    ),
    ResponderSetup(data=Path("d"), channels=(WebhookChannel(name="webhook", url="http://pager.example.org/?a=b"),)),
]


@pytest.mark.parametrize("setup", SETUPS, ids=lambda setup: type(setup).__name__)
def test_what_a_child_is_told_is_what_it_reads(setup: msgspec.Struct) -> None:
    code = f"from aiops.bootstrap import process, setups; print(process.begin(setups.{type(setup).__name__}))"
    child = started(code, process.orders("me", LOG, setup))
    assert ended(child) == (str(setup), "")


def test_the_setups_hold_what_was_configured() -> None:
    config = Config(
        data=Path("there"),
        files=FilesConfig(services=Path("s.yaml"), rules=Path("packs")),
        engine=EngineConfig(snapshot_every=timedelta(seconds=3), snapshot_entries=4, journal_kept=timedelta(days=2)),
        pages=PagesConfig(webhook_url="http://pager.example.org"),
    )
    engine = engine_setup(config)
    assert (engine.data, engine.services, engine.rules) == (Path("there"), Path("s.yaml"), Path("packs"))
    assert (engine.snapshot_every, engine.snapshot_entries) == (timedelta(seconds=3), 4)
    assert engine.journal_kept == timedelta(days=2)
    assert responder_setup(config).channels == (WebhookChannel(name="webhook", url="http://pager.example.org"),)


WAITING = """
import sys
from aiops.bootstrap import process, setups
setup = process.begin(setups.LearnerSetup)
stop = process.stop_on_signal()
print("waiting", flush=True)
stop.wait(30)
print("stopped" if stop.is_set() else "not told", flush=True)
"""


def test_a_child_is_asked_to_end_by_signal() -> None:
    child = started(WAITING, process.orders("me", LOG, SETUPS[2]))
    assert first_line(child) == "waiting"
    child.send_signal(signal.SIGINT)  # a terminal sends it to all: the supervisor's to handle
    child.send_signal(signal.SIGTERM)
    assert ended(child) == ("stopped", "")
    assert child.returncode == 0


def test_a_child_ends_when_its_parent_is_gone() -> None:
    child = started(WAITING, process.orders("me", LOG, SETUPS[2]))
    assert first_line(child) == "waiting"
    assert child.communicate(timeout=PATIENCE)[0] == b"stopped\n"  # closes the pipe, as the system does
    assert child.returncode == 0


def test_a_child_that_does_not_heed_its_parents_end_is_ended() -> None:
    stubborn = WAITING.replace("stop.wait(30)", "import time; time.sleep(60)")
    stubborn = stubborn.replace("setup = ", "process.GRACE = 0.05\nsetup = ")
    child = started(stubborn, process.orders("me", LOG, SETUPS[2]))
    assert first_line(child) == "waiting"
    child.communicate(timeout=PATIENCE)
    assert child.returncode == 1


def test_a_child_without_a_parent_at_all_does_not_start() -> None:
    child = started("from aiops.bootstrap import process, setups; process.begin(setups.LearnerSetup)")
    assert b"DecodeError" in child.communicate(timeout=PATIENCE)[1]
    assert child.returncode == 1


def test_a_refusal_says_why_and_asks_not_to_be_started_again() -> None:
    code = """
from aiops.bootstrap import process, setups
from aiops.domain.errors import BadConfiguration
process.begin(setups.LearnerSetup)
process.refuse(BadConfiguration("is no folder", place="packs", fix="name one"))
"""
    child = started(code, process.orders("learner", LOG, SETUPS[2]))
    (line,) = ended(child)[1].splitlines()
    assert child.returncode == process.DO_NOT_RESTART
    refusal = json.loads(line)
    assert refusal["problem"] == "packs: is no folder; name one"
    assert (refusal["role"], refusal["level"], refusal["event"]) == ("learner", "error", "refused to start")


def test_a_model_that_is_not_there_is_refused_by_the_learner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = """
from aiops.bootstrap import learner
from aiops.domain.errors import BadConfiguration
def none(*asked, **more):
    raise BadConfiguration("there is no such model", place=asked[-1], fix="say auto")
learner.Learner = none
learner.main()
"""
    monkeypatch.chdir(tmp_path)
    child = started(code, process.orders("learner", LOG, LearnerSetup(data=Path("data"), embedder="/no/such/model")))
    assert "/no/such/model: there is no such model; say auto" in ended(child)[1]
    assert child.returncode == process.DO_NOT_RESTART
