"""The SQL of Athena on a second engine: Spark, a distributed one, in local mode, with the rows that DuckDB gives.

Spark reads the log files itself, by the columns and types of `queries/athena/create_table.sql`. It is no dependency of
the tests: `make spark` makes an environment that has it (Java 17 or newer is needed), and elsewhere this is skipped.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
import sqlglot
from athena_engine import DATABASE, IDENTITY, ISSUER, PARTITIONS, PLAIN, Engine
from sqlglot import exp
from support import PROJECT

from tracer import demo
from tracer.collect.athena import AthenaSource, Table
from tracer.model.run import DeployRun, TimeWindow

pyspark_sql = pytest.importorskip("pyspark.sql", reason="make spark runs this")

KEYS: Final = ("region", "timestamp")
RUN: Final = DeployRun(
    principals=(demo.PRINCIPAL,),
    window=TimeWindow(datetime(2026, 11, 3, 9, tzinfo=UTC), datetime(2026, 11, 3, 10, tzinfo=UTC)),
    regions=(demo.REGION,),
)
CALLS_OF_A_RUN: Final = PROJECT / "queries" / "athena" / "calls_of_a_run.sql"
JSON: Final = frozenset({"requestparameters", "responseelements", "additionaleventdata", "resources", "request"})
LISTS: Final = frozenset({"events"})


def strings(names: tuple[str, ...]) -> str:
    return ", ".join(f"{name}: STRING" for name in names)


SCHEMA: Final = (
    f"Records ARRAY<STRUCT<{strings(PLAIN)}, resources: ARRAY<STRUCT<ARN: STRING, accountId: STRING, type: STRING>>, "
    f"userIdentity: STRUCT<{strings(IDENTITY)}, sessionContext: STRUCT<sessionIssuer: STRUCT<{strings(ISSUER)}>>>>>"
)


@pytest.fixture(scope="module")
def logs() -> Iterator[Path]:
    with demo.records_path() as folder:
        yield folder


@pytest.fixture(scope="module")
def spark(logs: Path) -> Iterator[Any]:
    builder = pyspark_sql.SparkSession.builder.master("local[2]")
    for name, value in {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": "2",
    }.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    read = session.read.schema(SCHEMA).option("recursiveFileLookup", "true").option("pathGlobFilter", "*Z_*.json.gz")
    read.json(str(logs)).createOrReplaceTempView("files")
    partitions = ", ".join(f"regexp_extract(path, r'{PARTITIONS[key]}', 1) AS `{key}`" for key in KEYS)
    session.sql(
        f"CREATE OR REPLACE TEMP VIEW cloudtrail_logs AS SELECT record.*, {partitions} FROM "  # noqa: S608 - a test's own names
        "(SELECT explode(Records) AS record, input_file_name() AS path FROM files) WHERE path LIKE '%/CloudTrail/%'"
    )
    yield session
    session.stop()


@pytest.fixture(scope="module")
def engine(logs: Path) -> Engine:
    made = Engine()
    made.add("cloudtrail_logs", logs, KEYS)
    made.duck.execute(f"SET schema = '{DATABASE}'")
    return made


def source_sql() -> str:
    source = AthenaSource(Table(DATABASE, "cloudtrail_logs"))
    source._partitions = frozenset(KEYS)
    return source.sql(RUN)


def on_spark(spark: Any, query: str) -> Counter[str]:  # noqa: ANN401 - pyspark is not here where this is checked
    tree = sqlglot.parse_one(query, read="athena")
    for table in tree.find_all(exp.Table):
        table.set("db", None)
    answer = spark.sql(tree.sql("spark"))
    return Counter(plain(dict(zip(answer.columns, row, strict=True))) for row in answer.collect())


def on_duckdb(engine: Engine, query: str) -> Counter[str]:
    answer = engine.duck.execute(sqlglot.transpile(query, read="athena", write="duckdb")[0])
    names = [column[0] for column in answer.description]
    return Counter(plain(dict(zip(names, row, strict=True))) for row in answer.fetchall())


def plain(row: dict[str, Any]) -> str:
    """A row as text that is equal where the rows mean the same: engines write JSON, and order lists, as they like."""
    read = {name: json.loads(cell) if name in JSON and cell else cell for name, cell in row.items()}
    lists = {name: json.loads(cell) if isinstance(cell, str) else cell for name, cell in read.items() if name in LISTS}
    return json.dumps(read | {name: sorted(items, key=str) for name, items in lists.items()}, sort_keys=True)


@pytest.mark.parametrize(
    ("query", "least"),
    [(source_sql(), 100), (CALLS_OF_A_RUN.read_text(encoding="utf-8"), 80)],
    ids=["calls.sql", "calls_of_a_run.sql"],
)
def test_spark_and_duckdb_give_the_same_rows(spark: Any, engine: Engine, query: str, least: int):  # noqa: ANN401
    found = on_spark(spark, query)
    assert found == on_duckdb(engine, query)
    assert found.total() >= least
