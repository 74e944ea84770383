"""Rows as a table, CSV, JSON and Parquet."""

from __future__ import annotations

import csv
import io
import json

import duckdb
import pytest

from tracer.query.questions import Row, question
from tracer.query.writing import FORMATS, WIDEST, written

ASKED = question("unused-permissions")
COUNTED = question("actions-by-principal")
ROWS: list[Row] = [
    ("arn:aws:iam::1:user/a", "s3.amazonaws.com", "GetObject", 12, 0, "2026-11-24T08:00:00Z", None),
    ("b", "s3.amazonaws.com", "x" * 70, 3, 1, "2026-11-24T08:00:00Z", "2026-11-24T09:00:00Z"),
]


def test_a_table_is_aligned_and_its_cells_are_cut():
    head, first, second = written(COUNTED, ROWS, "table").decode().splitlines()
    assert head.split() == list(COUNTED.names)
    assert head.index("source") == first.index("s3.") == second.index("s3.")
    assert first.index("12") + 2 == second.index("3 ", first.index("12")) + 1 == head.index("calls") + len("calls")
    assert "x" * (WIDEST - 3) + "..." in second
    assert not first.endswith(" ")


def test_csv_is_what_spreadsheets_read():
    rows = list(csv.reader(io.StringIO(written(COUNTED, ROWS, "csv").decode())))
    assert rows == [list(COUNTED.names), *[["" if cell is None else str(cell) for cell in row] for row in ROWS]]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", '=cmd|"/c calc"!A1', "\t=1", "\r=1", "\n=1"])
def test_a_formula_is_text_in_csv(cell: str):
    text = written(ASKED, [(cell, "a,b")], "csv").decode()
    ((_, _), (first, second)) = csv.reader(io.StringIO(text))
    assert first.startswith("'")
    assert second == "a,b"
    assert json.loads(written(ASKED, [(cell, "")], "json"))[0]["action"] == cell, "programs get it as it is"


@pytest.mark.parametrize("format_", ["table", "csv"])
def test_nothing_obeys_a_terminal(format_: str):
    text = written(ASKED, [("\x1b[31mred\u202e", "a\nb")], format_).decode()
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert len(text.splitlines()) == 2


@pytest.mark.parametrize("format_", FORMATS)
def test_what_no_encoding_holds_is_no_error(format_: str):
    if format_ != "parquet":
        assert written(ASKED, [("\ud800", "ünï 漢")], format_)


def test_json_is_a_list_of_objects():
    assert json.loads(written(COUNTED, ROWS, "json")) == [dict(zip(COUNTED.names, row, strict=True)) for row in ROWS]
    assert json.loads(written(COUNTED, [], "json")) == []


@pytest.mark.parametrize("rows", [ROWS, []], ids=["rows", "none"])
def test_parquet_has_the_types_of_the_header(rows: list[Row], tmp_path):
    path = tmp_path / "answer.parquet"
    path.write_bytes(written(COUNTED, rows, "parquet"))
    with duckdb.connect() as db:
        kinds = db.execute(f"DESCRIBE SELECT * FROM '{path}'").fetchall()  # noqa: S608 - a test's own path
        assert [(name, kind.lower()) for name, kind, *_ in kinds] == [
            (item.name, item.type) for item in COUNTED.columns
        ]
        assert db.execute(f"SELECT * FROM '{path}'").fetchall() == rows  # noqa: S608 - see above
    assert written(COUNTED, rows, "parquet") == path.read_bytes()
