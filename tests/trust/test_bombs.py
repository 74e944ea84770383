"""What is small on disk and large to read, or has no end: it is read in bounded memory, told, and counted.

Each command runs in a process of its own, whose peak of memory (`getrusage`) is held against what a small log takes:
`ROOM` more, whatever the log. `make bombs` (`--bombs N`) makes them N times as large; the bound stays.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from support import record

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="files and limits as POSIX has them")

MEGABYTE: Final = 1024 * 1024
ROOM: Final = 320 * MEGABYTE
"""Texts as long as are held whole (32 MB each: one that is searched, and those read ahead), and a record of the longest
kind in several forms."""

DEPLOYER: Final = "arn:aws:iam::123456789012:user/deployer"
MEASURED: Final = """
import json, resource, sys
from tracer.cli import main
try:
    main(sys.argv[2:], prog_name="tracer")
except SystemExit as stop:
    code = stop.code or 0
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
with open(sys.argv[1], "w") as report:
    json.dump([code, peak], report)
"""
RECORD: Final = json.dumps(record("ListUsers"), separators=(",", ":")).encode()
ENVELOPE: Final = b'{"Records":[%b]}'


@dataclass(frozen=True)
class Ran:
    """A command that has ended: its exit code, its peak of memory in bytes, and what it said and wrote."""

    code: int
    peak: int
    said: str
    trace: dict[str, Any]

    @property
    def read(self) -> dict[str, int]:
        """The bins that hold records."""
        return {name: count for name, count in self.trace["accounting"].items() if count and name != "read"}

    @property
    def findings(self) -> list[str]:
        return [finding["message"] for finding in self.trace["findings"]]


def reduced(folder: Path, source: Path, *options: str, **environment: str) -> Ran:
    """`tracer reduce --from SOURCE`, with files of its own in `folder`."""
    folder.mkdir(exist_ok=True)
    report, out = folder / "report.json", folder / "trace.json"
    process = subprocess.run(  # noqa: S603 - this Python, and arguments of this file
        [sys.executable, "-c", MEASURED, str(report), "reduce", "--from", str(source), "-o", str(out), *options],
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **environment},
        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False, timeout=1800,
    )  # fmt: skip
    code, peak = json.loads(report.read_text(encoding="utf-8"))
    said = process.stderr.decode()
    assert "Traceback" not in said
    return Ran(code, peak, said, json.loads(out.read_bytes()) if out.exists() else {})


@pytest.fixture(scope="module")
def bound(tmp_path_factory: pytest.TempPathFactory) -> int:
    """The peak that a small log takes, and ROOM."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "log.json").write_bytes(ENVELOPE % RECORD)
    return reduced(folder / "run", folder / "log.json").peak + ROOM


@pytest.fixture
def times(pytestconfig: pytest.Config) -> int:
    return int(pytestconfig.getoption("--bombs"))


BOTH = pytest.mark.parametrize("options", [(), ("--principal", DEPLOYER)], ids=["everybody", "one principal"])


def packed(path: Path, *pieces: tuple[bytes, int]) -> int:
    """A gzip file of pieces, each so many times; gives the size of its text."""
    packer = zlib.compressobj(1, wbits=31)
    size = 0
    with path.open("wb") as file:
        for piece, times in pieces:
            for _ in range(times):
                file.write(packer.compress(piece))
                size += len(piece)
        file.write(packer.flush())
    return size


@BOTH
def test_a_gzip_bomb(tmp_path: Path, bound: int, times: int, options: tuple[str, ...]):
    bomb = tmp_path / "bomb.json.gz"
    head = b'{"Records":[%b,' % RECORD
    size = packed(bomb, (head, 1), (b" " * MEGABYTE, 80 * times), (RECORD + b"]}", 1))
    assert size > 200 * bomb.stat().st_size
    ran = reduced(tmp_path / "run", bomb, *options)
    assert ran.peak < bound
    assert ran.read == {"used": 1, "unreadable": 1}
    assert any("unpacks to more than 200 times its size" in message for message in ran.findings)


