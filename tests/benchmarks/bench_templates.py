"""How many log lines a CPU-second does ``Templates.learn`` take, beside Drain3 with its own masking in the same run?

Run: ``python -m tests.benchmarks.bench_templates [FILE ...]`` (plain log files; without: synthetic lines). With a
folder that holds ``data/loghub2k``: how good are the templates? ``PREDICTIONS=dir`` keeps them.
"""

import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from drain3 import TemplateMiner
from drain3.masking import MaskingInstruction
from drain3.template_miner_config import TemplateMinerConfig

from aiops.domain.events import Event, EventKind
from aiops.domain.settings import TemplateSettings
from ingestion.templates import Templates
from tests.benchmarks.quality import loghub2k
from tests.benchmarks.quality.figures import table
from tests.builders import an_entity, an_event

EDGE = r"((?<=[^A-Za-z0-9])|^)", r"((?=[^A-Za-z0-9])|$)"
MASKS = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "uuid"),
    (r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "email"),
    (r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}", "mac"),
    (r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:[.,]\d+)?Z?)?|\d\d:\d\d:\d\d(?:[.,]\d+)?", "time"),
    (r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}", "ip"),
    (r"0x[a-f0-9A-F]+", "hex"),
    (r"/(?:[\w.-]+/)+[\w.-]*", "path"),
    (r"[-+]?\d+(?:\.\d+)?", "num"),
)
SHAPES = (
    "PacketResponder {a} for block blk_{b} terminating",
    "Received block blk_{b} of size {b} from /10.{c}.{c}.{c}",
    "BLOCK* NameSystem.addStoredBlock: blockMap updated: 10.{c}.{c}.{c}:50010 is added to blk_{b} size {b}",
    "connection to 10.{c}.{c}.{c}:{a} refused after {a}ms",
    "GET /api/v1/users/{b}/orders/{a} 200 {a} bytes in 0.{a} s",
    "user u{a} logged in from 10.{c}.{c}.{c} session {b}",
    "worker-{c} finished job {b} in {a} ms, queue length {c}",
    "cache miss for key user:{b} ttl {a}",
    "kernel: eth0 link is up at {a} Mbps full duplex",
    "Failed to fetch /var/lib/app/{a}/state.db: timeout after {c} s",
)


def synthetic(number: int) -> list[str]:
    """Return lines of a few shapes with skewed frequency and random numbers (seeded)."""
    chance = random.Random(7)
    shapes = chance.choices(SHAPES, weights=[2.0**-n for n in range(len(SHAPES))], k=number)
    return [
        shape.format(a=chance.randrange(10_000), b=chance.randrange(1 << 40), c=chance.randrange(256))
        for shape in shapes
    ]


def events(lines: list[str]) -> list[Event]:
    """Return log events, made beforehand: parsing is not what is measured."""
    return [an_event(kind=EventKind.LOG, source="logs", title=line, message="") for line in lines]


def ours(said: list[Event]) -> list[str]:
    """Return template ids by ``Templates``."""
    templates, entity = Templates(TemplateSettings(max_clusters=1_000_000)), an_entity("svc")
    ids = []
    for number, event in enumerate(said):
        ids.append(templates.learn(event, entity).template_id)
        if number % 500 == 499:  # as after each delivery of a log file
            templates.drain()
    return ids


def theirs(lines: list[str]) -> list[int]:
    """Return cluster ids by Drain3 with its own masking."""
    config = TemplateMinerConfig()
    config.masking_instructions = [MaskingInstruction(f"{EDGE[0]}({mask}){EDGE[1]}", name) for mask, name in MASKS]
    config.mask_prefix, config.mask_suffix, config.profiling_enabled = "<", ">", False
    miner = TemplateMiner(None, config)
    return [miner.add_log_message(line)["cluster_id"] for line in lines]


def seconds(work: Callable[[], object]) -> float:
    """Return the median CPU seconds of three runs after one to warm up."""
    work()
    spent = []
    for _ in range(3):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return median(spent)


def main() -> None:
    """Print rates and their ratio for each file, the quality for each folder."""
    predictions = Path(os.environ["PREDICTIONS"]) if "PREDICTIONS" in os.environ else None
    folders = [Path(path) for path in sys.argv[1:] if (Path(path) / "data" / "loghub2k").is_dir()]
    for folder in folders:
        print(table(loghub2k.run(folder, predictions)))
    if folders:
        return
    inputs = {
        path: Path(path).read_text(errors="replace").splitlines() for path in sys.argv[1:] if Path(path).is_file()
    }
    for name, lines in (inputs or {"synthetic": synthetic(50_000)}).items():
        said = events(lines)
        mine, peer = seconds(lambda: ours(said)), seconds(lambda: theirs(lines))  # noqa: B023  called at once
        ratio, rate = peer / mine, len(lines) / mine
        groups = len(set(ours(said))), len(set(theirs(lines)))
        print(
            f"{name}: {len(lines)} lines; ours {rate:,.0f}/CPU-s, Drain3 with its masks {len(lines) / peer:,.0f}/CPU-s,"
            f" ratio {ratio:.1f}; templates {groups[0]} and {groups[1]}"
        )


if __name__ == "__main__":
    main()
