"""Which of Sigma's log sources is an event of, and what are its fields called there? The tables."""

from collections.abc import Mapping

from aiops.domain.events import Event, EventKind
from aiops.domain.signatures import Logsource
from rules.record import Record
from rules.windows import is_windows, windows

Tags = frozenset[tuple[str, str]]  # product, service, category

NEVER: frozenset[EventKind] = frozenset((EventKind.ALERT, EventKind.METRIC, EventKind.TRACE, EventKind.HEARTBEAT))


def tags_of(product: str = "", service: str = "", category: str = "") -> Tags:
    """Return what a log is; several services or categories are parted by blanks."""
    named = (("product", product), ("service", service), ("category", category))
    return frozenset((name, value) for name, values in named for value in values.split())


def applies(logsource: Logsource, tags: Tags) -> bool:
    """Is a log of these tags one that a rule of this log source is about?"""
    asked = (("product", logsource.product), ("service", logsource.service), ("category", logsource.category))
    return all((name, value) in tags for name, value in asked if value)


_BY_SOURCE: Mapping[str, Tags] = {
    "cloudtrail": tags_of("aws", "cloudtrail"),
    "github": tags_of("github", "audit"),
    "kubernetes_audit": tags_of("kubernetes", "audit", "application"),
    "okta": tags_of("okta", "okta"),
}
_BY_FIELDS: tuple[tuple[str, Tags], ...] = (  # all of these fields are there; the first row that fits counts
    ("eventsource eventname useridentity.type", tags_of("aws", "cloudtrail")),
    ("auditid verb objectref.resource", tags_of("kubernetes", "audit", "application")),
    ("eventtype legacyeventtype", tags_of("okta", "okta")),
    ("protopayload.methodname", tags_of("gcp", "gcp.audit google_workspace.admin google_workspace.login")),
    ("gcp.audit.method_name", tags_of("gcp", "gcp.audit")),
    ("riskeventtype", tags_of("azure", "riskdetection pim")),
    ("operationname category resourceid", tags_of("azure")),
    ("operationname caller", tags_of("azure", "activitylogs")),
    ("audittype.action", tags_of("bitbucket", "audit")),
    ("cs-method", tags_of(category="webserver proxy")),
    ("c-uri", tags_of(category="proxy webserver")),
    ("image commandline", tags_of("linux", category="process_creation")),
    ("query record_type", tags_of(category="dns")),
)
_AZURE = {  # by the category of a diagnostic log
    "auditlogs": "auditlogs",
    "signinlogs": "signinlogs",
    "noninteractiveusersigninlogs": "signinlogs",
    "serviceprincipalsigninlogs": "signinlogs",
    "riskyusers": "riskdetection",
    "userriskevents": "riskdetection",
}
_NAMES = {  # what rules call a field: where it may stand
    "gcp.audit.method_name": ("protopayload.methodname",),
    "gcp.audit.service_name": ("protopayload.servicename",),
    "eventname": ("protopayload.metadata.event.eventname",),
    "eventservice": ("protopayload.servicename",),
    "operationname": ("operationnamevalue",),
    "useragent": ("client.useragent.rawuseragent",),
}
LINUX = tags_of("linux", "syslog")
_PROGRAMS = {"sudo": "auth sudo", "su": "auth", "sshd": "auth sshd", "cron": "cron", "crond": "cron"}


def seen(event: Event) -> tuple[Tags, Record]:
    """Return of which log the event is, and its record as rules of that log name it."""
    if not event.raw:
        return _line(event)
    record = Record.of(event.raw)
    if event.source == "windows" or is_windows(record):
        return windows(record), record
    for name, places in _NAMES.items():
        for place in places:
            record.alias(name, record.get(place))
    tags = _BY_SOURCE.get(event.source) or _by_fields(record)
    if ("product", "azure") in tags and ("service", "activitylogs") not in tags:
        tags |= tags_of(service=_AZURE.get(record.first("category"), "activitylogs"))
    return tags or (_line(event)[0] if event.kind is EventKind.LOG else tags), record


def _by_fields(record: Record) -> Tags:
    for names, tags in _BY_FIELDS:
        if all(name in record.fields for name in names.split()):
            on_windows = "\\" in record.first("image")
            return tags_of("windows", category="process_creation") if on_windows else tags
    return frozenset()


def _line(event: Event) -> tuple[Tags, Record]:
    """A line of text: what is known of it are its labels; auditd's name their values themselves."""
    text, program = event.text, event.labels.get("service", "").lower()
    if "type=" in text and "msg=audit(" in text:
        pairs = (word.partition("=") for word in text.split(" "))
        audited = {name: value.strip("\"'") for name, mark, value in pairs if mark}
        return tags_of("linux", "auditd"), Record.of({**audited, "message": text})
    service = f"syslog {program.replace(' ', '')} {_PROGRAMS.get(program, '')}"
    return tags_of("linux", service), Record.of({**event.labels, "message": text})