def test_the_limit_of_the_ratio_can_be_taken_away(tmp_path: Path, bound: int, times: int):
    bomb = tmp_path / "bomb.json.gz"
    packed(bomb, (b'{"Records":[%b,' % RECORD, 1), (b" " * MEGABYTE, 80 * times), (b"%b]}" % RECORD, 1))
    ran = reduced(tmp_path / "run", bomb, TRACER_MAX_RATIO="0")
    assert ran.peak < bound
    assert ran.read == {"used": 1, "duplicate": 1}


@BOTH
def test_one_line_without_an_end(tmp_path: Path, bound: int, times: int, options: tuple[str, ...]):
    """A single string of a gigabyte; on disk it is a hole."""
    line = tmp_path / "line.json"
    with line.open("wb") as file:
        file.write(b'{"Records":[%b,{"eventVersion":"1.11","eventName":"' % RECORD)
        for _ in range(40 * times):
            file.write(b"x" * MEGABYTE)
        file.write(b'"},%b]}' % RECORD)
    ran = reduced(tmp_path / "run", line, *options)
    assert ran.peak < bound
    assert ran.read == {"used": 1, "duplicate": 1, "unreadable": 1}
    assert any("longer than 16 MiB" in message for message in ran.findings)


def test_a_file_of_nothing(tmp_path: Path, bound: int):
    """A sparse file of a gigabyte."""
    hole = tmp_path / "hole.json"
    with hole.open("wb") as file:
        file.truncate(1024 * MEGABYTE)
    ran = reduced(tmp_path / "run", hole)
    assert ran.peak < bound
    assert ran.code == 2
    assert "this is no text" in ran.said


@BOTH
@pytest.mark.parametrize("bracket", [b"[", b'{"a":', b'{"eventVersion":'], ids=["lists", "objects", "records"])
def test_a_million_brackets(tmp_path: Path, bound: int, bracket: bytes, options: tuple[str, ...]):
    nested = tmp_path / "nested.json"
    nested.write_bytes(RECORD + b"\n" + bracket * 1_000_000 + b"\n" + RECORD + b"\n")
    ran = reduced(tmp_path / "run", nested, *options)
    assert ran.peak < bound
    assert {name: ran.read[name] for name in ("used", "duplicate")} == {"used": 1, "duplicate": 1}
    assert ran.read["unreadable"] >= 1
    assert any("nested more than 128 deep" in message for message in ran.findings)


@BOTH
def test_a_list_of_what_is_no_record(tmp_path: Path, bound: int, times: int, options: tuple[str, ...]):
    """Each is counted; of the first hundred the place is told, of all others together."""
    count = 100_000 * times
    numbers = tmp_path / "numbers.json"
    numbers.write_bytes(b"[%b,%b]" % (RECORD, b",".join([b"1"] * count)))
    ran = reduced(tmp_path / "run", numbers, *options)
    assert ran.peak < bound
    assert ran.read == {"used": 1, "unreadable": count}
    assert len([message for message in ran.findings if "no object" in message]) == 101


def test_many_members_of_nothing(tmp_path: Path, bound: int):
    """Gzip files put end to end are one file: here a hundred thousand, all but the last of them empty."""
    many = tmp_path / "many.json.gz"
    many.write_bytes(gzip.compress(b"", mtime=0) * 100_000 + gzip.compress(RECORD, mtime=0))
    ran = reduced(tmp_path / "run", many)
    assert ran.peak < bound
    assert ran.read == {"used": 1}


@BOTH
def test_many_files_of_one_record(tmp_path: Path, bound: int, times: int, options: tuple[str, ...]):
    count = 4_000 * times
    folder = tmp_path / "logs"
    for number in range(count):
        day = folder / f"{number // 1000}"
        day.mkdir(parents=True, exist_ok=True)
        content = record("ListUsers", eventID=f"{number}")
        (day / f"{number}.json").write_bytes(ENVELOPE % json.dumps(content, separators=(",", ":")).encode())
    ran = reduced(tmp_path / "run", folder, *options)
    assert ran.peak < bound
    assert ran.read == {"used": count}


