"""What does every process under the supervisor do first? Read its settings, watch its parent, heed the signals.

The supervisor writes one line of JSON to the child's standard input and keeps the pipe open: when it ends, however it
ends, the child reads end-of-file and stops. No process outlives the supervisor.
"""

import os
import signal
import sys
import threading
from typing import NoReturn, TypeVar

import msgspec
import structlog

from aiops.bootstrap.log import LogSetup, configure
from aiops.domain.errors import BadConfiguration

T = TypeVar("T", bound=msgspec.Struct)
GRACE = 10.0  # seconds from the signal to the end, at most
DO_NOT_RESTART = 78  # exit code (EX_CONFIG): the operator must change something first

log = structlog.get_logger()


def orders(role: str, log_setup: LogSetup, setup: msgspec.Struct) -> bytes:
    """Return the line that tells a child who it is, how to log, and the settings of its role."""
    return msgspec.json.encode((role, log_setup, setup), enc_hook=str) + b"\n"


def begin(kind: type[T]) -> T:
    """Read this process's settings and start to watch the parent."""
    line = sys.stdin.buffer.readline()
    role, log_setup, raw = msgspec.json.decode(line, type=tuple[str, LogSetup, msgspec.Raw])
    setup = msgspec.json.decode(bytes(raw), type=kind, dec_hook=lambda wanted, value: wanted(value))
    configure(log_setup, role)
    threading.Thread(target=_end_with_parent, name="parent-watch", daemon=True).start()
    return setup


def stop_on_signal() -> threading.Event:
    """Return an event that SIGTERM sets; SIGINT is the supervisor's to handle."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return stop


def refuse(error: BadConfiguration) -> NoReturn:
    """End this process for good: trying again would end alike."""
    log.error("refused to start", problem=str(error))
    sys.exit(DO_NOT_RESTART)


def _end_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(GRACE)
    os._exit(1)
