"""What can an operator, the API or the system do? Each act is a command in the journal, applied in order."""

from datetime import datetime

from aiops.domain.alerts import EpisodeFate, EventRecord, Verdict
from aiops.domain.base import Noun
from aiops.domain.deliveries import Delivery, Position
from aiops.domain.graph import Topology
from aiops.domain.incidents import PageStatus
from aiops.domain.rules import Inhibition, Pack, Rule, Silence, Threshold, Window
from aiops.domain.runbooks import Runbook
from aiops.domain.senders import SourceSettings, Watch
from aiops.domain.settings import Settings
from aiops.domain.signatures import Signature


class Acknowledge(Noun, frozen=True, kw_only=True, tag="acknowledge"):
    """Somebody looks at it."""

    incident_id: str


class Assign(Noun, frozen=True, kw_only=True, tag="assign"):
    """It is this person's now; empty: nobody's."""

    incident_id: str
    assignee: str


class Comment(Noun, frozen=True, kw_only=True, tag="comment"):
    """A line for the incident's story."""

    incident_id: str
    text: str


class Resolve(Noun, frozen=True, kw_only=True, tag="resolve"):
    """It is over, a person says so."""

    incident_id: str
    text: str = ""


class Close(Noun, frozen=True, kw_only=True, tag="close"):
    """Nothing more to do."""

    incident_id: str


class Reopen(Noun, frozen=True, kw_only=True, tag="reopen"):
    """It is not over after all."""

    incident_id: str


class Merge(Noun, frozen=True, kw_only=True, tag="merge"):
    """These two are one: ``other_id`` lives on in ``incident_id``."""

    incident_id: str
    other_id: str
    text: str = ""  # why


class Move(Noun, frozen=True, kw_only=True, tag="move"):
    """These alerts of ``incident_id`` belong to ``other_id``; all of them: the two are one."""

    incident_id: str
    other_id: str
    episodes: tuple[str, ...]  # their ids, or fingerprints: all episodes of that alert
    text: str = ""  # why


class Split(Noun, frozen=True, kw_only=True, tag="split"):
    """These alerts of ``incident_id`` are an incident of their own."""

    incident_id: str
    episodes: tuple[str, ...] = ()  # as in Move
    services: tuple[str, ...] = ()  # and all alerts of these
    text: str = ""  # why


class RevokePin(Noun, frozen=True, kw_only=True, tag="revoke_pin"):
    """What was said of which alerts belong together shall hold no longer."""

    pin_id: str
    text: str = ""  # why


class ConfirmCause(Noun, frozen=True, kw_only=True, tag="confirm_cause"):
    """A person names the root cause; empty ``entity``: none of the candidates."""

    incident_id: str
    entity: str


class PutRule(Noun, frozen=True, kw_only=True, tag="put_rule"):
    """Add or replace a rule; its cases are run first."""

    rule: Rule


class EndRule(Noun, frozen=True, kw_only=True, tag="end_rule"):
    """Expire a rule now."""

    rule_id: str
    text: str = ""
    gone: bool = False  # its pack has it no longer: it comes back with it; else one that a person ends stays ended


class PutSignatures(Noun, frozen=True, kw_only=True, tag="put_signatures"):
    """Add or replace signatures; what cannot be evaluated refuses them all, which reading them has ruled out."""

    signatures: tuple[Signature, ...]


class EndSignature(Noun, frozen=True, kw_only=True, tag="end_signature"):
    """Let a signature raise no more."""

    signature_id: str
    text: str = ""


class PutRunbook(Noun, frozen=True, kw_only=True, tag="put_runbook"):
    """Add or replace a runbook."""

    runbook: Runbook


class EndRunbook(Noun, frozen=True, kw_only=True, tag="end_runbook"):
    """Offer a runbook no longer."""

    runbook_id: str
    text: str = ""


class AcceptRule(Noun, frozen=True, kw_only=True, tag="accept_rule"):
    """A person takes a proposed rule for their own: it decides from now on, for so many days.

    What it ``replaces`` ends.
    """

    rule_id: str
    days: int = 30


class RejectRule(Noun, frozen=True, kw_only=True, tag="reject_rule"):
    """A person wants no such rule: it is not proposed again."""

    rule_id: str
    text: str = ""


class PutSilence(Noun, frozen=True, kw_only=True, tag="put_silence"):
    """Add or replace a silence."""

    silence: Silence


class EndSilence(Noun, frozen=True, kw_only=True, tag="end_silence"):
    """End a silence now."""

    silence_id: str


class Shelve(Noun, frozen=True, kw_only=True, tag="shelve"):
    """A person puts one alert aside: a silence of its own, which comes back by itself or is ended as any other."""

    fingerprint: str
    minutes: int
    text: str = ""  # why


class PutWindow(Noun, frozen=True, kw_only=True, tag="put_window"):
    """Add or replace a maintenance window; accepting a proposed one is putting it as active."""

    window: Window


class EndWindow(Noun, frozen=True, kw_only=True, tag="end_window"):
    """End a maintenance window now, with all its occurrences."""

    window_id: str


class PutInhibition(Noun, frozen=True, kw_only=True, tag="put_inhibition"):
    """Add or replace an inhibition."""

    inhibition: Inhibition


class EndInhibition(Noun, frozen=True, kw_only=True, tag="end_inhibition"):
    """End an inhibition now."""

    inhibition_id: str


