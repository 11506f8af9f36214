"""Which words of the trade say the same? What every embedder is told of meaning; the light one knows no more.

One idea a line (indented lines go on with it): ``*`` for any ending, several words for a phrase, of which the longest
counts. A form may belong to several ideas: "drop" is a loss, a block and a fall. These are terms of the field, not of
one system's messages.
"""

from collections.abc import Iterator, Mapping

from aiops.domain.base import stable_hash

LONGEST_PHRASE = 4  # words
SHORTEST_BEGINNING = 3  # letters before a ``*``

_IDEAS = """
disk, disks, filesystem*, partition full, device, devices, storage, smart, sector*, raid, array
drive, drives, smart, hdd, ssd, sector*
full, no space, no space left, fills, filling, almost out of space, almost full, out of space, space left
memory, oom, outofmemory*, heap, heapspace, ram, swap
exhaust*, ran out, out of, used up, too many, no more, no free, saturat*, depleted
cpu, load average, processor*, load
latency, slow*, took, takes, longer, response time, await, long, delay*, p99, p95, duration
timeout*, timed out, deadline exceeded, time out, no answer, no response, unanswered
unreachable, refused, cannot connect, could not connect, no route, unavailable, not reachable, not available, away,
  cannot reach, cannot be reached, lost connection, went away, connection lost, down, offline, gone, notready, not
  ready, unresponsive
up, online, back online, is up, recovered, came back, is back, restored
connect*, connection*, session, link failure, dial, peer, socket
link, interface, carrier, ethernet, nic
password*, credential*, login*, logon, sign in, log in, authenticat*, auth
wrong, invalid, bad, incorrect, rejected, malformed, unknown
locked out, locked, lockout
permission*, forbidden, denied, not allowed, unauthori*, access denied, insufficient privileges
blocked, deny, denied, drop, firewall*, access group, iptables, acl
certificate*, tls, ssl, x509, cert, https, handshake
expire*, expir*, expiration, overdue, no longer valid, not yet valid
token*, jwt, bearer, oauth
account*, user, users, uid
role, admin*, privilege*, sudo, root, administrator*
created, added, new, create, creation
opened, logged in, accepted, signed in
closed, logged out, disconnected, signed out, ended
replica*, replication, standby, secondary, slave, follower, wal
behind, lag*, lagging, delay*, backlog
deadlock*, lock wait, lock timeout, sharelock, lock, locks, still waiting
query, queries, statement*, sql, select
transaction*, commit
index, table, tablespace, block, blocks
corrupt*, checksum*, mismatch, damaged, broken, inconsistent
restart*, reboot*, crashloop*, crash loop, back off, crash*, terminated, exit code, segfault, panicked, panic
kill*, sigkill, terminated
pod, pods, container*, replicaset, deployment
image*, errimagepull, imagepullbackoff, registry, docker login
pull*, fetch, download*, clone, checkout
schedul*, unschedulable, pending, insufficient, failedscheduling
evict*, disk pressure, memory pressure, low on memory
probe*, liveness, readiness, health check, healthcheck, heartbeat*
scal*, autoscal*, hpa
volume*, mount*, attach*, failedmount, persistent volume, pvc
read only, readonly, cannot write, cannot be written, not writable
snapshot*, backup*, restore, dump
quota*, over quota, usage limit, exceeded the quota
rate limit*, too many requests, throttl*, limiting, 429
upstream*, backend*, proxy, gateway
5xx, 500, 502, 503, internal server error, bad gateway, server error*, errorrate, error rate
504, gateway timeout
404, not found, does not exist, no such, nosuch*, missing, cannot find
413, too large, exceeds size, oversized
client gone, prematurely closed, broken pipe, reset by peer, 499, client closed
dns, resolv*, name resolution, nxdomain, servfail, getaddrinfo, resolver, lookup
packet*, packets, icmp, ping, frames, crc
loss, loses, lost, dropped, unanswered, drops
bandwidth, traffic, uplink, throughput, mbps
vpn, ipsec, tunnel, wireguard
bgp, ospf, neighbor, peer
clock, ntp, time synchroni*, drift*, offset, chrony
gc, garbage collect*, stop the world, jvm pause
pause*, pauses, stall*, hang, hung, stuck
null*, nullpointer*, undefined, nonetype, attributeerror, typeerror, nil
thread*, worker*, pool, executor
circuit breaker, short circuited, fallback, breaker
start*, ready, listening, boot*, booted, initializ*
stopping, shutdown, shutting down, sigterm, graceful shutdown, stopped
config*, configuration, option, setting*, parse, configmap
secret*, access key, private key, leaked
build*, compil*, make, pipeline
test, tests, unit tests, suite, assertion*, assertionerror
flaky, unstable, intermittent
deploy*, rollout, release*, helm upgrade, progress deadline
rolled back, rollback, revert*, rolled
runner*, agent, executor
dependenc*, npm, package, requirement
git, repository, branch, remote, checkout
merge*, conflict*
consumer group, topic, kafka, offset, queue*, consumer*, lag
broker*, disconnected
partition*, isr, in sync, under replicated
rebalanc*, reassign*
leader*, election, elected, controller
message*, mail*, email*, bounced, returned
malware, virus, antivirus, quarantin*, trojan, ransomware
scan, scanning, port scan
multi factor, mfa, second factor, two factor, 2fa
disabled, turned off, removed, switched off
order*, purchase*, checkout, sales
fell, fewer, drop, decrease*, falls, below
above, high, exceed*, too high, grew, grows, increase*, spike
payment*, card, refund*, provider, declined
stock, inventory
temperature, fan, overheat*, thermal, degrees
power, psu, ups, battery, voltage
degraded, redundancy, degrad*, mirror, array
fail*, faulty, failing
unreadable, i o error, read error, medium error, io error
cache, hit ratio, evictions, redis, memcached
cron*, job*, batch, nightly, scheduler
url, http, request*, response*, api
licence*, license*, entitlement, subscription
bucket*, s3, blob, object storage
cost, costs, billing, budget, spend
flag, feature flag, toggle*, switched
ddos, flood*, amplification, syn flood
injection, sqli, xss, traversal, exploit*
exfiltrat*, data transfer, uploaded, leak
sync*, synchroni*, out of sync
upgrade*, update*, patch*, new version
duplicate*, already exists, unique constraint, conflict
"""
_CARRIERS = """
failed failure failures fail fails failing error errors errored warning critical alert unable cannot couldn could can
won not non be has have had is was were ms min minutes minute seconds second hours days num while during due since
within per cent percent status state code count number value please try
"""
CARRIERS = frozenset(_CARRIERS.split())  # nearly every alert holds one: they say nothing of which kind it is


