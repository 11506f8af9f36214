"""Which of Sigma's log sources is a line of text of, and what are its fields?"""

import re2

from aiops.domain.events import Event
from rules.record import Record

Tags = frozenset[tuple[str, str]]  # product, service, category


def tags_of(product: str = "", service: str = "", category: str = "") -> Tags:
    """Return what a log is; several services or categories are parted by blanks."""
    named = (("product", product), ("service", service), ("category", category))
    return frozenset((name, value) for name, values in named for value in values.split())


_PROGRAMS = {
    "sudo": "auth sudo",
    "su": "auth",
    "sshd": "auth sshd",
    "login": "auth",
    "cron": "cron",
    "crond": "cron",
    "apache2": "apache",
    "httpd": "apache",
    "clamd": "clamav",
    "clamscan": "clamav",
    "guacd": "guacamole",
}
_APPLICATIONS = (  # what a line says of what wrote it: a token that it holds, the product
    ("java.", "jvm"),
    (".java:", "jvm"),
    ("javax.", "jvm"),
    ("com.sun.", "jvm"),
    ("org.apache.", "jvm"),
    ("Exception in thread", "jvm"),
    ("org.springframework.", "jvm spring"),
    ("org.apache.velocity", "jvm velocity"),
    ("Traceback (most recent call last)", "python"),
    ("django.", "python django"),
    ("ActionController::", "ruby_on_rails"),
    ("ActiveRecord::", "ruby_on_rails"),
    ("ActionDispatch::", "ruby_on_rails"),
    ("node:internal", "nodejs"),
    (".js:", "nodejs"),
    ("SQL syntax", "sql"),
    ("SQLSTATE", "sql"),
    ("ORA-", "sql"),
)
_PAIR = re2.compile(r"""([A-Za-z_][A-Za-z0-9_.-]*)=(?:"([^"]*)"|([^ ]*))""")
_CISCO = re2.compile(r"%([A-Z0-9_]+)-(?:[A-Z0-9_]+-)*[0-7]-([A-Z0-9_]+)")
_COMMANDS = ("CFGLOG_LOGGEDCMD", "CmdAV=", "CmdSet=", "cmd=")  # of a record of what somebody typed


def line(event: Event) -> tuple[Tags, Record]:
    """Return of which logs a line is, and its fields: what is known of it are its labels.

    Lines of auditd and FortiGate name their values themselves.
    """
    text, program = event.text, event.labels.get("service", "").lower()
    if "type=" in text and "msg=audit(" in text:
        return tags_of("linux", "auditd"), Record.of({**_named(text), "message": text})
    if "logid=" in text and "devname=" in text:
        record = Record.of({**_named(text), "message": text})
        return tags_of("fortigate", record.first("type")), record
    service = f"syslog {program.replace(' ', '')} {_PROGRAMS.get(program, '')}"
    found = tags_of("linux", service)
    if products := " ".join(product for token, product in _APPLICATIONS if token in text):
        found |= tags_of(products, category="application")
    return found | _network(text), Record.of({**event.labels, "message": text})


def _network(text: str) -> Tags:
    """Return of which log of a switch or router a line is."""
    if found := _CISCO.search(text):
        facility = found[1]
        typed = facility in ("AAA", "TACACS") or any(sign in text for sign in _COMMANDS)
        services = ["aaa"] if typed else []
        services += [name.lower() for name in ("BGP", "LDP") if name in text]
        services += ["bgp"] if ":179" in text else []
        return tags_of("cisco", " ".join(services))
    if ":179" in text:
        return tags_of("huawei" if "BGP_AUTH_FAILED" in text else "juniper", "bgp")
    return frozenset()


def _named(text: str) -> dict[str, str]:
    """Return what a line of ``name=value`` says; quotes keep blanks in a value."""
    return {found[1]: found[2] or found[3].strip("\"'") for found in _PAIR.finditer(text)}
