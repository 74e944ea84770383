"""The questions: files of SQL that people can read, paste and run, and what tracer needs to run them itself.

A file is one query in Athena's dialect, below a header that says what it asks, its parameters, the columns that it
returns and what it scans. Each value is a `?`, and the comment at the end of its line names the parameters in their
order:

    WHERE "timestamp" BETWEEN ? AND ? -- first_day, last_day
      AND region IN (?) -- regions

`IN (?)` and `ARRAY[?]` take as many values as there are. A parameter that the header calls optional stands in a line of
its own, which is left out where it has no value: the query is not bounded by it then. No value is ever part of the SQL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

from tracer.collect.question import Condition
from tracer.errors import UsageError

DIALECT: Final = "trino"
"""What they are written in, by sqlglot's name: Athena's queries are Trino's, and `athena` is for its DDL as well."""

TABLE: Final = "cloudtrail_logs"
"""The table that they are about, as queries/athena/create_table.sql makes it."""

_SECTIONS: Final = re.compile(r"^(Parameters|Returns|Scans):\s*(.*)$")
_PARAMETER: Final = re.compile(r"(?P<names>[a-z_]+(?:, [a-z_]+)*)(?P<optional> \(optional\))?  +(?P<meaning>\S.*)")
_COLUMN: Final = re.compile(r"(?P<name>[a-z_]+) +(?P<type>varchar|bigint) +(?P<meaning>\S.*)")
_NAMED: Final = re.compile(r"^(?P<sql>.*\?.*?) -- (?P<names>[a-z_, ]+)$")
_MANY: Final = re.compile(r"(?<=IN \()\?(?=\))|(?<=ARRAY\[)\?(?=\])")


Row = tuple[str | int | None, ...]
"""What a query returns, a cell a column."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a query is asked with; an optional one bounds nothing where it has no value."""

    name: str
    meaning: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """What a query returns; its type is `varchar` or `bigint`."""

    name: str
    type: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Bound:
    """A query with a `?` for each of its values."""

    sql: str
    values: tuple[str, ...]

    def with_literals(self) -> str:
        """The query with its values in it, to be read and to be pasted."""
        return Condition(self.sql, self.values).quoted()


@dataclass(frozen=True, slots=True)
class Question:
    """One file.

    Attributes:
        name: the file's, without `.sql`.
        asks: the question, in one sentence.
        header: all that the file says before its SQL.
        parameters: what it is asked with.
        columns: what it returns.
        scans: what of the table it reads.
        lines: its SQL.
    """

    name: str
    asks: str
    header: str
    parameters: tuple[Parameter, ...]
    columns: tuple[Column, ...]
    scans: str
    lines: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns'."""
        return tuple(column.name for column in self.columns)

    @classmethod
    def parse(cls, name: str, text: str) -> Question:
        """Of a file's text. Raises ValueError where it has not the form."""
        lines = text.splitlines()
        start = next(number for number, line in enumerate(lines) if not line.startswith("--"))
        header = [line.removeprefix("--").removeprefix(" ") for line in lines[:start]]
        sections = _sections(header)
        return cls(
            name,
            header[0],
            "\n".join(header),
            tuple(parameter for line in sections["Parameters"] for parameter in _parameters(line)),
            tuple(_column(line) for line in sections["Returns"]),
            " ".join(sections["Scans"]),
            tuple(line for line in lines[start:] if not line.lstrip().startswith("--")),
        )

    def bound(self, values: Mapping[str, str | Sequence[str]]) -> Bound:
        """The query with these values for its parameters; others are not looked at.

        Raises:
            UsageError: one that is not optional has no value.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        lines: list[str] = []
        bound: list[str] = []
        for line in self.lines:
            named = _NAMED.match(line)
            if not named:
                lines.append(line)
                continue
            given = [_given(known[name], values) for name in named["names"].split(", ")]
            if not all(given):
                continue
            lines.append(_spread(named["sql"], given))
            bound += [value for items in given for value in items]
        return Bound("\n".join(lines), tuple(bound))


def questions() -> tuple[Question, ...]:
    """All of them, by their names."""
    files = sorted(path for path in _folder().iterdir() if path.suffix == ".sql")
    return tuple(Question.parse(path.stem, path.read_text(encoding="utf-8")) for path in files)


def question(name: str) -> Question:
    """The one of that name. Raises UsageError."""
    known = {each.name: each for each in questions()}
    if name not in known:
        raise UsageError(f"there is no query {name!r}", f"name one of: {', '.join(known)}")
    return known[name]


def _folder() -> Path:
    """`queries/`: inside the package where tracer is installed, beside it in a checkout."""
    package = Path(str(resources.files("tracer")))
    installed = package / "queries"
    return installed if installed.is_dir() else package.parent / "queries"


def _sections(header: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in header:
        begins = _SECTIONS.match(line)
        if begins:
            lines = found[begins[1]] = [begins[2]] if begins[2] else []
        elif found:
            lines.append(line.strip())
    return found


def _parameters(line: str) -> Iterator[Parameter]:
    read = _PARAMETER.fullmatch(line)
    if not read:
        raise ValueError(f"no parameter: {line}")
    for name in read["names"].split(", "):
        yield Parameter(name, read["meaning"], optional=bool(read["optional"]))


def _column(line: str) -> Column:
    read = _COLUMN.fullmatch(line)
    if not read:
        raise ValueError(f"no column: {line}")
    return Column(read["name"], read["type"], read["meaning"])


def _given(parameter: Parameter, values: Mapping[str, str | Sequence[str]]) -> Sequence[str]:
    value = values.get(parameter.name, ())
    items = (value,) if isinstance(value, str) else tuple(value)
    if not items and not parameter.optional:
        raise UsageError(f"the query needs {parameter.name}: {parameter.meaning}")
    return items


def _spread(line: str, given: Sequence[Sequence[str]]) -> str:
    """The line with as many marks as there are values, where its parameters take many."""
    many = iter(given)
    return _MANY.sub(lambda _: ", ".join("?" * len(next(many))), line)
