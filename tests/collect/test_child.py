"""A child under tracer: real processes, real signals."""

# ruff: noqa: S603, S606 - the commands are ours

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support import PROJECT

from tracer.collect.child import run_child
from tracer.errors import CollectError

RUN = "import os, sys; from tracer.collect.child import run_child; sys.exit(run_child(sys.argv[1:], os.environ))"
BY_HANDLERS = f"import signal; del signal.sigtimedwait; {RUN}"
"""As on systems that do not tell who sent a signal."""

TRAPPING = """
import os, signal, sys, time
heard = []
def hear(number, frame):
    heard.append(number)
    os.write(1, signal.Signals(number).name.encode() + b"\\n")
for name in ("SIGINT", "SIGTERM", "SIGHUP"):
    signal.signal(getattr(signal, name), hear)
os.write(1, b"ready\\n")
end = time.monotonic() + 20
while not heard and time.monotonic() < end:
    time.sleep(0.01)
time.sleep(0.3)
sys.exit(40 + len(heard))
"""
"""Tells which signals it hears, and ends a moment after the first. It does not print: a handler may not enter what it
interrupts."""


def wrapped(*command: str, how: str = RUN, **options: object) -> subprocess.Popen[bytes]:
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    return subprocess.Popen([sys.executable, "-c", how, *command], env=environment, **options)


@pytest.mark.parametrize(
    ("script", "code"),
    [("exit 0", 0), ("exit 7", 7), ("exit 255", 255), ("kill -TERM $$", 143), ("kill -KILL $$", 137)],
)
@pytest.mark.parametrize("how", [RUN, BY_HANDLERS], ids=["senders-told", "by-handlers"])
def test_the_exit_code_is_the_childs(script: str, code: int, how: str):
    assert wrapped("sh", "-c", script, how=how).wait(timeout=30) == code


EVERYWHERE = """
import os, sys
sys.stdout.buffer.write(sys.stdin.buffer.read())
sys.stderr.write(os.environ["A"])
os.write(int(sys.argv[1]), b"further")
"""


def test_input_output_environment_and_further_descriptors_are_the_childs():
    read, write = os.pipe()
    result = subprocess.run(
        [sys.executable, "-c", RUN, sys.executable, "-c", EVERYWHERE, str(write)],
        input=b"\x00\xff\n", capture_output=True, env=os.environ | {"PYTHONPATH": str(PROJECT), "A": "told"},
        pass_fds=[write], timeout=30, check=True,
    )  # fmt: skip
    os.close(write)
    with os.fdopen(read) as further:
        assert (result.stdout, result.stderr, further.read()) == (b"\x00\xff\n", b"told", "further")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
@pytest.mark.parametrize("how", [RUN, BY_HANDLERS], ids=["senders-told", "by-handlers"])
def test_a_signal_is_passed_on_and_the_childs_answer_awaited(number: signal.Signals, how: str):
    # A session of its own has no terminal, whatever the tests run in.
    with wrapped(sys.executable, "-c", TRAPPING, how=how, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        assert process.stdout.read().decode().split() == [number.name]
        assert process.wait(timeout=30) == 41


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_child_that_a_passed_signal_kills_is_told_as_shells_tell_it(number: signal.Signals):
    with wrapped("sh", "-c", "echo ready; exec sleep 20", stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        assert process.wait(timeout=30) == 128 + number


@pytest.mark.parametrize("how", [RUN, BY_HANDLERS], ids=["senders-told", "by-handlers"])
def test_ctrl_c_reaches_the_child_once(how: str):
    """The terminal sends it to parent and child alike; a second one would make many tools give up cleaning up."""
    process, terminal = pty.fork()
    if process == 0:
        os.environ["PYTHONPATH"] = str(PROJECT)
        os.execv(sys.executable, [sys.executable, "-c", how, sys.executable, "-c", TRAPPING])
    told = _read_until(terminal, b"ready")
    os.write(terminal, b"\x03")
    told += _read_until(terminal, None)
    _, status = os.waitpid(process, 0)
    os.close(terminal)
    assert told.count(b"SIGINT") == 1
    assert os.waitstatus_to_exitcode(status) == 41


def _read_until(terminal: int, word: bytes | None) -> bytes:
    """What comes from the terminal until it holds `word`, or to its end."""
    told = b""
    end = time.monotonic() + 20
    while (word is None or word not in told) and time.monotonic() < end:
        try:
            told += os.read(terminal, 1024)
        except OSError:  # what a terminal gives whose last process has ended
            break
    return told


def test_signals_work_as_before_in_the_child_and_afterwards():
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    blocked = "import signal, sys; sys.exit(len(signal.pthread_sigmask(signal.SIG_BLOCK, [])))"
    assert run_child([sys.executable, "-c", blocked], os.environ) == len(before)
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == before


def test_what_cannot_be_started_is_told(tmp_path: Path):
    script = tmp_path / "script"
    script.write_bytes(b"\x00\x00")
    script.chmod(0o755)
    with pytest.raises(CollectError, match=r"script cannot be started: ") as caught:
        run_child([str(script)], os.environ)
    assert "sh -c" in caught.value.hint
