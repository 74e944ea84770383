"""What somebody sees who waits."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pseudo_terminal import Terminal, needs_terminal, opened, running
from support import record

from tracer.cli import progress
from tracer.cli.bar import told
from tracer.cli.output import say
from tracer.cli.progress import CountedSource, Reading, is_watched, out_of_the_way, working
from tracer.collect.files import FileSource
from tracer.model.run import DeployRun

RECORD = json.dumps(record("CreateBucket", "s3.amazonaws.com", request={"bucketName": "orders"})).encode()


@pytest.mark.parametrize(
    ("reading", "done"),
    [
        pytest.param(Reading(), 0, id="nothing-is-known"),
        pytest.param(Reading(size=5), 0, id="no-size-is-known"),
        pytest.param(Reading(expected_size=100, size=50), 0.25, id="half-of-the-first-of-two-passes"),
        pytest.param(Reading(expected_size=100, size=50, passed=1), 0.75, id="half-of-the-second"),
        pytest.param(Reading(expected_size=100, size=50, passed=2), 2.5 / 3, id="a-third-that-nobody-expected"),
        pytest.param(Reading(expected_size=100, size=500, passed=1), 1, id="files-that-grew"),
    ],
)
def test_how_far_it_is(reading: Reading, done: float):
    assert reading.done == pytest.approx(done)


@pytest.mark.parametrize(
    ("reading", "words"),
    [
        (Reading(records=12345), "12,345 records"),
        (Reading(records=1, size=2_500_000), "2.5 MB, 1 records"),
        (
            Reading(expected_files=1200, expected_size=3_400_000_000, files=300, size=1_200_000_000, records=9),
            "300/1,200 files, 1.2 GB of 3.4 GB, 9 records",
        ),
    ],
)
def test_what_is_told(reading: Reading, words: str):
    assert told(reading) == words


def test_a_pass_that_breaks_off_is_none(tmp_path):
    path = tmp_path / "log.json"
    path.write_bytes(b"\n".join([RECORD] * 3))
    reading = Reading()
    source = CountedSource(FileSource([path], reading), reading)
    next(source.records(DeployRun()))
    assert (reading.passed, reading.records) == (0, 1)
    assert len(list(source.records(DeployRun()))) == 3
    assert (reading.passed, reading.records, reading.done) == (1, 3, 1)
    assert source.findings() == ()


@contextmanager
def standing_at(terminal_file, monkeypatch: pytest.MonkeyPatch, stdout=None) -> Iterator[None]:
    """This process, with a terminal as its stderr."""
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", terminal_file)
        patch.setattr(sys, "stdout", stdout or terminal_file)
        patch.setenv("TERM", "xterm-256color")
        yield


@needs_terminal
def test_who_watches(monkeypatch: pytest.MonkeyPatch, tmp_path):
    reader, writer = os.pipe()
    with opened() as (file, _), os.fdopen(writer, "w") as pipe, (tmp_path / "x").open("w") as regular:
        for stdout, watched in ((None, True), (regular, True), (io.StringIO(), True), (pipe, False)):
            with standing_at(file, monkeypatch, stdout):
                assert is_watched() is watched
        with standing_at(regular, monkeypatch):
            assert not is_watched()
    os.close(reader)


def bar_is_there(written: bytes) -> bool:
    return b"Thinking" in written


@needs_terminal
def test_what_is_said_stands_above_the_bar_and_the_bar_goes(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(progress, "SHOWN_AFTER", 0.0)
    with opened() as (file, terminal), standing_at(file, monkeypatch):
        with working("Thinking"):
            terminal.wait_for(bar_is_there)
            said = len(terminal.written)
            say("one thing")
            terminal.wait_for(lambda written: bar_is_there(written[said:]))
            with working("Thinking deeper"), out_of_the_way():
                say("another")
        say("the end")
        terminal.wait_for(lambda written: b"the end" in written)
    assert terminal.screen() == ["one thing", "another", "the end"]
    assert b"deeper" not in terminal.written


@needs_terminal
def test_who_need_not_wait_sees_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(progress, "SHOWN_AFTER", 3600.0)
    with opened() as (file, terminal), standing_at(file, monkeypatch):
        with working("Thinking"):
            say("done")
        terminal.wait_for(lambda written: b"done" in written)
    assert terminal.written == b"done\r\n"


@contextmanager
def half_way(*arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], Terminal, int]]:
    """`tracer ARGUMENTS` that has read half of its input, and shows so; and the other end of its stdin."""
    reader, writer = os.pipe()
    with running(*arguments, stdin=reader) as (process, terminal):
        os.close(reader)
        os.write(writer, RECORD)
        terminal.wait_for(lambda written: b"Reading 1/2" in written)
        yield process, terminal, writer


@needs_terminal
def test_a_bar_is_shown_of_what_takes_long_and_is_gone_then():
    with half_way("reduce", "--from", "-", "-o", os.devnull) as (process, terminal, writer):
        os.close(writer)
    assert process.returncode == 0
    assert b"records" in terminal.written
    assert terminal.screen()[0] == "1 record read: 1 used"


@needs_terminal
def test_an_interrupt_leaves_a_terminal_as_it_was():
    with half_way("reduce", "--from", "-") as (process, terminal, writer):
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        os.close(writer)
    assert terminal.screen() == []
    assert terminal.written.rfind(b"\x1b[?25h") > terminal.written.rfind(b"\x1b[?25l")


def blocked_signals(thread: threading.Thread) -> int:
    """The mask of a thread, a bit a signal, as Linux tells it."""
    status = Path(f"/proc/self/task/{thread.native_id}/status").read_text(encoding="ascii")
    return int(status.partition("SigBlk:")[2].split()[0], 16)


@needs_terminal
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's view of threads")
@pytest.mark.parametrize("hidden_once", [False, True])
def test_the_threads_behind_a_bar_take_no_signal(monkeypatch: pytest.MonkeyPatch, *, hidden_once: bool):
    """One that they took would leave the work in its read, and an interrupt unheard."""
    monkeypatch.setattr(progress, "SHOWN_AFTER", 0.0)
    wanted = sum(1 << (number - 1) for number in (signal.SIGINT, signal.SIGTERM))
    with opened() as (file, terminal), standing_at(file, monkeypatch):
        before = threading.enumerate()
        with working("Thinking"):
            terminal.wait_for(bar_is_there)
            if hidden_once:
                say("a word")
            for thread in threading.enumerate():
                if isinstance(thread, threading.Timer):
                    thread.join()  # it has drawn the bar, and what draws on is its child
            (drawing,) = (thread for thread in threading.enumerate() if thread not in before)
            assert blocked_signals(drawing) & wanted == wanted
        assert not signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_without_a_terminal_rich_is_not_even_loaded():
    code = (
        "import runpy, sys\n"
        "try:\n    runpy.run_module('tracer', run_name='__main__', alter_sys=True)\n"
        "finally:\n    print('rich' in sys.modules)\n"
    )
    command = [sys.executable, "-c", code, "demo", "-o", os.devnull]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)  # noqa: S603
    assert result.stdout == "False\n"
