"""What does a time that has come change? One line for each kind of timer, as applying.py has one for each act."""

from collections.abc import Iterable

from aiops.domain.alerts import Alert
from aiops.domain.timers import Timer
from aiops.judging import propose
from aiops.parts import Parts


def turn(parts: Parts, timer: Timer) -> Iterable[Alert]:
    """Tell the part whose timer it is; return the alerts that are to be considered again."""
    key, now = timer.key, parts.now
    match timer.kind:
        case "lease":
            return parts.dedup.expire(key, now)
        case "forget":
            parts.dedup.forget(key)
            parts.ledger.forget(key)
        case "book" | "window" | "inhibition":
            keeper = parts.keepers[timer.kind]
            keeper.turn(key, now)
            return keeper.concerned(key, parts.dedup.firing())
        case "flap" | "held" | "envelope":
            parts.flapping.turn(key, now)
            return filter(None, [parts.dedup.current(key)])
        case "suggest":
            propose(parts)
        case "incident":
            parts.correlator.due(key, now)
        case "page":
            parts.correlator.touch(key)
        case "edges":
            parts.edges.turn(now)
        case "watch":
            parts.watches.due(key, now)
    return ()
