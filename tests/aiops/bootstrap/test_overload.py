"""More than the engine can fold: whoever is not accepted is told so in its own words, and what is accepted is there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aiops.served import Server, until
from tests.benchmarks.bench_overload import Load, received

MOST_BEHIND = 10
FEW = 20  # alerts of a delivery: so that what is accepted within the second of a look is soon folded


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "aiops.toml").write_text(f"[server]\nmost_behind = {MOST_BEHIND}\n", "utf-8")
    one = Server(tmp_path / "data").ready()
    yield one
    one.end()


@pytest.mark.slow
def test_beyond_the_bound_senders_come_again_and_what_was_accepted_is_there_once(server: Server) -> None:
    patient, other = Load(server.url, range(2), per_post=FEW), Load(server.url, range(2, 4), "acme", FEW)
    for load in (patient, other):
        load.start()
    until(lambda: patient.answers[503] > 20 and other.answers[429] > 20, "refusals")
    assert server.get("/api/status").json()["lag"] > MOST_BEHIND
    for load in (patient, other):
        load.stop()
    assert set(patient.answers) == {202, 503}
    assert set(other.answers) == {202, 429}
    until(server.folded, "the end of the journal")
    assert received(server) == patient.accepted + other.accepted
    assert server.get("/api/ledger/check").json()["wrong"] == 0
    assert "aiops_ledger_balances 1.0" in server.get("/metrics").text
