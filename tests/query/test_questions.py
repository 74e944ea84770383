"""The files of queries/: each in its form, each bounded; and how their parameters are bound."""

from __future__ import annotations

import re

import pytest
import sqlglot
import trino_sql_validator
from query_support import VALUES
from sqlglot import exp

from tracer.errors import UsageError
from tracer.query.questions import DIALECT, TABLE, Parameter, Question, question, questions

ALL = questions()
EACH = pytest.mark.parametrize("asked", ALL, ids=lambda asked: asked.name)


def tree(asked: Question) -> exp.Expression:
    return sqlglot.parse_one(asked.bound(VALUES["rest"]).sql, read=DIALECT)


def test_each_question_has_a_file():
    assert [each.name for each in ALL] == [
        "actions-by-principal",
        "bytes-per-partition",
        "calls-of-a-run",
        "denied-calls",
        "first-and-last-use",
        "forwarded-calls",
        "missing-data-events",
        "role-chains",
        "unused-permissions",
    ]


@EACH
def test_the_header_says_what_it_asks_returns_and_scans(asked: Question):
    assert asked.asks.endswith("?")
    assert asked.scans.startswith("the partitions")
    assert list(asked.names) == tree(asked).named_selects


@EACH
def test_the_grammar_is_trino_s(asked: Question):
    for values in (VALUES["rest"], VALUES["trail"]):
        result = trino_sql_validator.validate(asked.bound(values).sql)
        assert result.valid, result.error
    assert not trino_sql_validator.validate("SELECT 1 FROM t GROUP BY ALL").valid


@EACH
def test_every_scan_is_bounded_by_partitions_and_time(asked: Question):
    scans = [select for select in tree(asked).find_all(exp.Select) if reads(select)]
    assert scans
    for select in scans:
        where = select.args["where"].sql(DIALECT)
        assert '"timestamp" BETWEEN ? AND ?' in where
        assert "region IN (?, ?)" in where
        if asked.name != "bytes-per-partition":
            assert "eventtime >= ?" in where
            assert "eventtime < ?" in where


def reads(select: exp.Select) -> bool:
    found = select.args.get("from_") or select.args.get("from")
    return isinstance(found, exp.From) and found.this.name == TABLE


@EACH
def test_every_value_is_a_parameter_of_the_header(asked: Question):
    marks = [line for line in asked.lines if "?" in line]
    named = {name for line in marks for name in line.rpartition(" -- ")[2].split(", ")}
    assert named == {parameter.name for parameter in asked.parameters}
    for line in marks:
        assert line.partition(" -- ")[0].count("?") == len(line.rpartition(" -- ")[2].split(", "))
        assert not re.search(r"'[^']*\?[^']*'", line), "a question mark in a text would be taken for a value"


@EACH
def test_an_optional_parameter_may_be_left_out(asked: Question):
    optional = {parameter.name for parameter in asked.parameters if parameter.optional}
    bound = asked.bound({name: value for name, value in VALUES["rest"].items() if name not in optional})
    assert "region IN" not in bound.sql
    assert bound.sql.count("?") == len(bound.values)


@EACH
def test_no_value_is_part_of_the_sql(asked: Question):
    evil = "x'; DROP TABLE cloudtrail_logs; --"
    values = {name: evil if isinstance(value, str) else (evil,) for name, value in VALUES["rest"].items()}
    bound = asked.bound(values)
    assert evil not in bound.sql
    assert set(bound.values) == {evil}
    assert len(sqlglot.parse(bound.with_literals(), read=DIALECT)) == 1


@EACH
def test_the_rows_have_one_order(asked: Question):
    """All that they are grouped by is in it, so that the same records give the same bytes."""
    parsed = tree(asked)
    group = parsed.args.get("group")
    grouping = {asked.names[int(item.name) - 1] for item in group.expressions} if group else {"source"}
    assert grouping <= {item.this.name for item in parsed.args["order"].expressions}


FORM = """-- Who called?
--
-- Parameters:
--   since              a time
--   names (optional)   some names
-- Returns:
--   name   varchar   who
--   calls  bigint    how often
-- Scans: the partitions of nothing.
SELECT name, count(*) AS calls
FROM cloudtrail_logs
-- Since when.
WHERE eventtime >= ? -- since
  AND (name IN (?) OR arn IN (?)) -- names, names
"""


def test_a_file_is_read():
    asked = Question.parse("who", FORM)
    assert (asked.name, asked.asks, asked.scans) == ("who", "Who called?", "the partitions of nothing.")
    assert asked.parameters == (Parameter("since", "a time"), Parameter("names", "some names", optional=True))
    bound = asked.bound({"since": "1", "names": ["a", "b"], "more": "c"})
    assert bound.sql.endswith("WHERE eventtime >= ?\n  AND (name IN (?, ?) OR arn IN (?, ?))")
    assert bound.values == ("1", "a", "b", "a", "b")
    assert asked.bound({"since": "it's"}).with_literals().endswith("WHERE eventtime >= 'it''s'")


@pytest.mark.parametrize("line", ["--   since", "--   NAME (optional)   x"])
def test_a_header_that_is_out_of_form_is_none(line: str):
    with pytest.raises(ValueError, match="no parameter"):
        Question.parse("who", FORM.replace("--   since              a time", line))


def test_a_column_of_another_type_is_none():
    with pytest.raises(ValueError, match="no column"):
        Question.parse("who", FORM.replace("bigint", "array"))


def test_what_is_missing_is_told():
    with pytest.raises(UsageError, match="the query needs since: a time"):
        Question.parse("who", FORM).bound({"names": ["a"]})
    with pytest.raises(UsageError, match="there is no query 'who'") as caught:
        question("who")
    assert "denied-calls" in caught.value.hint
