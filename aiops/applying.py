"""Which part does an act concern, and which open alerts are to be considered again because of it?"""

from collections.abc import Iterable

from aiops.auditing import audit
from aiops.domain import acts
from aiops.domain.alerts import Alert
from aiops.domain.errors import Conflict
from aiops.domain.reasons import Reason
from aiops.domain.records import HeartbeatRecord
from aiops.domain.settings import check
from aiops.parts import Keeper, Parts


def apply(parts: Parts, act: acts.Act, actor: str, key: str) -> tuple[str, str, Iterable[Alert]]:
    """Apply the act of the command ``key``; return what was done, the id it concerns, and alerts to consider again.

    What does not fit is refused: AiopsError says why, and nothing has changed.
    """
    match act:
        case acts.ApplySettings() | acts.Heartbeat() | acts.Shed():
            return *_of_engine(parts, act), ()
        case acts.ImportTopology() | acts.AcceptEdge() | acts.RejectEdge():
            return _of_graph(parts, act, actor)
        case _ if isinstance(act, acts.RuleAct | acts.WindowAct | acts.InhibitionAct):
            return _of_what_keeps_quiet(parts, act, actor)
        case acts.PutSignatures() | acts.EndSignature():
            text, concerns = parts.signatures.act(act, actor, parts.now)
            return text, concerns, parts.signatures.concerned(act, parts.dedup.firing())
        case _ if isinstance(act, acts.ReadingAct | acts.RunbookAct):
            return *_beside_alerts(parts, act, actor), ()
        case acts.Reparse():
            return _read_anew(parts, act, actor)
        case acts.PageHandled() | acts.RetryPage() | acts.TryChannel():
            return *parts.outbox.act(act, actor, key, parts.now), ()
        case _:
            text, concerns = parts.correlator.act(act, actor, parts.now)
            return text, concerns, audit(parts, concerns, act.entity) if isinstance(act, acts.ConfirmCause) else ()


def _of_graph(parts: Parts, act: acts.ImportTopology | acts.EdgeAct, actor: str) -> tuple[str, str, Iterable[Alert]]:
    """Let the graph be what is imported, or what it was, with the edges that people accepted: alerts move with it."""
    if isinstance(act, acts.ImportTopology):
        said, concerns, stated = "", "", act.topology
    else:
        (text, concerns), stated = parts.edges.act(act, actor, parts.now), parts.graph.topology
        said = f"{text}; "
    topology = parts.edges.accepted(stated)
    parts.entities.configure(topology)
    version, view = parts.graph.replace(topology, parts.now), parts.graph.view()
    moved = filter(None, [parts.entities.replaced(one, view) for one in list(parts.dedup.firing())])
    return said + version, concerns, moved


def _of_engine(parts: Parts, act: acts.EngineAct) -> tuple[str, str]:
    """Apply what concerns the engine as a whole."""
    match act:
        case acts.ApplySettings(settings=settings):
            check(settings)
            parts.configure(settings)
            return "settings apply from here on", ""
        case acts.Heartbeat(well=well, detail=detail):
            parts.heartbeat = HeartbeatRecord(well=well, detail=detail, since=parts.now)
            return detail, ""
        case acts.Shed(work=work, on=on, text=text):
            parts.leave(tuple(sorted({*parts.shed, work} if on else {*parts.shed} - {work})))
            return text, work


def _of_what_keeps_quiet(
    parts: Parts, act: acts.RuleAct | acts.WindowAct | acts.InhibitionAct, actor: str
) -> tuple[str, str, Iterable[Alert]]:
    keeper: Keeper = parts.book
    if isinstance(act, acts.WindowAct):
        keeper, (text, concerns) = parts.schedule, parts.schedule.act(act, actor, parts.now)
    elif isinstance(act, acts.InhibitionAct):
        keeper, (text, concerns) = parts.inhibitor, parts.inhibitor.act(act, actor, parts.now)
    else:
        if isinstance(act, acts.Shelve) and parts.dedup.current(act.fingerprint) is None:
            raise Conflict(f"there is no alert {act.fingerprint!r}, or it was forgotten")
        text, concerns = parts.book.act(act, actor, parts.now, parts.templates.records)
        if isinstance(act, acts.RejectRule | acts.EndRule):
            parts.suggest.reject(concerns)
    return text, concerns, keeper.concerned(concerns, parts.dedup.firing())


def _beside_alerts(parts: Parts, act: acts.ReadingAct | acts.RunbookAct, actor: str) -> tuple[str, str]:
    """Apply what changes no alert that is there."""
    if isinstance(act, acts.RunbookAct):
        return parts.runbooks.act(act, actor, parts.now)
    if isinstance(act, acts.PutWatch | acts.EndWatch):
        return parts.watches.act(act, parts.now)
    return parts.senders.act(act, actor, parts.now)


def _read_anew(parts: Parts, act: acts.Reparse, actor: str) -> tuple[str, str, Iterable[Alert]]:
    """What was made of these deliveries is superseded; the engine reads them once more behind this."""
    text, concerns = parts.senders.read_anew(act, parts.position)
    why = f"{actor} had kept deliveries of {act.source} read anew"
    parts.ledger.supersede(act.kept, why)
    reason = Reason(step="supersede", text=f"superseded, because {why}", evidence={"source": act.source})
    records = [record for kept in act.kept for record in kept.events]
    return text, concerns, parts.dedup.supersede(records, reason, parts.now)
