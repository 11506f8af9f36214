"""Which of Windows' logs is a record of, and what do rules call its fields? As Winlogbeat, NXLog and others send it."""

from rules.record import Record

_PREFIXES = (
    "winlog.event_data.",
    "winlog.user_data.",
    "event.eventdata.",
    "event.userdata.",
    "event.system.",
    "eventdata.",
    "event_data.",
    "winlog.",
)
_NAMES = {  # what rules call a field: what senders call it
    "eventid": ("event_id", "event.code", "event_id.#text"),
    "provider_name": ("winlog.provider_name", "providername", "sourcename", "event.system.provider.name"),
    "computer": ("computer_name", "computername", "winlog.computer_name", "hostname"),
    "image": ("newprocessname",),  # of Security 4688
    "parentimage": ("parentprocessname",),
    "commandline": ("processcommandline",),
}
_SERVICES = {
    "application": "application",
    "security": "security",
    "system": "system",
    "windows powershell": "powershell-classic",
    "dns server": "dns-server",
    "microsoft-windows-applocker/exe and dll": "applocker",
    "microsoft-windows-appxdeploymentserver/operational": "appxdeployment-server",
    "microsoft-windows-bits-client/operational": "bits-client",
    "microsoft-windows-codeintegrity/operational": "codeintegrity-operational",
    "microsoft-windows-dns-client/operational": "dns-client",
    "microsoft-windows-driverframeworks-usermode/operational": "driver-framework",
    "microsoft-windows-ldap-client/debug": "ldap",
    "microsoft-windows-ntlm/operational": "ntlm",
    "microsoft-windows-powershell/operational": "powershell",
    "microsoft-windows-printservice/operational": "printservice-operational",
    "microsoft-windows-smbclient/security": "smbclient-security",
    "microsoft-windows-sysmon/operational": "sysmon",
    "microsoft-windows-taskscheduler/operational": "taskscheduler",
    "microsoft-windows-terminalservices-localsessionmanager/operational": "terminalservices-localsessionmanager",
    "microsoft-windows-windows defender/operational": "windefend",
    "microsoft-windows-windows firewall with advanced security/firewall": "firewall-as",
    "microsoft-windows-wmi-activity/operational": "wmi",
    "openssh/operational": "openssh",
    "linux-sysmon/operational": "sysmon",
}
_SYSMON = {
    "1": "process_creation",
    "2": "file_change",
    "3": "network_connection",
    "4": "sysmon_status",
    "5": "process_termination",
    "6": "driver_load",
    "7": "image_load",
    "8": "create_remote_thread",
    "9": "raw_access_thread",
    "10": "process_access",
    "11": "file_event",
    "13": "registry_set registry_event",
    "14": "registry_rename registry_event",
    "15": "create_stream_hash",
    "16": "sysmon_status",
    "17": "pipe_created",
    "18": "pipe_created",
    "19": "wmi_event",
    "20": "wmi_event",
    "21": "wmi_event",
    "22": "dns_query",
    "23": "file_delete",
    "25": "process_tampering",
    "26": "file_delete_detected file_delete",
    "27": "file_block_executable",
    "29": "file_executable_detected",
    "255": "sysmon_error",
}
_CATEGORIES = {
    ("security", "4688"): "process_creation",
    ("powershell", "4103"): "ps_module",
    ("powershell", "4104"): "ps_script",
    ("powershell-classic", "400"): "ps_classic_start",
    ("powershell-classic", "600"): "ps_classic_provider_start",
    ("powershell-classic", "800"): "ps_classic_script",
}


def is_windows(record: Record) -> bool:
    """Does it come from an event log of Windows?"""
    names = record.fields
    channel = "channel" in names or "winlog.channel" in names or "event.system.channel" in names
    return channel and any(name in names for name in ("eventid", "winlog.event_id", "event.system.eventid"))


def windows(record: Record) -> frozenset[tuple[str, str]]:
    """Give the record's fields the names that rules know; return its product, service and categories."""
    for name, values in list(record.fields.items()):
        prefix = next((prefix for prefix in _PREFIXES if name.startswith(prefix)), "")
        record.alias(name[len(prefix) :].replace(" ", ""), values)
    for name, places in _NAMES.items():
        for place in places:
            record.alias(name, record.get(place))
    channel, number = record.first("channel"), record.first("eventid")
    service = _SERVICES.get(channel, "")
    category = _SYSMON.get(number, "") if service == "sysmon" else _CATEGORIES.get((service, number), "")
    if service == "sysmon" and number == "12":
        deleted = record.first("eventtype").startswith("delete")
        category = f"registry_event {'registry_delete' if deleted else 'registry_add'}"
    product = "linux" if channel.startswith("linux-") else "windows"
    found = [("product", product), *(("category", one) for one in category.split())]
    return frozenset([*found, ("service", service)] if service else found)
