"""Which lines have one template? Lines of four made-up services, each shape written by hand, values drawn by seed.

A shape's braces are parameters; everything else is said the same way each time. Some shapes differ in one word alone,
as those of real programs do, and must not become one; some values come in several lengths.
"""

import random
from collections.abc import Callable, Mapping

NAMES = ("ada", "bob", "carol", "dan", "eve", "frank", "grace", "heidi", "ivan", "judy", "mallory", "olivia", "sybil")
ZONES = [f"{name}.example.{end}" for name in ("mail", "shop", "cdn", "api", "img", "auth") for end in ("org", "net")]

VALUES: Mapping[str, Callable[[random.Random], str]] = {
    "n": lambda chance: str(chance.randrange(100_000)),
    "ip": lambda chance: ".".join(str(chance.randrange(256)) for _ in range(4)),
    "user": lambda chance: chance.choice(NAMES),
    "host": lambda chance: f"{chance.choice(ZONES)}:{chance.choice((80, 443, 8080))}",
    "bool": lambda chance: chance.choice(("true", "false")),
    "size": lambda chance: f"{chance.randrange(1, 900)} {chance.choice(('B', 'KB', 'MB'))}",
    "bytes": lambda chance: f"{chance.randrange(9**6)} bytes" + chance.choice(("", " (1.5 KB)")),
    "path": lambda chance: f"/srv/{chance.choice(NAMES)}/{chance.randrange(99)}.dat",
    "ids": lambda chance: " ".join(f"blk_{chance.randrange(10**6)}" for _ in range(chance.randrange(1, 5))),
    "day": lambda chance: chance.choice(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")),
}

SYSTEMS: Mapping[str, tuple[str, ...]] = {
    "gateway": (
        '{ip} "GET {path} HTTP/1.1" status: {n} len: {n}',
        '{ip} "POST {path} HTTP/1.1" status: {n} len: {n}',
        '{ip} "DELETE {path} HTTP/1.1" status: {n} len: {n}',
        "{host} open through proxy {host}",
        "{host} close, {bytes} sent, {bytes} received",
        "upstream {host} marked healthy",
        "upstream {host} marked unhealthy",
        "reloading routes, changed={bool}",
    ),
    "session": (
        "session opened for user {user} by uid {n}",
        "session closed for user {user} by uid {n}",
        "password of {user} accepted from {ip} port {n}",
        "password of {user} rejected from {ip} port {n}",
        "last login of {user} was {day} from {ip}",
        "audit queue flushed",
        "audit queue overflowed",
        "logout {user}",
    ),
    "store": (
        "block {n} stored as values in memory, size {size}",
        "block {n} stored as bytes in memory, size {size}",
        "asked {ip} to delete {ids}",
        "asked {ip} to replicate {ids}",
        "cache hit ratio {n}",
        "cache miss ratio {n}",
        "compaction started on {path}",
        "compaction finished on {path} after {n} ms",
    ),
    "power": (
        "display brightness in ={n}",
        "display brightness out ={n}",
        "wake lock acquired by {user}",
        "wake lock released by {user}",
        "screen on",
        "screen off",
        "battery level={n}, charging={bool}, cold={bool}",
    ),
}


def lines_of(system: str, number: int = 2_000, seed: int = 7) -> tuple[list[str], list[str]]:
    """Return lines and the shape of each; earlier shapes come more often."""
    chance, shapes = random.Random(f"{system} {seed}"), SYSTEMS[system]
    drawn = chance.choices(shapes, weights=[0.8**place for place in range(len(shapes))], k=number)
    made = [shape.format_map(_Drawn(chance)) for shape in drawn]
    return made, drawn


class _Drawn(dict[str, str]):
    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self._chance = chance

    def __missing__(self, name: str) -> str:
        return VALUES[name](self._chance)
