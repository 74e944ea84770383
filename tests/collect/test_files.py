"""Which files are read, and what becomes of those that cannot be."""

from __future__ import annotations

import gzip
import io
import json
import os
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support import Heard, record, write_trail

from tracer.collect.files import FileSource
from tracer.errors import CollectError
from tracer.model.record import Unreadable
from tracer.model.run import DeployRun, TimeWindow

RUN = DeployRun()
TRAIL = "AWSLogs/123456789012"


def log(*names: str) -> bytes:
    return json.dumps({"Records": [{"eventName": name} for name in names]}).encode()


def names(*paths: str | Path) -> list[str | None]:
    """The eventName of each record at `paths`, None for what is unreadable; in the order that they come."""
    items = FileSource(paths).records(RUN)
    return [None if isinstance(item, Unreadable) else json.loads(item)["eventName"] for item in items]


def put(folder: Path, path: str, content: bytes) -> Path:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


@pytest.mark.parametrize(
    "layout",
    [
        pytest.param("AWSLogs/123456789012/CloudTrail/us-east-1/2026/11/24/x.json.gz", id="a trail"),
        pytest.param("any/prefix/AWSLogs/123456789012/CloudTrail/eu-west-1/2026/11/24/x.json.gz", id="a prefix"),
        pytest.param("AWSLogs/o-abc/123456789012/CloudTrail/us-east-1/2026/11/24/x.json.gz", id="an organisation"),
        pytest.param("x.json.gz", id="flat"),
        pytest.param("x", id="no ending"),
    ],
)
def test_a_folder_is_read_in_any_layout_and_packing(tmp_path: Path, layout: str):
    put(tmp_path, layout, gzip.compress(log("A")))
    put(tmp_path, layout.replace("x", "y"), log("B"))
    assert names(tmp_path) == ["A", "B"]


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path: Path):
    for name in ("b/2", "b/1", "a/9", "c", "0"):
        put(tmp_path, name, log(name))
    assert names(tmp_path) == ["0", "c", "a/9", "b/1", "b/2"]
    assert names(tmp_path / "b", tmp_path / "c", tmp_path / "c") == ["b/1", "b/2", "c"]


@pytest.mark.parametrize(
    "ruled_out",
    [
        f"{TRAIL}/CloudTrail-Digest/us-east-1/2026/11/24/x.json.gz",
        f"{TRAIL}/CloudTrail-Insight/us-east-1/2026/11/24/x.json.gz",
        "123456789012_CloudTrail-Digest_us-east-1_trail_us-east-1_20261124T080000Z.json.gz",
        "123456789012_CloudTrail-Insight_us-east-1_20261124T0800Z_x.json.gz",
        ".DS_Store",
        ".cache/x.json",
    ],
)
def test_what_a_name_rules_out_is_not_read(tmp_path: Path, ruled_out: str):
    file = put(tmp_path, ruled_out, b"not JSON")
    put(tmp_path, f"{TRAIL}/CloudTrail/us-east-1/2026/11/24/x.json", log("A"))
    assert names(tmp_path) == ["A"]
    file.parent.joinpath("CloudTrail-Digest.json").write_bytes(b"")
    with pytest.raises(CollectError, match="no log files"):
        names(file.parent / "CloudTrail-Digest.json")


def test_a_hidden_file_is_read_where_it_is_named(tmp_path: Path):
    assert names(put(tmp_path, ".hidden.json", log("A"))) == ["A"]


@pytest.mark.parametrize(
    "content",
    [b"", gzip.compress(b"", mtime=0), b'{"Records":[]}', b"[]", b"\n"],
    ids=["empty", "gzip", "log", "list", "line"],
)
def test_a_file_without_records_is_no_error(tmp_path: Path, content: bytes):
    assert names(put(tmp_path, "x.json", content)) == []


def test_other_files_in_a_folder_are_told_once_each(tmp_path: Path):
    put(tmp_path, "README.md", b"# Logs\n\nThese are [logs](x).\n\n    $ ls\n")
    put(tmp_path, "data.csv", b"eventName,eventSource\nA,b\nC,d\n")
    put(tmp_path, "x.json", log("A"))
    items = list(FileSource([tmp_path]).records(RUN))
    unreadable = [item for item in items if isinstance(item, Unreadable)]
    assert [item.location for item in unreadable] == [
        f"{tmp_path}/{name}: record 1" for name in ("README.md", "data.csv")
    ]
    assert len(items) == 3


