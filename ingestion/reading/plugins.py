"""What do the macros of a Nagios-like notification say? Names differ by tool only in prefixes and underscores."""

from collections.abc import Iterator, Mapping

from aiops.domain.events import Severity, Status
from ingestion.reading.shape import Item, Shape

SEVERITIES = {
    "critical": Severity.CRITICAL,
    "crit": Severity.CRITICAL,
    "down": Severity.CRITICAL,
    "unreachable": Severity.HIGH,
    "warning": Severity.WARNING,
    "warn": Severity.WARNING,
    "unknown": Severity.WARNING,
    "pending": Severity.INFO,
    "up": Severity.INFO,
    "ok": Severity.INFO,
}

_STATE = Shape(  # a host's notification has no macros of a service
    title="SERVICEOUTPUT HOSTOUTPUT OUTPUT",
    message="LONGSERVICEOUTPUT LONGHOSTOUTPUT",
    severity="SERVICESTATE HOSTSTATE STATE",
    status="SERVICESTATE HOSTSTATE STATE",
    host="HOSTNAME HOSTALIAS HOSTADDRESS",
    environment="ENVVAR ENVIRONMENT",
    time="LASTSERVICESTATECHANGE LASTHOSTSTATECHANGE TIMET LONGDATETIME SHORTDATETIME",
    url="SERVICENOTESURL HOSTNOTESURL SERVICEACTIONURL HOSTACTIONURL NOTESURL",
    identity="HOSTNAME SERVICEDESC",
    named={
        "check": "SERVICEDESC",
        "hostgroup": "HOSTGROUPNAMES HOSTGROUPNAME HOSTGROUPS",
        "address": "HOSTADDRESS ADDRESS",
    },
    facts={
        "status": "_status",
        "actor": "NOTIFICATIONAUTHORNAME NOTIFICATIONAUTHOR AUTHOR",
        "comment": "NOTIFICATIONCOMMENT COMMENT",
    },
    severities=SEVERITIES,
    statuses={"pending": Status.RESOLVED},
)

_ASIDE = {"acknowledgement": "acknowledged"} | dict.fromkeys(  # what a notification tells beside the state
    ("custom", "flappingstart", "flappingstop", "downtimestart", "downtimeend", "downtimeremoved"), "info"
)
_SHORT = {"HOST": "HOSTNAME", "SERVICE": "SERVICEDESC", "DATE": "LONGDATETIME"}
_SEPARATORS = str.maketrans("", "", "_. -$")


def notified(document: object) -> Iterator[Item]:
    """Find the state in macros written ``HOSTNAME``, ``host_name``, ``NAGIOS_HOSTNAME``, ``$HOSTNAME$``."""
    if not isinstance(document, Mapping):
        return
    macros = {_plain(str(name)): value for name, value in document.items()}
    macros["SERVICEDESC"] = macros.get("SERVICEDESC") or macros.get("SERVICENAME") or macros.get("SERVICEDISPLAYNAME")
    for short, name in _SHORT.items():  # as people write their own notification commands
        macros.setdefault(name, macros.get(short))
    macros["_status"] = _ASIDE.get(str(macros.get("NOTIFICATIONTYPE")).lower(), "")
    yield _STATE, macros


def _plain(name: str) -> str:
    name = name.upper()
    for prefix in ("NAGIOS_", "ICINGA_", "NOTIFY_"):
        name = name.removeprefix(prefix)
    return name.translate(_SEPARATORS)
