"""DuckDB over log files: every shape is read, whatever the files are called, and what a log says stays data."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from query_support import ENDS
from support import ABSENT, assumed_role, iam_user, record, write_trail

from tracer.errors import CollectError
from tracer.query import duck
from tracer.query.questions import Bound, Row, question

RECORDS = [
    record("CreateBucket", "s3.amazonaws.com", user=iam_user(), request={"bucketName": "orders"}),
    record("GetRole", user=assumed_role("ci", "session"), error="NoSuchEntity"),
    record("GetRole", user=assumed_role("ci", "other session")),
]


def ask(name: str, *paths: Path, told: list[str] | None = None, **values: str | tuple[str, ...]) -> list[Row]:
    tell = (told if told is not None else []).append
    return duck.answer([str(path) for path in paths], question(name).bound({**ENDS, **values}), tell)


def sql(text: str, *paths: Path) -> list[Row]:
    return duck.answer([str(path) for path in paths], Bound(text, ()), print)


def names(rows: list[Row]) -> list[object]:
    return [row[2] for row in rows]


def put(path: Path, *records: Mapping[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(map(json.dumps, records)))
    return path


USED = [
    ("arn:aws:iam::123456789012:role/ci", "iam.amazonaws.com", "GetRole", 2, 1),
    ("arn:aws:iam::123456789012:user/deployer", "s3.amazonaws.com", "CreateBucket", 1, 0),
]


def test_a_trail_s_log_files_are_read(tmp_path: Path):
    rows = ask("actions-by-principal", write_trail(tmp_path, RECORDS))
    assert [row[:5] for row in rows] == USED


@pytest.mark.parametrize("shape", ["lines", "array", "lookup", "gzip", "mixed"])
def test_files_of_other_shapes_are_read(tmp_path: Path, shape: str):
    path = tmp_path / "records.json"
    match shape:
        case "lines":
            put(path, *RECORDS)
        case "array":
            path.write_text(json.dumps(RECORDS, indent=2))
        case "lookup":
            path.write_text(json.dumps({"Events": [{"CloudTrailEvent": json.dumps(item)} for item in RECORDS]}))
        case "gzip":
            path.write_bytes(gzip.compress("\n".join(map(json.dumps, RECORDS)).encode()))
        case "mixed":
            write_trail(tmp_path, RECORDS[:1])
            put(path, *RECORDS[1:])
    assert [row[:5] for row in ask("actions-by-principal", tmp_path)] == USED


def test_the_partitions_of_other_files_are_the_records_own(tmp_path: Path):
    path = put(tmp_path / "records.jsonl", *RECORDS)
    rows = ask("bytes-per-partition", path)
    assert rows == [("us-east-1", "2026/11/24", 1, path.stat().st_size, 3)]


@pytest.mark.parametrize("damage", [b"", b"oops", b'{"Records": [{"eventName": "Cut'], ids=["empty", "text", "cut"])
def test_a_damaged_log_file_costs_itself_alone(tmp_path: Path, damage: bytes):
    write_trail(tmp_path, RECORDS)
    good = next(tmp_path.rglob("*.json.gz"))
    good.with_name(good.name.rpartition("_")[0] + "_0123456789ABCDEF.json.gz").write_bytes(damage)
    told: list[str] = []
    assert [row[:5] for row in ask("actions-by-principal", tmp_path, told=told)] == USED
    assert told == (["Left out, for they are no records: 1 (`tracer reduce` tells which)."] if damage else [])


@pytest.mark.parametrize("name", ["a*b", "[x]", "it's", "q?", "ünï"])
def test_a_folder_may_be_called_what_it_likes(tmp_path: Path, name: str):
    write_trail(tmp_path / name, RECORDS)
    write_trail(tmp_path / "axb", [record("Other")])
    assert names(ask("actions-by-principal", tmp_path / name)) == ["GetRole", "CreateBucket"]


def test_a_record_may_be_as_large_as_a_file(tmp_path: Path):
    large = record("PutObject", request={"key": "x" * (17 * 1024 * 1024)})
    write_trail(tmp_path, [large])
    assert sql("SELECT length(requestparameters) FROM cloudtrail_logs", tmp_path) == [(17 * 1024 * 1024 + 10,)]


@pytest.mark.parametrize("packed", [True, False], ids=["gzip", "plain"])
def test_what_stands_at_a_file_s_end_does_not_say_how_much_memory_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool
):
    """The last bytes of a gzipped file tell its size, and may lie; those of a plain file tell nothing."""
    taken: list[int] = []
    asked = duck._asked

    def watched(trail: list[str], *rest: Any) -> list[Row]:  # noqa: ANN401 - those of _asked
        taken.extend(duck._unpacked_size(file) for file in trail)
        return asked(trail, *rest)

    monkeypatch.setattr(duck, "_asked", watched)
    (path,) = write_trail(tmp_path, RECORDS).rglob("*.gz")
    if packed:
        path.write_bytes(path.read_bytes()[:-4] + b"\xff\xff\xff\x7f")
    else:
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    assert [row[:5] for row in ask("actions-by-principal", tmp_path)] == USED
    assert all(size < 16 * 1024 for size in taken)


def test_a_value_is_never_sql(tmp_path: Path):
    folder = write_trail(tmp_path, RECORDS)
    evil = "x') OR 1 = 1 --"
    assert ask("actions-by-principal", folder, principals=(evil,)) == []
    assert names(ask("actions-by-principal", folder, principals=("arn:aws:iam::123456789012:role/ci",))) == ["GetRole"]
    session = "arn:aws:sts::123456789012:assumed-role/ci/session"
    assert [row[3] for row in ask("actions-by-principal", folder, principals=(session,))] == [1]


def test_the_window_is_half_open(tmp_path: Path):
    times = ("07:59:59", "08:00:00", "08:59:59", "09:00:00")
    folder = write_trail(tmp_path, [record("GetRole", time=f"2026-11-24T{time}Z") for time in times])
    rows = ask("first-and-last-use", folder, since="2026-11-24T08:00:00Z", until="2026-11-24T09:00:00Z")
    assert [row[2:5] for row in rows] == [("2026-11-24T08:00:00Z", "2026-11-24T08:59:59Z", 2)]


def test_duplicates_count_once(tmp_path: Path):
    folder = write_trail(tmp_path, [RECORDS[0], RECORDS[0]])
    assert [row[3] for row in ask("actions-by-principal", folder)] == [1]


def test_what_is_no_json_is_no_error(tmp_path: Path):
    """Some services write a text into requestParameters, where others have an object."""
    odd = record("AssumeRole", "sts.amazonaws.com", request={}) | {"requestParameters": "oops", "resources": "none"}
    bare = record("AssumeRole", "sts.amazonaws.com") | {"userIdentity": "nobody", "responseElements": [1]}
    rows = ask("role-chains", write_trail(tmp_path, [odd, bare]))
    assert [(row[2], row[3], row[5]) for row in rows] == [(None, None, 1)] * 2


def test_role_chains_are_followed(tmp_path: Path):
    def assume(role: str, user: dict[str, Any], session: str) -> dict[str, Any]:
        return record(
            "AssumeRole",
            "sts.amazonaws.com",
            user=user,
            request={"roleArn": f"arn:aws:iam::123456789012:role/{role}", "roleSessionName": session},
            response={"assumedRoleUser": {"arn": f"arn:aws:sts::123456789012:assumed-role/{role}/{session}"}},
        )

    folder = write_trail(tmp_path, [assume("one", iam_user(), "s1"), assume("two", assumed_role("one", "s1"), "s2")])
    deployer = "arn:aws:iam::123456789012:user/deployer"
    assert [row[:3] for row in ask("role-chains", folder)] == [
        (
            "arn:aws:iam::123456789012:user/deployer",
            "arn:aws:iam::123456789012:role/one",
            "arn:aws:iam::123456789012:role/two",
        ),
        (None, deployer, "arn:aws:iam::123456789012:role/one"),
    ]


def test_data_events_that_are_logged_are_not_missing(tmp_path: Path):
    data = {"eventCategory": "Data", "managementEvent": False}
    bucket, get = RECORDS[0], record("GetObject", "s3.amazonaws.com", request={"key": "x"}, **data)
    table = record("CreateTable", "dynamodb.amazonaws.com", eventCategory=ABSENT)
    rows = ask("missing-data-events", write_trail(tmp_path, [bucket, get, table]))
    assert [row[:3] for row in rows] == [("dynamodb.amazonaws.com", "items and streams", 1)]


def test_nothing_to_read_is_told(tmp_path: Path):
    with pytest.raises(CollectError, match="no log files in"):
        ask("denied-calls", tmp_path)
    with pytest.raises(CollectError, match="does not exist"):
        ask("denied-calls", tmp_path / "absent")


def test_what_duckdb_cannot_do_is_told(tmp_path: Path):
    with pytest.raises(CollectError, match="DuckDB could not answer"):
        sql("SELECT error('no') FROM cloudtrail_logs", write_trail(tmp_path, RECORDS))
