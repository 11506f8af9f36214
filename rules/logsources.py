"""Which of Sigma's log sources is an event of, and what are its fields called there? The tables."""

from collections.abc import Mapping

from aiops.domain.events import Event, EventKind
from aiops.domain.signatures import Logsource
from rules.lines import Tags, line, tags_of
from rules.record import Record
from rules.windows import is_windows, windows

NEVER: frozenset[EventKind] = frozenset((EventKind.ALERT, EventKind.METRIC, EventKind.TRACE, EventKind.HEARTBEAT))


def applies(logsource: Logsource, tags: Tags) -> bool:
    """Is a log of these tags one that a rule of this log source is about?"""
    return asked(logsource) <= tags


def asked(logsource: Logsource) -> Tags:
    """Return the tags that a log must have for a rule of this log source to be about it."""
    named = (("product", logsource.product), ("service", logsource.service), ("category", logsource.category))
    return frozenset((name, value) for name, value in named if value)


_BY_SOURCE: Mapping[str, Tags] = {
    "cloudtrail": tags_of("aws", "cloudtrail"),
    "github": tags_of("github", "audit"),
    "kubernetes_audit": tags_of("kubernetes", "audit", "application"),
    "okta": tags_of("okta", "okta"),
}
_FIELDS: tuple[tuple[str, Tags], ...] = (  # all of these fields are there; the first row that fits counts
    ("eventsource eventname useridentity.type", tags_of("aws", "cloudtrail")),
    ("auditid verb objectref.resource", tags_of("kubernetes", "audit", "application")),
    ("eventtype legacyeventtype", tags_of("okta", "okta")),
    ("protopayload.methodname", tags_of("gcp", "gcp.audit google_workspace.admin google_workspace.login")),
    ("gcp.audit.method_name", tags_of("gcp", "gcp.audit")),
    ("riskeventtype", tags_of("azure", "riskdetection pim")),
    ("operationname category resourceid", tags_of("azure")),
    ("operationname caller", tags_of("azure", "activitylogs")),
    ("audittype.action", tags_of("bitbucket", "audit")),
    ("uid id.orig_h endpoint operation", tags_of("zeek", "dce_rpc")),
    ("uid id.orig_h request_type", tags_of("zeek", "kerberos")),
    ("uid id.orig_h qtype_name", tags_of("zeek", "dns", "dns")),
    ("uid id.orig_h method uri", tags_of("zeek", "http", "proxy webserver")),
    ("uid id.orig_h path name", tags_of("zeek", "smb_files")),
    ("uid id.orig_h cookie security_protocol", tags_of("zeek", "rdp")),
    ("certificate.serial certificate.issuer", tags_of("zeek", "x509")),
    ("logid devid type", tags_of("fortigate")),
    ("cmdset", tags_of("cisco", "aaa")),
    ("cs-method", tags_of(category="webserver proxy")),
    ("c-uri", tags_of(category="proxy webserver")),
    ("image targetobject", tags_of("windows", category="registry_event registry_set")),
    ("image imageloaded", tags_of("windows", category="image_load")),
    ("image targetfilename", tags_of("linux", category="file_event")),
    ("image destinationip", tags_of("linux", category="network_connection")),
    ("image destinationhostname", tags_of("linux", category="network_connection")),
    ("image queryname", tags_of("linux", category="dns_query")),
    ("image commandline", tags_of("linux", category="process_creation")),
    ("query record_type", tags_of(category="dns")),
    ("signature filename", tags_of(category="antivirus")),
    ("src_ip dst_ip dst_port", tags_of(category="firewall")),
)
_BY_FIELDS = tuple((names.split(), tags) for names, tags in _FIELDS)
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
_ZEEK = {"c-uri": ("uri",), "c-useragent": ("user_agent",), "cs-method": ("method",), "cs-host": ("host",)}
_CATEGORY = {"dns": "dns", "http": "proxy webserver"}  # by the name of a log of Zeek


def seen(event: Event) -> tuple[Tags, Record]:
    """Return of which log the event is, and its record as rules of that log name it."""
    if not event.raw:
        return line(event)
    record = Record.of(event.raw)
    if event.source == "windows" or is_windows(record):
        return windows(record), record
    _alias(record, _NAMES)
    if zeek := record.first("_path"):
        _alias(record, _ZEEK)
        return tags_of("zeek", zeek, _CATEGORY.get(zeek, "")), record
    tags = _BY_SOURCE.get(event.source) or _by_fields(record)
    if ("product", "azure") in tags and ("service", "activitylogs") not in tags:
        tags |= tags_of(service=_AZURE.get(record.first("category"), "activitylogs"))
    if tags or event.kind is not EventKind.LOG:
        return tags, record
    tags, of_line = line(event)
    for name, values in of_line.fields.items():
        record.alias(name, values)
    return tags, record


def _alias(record: Record, names: Mapping[str, tuple[str, ...]]) -> None:
    for name, places in names.items():
        for place in places:
            record.alias(name, record.get(place))


def _by_fields(record: Record) -> Tags:
    for names, tags in _BY_FIELDS:
        if all(name in record.fields for name in names):
            if ("product", "zeek") in tags:
                _alias(record, _ZEEK)
            if ("product", "fortigate") in tags:
                return tags_of("fortigate", record.first("type"))
            if ("product", "linux") in tags and "\\" in record.first("image"):
                return (tags - tags_of("linux")) | tags_of("windows")
            return tags
    return frozenset()
