"""What do a sender's words for severity and status mean in ours?"""

from aiops.domain.events import Severity, Status
from aiops.domain.reasons import Reason
from ingestion.reading.fields import names

_SEVERITIES = {
    Severity.CRITICAL: (
        "critical crit page fatal emergency emerg panic disaster blocker catastrophic alert down veryhigh"
        " offline outage unreachable unavailable unhealthy"
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
        "succeeded green inactive healthy normal fixed ended end completed expired operational deactivated "
        "deactivate dismissed auto_dismissed untriggered not_triggered cancelled canceled passed "
        "recover passing complete flappingstop flappingend downtimeend downtimeremoved available online 0 false"
    )
)
_FIRING = frozenset(
    names(
        "firing active alerting alert alarm triggered trigger problem open opened new down critical error "
        "failed failure failing fail unhealthy degraded warning warn red yellow unresolved started start "
        "ongoing acknowledged acknowledge ack acknowledgement acked in_progress investigating identified monitoring "
        "activated fired no_data nodata insufficient_data re-triggered retriggered renotify reopened reopen create "
        "update breached violated crit unknown unreachable offline 1 true"
    )
)
_ACKNOWLEDGED = frozenset(names("acknowledged acknowledge ack acknowledgement acked acknowledgment"))

_RESULTS = {
    "success": names("success successful succeeded passed pass ok changed unchanged applied complete completed fixed"),
    "failure": names(
        "failure failed fail error errored broken timed_out timedout timeout startup_failure action_required degraded "
        "unstable infrastructure_failure start_failure"
    ),
    "started": names("started start running in_progress progressing inprogress requested initiated building"),
    "queued": names("queued pending waiting created scheduled blocked planning waiting_for_resource"),
    "cancelled": names("cancelled canceled aborted stopped stale superseded discarded killed"),
    "skipped": names("skipped neutral not_built manual"),
}
_RESULT = {word: result for result, words in _RESULTS.items() for word in words}


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


def is_severity(word: str) -> bool:
    """Is it a word that we know?"""
    return word.lower().translate(_NO_SEPARATORS).strip() in _MEANING


def status(word: str) -> Status | None:
    """Return our status for a sender's word; None where it says nothing about it."""
    name = word.strip().lower().replace(" ", "_")
    if name in _RESOLVED:
        return Status.RESOLVED
    return Status.FIRING if name in _FIRING else None


def is_acknowledgement(word: str) -> bool:
    """Does the word say that somebody has taken the alert, which still fires?"""
    return word.strip().lower() in _ACKNOWLEDGED


def result(word: str) -> str:
    """Return success, failure, started, queued, cancelled or skipped for a word of a pipeline; else the word itself."""
    name = word.strip().lower().replace(" ", "_")
    return _RESULT.get(name, name[:40])
