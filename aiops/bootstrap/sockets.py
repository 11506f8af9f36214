"""Where do we listen? The supervisor holds the sockets, so that a restarted child finds its callers waiting."""

import contextlib
import socket
from collections.abc import Iterator

from aiops.domain.errors import BadConfiguration
from aiops.domain.sections import ListenersConfig, ServerConfig
from ingestion.listeners.service import NETWORK, tls

HERE = "127.0.0.1"  # where a port alone is listened at


@contextlib.contextmanager
def listening(server: ServerConfig) -> Iterator[socket.socket]:
    """Hold the listening socket of the API. BadConfiguration: port taken."""
    fix = "stop what listens there or choose another with --port"
    with _socket(server.host, server.port, socket.SOCK_STREAM, fix) as listener:
        yield listener


@contextlib.contextmanager
def bound(listeners: ListenersConfig) -> Iterator[dict[str, socket.socket]]:
    """Hold the sockets of the listeners that are configured. BadConfiguration: port taken, no certificate."""
    if listeners.syslog_tls:
        tls(listeners)
    with contextlib.ExitStack() as held:
        sockets = {}
        for name, kind in NETWORK.items():
            if address := getattr(listeners, name):
                host, port = _address(address, f"listeners.{name}")
                fix = f"stop what listens there or choose another in listeners.{name}"
                sockets[name] = held.enter_context(_socket(host, port, kind, fix))
        yield sockets


def _address(text: str, key: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or int(port) > 65_535:
        fix = "write host:port, or a port alone for this machine only"
        raise BadConfiguration(f"{text!r} is no address", place=key, fix=fix)
    return host.strip("[]") or HERE, int(port)


@contextlib.contextmanager
def _socket(host: str, port: int, kind: socket.SocketKind, fix: str) -> Iterator[socket.socket]:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=kind)[0]
        if kind is socket.SOCK_STREAM:
            held = socket.create_server(address[:2], family=family, backlog=2048)
        else:
            held = socket.socket(family, kind)
            held.bind(address)
    except OSError as error:
        raise BadConfiguration(f"cannot listen: {error.strerror}", place=f"{host}:{port}", fix=fix) from error
    with held:
        held.set_inheritable(True)
        yield held
