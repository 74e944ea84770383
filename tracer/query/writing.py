"""Rows for people, spreadsheets and programs."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tracer.query.questions import Question, Row

FORMATS: Final = ("table", "csv", "json", "parquet")

WIDEST: Final = 60
"""How many characters of a cell a table shows."""

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""How a cell begins that a spreadsheet may take for a formula, or cut into one: what a log holds is not to be trusted.
https://owasp.org/www-community/attacks/CSV_Injection."""


def written(question: Question, rows: Sequence[Row], format_: str) -> bytes:
    """The rows in one of FORMATS.

    For people's eyes and for spreadsheets, signs that a terminal might obey become `?`, and text that begins as a
    formula does gets a quote before it. JSON and Parquet have the text as it is.
    """
    match format_:
        case "csv":
            return _csv(question, rows).encode("utf-8", "replace")
        case "json":
            return _json(question, rows).encode()
        case "parquet":
            return _parquet(question, rows)
        case _:
            return _table(question, rows).encode("utf-8", "replace")


def _table(question: Question, rows: Sequence[Row]) -> str:
    cells = [question.names, *(tuple(_shown(cell) for cell in row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    right = [column.type == "bigint" for column in question.columns]
    lines = (
        "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(row, widths, right, strict=True)
        )
        for row in cells
    )
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _shown(cell: str | int | None) -> str:
    text = _printable("" if cell is None else str(cell))
    return text if len(text) <= WIDEST else text[: WIDEST - 3] + "..."


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def _csv(question: Question, rows: Sequence[Row]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(question.names)
    writer.writerows([_neutral(cell) for cell in row] for row in rows)
    return text.getvalue()


def _neutral(cell: str | int | None) -> str | int | None:
    if not isinstance(cell, str):
        return cell
    text = _printable(cell)
    return f"'{text}" if cell.startswith(_FORMULA) else text


def _json(question: Question, rows: Sequence[Row]) -> str:
    lines = (json.dumps(dict(zip(question.names, row, strict=True))) for row in rows)
    return "[\n" + ",\n".join(lines) + "\n]\n" if rows else "[]\n"


def _parquet(question: Question, rows: Sequence[Row]) -> bytes:
    """By DuckDB, with the types of the header, whatever stands in the first rows."""
    import duckdb

    columns = ", ".join(f'"{column.name}" {column.type}' for column in question.columns)
    marks = ", ".join("?" * len(question.columns))
    with tempfile.TemporaryDirectory(prefix="tracer-") as folder, duckdb.connect() as db:
        path = Path(folder) / "answer.parquet"
        db.execute(f"CREATE TABLE answer ({columns})")
        if rows:
            db.executemany(f"INSERT INTO answer VALUES ({marks})", rows)  # noqa: S608 - marks alone
        db.execute("COPY answer TO '" + str(path).replace("'", "''") + "' (FORMAT parquet)")
        return path.read_bytes()
