"""The question of a role's calls, asked of DuckDB, Polars and jq: prints how many records are the role's.

    PYTHON tests/bench/peers.py duckdb|polars|jq FOLDER ROLE-ARN

PYTHON is that of the peers' own environment. Each reads as it can read fastest: DuckDB and Polars only the fields that
the answer needs, with their types given, on all processors.
"""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

_ISSUER = "userIdentity.sessionContext.sessionIssuer.arn"


def with_duckdb(folder: str, role: str) -> int:
    """Count with DuckDB's reader of JSON."""
    import duckdb

    record = (
        "STRUCT(eventSource VARCHAR, eventName VARCHAR, eventID VARCHAR, requestParameters JSON, userIdentity "
        "STRUCT(sessionContext STRUCT(sessionIssuer STRUCT(arn VARCHAR))))"
    )
    sql = (
        "SELECT count(*), sum(length(r.requestParameters)) FROM (SELECT unnest(Records) AS r FROM "  # noqa: S608
        f"read_json('{folder}/**/*.gz', columns = {{'Records': '{record}[]'}}, maximum_object_size = 100000000)) "
        f"WHERE r.{_ISSUER} = '{role}'"
    )
    rows = duckdb.sql(sql).fetchall()
    return int(rows[0][0])


def with_polars(folder: str, role: str) -> int:
    """Count with Polars, a file at a time: all at once need the memory of all."""
    import polars as pl

    issuer = pl.Struct({"arn": pl.String})
    identity = pl.Struct({"sessionContext": pl.Struct({"sessionIssuer": issuer})})
    record = pl.Struct(
        {"eventSource": pl.String, "eventName": pl.String, "eventID": pl.String, "userIdentity": identity}
    )
    count = 0
    for file in sorted(Path(folder).rglob("*.gz")):
        frame = pl.read_json(gzip.decompress(file.read_bytes()), schema={"Records": pl.List(record)})
        arn = pl.col("Records")
        for name in _ISSUER.split("."):
            arn = arn.struct.field(name)
        count += frame.explode("Records").filter(arn == role).height
    return count


def with_jq(folder: str, role: str) -> int:
    """Count with zcat and jq."""
    query = f'[.Records[] | select(.{_ISSUER}? == "{role}") | {{eventSource, eventName, requestParameters}}] | length'
    command = f"find -L {folder} -name '*.gz' -print0 | xargs -0 zcat | jq '{query}'"
    result = subprocess.run(command, shell=True, check=True, capture_output=True, text=True)  # noqa: S602
    return sum(map(int, result.stdout.split()))


if __name__ == "__main__":
    which = {"duckdb": with_duckdb, "polars": with_polars, "jq": with_jq}[sys.argv[1]]
    sys.stdout.write(f"{which(*sys.argv[2:])}\n")
