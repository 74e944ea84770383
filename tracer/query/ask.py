"""A question asked of Athena: on a table as queries/athena/create_table.sql makes it."""

from __future__ import annotations

import re

from tracer.collect.athena_client import Athena, Table
from tracer.query.questions import TABLE, Bound, Question, Row


def sql_for(table: Table, bound: Bound) -> Bound:
    """The query with the table's own name."""
    name = f'"{table.database}"."{table.name}"'
    return Bound(re.sub(rf"\b{TABLE}\b", name, bound.sql), bound.values)


def answer(table: Table, question: Question, bound: Bound, athena: Athena) -> list[Row]:
    """The rows that a question has on a table; Athena hands out all cells as text.

    Raises:
        CollectError: the query could not be run, or failed.
    """
    asked = sql_for(table, bound)
    numbers = {column.name for column in question.columns if column.type == "bigint"}
    return [
        tuple(int(row[name]) if name in numbers and name in row else row.get(name) for name in question.names)
        for row in athena.rows(asked.sql, asked.values)
    ]
