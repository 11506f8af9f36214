"""What do a sender's words for severity and status mean in ours?"""

from aiops.domain.events import Severity, Status
from aiops.domain.reasons import Reason
from ingestion.reading.fields import names

_SEVERITIES = {
    Severity.CRITICAL: (
        "critical crit page fatal emergency emerg panic disaster blocker catastrophic alert down veryhigh"
        " p0 p1 sev0 sev1 s1 priority1 urgent immediate"
    ),
    Severity.HIGH: "high error err major severe failure failed p2 sev2 s2 priority2 important",
    Severity.WARNING: "warning warn medium moderate average minor degraded p3 sev3 s3 priority3 normal unstable",
    Severity.INFO: (
        "info information informational notice low none debug trace trivial p4 p5 sev4 sev5 s4 s5 priority4 priority5"
        " ok clear cleared resolved success notclassified"
    ),
}
_MEANING = {word: severity for severity, words in _SEVERITIES.items() for word in names(words)}

_NO_SEPARATORS = str.maketrans("", "", " _-")  # "Sev-2", "Not classified"

_RESOLVED = frozenset(
    names(
        "resolved resolve ok okay recovered recovery closed close clear cleared up success successful "
        "succeeded green inactive healthy normal fixed ended end completed expired 0 false"
    )
)
_FIRING = frozenset(
    names(
        "firing active alerting alert alarm triggered trigger problem open opened new down critical error "
        "failed failure failing fail unhealthy degraded warning warn red yellow unresolved started start "
        "ongoing acknowledged 1 true"
    )
)


def severity(word: str) -> tuple[Severity, tuple[Reason, ...]]:
    """Return our severity for a sender's word, and a Reason wherever that took an assumption."""
    name = word.lower().translate(_NO_SEPARATORS).strip()
    if not name:
        return Severity.WARNING, (Reason(step="parse", text="no severity given: warning assumed"),)
    meaning = _MEANING.get(name)
    if meaning is None:
        text = f"severity '{word[:40]}' is not a word we know: warning assumed"
        return Severity.WARNING, (Reason(step="parse", text=text, evidence={"sent": word[:40]}),)
    if meaning == name:
        return meaning, ()
    text = f"severity '{word[:40]}' read as {meaning}"
    return meaning, (Reason(step="parse", text=text, evidence={"sent": word[:40]}),)


def status(word: str) -> Status | None:
    """Return our status for a sender's word; None where it says nothing about it."""
    name = word.strip().lower()
    if name in _RESOLVED:
        return Status.RESOLVED
    return Status.FIRING if name in _FIRING else None
