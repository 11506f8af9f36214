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
    "signature": ("threatname",),  # of Defender; as rules for any antivirus say it
}
_SERVICES = {
    "application": "application",
    "security": "security",
    "system": "system",
    "windows powershell": "powershell-classic",
    "dns server": "dns-server",
    "microsoft-iis-configuration/operational": "iis-configuration",
    "microsoft-servicebus-client/operational": "microsoft-servicebus-client",
    "microsoft-windows-appmodel-runtime/admin": "appmodel-runtime",
    "microsoft-windows-applocker/exe and dll": "applocker",
    "microsoft-windows-applocker/msi and script": "applocker",
    "microsoft-windows-applocker/packaged app-deployment": "applocker",
    "microsoft-windows-applocker/packaged app-execution": "applocker",
    "microsoft-windows-application-experience/program-telemetry": "application-experience",
    "microsoft-windows-appxpackaging/operational": "appxpackaging-om",
    "microsoft-windows-appxdeploymentserver/operational": "appxdeployment-server",
    "microsoft-windows-bits-client/operational": "bits-client",
    "microsoft-windows-bitlocker/bitlocker management": "bitlocker",
    "microsoft-windows-capi2/operational": "capi2",
    "microsoft-windows-certificateservicesclient-lifecycle-system/operational": (
        "certificateservicesclient-lifecycle-system"
    ),
    "microsoft-windows-codeintegrity/operational": "codeintegrity-operational",
    "microsoft-windows-diagnosis-scripted/operational": "diagnosis-scripted",
    "microsoft-windows-dns-client/operational": "dns-client",
    "microsoft-windows-dns-client events/operational": "dns-client",
    "microsoft-windows-dns-server/analytical": "dns-server-analytic",
    "microsoft-windows-dns-server/audit": "dns-server-audit",
    "microsoft-windows-dnsserver/analytical": "dns-server-analytic",
    "microsoft-windows-dnsserver/audit": "dns-server-audit",
    "microsoft-windows-driverframeworks-usermode/operational": "driver-framework",
    "microsoft-windows-hyper-v-worker-admin": "hyper-v-worker",
    "microsoft-windows-kernel-eventtracing/admin": "kernel-event-tracing",
    "microsoft-windows-kernel-shimengine/operational": "kernel-shimengine",
    "microsoft-windows-ldap-client/debug": "ldap",
    "microsoft-windows-lsa/operational": "lsa-server",
    "microsoft-windows-ntfs/operational": "ntfs",
    "microsoft-windows-ntlm/operational": "ntlm",
    "microsoft-windows-powershell/operational": "powershell",
    "microsoft-windows-printservice/admin": "printservice-admin",
    "microsoft-windows-printservice/operational": "printservice-operational",
    "microsoft-windows-security-mitigations/kernel mode": "security-mitigations",
    "microsoft-windows-security-mitigations/user mode": "security-mitigations",
    "microsoft-windows-sense/operational": "sense",
    "microsoft-windows-shell-core/operational": "shell-core",
    "microsoft-windows-smbclient/connectivity": "smbclient-connectivity",
    "microsoft-windows-smbclient/security": "smbclient-security",
    "microsoft-windows-smbserver/connectivity": "smbserver-connectivity",
    "microsoft-windows-sysmon/operational": "sysmon",
    "microsoft-windows-taskscheduler/operational": "taskscheduler",
    "microsoft-windows-terminalservices-localsessionmanager/operational": "terminalservices-localsessionmanager",
    "microsoft-windows-vhdmp-operational": "vhdmp",
    "microsoft-windows-windows defender/operational": "windefend",
    "microsoft-windows-windows firewall with advanced security/firewall": "firewall-as",
    "microsoft-windows-wmi-activity/operational": "wmi",
    "msexchange management": "msexchange-management",
    "openssh/operational": "openssh",
    "powershellcore/operational": "powershell",
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
    "28": "file_block_shredding",
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
    **{
        ("windefend", number): "antivirus"
        for number in ("1006", "1007", "1008", "1015", "1116", "1117", "1118", "1119")
    },
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
