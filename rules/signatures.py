"""Which signatures of known bad are in force, and which of them raise because of an event?"""

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from aiops.domain.acts import EndSignature, PutSignatures, SignatureAct
from aiops.domain.alerts import BY_SIGNATURE, Alert, Verdict
from aiops.domain.documents import SIGNATURES
from aiops.domain.errors import BadInput, Conflict
from aiops.domain.events import Event, Severity
from aiops.domain.matching import Matcher
from aiops.domain.part import Part
from aiops.domain.rules import Rule
from aiops.domain.signatures import Correlated, Found, Signature
from aiops.domain.words import plural
from rules.conditions import compiled
from rules.correlations import Correlations
from rules.lines import Tags
from rules.logsources import NEVER, applies, asked, seen
from rules.record import Record
from rules.signature_index import SignatureIndex
from rules.signature_links import Links, astray
from rules.trail import SignatureTrail

MOST = 20_000  # in force
MOST_KINDS = 200  # of logs for which an index is kept; beyond it they are made anew
LABEL = "signature"  # of an alert: the id of the signature that raised it


class Signatures(Part):
    """Those in force, indexed for every kind of log that came in."""

    def __init__(self) -> None:
        super().__init__()
        self.correlations, self.trail = Correlations(), SignatureTrail()  # parts of their own
        self._signatures: dict[str, Signature] = {}
        self._indexes: dict[Tags, SignatureIndex] = {}
        self._asked: Tags = frozenset()  # what of a log any of them asks for: all else tells no two logs apart
        self._links = Links(())

    def find(self, event: Event, now: datetime) -> list[Found]:
        """Return the signatures that raise because of an event, by id, then correlations; each that fits counts a hit.

        What correlations are about raises nothing by itself, unless one of them says so.
        """
        if not self._signatures or event.kind in NEVER:
            return []
        tags, record = seen(event)
        index = self._index(tags)
        hit = [self._hit(found.id, now) for found in index.find(record)] if len(index) else []
        together = self._together({one.id for one in hit}, event, record, now)
        return [*(Found(signature=one) for one in hit if one.id not in self._links.quiet), *together]

    def _together(self, hit: set[str], event: Event, record: Record, now: datetime) -> Iterator[Found]:
        """Let the correlations know that these signatures fit; yield what raises."""
        if not hit & self._links.heard:
            return
        for key in self._links.order:
            one, names = self._signatures[key], self._links.names(key, sorted(hit))
            if not names or not isinstance(one.condition, Correlated):
                continue
            reached, left_out = self.correlations.take(one, one.condition, names, event, record)
            if left_out:
                self._keep(msgspec.structs.replace(one, left_out=one.left_out + left_out))
            for found in reached:
                hit.add(key)
                raised = msgspec.structs.replace(found, signature=self._hit(key, now))
                if key not in self._links.quiet:
                    yield raised

    def verdict(self, alert: Alert) -> Iterator[Rule]:
        """Yield the rule that the signature of an alert is, for its verdict; none where it has ended."""
        found = self._signatures.get(alert.labels.get(LABEL, "")) if alert.source == BY_SIGNATURE else None
        if found is not None:
            matcher = Matcher(field=LABEL, value=found.id)
            owner = found.owner or found.pack or found.put_by
            mild = "; mild, so it pages nobody by itself" if found.severity is Severity.INFO else ""
            reason = found.title + mild
            yield Rule(id=found.id, verdict=Verdict.KNOWN_BAD, matchers=(matcher,), owner=owner, reason=reason)

    def in_force(self) -> dict[str, Signature]:
        """Return those in force by id."""
        return dict(self._signatures)

    def concerned(self, act: SignatureAct, alerts: Iterable[Alert]) -> Iterator[Alert]:
        """Yield those of ``alerts`` whose signatures an act puts or ends."""
        put = act.signatures if isinstance(act, PutSignatures) else ()
        keys = {one.id for one in put} if isinstance(act, PutSignatures) else {act.signature_id}
        return (alert for alert in alerts if alert.source == BY_SIGNATURE and alert.labels.get(LABEL) in keys)

    def act(self, act: SignatureAct, actor: str, now: datetime) -> tuple[str, str]:
        """Apply it; return what was done in words, and the id it concerns. AiopsError says why not."""
        match act:
            case PutSignatures(signatures=signatures):
                return self._put_all(signatures, actor, now)
            case EndSignature(signature_id=key, text=text):
                return self._end(key, actor, now, text)

    def _put_all(self, signatures: tuple[Signature, ...], actor: str, now: datetime) -> tuple[str, str]:
        if len(self._signatures.keys() | {one.id for one in signatures}) > MOST:
            raise Conflict(f"{MOST} signatures are the most: end some first")
        for signature in signatures:
            if not signature.id or not signature.title:
                raise BadInput("without id or title", place=f"signature {signature.id}", fix="give both")
            if not isinstance(signature.condition, Correlated):
                compiled(signature.condition)
        for key, why in astray(signatures, self._signatures.values()).items():
            raise BadInput(why, place=f"signature {key}", fix="put what it is about first, or with it")
        for signature in signatures:
            before = self._signatures.get(signature.id)
            kept = self._keep(
                msgspec.structs.replace(
                    signature,
                    put_by=actor,
                    put_at=now,
                    ended_by="",
                    ended_at=None,
                    hits=before.hits if before else 0,
                    last_hit=before.last_hit if before else None,
                    left_out=before.left_out if before else 0,
                )
            )
            self.trail.note(before, kept, actor, now, f"signature {kept.id} {'changed' if before else 'put'}")
        self.correlations.drop(one.id for one in signatures)
        self._relink()
        one = signatures[0].id if len(signatures) == 1 else ""
        return f"{plural(len(signatures), 'signature')} of known bad in force", one

    def _end(self, key: str, actor: str, now: datetime, text: str) -> tuple[str, str]:
        signature = self._signatures.pop(key, None)
        if signature is None:
            raise Conflict(f"there is no signature {key!r}, or it has ended")
        about = self._links.about(key)
        self.correlations.drop([key])
        self._relink()
        self.put(SIGNATURES, msgspec.structs.replace(signature, ended_by=actor, ended_at=now))
        waits = f"; {', '.join(about)} no longer hears of it" if about else ""
        said = f"signature {key} ended by {actor}" + (f": {text}" if text else "") + waits
        self.trail.note(signature, None, actor, now, said)
        return said, key

    def _relink(self) -> None:
        self._links = Links(self._signatures.values())
        self._asked = frozenset(tag for one in self._signatures.values() for tag in asked(one.logsource))
        self._indexes.clear()

    def _keep(self, signature: Signature) -> Signature:
        self._signatures[signature.id] = signature
        self.put(SIGNATURES, signature)
        return signature

    def _hit(self, key: str, now: datetime) -> Signature:
        before = self._signatures[key]
        return self._keep(msgspec.structs.replace(before, hits=before.hits + 1, last_hit=now))

    def _index(self, log: Tags) -> SignatureIndex:
        """Return the index of all that are about such a log; made when the first one comes."""
        tags = log & self._asked
        index = self._indexes.get(tags)
        if index is None:
            if len(self._indexes) >= MOST_KINDS:
                self._indexes.clear()
            about = [one for one in self._signatures.values() if applies(one.logsource, tags)]
            index = self._indexes[tags] = SignatureIndex(about)
        return index

    def dump(self) -> bytes:
        return msgspec.msgpack.encode(list(self._signatures.values()))

    def load(self, state: bytes) -> None:
        self._signatures = {one.id: one for one in msgspec.msgpack.decode(state, type=list[Signature])}
        self._relink()
