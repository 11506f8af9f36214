"""What does a record of a log cost with 10, 1,000 and 10,000 signatures, and with correlations over some of them?"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from aiops.domain.acts import PutSignatures
from aiops.domain.events import Event, EventKind, Severity
from aiops.domain.signatures import All, Correlated, Counted, How, Logsource, Not, Says, Signature
from rules.signatures import Signatures

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
GITHUB = Logsource(product="github", service="audit")
RECORDS = 2_000


def a_signature(number: int) -> Signature:
    """A third by the whole of a field, a third by a part of one, a third by a part and an exception."""
    action = Says(field="action", values=(f"repo.act_{number}",))
    part = Says(field="target", how=How.CONTAINS, values=(f"/secret-{number}/",))
    begins = Says(field="agent", how=How.BEGINS, values=(f"tool-{number} ",))
    condition = (action, part, All(of=(begins, Not(of=Says(field="actor", values=("bot",))))))[number % 3]
    return Signature(
        id=f"s{number:05d}", title="benchmark", severity=Severity.HIGH, logsource=GITHUB, condition=condition
    )


def a_correlation(number: int) -> Signature:
    """Five records of one signature within an hour, by one actor."""
    together = Correlated(
        counted=Counted.RECORDS, of=(f"s{number:05d}",), within=timedelta(hours=1), number=5, group_by=("actor",)
    )
    return Signature(
        id=f"c{number:05d}", title="benchmark", severity=Severity.HIGH, logsource=Logsource(), condition=together
    )


def a_record(number: int, fits: bool) -> Event:
    """One of ten first signatures fits every record, or none does; 12 fields."""
    about = number % 10 if fits else -1
    fields = {f"field{index}": f"value {number % (index + 7)}" for index in range(8)}
    known = {
        "action": f"repo.act_{about}",
        "target": f"acme/secret-{about}/main",
        "agent": f"tool-{about} 1.0",
        "actor": f"person-{number % 200}",
    }
    moment = T0 + timedelta(seconds=number)
    return Event(
        kind=EventKind.AUDIT,
        source="github",
        event_id=str(number),
        received_at=moment,
        occurred_at=moment,
        title="benchmark",
        raw={**fields, **known},
    )


def cost(signatures: list[Signature], records: list[Event]) -> float:
    """Return CPU microseconds per record, the best of five runs."""
    part = Signatures()
    part.act(PutSignatures(signatures=tuple(signatures)), "bench", T0)
    part.find(records[0], T0)  # the index is made with the first one
    return min(_seconds(lambda: _find(part, records)) for _ in range(5)) / len(records) * 1e6


def _find(part: Signatures, records: list[Event]) -> None:
    for record in records:
        part.find(record, record.received_at)
    part.drain()


def _seconds(run: Callable[[], None]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def main() -> None:
    """Print the cost per record and its ratio to that with 10 signatures; the records are the same."""
    for name, fits in (("one fits", True), ("none fits", False)):
        records = [a_record(number, fits) for number in range(RECORDS)]
        base = cost([a_signature(number) for number in range(10)], records)
        for many in (1_000, 10_000):
            spent = cost([a_signature(number) for number in range(many)], records)
            ratio = f"{spent:5.1f} us per record, {spent / base:.2f} times what 10 cost ({base:.1f} us)"
            print(f"{many:>6} signatures, {name}: {ratio}")
        together = [*(a_signature(number) for number in range(10_000)), *map(a_correlation, range(100))]
        spent = cost(together, records)
        print(f"10,000 signatures and 100 correlations, {name}: {spent:5.1f} us per record")


if __name__ == "__main__":
    main()
