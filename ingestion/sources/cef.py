"""What do security devices say in CEF (ArcSight) and LEEF (QRadar), in our words? Who did what, and who saw it."""

from collections.abc import Mapping
from datetime import datetime

from aiops.domain.base import stable_hash
from aiops.domain.entries import Delivery
from aiops.domain.errors import BadInput
from aiops.domain.events import Event, EventKind, Parsed, Severity
from ingestion.reading import fields, words
from ingestion.reading.times import believed, moment

NAME = "cef"

_HEADER = ("deviceVendor", "deviceProduct", "deviceVersion", "signature", "name", "severity")
_LEEF = ("deviceVendor", "deviceProduct", "deviceVersion", "signature")
_ACTOR = ("suser", "duser", "usrName", "sourceUserName", "user", "suid")
_SOURCE = ("src", "sourceAddress", "shost")
_TIME = ("rt", "end", "start", "devTime", "deviceReceiptTime")
_HOST = ("dvchost", "dvc", "deviceHostName", "identHostName")


def parse(delivery: Delivery, received_at: datetime) -> Parsed:
    """Return one audit Event per line; a syslog header before it gives host and time."""
    lines = [text.strip() for text in delivery.body.decode("utf-8", "replace").splitlines() if text.strip()]

    def read(text: object, place: str) -> Event:
        line = str(text)
        start = within(line)
        if not start:
            raise BadInput("neither CEF nor LEEF", place=place, fix="send lines with CEF:0|... or LEEF:2.0|...")
        header = line[: start - 1].strip()
        header = header.rpartition(">")[2] if header.startswith("<") else header
        at = moment(header[:15], received_at) or moment(header.partition(" ")[0], received_at)
        host = header.rpartition(" ")[2]
        return event(line, host, at, delivery.source, received_at)

    return fields.each("lines", lines, read)


def within(text: str) -> int:
    """Return 1 + where CEF or LEEF begins in ``text``; 0 where it does not."""
    found = [at for mark in ("CEF:0|", "CEF:1|", "LEEF:1.0|", "LEEF:2.0|") if (at := text.find(mark)) >= 0]
    return min(found) + 1 if found else 0


def event(text: str, host: str, at: datetime | None, source: str, received_at: datetime) -> Event:
    """Return the audit Event of the CEF or LEEF that ``within`` found in ``text``."""
    body = text[within(text) - 1 :]
    head, said = _leef(body) if body.startswith("LEEF") else _cef(body)
    whole = {**head, **said}
    own = next((time for name in _TIME if (time := moment(said.get(name), received_at))), None)
    when = own or at
    title = head.get("name") or head.get("signature") or "security event"
    labels = {name: value for name, value in whole.items() if name not in ("msg", "severity", "name", "sev")}
    if named := host or fields.first_of(whole, _HOST):
        labels["host"] = named
    return Event(
        kind=EventKind.AUDIT,
        source=source,
        received_at=received_at,
        occurred_at=believed(when, received_at) or received_at,
        content_key=stable_hash(source, text),
        title=title[: fields.LONGEST_TITLE],
        message=said.get("msg", ""),
        labels={name: value[: fields.LONGEST_LABEL] for name, value in labels.items() if value},
        facts={
            "action": title,
            "actor": fields.first_of(said, _ACTOR),
            "source_ip": fields.first_of(said, _SOURCE),
        },
        severity=_severity(head.get("severity") or said.get("sev") or ""),
        starts_at=when,
    )


def _severity(word: str) -> Severity:
    """0-3 low, 4-6 medium, 7-9 high, 10 very high; or a word."""
    if word.isdecimal():
        bounds = ((4, Severity.INFO), (7, Severity.WARNING), (10, Severity.HIGH))
        return next((severity for bound, severity in bounds if int(word) < bound), Severity.CRITICAL)
    return words.severity(word)[0]


def _cef(body: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
    parts = _split(body.partition(":")[2], 8)
    head = dict(zip(_HEADER, parts[1:7], strict=False))
    return head, _extension(parts[7] if len(parts) > 7 else "")


def _split(text: str, most: int) -> list[str]:
    """Part at bars that are not escaped, into at most ``most`` parts; the last is left as it is."""
    parts, part, at = [], "", 0
    while at < len(text):
        if text[at] == "\\" and text[at + 1 : at + 2] in ("|", "\\"):
            part += text[at + 1]
            at += 2
        elif text[at] == "|":
            parts.append(part)
            part, at = "", at + 1
            if len(parts) == most - 1:
                return [*parts, text[at:]]
        else:
            part += text[at]
            at += 1
    return [*parts, part]


def _extension(text: str) -> dict[str, str]:
    """``src=1.2.3.4 msg=with blanks act=x``: a key is the word before an equals sign that is not escaped."""
    found: dict[str, str] = {}
    name = ""
    words_of: list[str] = []
    for word in text.split(" "):
        key, equals, value = word.partition("=")
        if equals and key and not key.endswith("\\") and key.replace("_", "").replace(".", "").isalnum():
            if name:
                found[name] = _unescaped(" ".join(words_of))
            name, words_of = key, [value]
        else:
            words_of.append(word)
    if name:
        found[name] = _unescaped(" ".join(words_of))
    return found


def _unescaped(value: str) -> str:
    return value.replace("\\=", "=").replace("\\n", "\n").replace("\\\\", "\\").strip()


def _leef(body: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
    version, _, rest = body.partition("|")
    second = version.endswith("2.0")
    parts = rest.split("|", 5 if second else 4)
    head = dict(zip(_LEEF, parts[:4], strict=False))
    mark, text = (parts[4], parts[5]) if second and len(parts) == 6 else ("", parts[-1])
    return head, fields.labels_of(text.split(_delimiter(mark)))


def _delimiter(mark: str) -> str:
    """A tab, or what the header names: a character, or its code (``x5E``, ``0x5E``)."""
    code = mark.lower().removeprefix("0")
    if code.startswith("x") and len(code) > 1:
        try:
            return chr(int(code[1:], 16))
        except (ValueError, OverflowError):
            return "\t"
    return mark[:1] or "\t"
