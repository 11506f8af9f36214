"""Where does each setting come from, and is it sound? The sole reader of settings and environment.

A key is ``section.name``. Later wins: default < ``aiops.toml`` < environment ``AIOPS_SECTION_NAME`` < flag. A variable
may also be given as ``..._FILE``, naming a file that holds the value. ``decisions.*`` are the settings that can change
a decision: they travel to the engine through the journal, all others never do.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from enum import EnumType
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar, get_args, get_origin

import msgspec

from aiops.domain.channels import Channel, PageTemplate, check_all, check_url
from aiops.domain.errors import BadConfiguration, BadInput
from aiops.domain.routes import Route
from aiops.domain.sections import Config, Port, Positive, PrometheusConfig, Size
from aiops.domain.settings import check

FILE = "aiops.toml"
PREFIX = "AIOPS_"
OTHERS = ("AIOPS_TEST_", "AIOPS_EMBEDDER_EXTRA")  # read by tests and set-up, not by us
SECRETS = {  # never shown
    *("store.password", "store.api_key", "access.tokens", "access.sender_secrets", "client.token"),
    "access.oidc_client_secret",
    "prometheus.token",
    *("pages.webhook_url", "pages.webhook_secret", "pages.heartbeat_url"),
}
FOLLOWS = {"decisions.paging.channels": "pages.channels"}  # not to be set: it follows from another

SERVICES_ASKED_FOR = "$services"  # in a query for Prometheus

TABLES = (tuple[Channel, ...], tuple[PageTemplate, ...], tuple[Route, ...])  # lists of tables; as text: JSON

S = TypeVar("S", bound=msgspec.Struct)


class Given(NamedTuple):
    """One value as the operator wrote it, and where."""

    value: object
    origin: str


class Loaded(NamedTuple):
    """A configuration, and where each of its values comes from."""

    config: Config
    origins: Mapping[str, str]  # keys that were given; all others are defaults

    def origin(self, key: str) -> str:
        """Say where the value of ``key`` comes from: "default", a file, a variable or a flag."""
        return self.origins.get(key, "default")

    def rows(self) -> Iterator[tuple[str, str, str]]:
        """Yield (key, value, origin) of every key in order; secrets masked."""
        for key in KEYS:
            value: object = self.config
            for name in key.split("."):
                value = getattr(value, name)
            yield key, "***" if value and key in SECRETS else _show(value), self.origin(key)


def load(
    flags: Mapping[str, object] | None = None, environ: Mapping[str, str] = os.environ, file: Path | None = None
) -> Loaded:
    """Read all layers. ``flags`` by key, None where not given. BadConfiguration names the place and the key."""
    named = file or (Path(environ["AIOPS_CONFIG"]) if environ.get("AIOPS_CONFIG") else None)
    given = {
        **_from_file(named or Path(FILE), required=named is not None),
        **_from_environment(environ),
        **{key: Given(value, "flag") for key, value in (flags or {}).items() if value is not None},
    }
    for key in FOLLOWS.keys() & given.keys():
        fix = f"set {FOLLOWS[key]}"
        raise BadConfiguration(f"follows from {FOLLOWS[key]}", place=f"{given[key].origin}: {key}", fix=fix)
    values = {key: _convert(key, one) for key, one in given.items()}
    origins = {key: one.origin for key, one in given.items()}
    try:
        config = _with_channels(_build(Config, "", values))
        check(config.decisions)
        _check_prometheus(config.prometheus)
    except BadInput as error:
        origin = origins.get(error.place.partition("[")[0], "default")
        raise BadConfiguration(error.problem, place=f"{origin}: {error.place}", fix=error.fix) from error
    return Loaded(config, origins)


def _check_prometheus(asked: PrometheusConfig) -> None:
    """Refuse what could be asked nothing by; who gives no address asks nobody."""
    if not asked.url:
        return
    check_url(asked.url, "prometheus.url")
    if "@" in asked.url:
        raise BadInput("holds a secret", place="prometheus.url", fix="give prometheus.token instead")
    if not asked.queries:
        fix = "give name=PromQL, as docs/senders.md shows"
        raise BadInput("there is nothing to ask", place="prometheus.queries", fix=fix)
    for query in asked.queries:
        name, _, expression = query.partition("=")
        if not name.strip().isidentifier() or SERVICES_ASKED_FOR not in expression:
            fix = f'write name=PromQL with {SERVICES_ASKED_FOR} in it, as in {{service=~"{SERVICES_ASKED_FOR}"}}'
            raise BadInput(f"{query!r} asks for no service", place="prometheus.queries", fix=fix)


def _with_channels(config: Config) -> Config:
    """Return ``config`` with the secrets of channels read from their files, and their names among the decisions."""
    pages = config.pages
    read = tuple(_with_secrets(one, f"pages.channels[{number}]") for number, one in enumerate(pages.channels))
    pages = msgspec.structs.replace(pages, channels=read)
    for key in ("webhook_url", "heartbeat_url"):
        if url := getattr(pages, key):
            check_url(url, f"pages.{key}")
    check_all(pages.every_channel, pages.templates)
    names = tuple(channel.name for channel in pages.every_channel)
    paging = msgspec.structs.replace(config.decisions.paging, channels=names)
    decisions = msgspec.structs.replace(config.decisions, paging=paging)
    return msgspec.structs.replace(config, pages=pages, decisions=decisions)


def _with_secrets(channel: Channel, place: str) -> Channel:
    read: dict[str, str] = {}
    for name in channel.__struct_fields__:
        secret = name.removesuffix("_file")
        if name != secret and secret in channel.__struct_fields__ and (file := getattr(channel, name)):
            if getattr(channel, secret):
                raise BadInput(f"beside {secret}", place=f"{place}.{name}", fix="give one of the two")
            try:
                read |= {secret: _secret_file(f"{place}.{name}", file), name: ""}
            except BadConfiguration as error:
                raise BadInput(error.problem, place=error.place, fix=error.fix) from error
    return msgspec.structs.replace(channel, **read)


def seconds(text: str) -> float:
    """Read a duration: "90", "20m", "1h30m", "2d", "PT20M". ValueError when it is none."""
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    if re.fullmatch(r"(\d+(\.\d+)?(ms|s|m|h|d))+", text):
        return sum(float(n) * _UNITS[unit] for n, _, unit in re.findall(r"(\d+(\.\d+)?)(ms|s|m|h|d)", text))
    try:
        return msgspec.convert(text, timedelta).total_seconds()
    except msgspec.ValidationError as error:
        raise ValueError(f"{text!r} is not a duration") from error


_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


def _keys(kind: type[msgspec.Struct], prefix: str) -> Iterator[tuple[str, object]]:
    """Yield (dotted key, type) of every setting below ``kind``."""
    for field in msgspec.structs.fields(kind):
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            yield from _keys(field.type, f"{prefix}{field.name}.")
        else:
            yield prefix + field.name, field.type


KEYS: Mapping[str, object] = dict(_keys(Config, ""))
VARIABLES: Mapping[str, str] = {PREFIX + key.replace(".", "_").upper(): key for key in KEYS}


def _from_file(file: Path, *, required: bool) -> dict[str, Given]:
    try:
        document = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError as error:
        if not required:
            return {}
        raise BadConfiguration("there is no such file", place=str(file), fix="name another with --config") from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfiguration(f"cannot be read: {error}", place=str(file), fix="check its rights") from error
    except tomllib.TOMLDecodeError as error:
        raise BadConfiguration(f"not TOML: {error}", place=str(file), fix="mend the line") from error
    given = {key: Given(value, str(file)) for key, value in _flatten(document, "")}
    for key in given:
        if key not in KEYS:
            raise BadConfiguration(f"unknown key {key!r}", place=str(file), fix=_suggest(key, KEYS))
    return given


def _flatten(table: Mapping[str, object], prefix: str) -> Iterator[tuple[str, object]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _from_environment(environ: Mapping[str, str]) -> dict[str, Given]:
    given = {"server.port": Given(environ["PORT"], "PORT")} if environ.get("PORT") else {}
    for variable, value in sorted(environ.items()):
        if not variable.startswith(PREFIX) or variable.startswith(OTHERS) or variable == "AIOPS_CONFIG":
            continue
        if variable in VARIABLES:
            given[VARIABLES[variable]] = Given(value, variable)
        elif (name := variable.removesuffix("_FILE")) in VARIABLES:
            given[VARIABLES[name]] = Given(_secret_file(variable, value), variable)
        else:
            raise BadConfiguration("unknown variable", place=variable, fix=_suggest(variable, VARIABLES))
    return given


def _secret_file(variable: str, name: str) -> str:
    try:
        return Path(name).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfiguration(f"cannot read {name}: {error}", place=variable, fix="name a readable file") from error


def _suggest(wrong: str, known: Mapping[str, object]) -> str:
    """Return the nearest known names as advice; a bare name is also sought inside the sections."""
    near = difflib.get_close_matches(wrong, known, n=1, cutoff=0.6)
    tails = {key.rpartition(".")[2]: key for key in known}
    near = near or [tails[tail] for tail in difflib.get_close_matches(wrong.rpartition(".")[2], tails, n=1)]
    return f"did you mean {near[0]!r}?" if near else "`aiops config show` lists all keys"


def _convert(key: str, given: Given) -> object:
    """Return the value in the type of ``key``."""
    kind, value = KEYS[key], given.value
    try:
        if kind in (timedelta, timedelta | None):
            off = isinstance(value, str) and value.lower() in ("off", "none", "")
            return None if off and kind != timedelta else _duration(value)
        if kind == tuple[str, ...] and isinstance(value, str):
            value = [part.strip() for part in value.replace("\n", ",").split(",") if part.strip()]
        if kind in (Path, Path | None):
            return Path(msgspec.convert(value, str) if not isinstance(value, Path) else value)
        if kind in TABLES and isinstance(value, str):
            return msgspec.json.decode(value, type=kind)
        return msgspec.convert(value, kind, strict=False)
    except (msgspec.DecodeError, ValueError, OverflowError) as error:
        shown = "" if key in SECRETS or kind in TABLES else f" (it is {value!r})"
        place = given.origin if given.origin.startswith(PREFIX) else f"{given.origin}: {key}"
        raise BadConfiguration(f"{error}{shown}", place=place, fix=f"give {_describe(kind)}") from error


def _duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    return timedelta(seconds=seconds(str(value)))


def _describe(kind: object) -> str:
    if kind in (timedelta, timedelta | None):
        return "a duration such as 30s, 20m, 24h or PT20M"
    if kind == tuple[str, ...]:
        return "a list of texts"
    if kind in TABLES:
        return "a list of tables, as docs/pages.md shows them"
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(get_args(kind))
    if isinstance(kind, EnumType):
        return "one of " + ", ".join(kind)
    if kind in (Port, Positive, Size, int):
        return "a whole number"
    return "a path" if kind in (Path, Path | None) else f"a {getattr(kind, '__name__', kind)}"


def _build(kind: type[S], prefix: str, values: Mapping[str, object]) -> S:
    """Assemble ``kind`` from values by dotted key."""
    fields: dict[str, object] = {}
    for field in msgspec.structs.fields(kind):
        key = prefix + field.name
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            fields[field.name] = _build(field.type, f"{key}.", values)
        elif key in values:
            fields[field.name] = values[key]
    return kind(**fields)


def _show(value: object) -> str:
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g}s"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
