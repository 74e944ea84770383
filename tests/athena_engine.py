"""Athena whose SQL is really executed: moto's server keeps the queries, sqlglot and DuckDB run them on log files.

What Athena does with a query that is bound is done here too: each execution parameter is read as a literal of SQL and
stands for one `?`. The table is a view of the log files in the columns that `queries/athena/create_table.sql` gives
them; a partition is read from the file's path. It tests the SQL and the client's way, not Athena's own engine, its
partitions' pruning or its cost.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import duckdb
import sqlglot
from moto.athena.models import AthenaBackend, QueryResults
from moto.server import ThreadedMotoServer
from sqlglot import exp

DATABASE = "audit"
SIZES = "main.sizes"
"""How large the log files are."""
DIALECT = "trino"
"""What Athena's queries are written in. sqlglot's `athena` is for its DDL as well, where `\\` is an escape."""
PARTITIONS: Mapping[str, str] = {
    "timestamp": r"([0-9]{4}/[0-9]{2}/[0-9]{2})/[^/]*$",
    "region": r"/CloudTrail/([^/]*)/",
    "account": r"/([0-9]{12})/CloudTrail/",
    "year": r"/([0-9]{4})/[0-9]{2}/[0-9]{2}/[^/]*$",
    "month": r"/([0-9]{2})/[0-9]{2}/[^/]*$",
    "day": r"/0*([0-9]+)/[^/]*$",
}
"""What a file's path says."""

PLAIN = (
    "eventVersion", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress", "userAgent", "errorCode",
    "errorMessage", "requestParameters", "responseElements", "additionalEventData", "requestID", "eventID", "readOnly",
    "eventType", "apiVersion", "recipientAccountId", "serviceEventDetails", "sharedEventID", "vpcEndpointId",
    "eventCategory",
)  # fmt: skip
IDENTITY = ("type", "principalId", "arn", "accountId", "invokedBy", "accessKeyId", "userName")
ISSUER = ("type", "principalId", "arn", "accountId", "userName")
_RESOURCE = "{arn: item->>'ARN', accountid: item->>'accountId', type: item->>'type'}"


def _struct(path: str, names: tuple[str, ...], more: str = "") -> str:
    fields = ", ".join(f"{name.lower()}: r->>'$.{path}.{name}'" for name in names)
    return f"{{{fields}{more}}}"


class Engine:
    """A database of tables over log files, in DuckDB; every query that came is kept."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, list[str]]] = []
        self.duck = duckdb.connect()
        self.duck.execute(f"CREATE SCHEMA {DATABASE}")
        self.duck.execute(f"CREATE TABLE {SIZES} (path VARCHAR PRIMARY KEY, size BIGINT)")

    def add(self, name: str, logs: Path, partitions: tuple[str, ...]) -> None:
        """A table over the log files under `logs`."""
        context = f", sessioncontext: {{sessionissuer: {_struct('userIdentity.sessionContext.sessionIssuer', ISSUER)}}}"
        columns = [
            *(f"r->>'$.{field}' AS {field.lower()}" for field in PLAIN),
            f"{_struct('userIdentity', IDENTITY, context)} AS useridentity",
            f"list_transform(CAST(r->'$.resources' AS JSON[]), lambda item: {_RESOURCE}) AS resources",
            'filename AS "$path"',
            f'(SELECT size FROM {SIZES} WHERE path = filename) AS "$file_size"',  # noqa: S608 - a test's own names
            *(f"regexp_extract(filename, '{PARTITIONS[key]}', 1) AS \"{key}\"" for key in partitions),
        ]
        sizes = [(str(path), path.stat().st_size) for path in logs.rglob("*.json.gz")]
        self.duck.executemany(f"INSERT OR REPLACE INTO {SIZES} VALUES (?, ?)", sizes)  # noqa: S608 - see above
        files = f"read_json('{logs}/**/*.json.gz', columns={{Records: 'JSON[]'}}, filename=true)"
        records = f"SELECT unnest(Records) AS r, filename FROM {files} WHERE filename LIKE '%/CloudTrail/%'"  # noqa: S608 - a test's own names
        view = f"CREATE OR REPLACE VIEW {DATABASE}.{name}"
        self.duck.execute(f"{view} AS SELECT {', '.join(columns)} FROM ({records})")  # noqa: S608 - see above

    def run(self, query: str, parameters: list[str]) -> list[list[str | None]]:
        """The rows, all as text, the columns' names first. Raises sqlglot's and DuckDB's errors."""
        self.asked.append((query, parameters))
        for text in parameters:
            assert isinstance(sqlglot.parse_one(text, read=DIALECT), exp.Literal), f"{text} is no literal"
        first, *rest = query.split("?")
        bound = first + "".join(text + part for text, part in zip(parameters, rest, strict=True))
        answer = self.duck.execute(sqlglot.transpile(bound, read=DIALECT, write="duckdb")[0])
        names = [column[0] for column in answer.description]
        return [names, *([None if cell is None else str(cell) for cell in row] for row in answer.fetchall())]


@contextlib.contextmanager
def athena(engine: Engine, tables: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """The endpoint of moto's server, where Athena runs what it is asked on `engine`, and Glue knows the tables with
    their partition keys.
    """
    plain = AthenaBackend.start_query_execution

    def start(
        self: AthenaBackend,
        *,
        query: str,
        execution_parameters: list[str] | None,
        **others: Any,  # noqa: ANN401 - moto's
    ) -> str:
        execution = plain(self, query=query, execution_parameters=execution_parameters, **others)
        rows = engine.run(query, execution_parameters or [])
        cells = [{"Data": [{} if cell is None else {"VarCharValue": cell} for cell in row]} for row in rows]
        self.query_results[execution] = QueryResults(rows=cells, column_info=[])
        return execution

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    AthenaBackend.start_query_execution = start  # type: ignore[method-assign]
    try:
        server.start()
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        keys = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "x", "region_name": "us-east-1"}
        glue = boto3.client("glue", endpoint_url=endpoint, **keys)
        glue.create_database(DatabaseInput={"Name": DATABASE})
        for name, partitions in tables.items():
            columns = [{"Name": key, "Type": "string"} for key in partitions]
            glue.create_table(DatabaseName=DATABASE, TableInput={"Name": name, "PartitionKeys": columns})
        yield endpoint
        # moto's state outlives its servers.
        for name in tables:
            glue.delete_table(DatabaseName=DATABASE, Name=name)
        glue.delete_database(Name=DATABASE)
    finally:
        AthenaBackend.start_query_execution = plain  # type: ignore[method-assign]
        server.stop()