def test_a_gzip_file_that_is_cut_off_gives_what_it_holds(tmp_path: Path):
    content = gzip.compress(
        b"".join(os.urandom(40).hex().encode().join([b'{"eventName":"', b'"}']) for _ in range(500))
    )
    items = list(FileSource([put(tmp_path, "x.json.gz", content[: len(content) // 2])]).records(RUN))
    assert len(items) > 100
    assert [type(item) for item in items] == [bytes] * (len(items) - 1) + [Unreadable]
    assert items[-1] == Unreadable(
        "the gzip data is cut off", f"{tmp_path / 'x.json.gz'}: behind record {len(items) - 1}"
    )


def test_records_are_read_as_often_as_asked(tmp_path: Path):
    write_trail(tmp_path, [record("CreateRole"), record("GetRole"), record("GetRole", region="eu-west-1")])
    source = FileSource([tmp_path])
    first = list(source.records(RUN))
    assert len(first) == 3
    assert list(source.records(RUN)) == first
    assert [finding.code for finding in source.findings()] == ["INTEGRITY_UNCHECKED"]


def test_standard_input_is_read_as_often_as_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(log("A", "B")))))
    source = FileSource(["-", put(tmp_path, "x", log("C")), "-"])
    first = list(source.records(RUN))
    assert [json.loads(item)["eventName"] for item in first] == ["A", "B", "C"]
    assert list(source.records(RUN)) == first


def test_a_pipe_is_read_as_often_as_asked(tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(log("A"),))
    writer.start()
    source = FileSource([pipe])
    assert len(list(source.records(RUN))) == 1
    writer.join()
    assert len(list(source.records(RUN))) == 1


def test_a_pipe_in_a_folder_is_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    put(tmp_path, "x", log("A"))
    assert names(tmp_path) == ["A"]


def test_links_are_followed_and_loops_end(tmp_path: Path):
    put(tmp_path, "logs/a/x", log("A"))
    put(tmp_path, "elsewhere/y", log("B"))
    (tmp_path / "logs" / "a" / "loop").symlink_to(tmp_path / "logs")
    (tmp_path / "logs" / "b").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "logs" / "c").symlink_to(tmp_path / "elsewhere")
    assert names(tmp_path / "logs") == ["A", "B"]


def test_a_missing_path_is_an_error_before_anything_is_read(tmp_path: Path):
    items = FileSource([put(tmp_path, "x", log("A")), tmp_path / "gone"]).records(RUN)
    with pytest.raises(CollectError, match="gone does not exist") as caught:
        next(items)
    assert "--from" in caught.value.hint


def test_a_folder_without_logs_is_an_error(tmp_path: Path):
    put(tmp_path, ".hidden", log("A"))
    with pytest.raises(CollectError, match="no log files in") as caught:
        names(tmp_path)
    assert "CloudTrail-Digest" in caught.value.hint


def test_a_link_to_nowhere_is_an_error(tmp_path: Path):
    (tmp_path / "x").symlink_to(tmp_path / "gone")
    with pytest.raises(CollectError, match="x does not exist"):
        names(tmp_path)


def test_a_device_is_an_error():
    with pytest.raises(CollectError, match="neither a file nor a folder"):
        names(os.devnull)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_an_error(tmp_path: Path):
    put(tmp_path, "x", log("A")).chmod(0)
    with pytest.raises(CollectError, match="cannot be read: Permission denied"):
        names(tmp_path)


def test_a_name_that_cannot_be_one_is_an_error():
    with pytest.raises(CollectError, match="cannot be read"):
        names("a\0b")


@pytest.mark.shared
@pytest.mark.parametrize(
    ("path", "count"), [("trail", 608), ("misc.jsonl.gz", 491), ("serverless-lab.jsonl.gz", 79), ("trail/AWSLogs", 608)]
)
def test_all_real_records_are_read_as_json_reads_them(shared_records: Path, path: str, count: int):
    found = list(FileSource([shared_records / path]).records(RUN))
    assert len(found) == count
    files = sorted((shared_records / path).rglob("*.gz")) or [shared_records / path]
    texts = [gzip.decompress(file.read_bytes()).decode() for file in files]
    expected = [
        item
        for text in texts
        for item in (json.loads(text)["Records"] if path.startswith("trail") else map(json.loads, text.splitlines()))
    ]
    assert [json.loads(item) for item in found] == expected


def test_a_meter_hears_how_much_there_is_and_how_much_was_read(tmp_path: Path):
    files = [put(tmp_path, f"logs/{name}", log(name)) for name in "ABC"]
    size = sum(file.stat().st_size for file in files)
    meter = Heard()
    source = FileSource([tmp_path / "logs", "-"], meter)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"{}")))
        assert len(list(source.records(RUN))) == 4
    assert meter.expected == [(3, size)]
    assert (meter.files, meter.size) == (3, size + 2)
    assert len(list(source.records(RUN))) == 4
    assert meter.expected == [(3, size)]
    assert (meter.files, meter.size) == (6, 2 * size + 2)


@pytest.mark.parametrize(
    ("delivered", "is_read"),
    [("0755", False), ("0800", True), ("0930", True), ("1000", True), ("1001", False)],
    ids=["before", "at its start", "inside", "an hour after", "later"],
)
def test_a_file_whose_name_rules_it_out_is_not_read(tmp_path: Path, delivered: str, is_read: bool):
    window = TimeWindow(datetime(2026, 11, 24, 8, tzinfo=UTC), datetime(2026, 11, 24, 9, tzinfo=UTC))
    put(tmp_path, f"123456789012_CloudTrail_us-east-1_20261124T{delivered}Z_x.json.gz", gzip.compress(log("A")))
    put(tmp_path, "another.json", log("B"))
    source = FileSource([tmp_path])
    run = DeployRun(window=window)
    found = [json.loads(item)["eventName"] for item in source.records(run) if isinstance(item, bytes)]
    assert found == (["A", "B"] if is_read else ["B"])
    codes = [finding.code for finding in source.findings()]
    assert codes == ["COVERAGE_GAP"] * (delivered == "1001") + ["INTEGRITY_UNCHECKED"] * is_read