class PutPack(Noun, frozen=True, kw_only=True, tag="put_pack"):
    """A pack was read: where it comes from, and what of it could not be used."""

    pack: Pack


class LabelTemplate(Noun, frozen=True, kw_only=True, tag="label_template"):
    """A person gives a template a verdict in place: makes, replaces or (for unknown) ends the rule of that template."""

    template_id: str
    verdict: Verdict
    reason: str
    days: int = 30  # until expiry or review
    threshold: Threshold | None = None


class ImportTopology(Noun, frozen=True, kw_only=True, tag="import_topology"):
    """The service graph is this from now on."""

    topology: Topology


class AcceptEdge(Noun, frozen=True, kw_only=True, tag="accept_edge"):
    """A proposed edge is part of the service graph from now on."""

    edge_id: str


class RejectEdge(Noun, frozen=True, kw_only=True, tag="reject_edge"):
    """A proposed or accepted edge is none: it is taken out, and not proposed again."""

    edge_id: str


class ApplySettings(Noun, frozen=True, kw_only=True, tag="apply_settings"):
    """Decide by these settings from now on; appended at start when they differ."""

    settings: Settings


class PutMapping(Noun, frozen=True, kw_only=True, tag="put_mapping"):
    """Read a source by this mapping (YAML) from here on, in place of an earlier one of its source."""

    text: str


class EndMapping(Noun, frozen=True, kw_only=True, tag="end_mapping"):
    """Read a source from here on as if there were no mapping."""

    source: str


class SetSource(Noun, frozen=True, kw_only=True, tag="set_source"):
    """Settings of one source, in place of its earlier ones."""

    settings: SourceSettings


class PutWatch(Noun, frozen=True, kw_only=True, tag="put_watch"):
    """Add or replace a dead-man switch; its time runs from now."""

    watch: Watch


class EndWatch(Noun, frozen=True, kw_only=True, tag="end_watch"):
    """Watch no longer."""

    watch_id: str


class Kept(Noun, frozen=True, kw_only=True):
    """A delivery that is in the journal, and what was made of it so far."""

    position: Position
    received_at: datetime
    delivery: Delivery
    rejected: int = 0
    observed: int = 0
    events: tuple[EventRecord, ...] = ()  # stored and not superseded, each with its present fate
    fates: tuple[EpisodeFate, ...] = ()  # of the episodes of these, as stored: the engine may hold them no longer


class Reparse(Noun, frozen=True, kw_only=True, tag="reparse"):
    """Read these deliveries anew by the mapping in force; what was made of them before is superseded, not deleted.

    They are carried inline, as the journal may have forgotten them when this entry is run again. Bounded by who makes
    it; many deliveries are many acts.
    """

    source: str
    based_on: Position  # of the view that ``kept`` was read from: refused once another act read the source anew
    kept: tuple[Kept, ...]


class PageHandled(Noun, frozen=True, kw_only=True, tag="page_handled"):
    """The responder tells what became of a page on one channel; PENDING: it was tried, and will be again."""

    page_id: str
    channel: str
    status: PageStatus
    tries: int = 1  # so far, in this round
    detail: str = ""


class RetryPage(Noun, frozen=True, kw_only=True, tag="retry_page"):
    """A page that reached nobody, or not over every channel, is to be tried again."""

    page_id: str


class TryChannel(Noun, frozen=True, kw_only=True, tag="try_channel"):
    """A page about nothing, to see whether a channel works."""

    channel: str


class Heartbeat(Noun, frozen=True, kw_only=True, tag="heartbeat"):
    """The responder tells that the watcher of the watcher is reached again, or no longer."""

    well: bool
    detail: str


SHEDDABLE = ("embedding", "clustering", "enrichment")  # what is missed least goes first, and comes back last


class Shed(Noun, frozen=True, kw_only=True, tag="shed"):
    """The system starts (or stops) leaving this kind of work undone, because of load."""

    work: str  # one of SHEDDABLE
    on: bool
    text: str


GroupingAct = Merge | Move | Split
IncidentAct = Acknowledge | Assign | Comment | Resolve | Close | Reopen | GroupingAct | ConfirmCause
RuleAct = PutRule | EndRule | AcceptRule | RejectRule | PutSilence | EndSilence | Shelve | LabelTemplate | PutPack
SignatureAct = PutSignatures | EndSignature
RunbookAct = PutRunbook | EndRunbook
WindowAct = PutWindow | EndWindow
InhibitionAct = PutInhibition | EndInhibition
ReadingAct = PutMapping | EndMapping | SetSource | PutWatch | EndWatch
SenderAct = ReadingAct | Reparse
PagingAct = PageHandled | RetryPage | TryChannel
EngineAct = ApplySettings | Shed | Heartbeat
KnownAct = RuleAct | SignatureAct | RunbookAct | WindowAct | InhibitionAct
EdgeAct = AcceptEdge | RejectEdge
Act = IncidentAct | RevokePin | KnownAct | SenderAct | PagingAct | ImportTopology | EdgeAct | EngineAct


class Outcome(Noun, frozen=True, kw_only=True):
    """What became of a command; recorded once, under the command's id."""

    command_id: str
    applied: bool
    text: str  # "acknowledged #12", or why not
    concerns: str = ""  # id of what it made or changed
    position: str = ""
    revision: int = 0
