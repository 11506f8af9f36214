"""Which part does an act concern, and which open alerts are to be considered again because of it?"""

from collections.abc import Iterable

from aiops.domain import acts
from aiops.domain.alerts import Alert
from aiops.domain.records import HeartbeatRecord
from aiops.domain.settings import check
from aiops.parts import Parts


def apply(parts: Parts, act: acts.Act, actor: str, key: str) -> tuple[str, str, Iterable[Alert]]:
    """Apply the act of the command ``key``; return what was done, the id it concerns, and alerts to consider again.

    What does not fit is refused: AiopsError says why, and nothing has changed.
    """
    match act:
        case acts.ApplySettings(settings=settings):
            check(settings)
            parts.configure(settings)
            return "settings apply from here on", "", ()
        case acts.ImportTopology(topology=topology):
            parts.entities.configure(topology)
            text, view = parts.graph.replace(topology, parts.now), parts.graph.view()
            return text, "", filter(None, [parts.entities.replaced(one, view) for one in list(parts.dedup.firing())])
        case acts.PutRule() | acts.EndRule() | acts.PutSilence() | acts.EndSilence() | acts.LabelTemplate():
            text, concerns = parts.book.act(act, actor, parts.now, parts.templates.records)
            return text, concerns, parts.book.concerned(concerns, parts.dedup.firing())
        case acts.PageHandled() | acts.RetryPage() | acts.TryChannel():
            return *parts.outbox.act(act, actor, key, parts.now), ()
        case acts.Heartbeat(well=well, detail=detail):
            parts.heartbeat = HeartbeatRecord(well=well, detail=detail, since=parts.now)
            return detail, "", ()
        case acts.Shed(work=work, on=on, text=text):
            parts.shed = tuple(sorted({*parts.shed, work} if on else {*parts.shed} - {work}))
            return text, work, ()
        case _:
            return *parts.correlator.act(act, actor, parts.now), ()
