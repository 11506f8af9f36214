"""How is a result printed? Data to standard output in four formats."""

import csv
import io
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, TypeVar

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from aiops.cli.chatter import clean

T = TypeVar("T")
Columns = Mapping[str, Callable[[T], object]]  # heading -> what stands under it
PIPE_WIDTH = 500  # columns when nobody looks: nothing is cut


class Format(StrEnum):
    """How results are printed."""

    TABLE = "table"
    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"


Output = Annotated[Format, typer.Option("--output", "-o", help="How to print.", show_default=True)]
Limit = Annotated[int, typer.Option(min=1, max=1_000, help="At most so many.")]


def show(items: Sequence[T], columns: Columns[T], form: Format) -> None:
    """Print one page of things: tables and CSV by ``columns``, JSON in full."""
    if form is Format.JSON:
        _write(msgspec.json.format(msgspec.json.encode([plain(item) for item in items]), indent=2).decode())
    elif form is Format.NDJSON:
        for item in items:
            _write(msgspec.json.encode(plain(item)).decode())
    elif form is Format.CSV:
        _write(_csv(items, columns))
    else:
        _table(items, columns)


def show_one(item: T, text: str, form: Format) -> None:
    """Print one thing: ``text`` for people, else as JSON."""
    if form is Format.TABLE:
        print(clean(text))
    else:
        show([item], {"text": lambda _: text}, form)


def plain(value: object) -> object:
    """Return nouns as mappings with every field, also those that have their default: programs should not guess."""
    if isinstance(value, msgspec.Struct):
        return {name: plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def when(moment: datetime | None) -> str:
    """Return a time for a table."""
    return "" if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S")


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return when(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _csv(items: Sequence[T], columns: Columns[T]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(name.lower().replace(" ", "_") for name in columns)
    writer.writerows([_inert(_cell(column(item))) for column in columns.values()] for item in items)
    return text.getvalue().rstrip("\n")


def _inert(cell: str) -> str:
    """A spreadsheet must not take a sender's text for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) and not _is_number(cell) else cell


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _table(items: Sequence[T], columns: Columns[T]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, overflow="fold")
    for item in items:
        table.add_row(*(Text(clean(_cell(column(item))).replace("\n", " ")) for column in columns.values()))
    Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False).print(table)


def _write(text: str) -> None:
    """Print data as it is: JSON and CSV escape for themselves."""
    print(text)
