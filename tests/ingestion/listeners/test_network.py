"""What is sent over the network arrives once and whole, and no peer can hurt the others."""

import asyncio
import contextlib
import socket
import ssl
from pathlib import Path

import pytest

from aiops.domain.errors import BadConfiguration
from ingestion.listeners import intake, network
from ingestion.listeners.service import tls
from ingestion.listeners.standing import FILE, published
from ingestion.sources import syslog
from tests.ingestion.listeners.rig import Rig, certificate

RFC5424 = "<11>1 2026-03-02T08:59:00Z db1 mysqld 7 - - cannot open table {}"


def counted(*texts: str) -> bytes:
    return b"".join(b"%d %s" % (len(text.encode()), text.encode()) for text in texts)


async def test_datagrams_become_few_deliveries_of_many_messages(tmp_path: Path) -> None:
    async with Rig(tmp_path, syslog_udp="0").running() as rig:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for number in range(200):
                sender.sendto(RFC5424.format(number).encode(), rig.address("syslog_udp"))
        assert await rig.came(200) == [f"cannot open table {number}" for number in range(200)]
        assert len(rig.deliveries()) < 20
        assert {(one.source, one.content_type) for one in rig.deliveries()} == {("syslog", syslog.FRAMED)}
        stands = await rig.stands("syslog_udp", lambda one: one.received == 200)
        assert (stands.dropped, stands.truncated, stands.problem) == (0, 0, "")


async def test_both_framings_come_over_tcp_whatever_stands_in_them(tmp_path: Path) -> None:
    async with Rig(tmp_path, syslog_tcp="0").running() as rig:
        _, lines = await rig.connect("syslog_tcp")
        _, counts = await rig.connect("syslog_tcp")
        lines.write(b"<13>Mar  2 08:59:00 web1 nginx: a\n<13>Mar  2 08:59:00 web1 nginx: b\n")
        counts.write(counted("<13>Mar  2 08:59:00 web2 app: two\nlines", "no priority at all"[:0] + "<13>x"))
        assert sorted(await rig.came(4)) == ["a", "b", "two\nlines", "x"]
        lines.close()
        counts.close()


async def test_what_was_sent_before_the_connection_closed_is_taken(tmp_path: Path) -> None:
    async with Rig(tmp_path, syslog_tcp="0").running() as rig:
        _, writer = await rig.connect("syslog_tcp")
        writer.write(b"<13>first\n<13>last, not ended")
        writer.close()
        assert await rig.came(2) == ["first", "last, not ended"]


async def test_secrets_never_reach_the_journal(tmp_path: Path) -> None:
    async with Rig(tmp_path, syslog_udp="0").running() as rig:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"<13>login with password=hunter2hunter2 failed", rig.address("syslog_udp"))
        assert await rig.came(1) == ["login with password=[redacted] failed"]


async def test_a_full_buffer_makes_a_stream_wait_and_a_datagram_count_as_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "PAUSE", 0.05)
    rig = Rig(tmp_path, syslog_udp="0", syslog_tcp="0", buffer_bytes=1 << 16)
    text = RFC5424.format("x" * 1_000)
    async with rig.running():
        rig.journal.shut = True
        _, writer = await rig.connect("syslog_tcp")
        writer.write((text + "\n").encode() * 4_000)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(300):
                sender.sendto(text.encode(), rig.address("syslog_udp"))
                await asyncio.sleep(0)  # the listener reads in this loop
        stands = await rig.stands("syslog_udp", lambda one: one.dropped and one.problem)
        assert "the disk is full" in stands.problem
        assert stands.received == 0
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(writer.drain(), 0.3)  # nobody reads
        rig.journal.shut = False
        await writer.drain()
        writer.close()
        stands = await rig.stands("syslog_tcp", lambda one: one.received == 4_000)
        assert stands.dropped == 0
        datagrams = await rig.stands("syslog_udp", lambda one: one.received + one.dropped == 300)
        assert datagrams.received > 0


async def test_too_long_messages_are_cut_and_counted(tmp_path: Path) -> None:
    async with Rig(tmp_path, syslog_udp="0", syslog_tcp="0", longest_message=480).running() as rig:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"<13>" + b"u" * 1_000, rig.address("syslog_udp"))
        _, writer = await rig.connect("syslog_tcp")
        writer.write(b"<13>" + b"t" * 100_000 + b"\n<13>short\n")
        assert sorted(map(len, await rig.came(3))) == [5, 476, 476]
        writer.close()
        for name in ("syslog_udp", "syslog_tcp"):
            await rig.stands(name, lambda one: one.truncated == 1)


async def test_one_connection_too_many_costs_the_most_silent_one_its_place(tmp_path: Path) -> None:
    async with Rig(tmp_path, syslog_tcp="0", most_connections=2).running() as rig:
        silent, kept = await rig.connect("syslog_tcp")
        await rig.stands("syslog_tcp", lambda one: one.connections == 1)
        _, speaks = await rig.connect("syslog_tcp")
        speaks.write(b"<13>one\n")
        await rig.came(1)
        _, new = await rig.connect("syslog_tcp")
        new.write(b"<13>two\n")
        await rig.came(2)
        assert await silent.read() == b""
        speaks.write(b"<13>three\n")
        await rig.came(3)
        stands = await rig.stands("syslog_tcp", lambda one: one.refused == 1)
        assert stands.connections == 2
        speaks.close()
        kept.close()
        new.close()


async def test_who_sends_a_message_byte_by_byte_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "PARTIAL", 0.2)
    async with Rig(tmp_path, syslog_tcp="0").running() as rig:
        reader, writer = await rig.connect("syslog_tcp")
        writer.write(b"<13>never ended")
        assert await reader.read() == b""
        assert await rig.came(1) == ["never ended"]
        writer.close()


