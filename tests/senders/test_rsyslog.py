"""rsyslog with the configuration of docs/senders.md: what it is given arrives, though we are killed meanwhile."""

import contextlib
import re
import socket
from pathlib import Path
from typing import Any

from aiops.domain.entries import Delivery
from aiops.storage.folder import open_journal
from tests.aiops.served import until
from tests.senders.rig import Site, free_port, program

DOCS = Path(__file__).parent.parent.parent / "docs" / "senders.md"


def shipped(protocol: str) -> str:
    """Return the configuration of the documentation that forwards by this."""
    (found,) = [
        block
        for block in re.findall(r"```rsyslog\n(.*?)```", DOCS.read_text(), re.DOTALL)
        if f'type="{protocol}"' in block
    ]
    return str(found)


def rsyslog(here: Site, protocol: str, port: int) -> int:
    """Start one that takes lines at the port that is returned, and forwards them to us."""
    own = free_port()
    forward = shipped(protocol).replace('target="aiops"', 'target="127.0.0.1"')
    forward = forward.replace('resumeInterval="10"', 'resumeInterval="1"')
    loaded = "".join(re.findall(r"module\(.*?\)\n", forward))
    forward = forward.removeprefix(loaded)
    forward = re.sub(r'port="\d+"', f'port="{port}"', forward)
    config = here.write(
        "rsyslog.conf",
        f"""
global(workDirectory="{here.folder}/spool" maxMessageSize="64k")
module(load="imtcp")
{loaded}
input(type="imtcp" address="127.0.0.1" port="{own}" ruleset="all")
ruleset(name="all") {{ {forward} }}
""",
    )
    (here.folder / "spool").mkdir(exist_ok=True)
    here.run(program("rsyslogd", "rsyslog"), "-n", "-f", config, "-i", here.folder / "rsyslogd.pid")
    return own


def log(port: int, first: int, last: int) -> None:
    with connected(port) as sender:
        for number in range(first, last):
            sender.sendall(f"<11>Mar  2 08:59:00 db1 mysqld: error {number} in table\n".encode())


def connected(port: int) -> socket.socket:
    def connect() -> socket.socket | None:
        with contextlib.suppress(OSError):
            return socket.create_connection(("127.0.0.1", port))
        return None

    sender: socket.socket = until(connect, "rsyslog listens")
    return sender


def lines(here: Site) -> dict[str, Any]:
    assert here.server is not None
    answer = here.server.get("/api/ledger")
    found = {line["source"]: line for line in answer.json()["sources"]} if answer.is_success else {}
    return dict(found.get("syslog", {}))


def came(here: Site) -> int:
    return int(lines(here).get("received", 0))


def test_over_relp_nothing_is_lost_though_we_are_killed_while_it_flows(here: Site) -> None:
    program("rsyslogd", "rsyslog")
    port = free_port()
    here.serve(relp=f"127.0.0.1:{port}")
    own = rsyslog(here, "omrelp", port)
    log(own, 0, 1_000)
    here.comes(lambda: came(here), "the first lines")
    here.kill()
    log(own, 1_000, 2_000)
    here.serve(relp=f"127.0.0.1:{port}")
    here.comes(lambda: distinct(here) == set(range(2_000)), "every line")


def test_over_tcp_nothing_is_lost_that_rsyslog_took_while_we_were_away(here: Site) -> None:
    program("rsyslogd", "rsyslog")
    port = free_port()
    server = here.serve(syslog_tcp=f"127.0.0.1:{port}")
    own = rsyslog(here, "omfwd", port)
    log(own, 0, 500)
    here.comes(lambda: came(here) == 500, "what was sent before")
    here.kill()
    log(own, 500, 1_000)
    server = here.serve(syslog_tcp=f"127.0.0.1:{port}")
    here.comes(lambda: came(here) == 1_000, "what was sent meanwhile")
    assert server.end() == 0
    log(own, 1_000, 1_500)
    here.serve(syslog_tcp=f"127.0.0.1:{port}")
    here.comes(lambda: came(here) == 1_500, "what was sent while it was stopped")
    assert distinct(here) == set(range(1_500))
    assert lines(here)["rejected"] == 0


def test_a_stop_in_order_loses_nothing_that_flows_over_tcp(here: Site) -> None:
    program("rsyslogd", "rsyslog")
    port = free_port()
    server = here.serve(syslog_tcp=f"127.0.0.1:{port}")
    own = rsyslog(here, "omfwd", port)
    log(own, 0, 1_000)
    here.comes(lambda: came(here), "the first lines")
    log(own, 1_000, 2_000)
    assert server.end() == 0
    here.serve(syslog_tcp=f"127.0.0.1:{port}")
    here.comes(lambda: distinct(here) == set(range(2_000)), "every line")


def distinct(here: Site) -> set[int]:
    """Return the numbers of the lines that are in the journal."""
    with contextlib.closing(open_journal(here.folder / "data")) as journal:
        entries = journal.read(None, 100_000)
    bodies = [entry.payload.body for entry in entries if isinstance(entry.payload, Delivery)]
    return {int(number) for body in bodies for number in re.findall(rb"error (\d+) in table", body)}
