"""One result, four formats; nothing in it drives the terminal."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest

from aiops.cli.chatter import clean
from aiops.cli.output import Columns, Format, show, show_one
from aiops.domain.records import Pattern

PATTERNS = [
    Pattern(pattern_id="p1", name="connection refused", template_ids=("t1", "t2"), templates_total=2),
    Pattern(pattern_id="p2", name='odd, "quoted"\nname', template_ids=(), templates_total=0, retired=True),
]
COLUMNS: Columns[Pattern] = {
    "Id": lambda pattern: pattern.pattern_id,
    "Name of it": lambda pattern: pattern.name,
    "Templates": lambda pattern: pattern.template_ids,
    "Gone": lambda pattern: pattern.retired,
    "Seen": lambda _: datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
    "Nothing": lambda _: None,
}


def printed(form: Format, capsys: pytest.CaptureFixture[str]) -> str:
    show(PATTERNS, COLUMNS, form)
    return capsys.readouterr().out


def test_a_table_has_one_line_per_thing_and_is_not_cut_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    head, first, second = printed(Format.TABLE, capsys).splitlines()
    assert head.split() == ["Id", "Name", "of", "it", "Templates", "Gone", "Seen", "Nothing"]
    assert first.split() == ["p1", "connection", "refused", "t1,", "t2", "no", "2026-03-02", "09:00:00"]
    assert 'odd, "quoted" name' in second


def test_json_holds_every_field_defaults_included(capsys: pytest.CaptureFixture[str]) -> None:
    first, _ = json.loads(printed(Format.JSON, capsys))
    assert first["name"] == "connection refused"
    assert first["cohesion"] == 1.0
    assert set(first) == set(Pattern.__struct_fields__)


def test_ndjson_is_one_document_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(Format.NDJSON, capsys).splitlines()
    assert [json.loads(line)["pattern_id"] for line in lines] == ["p1", "p2"]


def test_csv_quotes_what_must_be_quoted(capsys: pytest.CaptureFixture[str]) -> None:
    rows = list(csv.DictReader(io.StringIO(printed(Format.CSV, capsys))))
    assert [row["name_of_it"] for row in rows] == [pattern.name for pattern in PATTERNS]
    assert rows[0]["seen"] == "2026-03-02 09:00:00"


def test_nothing_to_show_is_an_empty_table_and_an_empty_list(capsys: pytest.CaptureFixture[str]) -> None:
    show([], COLUMNS, Format.JSON)
    assert json.loads(capsys.readouterr().out) == []
    show([], COLUMNS, Format.NDJSON)
    assert capsys.readouterr().out == ""


def test_one_thing_is_text_for_people_and_json_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    show_one(PATTERNS[0], "a pattern\nof two templates", Format.TABLE)
    assert capsys.readouterr().out == "a pattern\nof two templates\n"
    show_one(PATTERNS[0], "a pattern", Format.NDJSON)
    assert json.loads(capsys.readouterr().out)["pattern_id"] == "p1"


@pytest.mark.parametrize("hostile", ["\x1b[2J\x1b]0;owned\x07", "a\rb", "\x9b31m", "\u202eevil"])
def test_no_alert_text_drives_the_terminal(hostile: str, capsys: pytest.CaptureFixture[str]) -> None:
    show([hostile], {"Text": lambda text: text}, Format.TABLE)
    shown = capsys.readouterr().out
    assert all(character.isprintable() or character == "\n" for character in shown)
    assert clean(hostile).isprintable()


def test_a_spreadsheet_is_given_no_formula(capsys: pytest.CaptureFixture[str]) -> None:
    titles = ["=HYPERLINK(1)", "+1+1", "@SUM(A1)", "-5", "plain"]
    show(titles, {"Title": lambda title: title}, Format.CSV)
    assert capsys.readouterr().out.splitlines() == ["title", "'=HYPERLINK(1)", "'+1+1", "'@SUM(A1)", "-5", "plain"]
