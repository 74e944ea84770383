"""Run files: what is read, by name and by path, and what is told where one is wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tracer.collect.runfile import RunFile, create_run_file, load_run_file, replace_run_file
from tracer.errors import CollectError, UsageError

SINCE = datetime(2026, 11, 24, 8, tzinfo=UTC)
USER = "arn:aws:iam::123456789012:user/deployer"


def write(base: Path, name: str = "first", **keys: object) -> Path:
    file = base / ".tracer" / "runs" / f"{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"since": "2026-11-24T08:00:00Z"} | keys))
    return file


def test_a_run_is_found_by_its_name_and_by_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = write(tmp_path)
    run = RunFile(name="first", since=SINCE)
    assert load_run_file("first", tmp_path) == run
    assert load_run_file(str(file), tmp_path / "other") == run
    monkeypatch.chdir(file.parent)
    assert load_run_file("first.json") == run
    monkeypatch.chdir(tmp_path)
    assert load_run_file("first") == run


def test_every_key_is_read(tmp_path: Path):
    write(
        tmp_path,
        name="orders",
        principal=USER,
        until="2026-11-24T10:00:01+01:00",
        regions=["eu-west-1", "us-east-1"],
        accounts=["123456789012"],
        partition="aws-cn",
        session="tracer-orders",
        access_key_id="AKIAEXAMPLE",
        command=["sls", "deploy"],
        exit_code=3,
        region_source="command",
        marker_request_ids={"eu-west-1": "r1"},
        something_new={"x": 1},
    )
    assert load_run_file("orders", tmp_path) == RunFile(
        name="orders",
        since=SINCE,
        until=datetime(2026, 11, 24, 9, 0, 1, tzinfo=UTC),
        principal=USER,
        regions=("eu-west-1", "us-east-1"),
        accounts=("123456789012",),
        partition="aws-cn",
        session="tracer-orders",
        access_key_id="AKIAEXAMPLE",
        command=("sls", "deploy"),
        exit_code=3,
        region_source="command",
        markers={"eu-west-1": "r1"},
    )


@pytest.mark.parametrize(
    ("keys", "field", "value"),
    [
        ({"region": "eu-west-1"}, "regions", ("eu-west-1",)),
        ({"account": "1"}, "accounts", ("1",)),
        ({"command": "sls deploy"}, "command", ("sls deploy",)),
        ({"principal": None, "until": None, "region": None, "exit_code": None}, "principal", None),
        ({"since": "2026-11-24T08:00:00"}, "since", SINCE),
        ({"since": "2026-11-24T09:00:00+01:00"}, "since", SINCE),
        ({"since": "20261124T080000Z"}, "since", SINCE),
        ({"exit_code": 0}, "exit_code", 0),
    ],
)
def test_other_spellings(tmp_path: Path, keys: dict[str, object], field: str, value: object):
    write(tmp_path, **keys)
    assert getattr(load_run_file("first", tmp_path), field) == value


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"since": None}, "`since` is missing"),
        ({"since": "yesterday"}, "`since` is not a time in ISO 8601: 'yesterday'"),
        ({"since": "0001-01-01T00:00:00+23:59"}, "`since` is out of range: '0001-01-01T00:00:00+23:59'"),
        ({"since": 5}, "`since` is not a text"),
        ({"until": "2026-11-24T07:00:00Z"}, "`until` is before `since`"),
        ({"principal": ["a"]}, "`principal` is not a text"),
        ({"regions": [1]}, "`regions` is not a list of texts"),
        ({"exit_code": True}, "`exit_code` is not a number"),
        ({"marker_request_ids": ["r1"]}, "`marker_request_ids` is not an object of texts"),
        ({"marker_request_ids": {"eu-west-1": 1}}, "`marker_request_ids` is not an object of texts"),
    ],
)
def test_a_wrong_key_is_named(tmp_path: Path, keys: dict[str, object], message: str):
    file = write(tmp_path, **keys)
    with pytest.raises(UsageError) as caught:
        load_run_file("first", tmp_path)
    assert caught.value.message == f"{file} is no run file: {message}"


FULL = RunFile(
    name="orders",
    since=SINCE,
    until=datetime(2026, 11, 24, 9, 0, 1, tzinfo=UTC),
    principal=USER,
    regions=("eu-west-1", "us-east-1"),
    region_source="option",
    accounts=("123456789012",),
    partition="aws-cn",
    session="tracer-orders",
    access_key_id="AKIAEXAMPLE",
    command=("sls", "deploy"),
    exit_code=0,
    markers={"eu-west-1": "r1"},
)


@pytest.mark.parametrize(
    "run",
    [FULL, RunFile(name="orders", since=SINCE), RunFile(name="orders", since=SINCE.replace(year=226))],
    ids=["full", "least", "a year of three digits"],
)
def test_a_run_reads_back_as_it_was_written(tmp_path: Path, run: RunFile):
    begun = replace(run, until=None)
    path = create_run_file(begun, tmp_path)
    assert path == tmp_path / ".tracer" / "runs" / "orders.json"
    assert load_run_file("orders", tmp_path) == begun
    replace_run_file(run, path)
    assert load_run_file("orders", tmp_path) == run
    assert list(path.parent.iterdir()) == [path]


def test_one_region_and_one_account_are_written_as_one(tmp_path: Path):
    create_run_file(replace(FULL, regions=("eu-west-1",)), tmp_path)
    content = json.loads((tmp_path / ".tracer" / "runs" / "orders.json").read_text())
    assert (content["region"], content["account"]) == ("eu-west-1", "123456789012")
    assert content["since"] == "2026-11-24T08:00:00Z"
    assert content["until"] == "2026-11-24T09:00:01Z"


def test_of_two_runs_of_one_name_the_first_stays(tmp_path: Path):
    create_run_file(FULL, tmp_path)
    with pytest.raises(UsageError, match="there is a run 'orders' already"):
        create_run_file(replace(FULL, exit_code=1), tmp_path)
    assert load_run_file("orders", tmp_path) == FULL


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_a_run_that_cannot_be_written_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = create_run_file(FULL, tmp_path)
    monkeypatch.setattr("secrets.token_hex", lambda _: "full")
    (path.parent / ".full.tmp").symlink_to("/dev/full")
    with pytest.raises(CollectError, match=r"orders\.json cannot be written: No space left on device"):
        replace_run_file(replace(FULL, exit_code=1), path)
    assert load_run_file("orders", tmp_path) == FULL
    assert list(path.parent.iterdir()) == [path]


def test_regions_that_were_guessed_bound_no_run():
    sources = ("option", "command", None, "environment", "default")
    assert [bool(replace(FULL, region_source=source).bounds) for source in sources] == [True, True, True, False, False]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b"[" * 100_000], ids=repr)
def test_a_file_that_is_no_run_is_told(tmp_path: Path, content: bytes):
    file = tmp_path / "run.json"
    file.write_bytes(content)
    with pytest.raises(UsageError, match="is no run file"):
        load_run_file(str(file), tmp_path)


def test_the_hint_lists_the_runs_that_there_are(tmp_path: Path):
    with pytest.raises(UsageError, match="there is no run 'second'") as caught:
        load_run_file("second", tmp_path)
    assert "tracer record" in caught.value.hint
    write(tmp_path, "third")
    write(tmp_path, "first")
    with pytest.raises(UsageError) as caught:
        load_run_file("second", tmp_path)
    assert caught.value.hint.endswith("first, third")


@pytest.mark.parametrize("name", ["", "..", "../first", "runs/first", "/"])
def test_a_name_never_leads_out_of_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str):
    write(tmp_path)
    write(tmp_path / ".tracer" / "runs", "first")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="there is no run"):
        load_run_file(name, tmp_path)