def test_links_that_lead_in_a_circle(tmp_path: Path):
    folder = tmp_path / "logs"
    (folder / "below").mkdir(parents=True)
    (folder / "log.json").write_bytes(ENVELOPE % RECORD)
    (folder / "below" / "up").symlink_to(folder, target_is_directory=True)
    (folder / "again").symlink_to(folder / "below", target_is_directory=True)
    assert reduced(tmp_path / "run", folder).read == {"used": 1}


def test_a_link_to_itself_is_told(tmp_path: Path):
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "log.json").symlink_to("log.json")
    ran = reduced(tmp_path / "run", folder)
    assert ran.code == 2
    assert "log.json cannot be read: Too many levels of symbolic links" in ran.said


def test_what_is_no_file_in_a_folder_is_passed_over(tmp_path: Path):
    """Nobody writes into the pipe, and the device has no end: opening either would be the end of it."""
    folder = tmp_path / "logs"
    folder.mkdir()
    os.mkfifo(folder / "a.json")
    (folder / "b.json").symlink_to("/dev/zero")
    (folder / "log.json").write_bytes(ENVELOPE % RECORD)
    assert reduced(tmp_path / "run", folder).read == {"used": 1}


@pytest.mark.parametrize("options", [(), ("--principal", DEPLOYER)], ids=["everybody", "one principal"])
def test_a_device_is_refused(tmp_path: Path, options: tuple[str, ...]):
    ran = reduced(tmp_path / "run", Path("/dev/zero"), *options)
    assert ran.code == 2
    assert "/dev/zero is neither a file nor a folder" in ran.said


@BOTH
def test_a_pipe_that_is_named_is_read_once_and_to_its_end(tmp_path: Path, bound: int, options: tuple[str, ...]):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    count = 20_000

    def write() -> None:
        with pipe.open("wb") as file:
            file.writelines(RECORD + b"\n" for _ in range(count))

    writer = threading.Thread(target=write)
    writer.start()
    ran = reduced(tmp_path / "run", pipe, *options)
    writer.join()
    assert ran.peak < bound
    assert ran.read == {"used": 1, "duplicate": count - 1}


@pytest.fixture
def growing(tmp_path: Path) -> Iterator[Path]:
    """A file that is too long to be held, to which somebody adds as fast as he can."""
    path, stop = tmp_path / "growing.jsonl", threading.Event()
    lines = b"".join(RECORD + b"\n" + b" " * 50_000 + b"\n" for _ in range(10))
    path.write_bytes(lines * (40 * MEGABYTE // len(lines)))

    def grow() -> None:
        with path.open("ab") as file:
            while not stop.wait(0.05) and path.stat().st_size < 1024 * MEGABYTE:
                file.write(lines)

    writer = threading.Thread(target=grow)
    writer.start()
    yield path
    stop.set()
    writer.join()


@BOTH
def test_a_file_that_grows_while_it_is_read(tmp_path: Path, bound: int, growing: Path, options: tuple[str, ...]):
    """Each reading ends where the file ended when it began."""
    ran = reduced(tmp_path / "run", growing, *options)
    assert ran.peak < bound
    assert ran.code == 0
    assert ran.read["used"] == 1
    assert sum(ran.read.values()) == ran.trace["accounting"]["read"] > 500


def test_a_message_of_a_megabyte_is_cut_on_the_terminal(tmp_path: Path):
    log = tmp_path / "log.json"
    denied = record("GetRole", request={"roleName": "orders"}, error="AccessDenied", message="x" * MEGABYTE)
    unknown = record("GetRole", eventSource=f"{'y' * MEGABYTE}.amazonaws.com")
    log.write_bytes(json.dumps({"Records": [denied, unknown]}).encode())
    ran = reduced(tmp_path / "run", log)
    assert ran.code == 0
    assert len(ran.said) < 10_000