async def test_tls_is_spoken_and_without_it_nothing_is_taken(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    async with Rig(tmp_path, syslog_tls="0", certificate=cert, key=key).running() as rig:
        _, plain = await rig.connect("syslog_tls")
        plain.write(b"<13>in the clear\n")
        _, writer = await rig.connect("syslog_tls", ssl.create_default_context(cafile=str(cert)))
        writer.write(counted("<13>under TLS"))
        assert await rig.came(1) == ["under TLS"]
        writer.close()
        plain.close()
    assert rig.texts() == ["under TLS"]


async def test_clients_show_a_certificate_where_one_is_asked_for(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    async with Rig(tmp_path, syslog_tls="0", certificate=cert, key=key, client_ca=cert).running() as rig:
        context = ssl.create_default_context(cafile=str(cert))
        with contextlib.suppress(ssl.SSLError, ConnectionError):  # told at the handshake, or after it
            reader, writer = await rig.connect("syslog_tls", context)
            writer.write(b"<13>who am I\n")
            assert await reader.read() == b""
        context.load_cert_chain(cert, key)
        _, writer = await rig.connect("syslog_tls", context)
        writer.write(b"<13>it is me\n")
        assert await rig.came(1) == ["it is me"]
        writer.close()


def test_a_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    cert, _ = certificate(tmp_path)
    _, key = certificate(tmp_path / "other")
    with pytest.raises(BadConfiguration, match="belong together"):
        tls(Rig(tmp_path, syslog_tls="0", certificate=cert, key=key).config)


async def test_at_the_end_what_was_sent_is_written(tmp_path: Path) -> None:
    async with Rig(tmp_path, syslog_tcp="0", syslog_udp="0").running() as rig:
        reader, writer = await rig.connect("syslog_tcp")
        await rig.stands("syslog_tcp", lambda one: one.connections == 1)
        rig.stop.set()
        assert await reader.read() == b""  # it says that it ends; what is under way is still read
        writer.write(b"<13>sent meanwhile\n")
        writer.close()
    assert rig.texts() == ["sent meanwhile"]


# RELP


async def relp(rig: Rig) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await rig.connect("relp")
    offer = b"relp_version=0\nrelp_software=test\ncommands=syslog"
    writer.write(b"1 open %d %s\n" % (len(offer), offer))
    assert await reader.readuntil(b"commands=syslog\n") == (
        b"1 rsp 57 200 OK\nrelp_version=0\nrelp_software=aiops\ncommands=syslog\n"
    )
    return reader, writer


async def test_relp_acknowledges_what_is_in_the_journal_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "PAUSE", 0.05)
    async with Rig(tmp_path, relp="0").running() as rig:
        reader, writer = await relp(rig)
        rig.journal.shut = True
        writer.write(b"2 syslog 7 <13>one\n3 syslog 13 <13>two\nlines\n")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.readuntil(b"\n"), 0.3)
        rig.journal.shut = False
        assert await reader.readuntil(b"\n") == b"2 rsp 6 200 OK\n"
        assert await reader.readuntil(b"\n") == b"3 rsp 6 200 OK\n"
        assert rig.texts() == ["one", "two\nlines"]
        writer.write(b"4 close 0\n")
        assert await reader.read() == b"4 rsp 0\n0 serverclose 0\n"


async def test_close_is_answered_after_what_came_before_it(tmp_path: Path) -> None:
    async with Rig(tmp_path, relp="0").running() as rig:
        reader, writer = await relp(rig)
        writer.write(b"2 syslog 7 <13>one\n3 close 0\n")
        assert await reader.read() == b"2 rsp 6 200 OK\n3 rsp 0\n0 serverclose 0\n"
        writer.close()


@pytest.mark.parametrize(
    "sent", [b"<13>Mar 2 plain syslog\n", b"1 syslog x <13>\n", b"x" * 5_000, b"1 syslog 99999999999 a\n"]
)
async def test_who_speaks_no_relp_goes_and_it_is_told(tmp_path: Path, sent: bytes) -> None:
    async with Rig(tmp_path, relp="0").running() as rig:
        reader, writer = await rig.connect("relp")
        writer.write(sent)
        assert await reader.read() == b""
        stands = await rig.stands("relp", lambda one: one.problem)
        assert "RELP" in stands.problem
        writer.close()


async def test_another_command_is_refused_and_a_long_message_cut(tmp_path: Path) -> None:
    async with Rig(tmp_path, relp="0", longest_message=480).running() as rig:
        reader, writer = await relp(rig)
        writer.write(b"2 eventlog 0\n3 syslog 1004 <13>" + b"r" * 1_000 + b"\n")
        assert (await reader.readuntil(b"\n")).startswith(b"2 rsp 24 500 ")
        assert await reader.readuntil(b"\n") == b"3 rsp 6 200 OK\n"
        assert [len(text) for text in rig.texts()] == [476]
        await rig.stands("relp", lambda one: one.truncated == 1)
        writer.close()


def test_where_none_runs_none_is_published(tmp_path: Path) -> None:
    assert published() == published(tmp_path / FILE) == ()
    (tmp_path / FILE).write_text("{")
    assert published(tmp_path / FILE) == ()


@pytest.mark.parametrize(
    ("address", "host"),
    [(("10.0.0.7", 514), "10.0.0.7"), (("::ffff:10.0.0.7", 5, 0, 0), "10.0.0.7"), (("127.0.0.1", 5), ""), (None, "")],
)
def test_a_peer_stands_for_a_host_unless_it_is_this_machine(address: object, host: str) -> None:
    assert network.peer_of(address) == host
