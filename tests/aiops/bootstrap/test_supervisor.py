"""Who is public, who asks for a token, who keeps whom alive."""

import contextlib
import socket
import sys
import time
from pathlib import Path

import pytest

from aiops.bootstrap import process
from aiops.bootstrap.address import address_of, announced
from aiops.bootstrap.setups import ACCESS_DB, engine_setup, responder_setup
from aiops.bootstrap.sockets import bound, listening
from aiops.bootstrap.supervisor import Child, is_public, token_required
from aiops.domain.channels import WebhookChannel
from aiops.domain.errors import BadConfiguration
from aiops.domain.sections import AccessConfig, Config, ListenersConfig, PagesConfig, ServerConfig
from api.access import Access
from api.senders_auth import SenderSecrets
from tests.builders import T0


@pytest.mark.parametrize(
    ("host", "public"),
    [
        ("127.0.0.1", False),
        ("127.9.9.9", False),
        ("::1", False),
        ("localhost", False),
        ("0.0.0.0", True),
        ("::", True),
        ("10.0.0.7", True),
        ("alerts.example.org", True),
    ],
)
def test_only_the_loopback_is_private(host: str, public: bool) -> None:
    assert is_public(host) is public


def test_a_private_server_asks_for_no_token_unless_one_is_set(tmp_path: Path) -> None:
    assert not token_required(Config(data=tmp_path))
    assert token_required(Config(data=tmp_path, access=AccessConfig(tokens=("t" * 40,))))


def test_the_first_public_start_makes_a_token_and_shows_it_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = Config(data=tmp_path, server=ServerConfig(host="0.0.0.0"))
    assert token_required(config)
    assert (tmp_path / ACCESS_DB).exists()
    shown = capsys.readouterr()
    assert "aiops_" in shown.err
    assert "{" not in shown.err, "it is no line of the log, which is collected and kept"
    assert token_required(config)
    again = capsys.readouterr()
    assert "aiops_" not in again.out + again.err


def test_a_taken_port_is_refused_with_what_mends_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(BadConfiguration, match="another with --port"), listening(ServerConfig(port=port)):
            pass


def test_a_host_that_is_none_is_refused() -> None:
    with pytest.raises(BadConfiguration), listening(ServerConfig(host="no.such.host.invalid")):
        pass


@pytest.mark.parametrize("address", ["", "514x", "host", "1.2.3.4:", ":99999", "127.0.0.1:-1"])
def test_an_address_of_a_listener_that_is_none_is_refused(address: str) -> None:
    if not address:
        with bound(ListenersConfig()) as sockets:
            assert sockets == {}
        return
    with pytest.raises(BadConfiguration, match="syslog_udp"), bound(ListenersConfig(syslog_udp=address)):
        pass


def test_a_port_alone_is_listened_at_on_this_machine_alone() -> None:
    with bound(ListenersConfig(syslog_tcp="0", syslog_udp="0")) as sockets:
        assert {sock.getsockname()[0] for sock in sockets.values()} == {"127.0.0.1"}


def test_tls_without_a_certificate_that_can_be_used_is_refused_at_the_start(tmp_path: Path) -> None:
    for config in (
        ListenersConfig(syslog_tls="0"),
        ListenersConfig(syslog_tls="0", certificate=tmp_path / "none.pem", key=tmp_path / "none.key"),
    ):
        with pytest.raises(BadConfiguration, match="certificate"), bound(config):
            pass


def test_the_address_is_left_in_the_folder_while_the_server_runs(tmp_path: Path) -> None:
    assert address_of(tmp_path) == ""
    with listening(ServerConfig(port=0)) as listener, announced(tmp_path, listener) as url:
        assert address_of(tmp_path) == url == f"http://127.0.0.1:{listener.getsockname()[1]}"
    assert address_of(tmp_path) == ""


def test_a_bind_to_all_is_reached_on_the_loopback(tmp_path: Path) -> None:
    with listening(ServerConfig(host="0.0.0.0", port=0)) as listener, announced(tmp_path, listener) as url:
        assert url.startswith("http://127.0.0.1:")


def a_child(code: str) -> Child:
    return Child("test", b"orders\n", program=(sys.executable, "-c", code))


def test_a_child_that_keeps_ending_is_started_again_after_longer_and_longer_pauses() -> None:
    child = a_child("import sys; sys.exit(5)")
    now = time.monotonic()
    for pause in (0.2, 0.4, 0.8):
        pid = child.process.pid
        child.process.wait()
        child.look(now)
        child.look(now + pause - 0.01)
        assert child.process.pid == pid
        now += pause
        assert child.look(now) is None
        assert child.process.pid != pid
    child.wait(10)


def test_earlier_deaths_are_forgotten_after_a_good_life() -> None:
    child = a_child("import sys; sys.stdin.readline(); sys.stdin.readline()")
    child.process.kill()
    child.process.wait()
    child.look(0)
    child.look(0.2)
    child.look(1_000)  # alive for long: settled
    child.process.kill()
    child.process.wait()
    pid = child.process.pid
    child.look(2_000)
    child.look(2_000.2)
    assert child.process.pid != pid
    child.wait(0)


def test_a_child_that_refuses_to_start_is_not_started_again() -> None:
    child = a_child(f"import sys; sys.exit({process.DO_NOT_RESTART})")
    child.process.wait()
    assert child.look(0) == process.DO_NOT_RESTART


def test_a_child_is_told_its_orders_and_sees_its_parent_go() -> None:
    child = a_child(
        "import sys; assert sys.stdin.readline() == 'orders\\n'; sys.exit(3 if not sys.stdin.read() else 4)"
    )
    assert child.process.stdin is not None
    child.process.stdin.close()  # what the system does when the parent dies
    assert child.process.wait(10) == 3


def test_a_child_that_does_not_end_in_time_is_killed() -> None:
    child = a_child(
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    )
    child.end()
    child.wait(0)
    assert child.process.returncode is not None


def test_each_role_is_told_its_share_and_no_more() -> None:
    config = Config(data=Path("there"), pages=PagesConfig(webhook_url="http://pager.example.org"))
    assert engine_setup(config).decisions == config.decisions
    assert responder_setup(config).channels == (WebhookChannel(name="webhook", url="http://pager.example.org"),)
    assert responder_setup(Config()).channels == ()


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_once_there_is_anybody_everybody_is_asked(
    tmp_path: Path, host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    config = Config(data=tmp_path, server=ServerConfig(host=host))
    with contextlib.closing(Access(tmp_path / ACCESS_DB)) as access:
        access.people.add("ana", "correct horse battery", "admin", T0)
    assert token_required(config)
    assert "aiops_" not in capsys.readouterr().err, "ana can get in; nobody needs a token"


def test_secrets_of_senders_alone_neither_lock_nor_take_the_first_token(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with contextlib.closing(SenderSecrets(tmp_path / ACCESS_DB)) as secrets:
        secrets.put("github", "long enough", "", T0)
    assert not token_required(Config(data=tmp_path))
    assert token_required(Config(data=tmp_path, server=ServerConfig(host="0.0.0.0")))
    assert "aiops_" in capsys.readouterr().err


def test_half_a_proxy_or_provider_is_refused_before_anything_starts(tmp_path: Path) -> None:
    for access in (AccessConfig(proxy_header="x-user"), AccessConfig(oidc_issuer="https://id.example.org")):
        with pytest.raises(BadConfiguration, match="access"):
            token_required(Config(data=tmp_path, access=access))
    whole = AccessConfig(proxy_header="x-user", proxy_from=("10.0.0.7",), role="viewer")
    assert token_required(Config(data=tmp_path, access=whole))
