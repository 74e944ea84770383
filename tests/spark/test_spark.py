"""The SQL of Athena on a second engine: Spark, a distributed one, in local mode, with the rows that DuckDB gives.

What is asked is what `tracer query` and the source of `--from athena:...` ask. Spark reads the log files itself, by the
columns and types of `queries/athena/create_table.sql`. It is no dependency of
the tests: `make spark` makes an environment that has it (Java 17 or newer is needed), and elsewhere this is skipped.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest
import sqlglot
from athena_engine import DATABASE, IDENTITY, ISSUER, PARTITIONS, PLAIN, Engine
from query_support import VALUES, logs
from runs.rest.run import records_path
from sqlglot import exp

from tracer import demo
from tracer.collect.athena import AthenaSource
from tracer.collect.athena_client import Table
from tracer.model.run import DeployRun, TimeWindow
from tracer.query import duck
from tracer.query.questions import DIALECT, Question, questions

pyspark_sql = pytest.importorskip("pyspark.sql", reason="make spark runs this")

KEYS: Final = ("region", "timestamp")
RUN: Final = DeployRun(
    principals=(demo.PRINCIPAL,),
    window=TimeWindow(datetime(2026, 11, 3, 9, tzinfo=UTC), datetime(2026, 11, 3, 10, tzinfo=UTC)),
    regions=(demo.REGION,),
)
JSON: Final = frozenset({"requestparameters", "responseelements", "additionaleventdata", "resources", "request"})
LISTS: Final = frozenset({"events"})
LOGS: Final = ("rest", *(pytest.param(name, marks=pytest.mark.shared) for name in ("trail", "others")))

Session: TypeAlias = Any
"""A SparkSession: pyspark is not here where types are checked."""


def strings(names: tuple[str, ...]) -> str:
    return ", ".join(f"{name}: STRING" for name in names)


SCHEMA: Final = (
    f"Records ARRAY<STRUCT<{strings(PLAIN)}, resources: ARRAY<STRUCT<ARN: STRING, accountId: STRING, type: STRING>>, "
    f"userIdentity: STRUCT<{strings(IDENTITY)}, sessionContext: STRUCT<sessionIssuer: STRUCT<{strings(ISSUER)}>>>>>"
)


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    builder = pyspark_sql.SparkSession.builder.master("local[2]")
    for name, value in {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": "2",
    }.items():
        builder = builder.config(name, value)
    made = builder.getOrCreate()
    yield made
    made.stop()


@pytest.fixture(scope="module", params=LOGS)
def log(
    request: pytest.FixtureRequest, session: Session, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    """The name of the log files that Spark has a table of, and where they are."""
    with logs(request.param, tmp_path_factory.mktemp("logs")) as folder:
        make_table(session, folder)
        yield request.param, folder


def make_table(session: Session, folder: Path) -> None:
    """The table of log files, with its partitions, and the columns that every table has."""
    read = session.read.schema(SCHEMA).option("recursiveFileLookup", "true").option("pathGlobFilter", "*Z_*.json.gz")
    files = read.json(str(folder)).select("Records", "_metadata.file_path", "_metadata.file_size")
    files.createOrReplaceTempView("files")
    partitions = ", ".join(f"regexp_extract(file_path, r'{PARTITIONS[key]}', 1) AS `{key}`" for key in KEYS)
    own = "file_path AS `$path`, file_size AS `$file_size`"
    session.sql(
        f"CREATE OR REPLACE TEMP VIEW cloudtrail_logs AS SELECT record.*, {partitions}, {own} FROM "  # noqa: S608 - a test's own names
        "(SELECT explode(Records) AS record, file_path, file_size FROM files) WHERE file_path LIKE '%/CloudTrail/%'"
    )


def on_spark(session: Session, query: str) -> Counter[str]:
    tree = sqlglot.parse_one(query, read=DIALECT)
    for table in tree.find_all(exp.Table):
        table.set("db", None)
    answer = session.sql(tree.sql("spark"))
    return Counter(plain(dict(zip(answer.columns, row, strict=True))) for row in answer.collect())


def plain(row: dict[str, Any]) -> str:
    """A row as text that is equal where the rows mean the same: engines write JSON, and order lists, as they like."""
    read = {name: parsed(cell) if name in JSON and cell else cell for name, cell in row.items()}
    lists = {name: json.loads(cell) for name, cell in read.items() if name in LISTS and cell and cell.startswith("[")}
    return json.dumps(read | {name: sorted(items, key=str) for name, items in lists.items()}, sort_keys=True)


def parsed(cell: str) -> object:
    try:
        return json.loads(cell)
    except ValueError:  # some services write a text there
        return cell


@pytest.mark.parametrize("asked", questions(), ids=lambda asked: asked.name)
def test_spark_and_duckdb_have_the_same_answer(session: Session, log: tuple[str, Path], asked: Question):
    bound = asked.bound(VALUES[log[0]])
    rows = duck.answer([str(log[1])], bound, print)
    found = on_spark(session, bound.with_literals())
    assert found == Counter(plain(dict(zip(asked.names, row, strict=True))) for row in rows)
    assert rows or (log[0], asked.name) == ("trail", "role-chains")


def test_spark_and_duckdb_give_the_source_the_same_rows(session: Session):
    source = AthenaSource(Table(DATABASE, "cloudtrail_logs"))
    source._partitions = frozenset(KEYS)
    query, engine = source.sql(RUN), Engine()
    with records_path() as folder:
        make_table(session, folder)
        engine.add("cloudtrail_logs", folder, KEYS)
        names, *rows = engine.run(query, [])
        found = on_spark(session, query)
    assert found == Counter(plain(dict(zip(names, row, strict=True))) for row in rows)
    assert found.total() >= 100
