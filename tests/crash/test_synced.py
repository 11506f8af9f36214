"""Is it on disk before it is answered? SIGKILL alone never tests the disk: the system calls do."""

import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.aiops.served import Server, until

CALLS = "trace=fsync,fdatasync,pwrite64,write,writev,sendto,sendmsg"
WRITE = re.compile(r"pwrite64\(\d+<\S+/journal/\d+\.db-wal>")
SYNC = re.compile(r"f(data)?sync\(\d+<\S+/journal/\d+\.db-wal>")
DONE = r"f(data)?sync(\(| resumed>).*\) += 0$"  # at once, or after calls of other threads
ANSWER = re.compile(r'(write|writev|sendto|sendmsg)\(\d+<.*"HTTP/1\.1 202 ')


def traced(server: Server, trace: Path) -> list[str]:
    """Post one alert, and return the system calls that the API made meanwhile, in their order."""
    api = server.child("api")
    assert api is not None
    command = ["strace", "-f", "-y", "-e", CALLS, "-o", str(trace), "-p", str(api.pid)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
        assert tracer.stderr is not None
        attached = tracer.stderr.readline()
        assert "attached" in attached, f"strace cannot trace: {attached}"
        server.post(title="must be on disk")
        until(lambda: "HTTP/1.1 202" in trace.read_text(), "the answer in the trace")
        tracer.send_signal(signal.SIGINT)
    return trace.read_text().splitlines()


def first(lines: list[str], wanted: re.Pattern[str], after: int = -1) -> int:
    """Return the number of the first line with ``wanted`` behind line ``after``."""
    found = next((number for number, line in enumerate(lines) if number > after and wanted.search(line)), None)
    assert found is not None, f"no {wanted.pattern} behind line {after} of:\n" + "\n".join(lines)
    return found


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace: apt install strace")
def test_a_delivery_is_written_and_synced_before_it_is_answered(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    try:
        server.ready().post()  # the segment is there: what is traced is one plain delivery
        lines = traced(server, tmp_path / "trace")
    finally:
        server.end()
    written = first(lines, WRITE)
    begun = first(lines, SYNC, after=written)
    thread = lines[begun].split()[0]
    done = first(lines, re.compile(rf"^{thread} .*{DONE}"), after=begun - 1)
    assert done < first(lines, ANSWER)
    late = [line for line in lines[done:] if line.startswith(thread) and WRITE.search(line)]
    assert late == [], "something of it was written behind the sync"
