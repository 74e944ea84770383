"""The tables of queries/athena, and the packaged SQL, parsed in Athena's own dialect and held against each other."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Final

import pytest
import sqlglot
from sqlglot import exp
from support import PROJECT

QUERIES: Final = PROJECT / "queries" / "athena"
PACKAGED: Final = [Path(str(path)) for path in (resources.files("tracer.collect") / "sql").iterdir()]


def sql(name: str) -> str:
    return (QUERIES / name).read_text(encoding="utf-8")


def packaged() -> exp.Expression:
    text = (resources.files("tracer.collect") / "sql" / "calls.sql").read_text(encoding="utf-8")
    return sqlglot.parse_one(text.replace("<table>", "logs").replace("<condition>", "TRUE"), read="athena")


@pytest.fixture(scope="module")
def tables() -> list[exp.Expression]:
    """The statements of create_table.sql: a standard trail's, an organisation's."""
    return [tree for tree in sqlglot.parse(sql("create_table.sql"), read="athena") if tree]


def columns(table: exp.Expression) -> dict[str, str]:
    """The names of a table's columns and the types."""
    assert isinstance(table.this, exp.Schema)
    return {column.name: column.args["kind"].sql("athena") for column in table.this.expressions}


def properties(table: exp.Expression) -> dict[str, str]:
    return {
        found.name: found.args["value"].name for found in table.find_all(exp.Property) if type(found) is exp.Property
    }


@pytest.mark.parametrize("path", [*QUERIES.glob("*.sql"), *PACKAGED], ids=lambda path: path.name)
def test_every_file_is_sql_that_athena_can_parse(path: Path):
    text = path.read_text(encoding="utf-8").replace("<table>", "logs").replace("<condition>", "TRUE")
    assert all(sqlglot.parse(text, read="athena"))
    assert text.startswith("-- ")


def test_both_tables_have_the_same_columns(tables: list[exp.Expression]):
    standard, organisation = tables
    assert columns(standard) == columns(organisation)


def test_a_table_has_every_column_that_the_source_asks_for(tables: list[exp.Expression]):
    asked = {column.parts[0].name for column in packaged().find_all(exp.Column)} - {"r"}
    assert asked | {"eventtime", "eventid", "useridentity", "resources"} == asked
    assert asked <= columns(tables[0]).keys()


@pytest.mark.parametrize(
    ("index", "keys"),
    [(0, ["region", "timestamp"]), (1, ["account", "region", "timestamp"])],
    ids=["standard", "organisation"],
)
def test_every_partition_is_projected_into_the_files_path(tables: list[exp.Expression], index: int, keys: list[str]):
    table = tables[index]
    found = table.find(exp.PartitionedByProperty)
    assert found is not None
    assert [column.name for column in found.this.expressions] == keys
    given = properties(table)
    assert given["projection.enabled"] == "true"
    for key in keys:
        assert f"projection.{key}.type" in given
        assert f"${{{key}}}" in given["storage.location.template"]
    assert given["projection.timestamp.format"] == "yyyy/MM/dd"
