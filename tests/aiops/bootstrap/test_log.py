"""One log: our lines and the libraries' look alike, in JSON or for people."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from aiops.bootstrap.log import LogSetup, configure


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Leave the logging of the test run as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_says_when_who_how_grave_and_what(capsys: pytest.CaptureFixture[str]) -> None:
    configure(LogSetup(format="json"), "engine")
    structlog.get_logger().warning("the engine waits", problem="the disk is full", seconds=1.5)
    (line,) = lines(capsys)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "role": "engine",
        "level": "warning",
        "event": "the engine waits",
        "problem": "the disk is full",
        "seconds": 1.5,
    }


def test_libraries_write_the_same_lines(capsys: pytest.CaptureFixture[str]) -> None:
    configure(LogSetup(format="json"), "api")
    logging.getLogger("uvicorn.error").info("listening on %s", "port 1", extra={"color_message": "\x1b[1mlistening"})
    (line,) = lines(capsys)
    assert (line["role"], line["level"], line["event"]) == ("api", "info", "listening on port 1")
    assert "color_message" not in line


def test_what_is_below_the_level_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure(LogSetup(format="json", level="warning"), "cli")
    structlog.get_logger().info("quiet")
    logging.getLogger("any").info("quiet")
    structlog.get_logger().error("loud")
    assert [line["event"] for line in lines(capsys)] == ["loud"]


@pytest.mark.parametrize("name", ["httpx", "httpcore", "drain3", "asyncio", "filelock"])
def test_chatty_libraries_are_heard_only_when_it_matters(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure(LogSetup(format="json", level="debug"), "cli")
    logging.getLogger(name).info("chatter")
    logging.getLogger(name).warning("trouble")
    assert [line["event"] for line in lines(capsys)] == ["trouble"]


def test_a_failure_is_one_line_with_its_trace(capsys: pytest.CaptureFixture[str]) -> None:
    configure(LogSetup(format="json"), "engine")
    try:
        raise KeyError("a mistake of ours")
    except KeyError as error:
        structlog.get_logger().error("it failed", exc_info=error)
    (line,) = lines(capsys)
    assert "Traceback" in line["exception"]
    assert "a mistake of ours" in line["exception"]


def test_people_read_words_and_no_json(capsys: pytest.CaptureFixture[str]) -> None:
    configure(LogSetup(format="console"), "supervisor")
    structlog.get_logger().info("serving", url="http://127.0.0.1:1")
    text = capsys.readouterr().err
    assert "serving" in text
    assert "url=http://127.0.0.1:1" in text
    assert "{" not in text
    assert "\x1b" not in text  # nobody looks: no colours


def test_a_second_setup_replaces_the_first(capsys: pytest.CaptureFixture[str]) -> None:
    configure(LogSetup(format="json"), "one")
    configure(LogSetup(format="json"), "two")
    logging.getLogger("any").warning("once")
    assert [line["role"] for line in lines(capsys)] == ["two"]


def test_nobody_looking_is_json() -> None:
    code = "from aiops.bootstrap.log import *; configure(LogSetup(), 'x'); structlog.get_logger().info('hello')"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == ""
    assert json.loads(run.stderr)["event"] == "hello"