def _read(text: str) -> tuple[Mapping[str, tuple[int, ...]], int]:
    """Return the numbers of the ideas by form, and how many ideas there are."""
    lines = text.strip().replace("\n  ", " ").splitlines()
    forms: dict[str, tuple[int, ...]] = {}
    for number, line in enumerate(lines):
        for form in line.split(", "):
            forms[form] = (*forms.get(form, ()), number)
    return forms, len(lines)


_FORMS, IDEAS = _read(_IDEAS)
VERSION = stable_hash(_IDEAS, _CARRIERS)[:8]  # equal versions give equal ideas


def ideas(text: str) -> set[int]:
    """Return the numbers (below ``IDEAS``) of what a text in lower case speaks of."""
    words = text.replace("-", " ").replace(".", " ").split()
    return {number for form in _said(words) for number in _FORMS[form]}


def _said(words: list[str]) -> Iterator[str]:
    """Yield the forms that stand in a text one after the other, the longest that begins at each place."""
    place = 0
    while place < len(words):
        phrases = (" ".join(words[place : place + length]) for length in range(LONGEST_PHRASE, 0, -1))
        form = next((one for one in phrases if one in _FORMS), "") or _beginning(words[place])
        if form:
            yield form
        place += form.count(" ") + 1


def _beginning(word: str) -> str:
    ends = range(len(word), SHORTEST_BEGINNING - 1, -1)
    return next((form for end in ends if (form := word[:end] + "*") in _FORMS), "")
