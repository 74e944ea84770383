"""What a command touches, told by Python's own audit hooks: no network, no process, no file but those asked for.

Each command runs in a process of its own whose audit hook notes every connection, look-up of a host, started process
and file opened for writing, renamed or removed (https://docs.python.org/3/library/audit_events.html).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest
from support import iam_user, record, write_trail

DEPLOYER: Final = "arn:aws:iam::123456789012:user/deployer"
HOOK: Final = """
import json, os, sys
seen = []
forbidden = {"os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "pickle.find_class"}
def hook(event, arguments):
    if event == "open":
        path, mode, flags = arguments
        writes = flags & (os.O_WRONLY | os.O_RDWR) if isinstance(flags, int) else any(c in str(mode) for c in "wax+")
        if writes and isinstance(path, str):
            seen.append(["write", path])
    elif event in ("os.rename", "os.link", "os.symlink"):
        seen.append(["write", os.fsdecode(arguments[1])])
    elif event in ("os.remove", "os.rmdir", "os.truncate", "shutil.rmtree", "os.mkdir", "os.chmod"):
        seen.append(["write", os.fsdecode(arguments[0])])
    elif event.split(".")[0] in ("socket", "subprocess", "pty") or event in forbidden:
        seen.append([event, repr(arguments)[:200]])
sys.addaudithook(hook)
"""
RUN: Final = """
import sys
from tracer.cli import main
try:
    main(sys.argv[2:], prog_name="tracer")
except SystemExit as stop:
    code = stop.code or 0
import json
with open(sys.argv[1], "w") as report:
    json.dump({"code": code, "seen": seen[:-1]}, report)
"""


def _audited(folder: Path, program: str, arguments: Sequence[str] = ()) -> dict[str, object]:
    report = folder / "audit.json"
    home = folder / "home"
    home.mkdir()
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run(  # noqa: S603 - this Python, and arguments of this file
        [sys.executable, "-c", HOOK + program, str(report), *arguments],
        cwd=folder, env=environment, check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=60,
    )  # fmt: skip
    return json.loads(report.read_text(encoding="utf-8"))


def _writes(audit: dict[str, object], folder: Path) -> set[str]:
    """The names below the folder that were written; anything else stays as it is, to be seen."""
    paths = [Path(folder, what) for kind, what in audit["seen"] if kind == "write"]
    return {str(path.relative_to(folder) if path.is_relative_to(folder) else path) for path in paths}


def _others(audit: dict[str, object]) -> set[str]:
    return {kind for kind, _ in audit["seen"] if kind != "write"}


IMPORT = (
    'import tracer, json\nwith open(sys.argv[1], "w") as report: json.dump({"code": 0, "seen": seen[:-1]}, report)\n'
)


@pytest.mark.parametrize(
    ("program", "arguments"),
    [(IMPORT, []), (RUN, ["--help"]), (RUN, ["run", "--help"]), (RUN, ["demo"]), (RUN, ["permissions"])],
    ids=["import", "help", "run --help", "demo", "permissions"],
)
def test_nothing_is_asked_started_or_written(tmp_path: Path, program: str, arguments: Sequence[str]):
    audit = _audited(tmp_path, program, arguments)
    assert audit["code"] == 0
    assert not _others(audit)
    assert not _writes(audit, tmp_path)


@pytest.mark.parametrize(
    ("program", "kind"),
    [
        ("import socket; socket.getaddrinfo('localhost', 1)", "socket.getaddrinfo"),
        ("import subprocess; subprocess.run(['true'])", "subprocess.Popen"),
        ("import pickle; pickle.loads(pickle.dumps(print))", "pickle.find_class"),
    ],
)
def test_the_hook_sees_what_it_must(tmp_path: Path, program: str, kind: str):
    assert kind in _others(_audited(tmp_path, f"{program}\n{IMPORT}"))


def test_a_run_writes_below_its_output_alone(tmp_path: Path):
    """Names of roles, functions, files and stacks are whatever the log says, and none of them leads elsewhere."""
    hostile = "../../../escaped\x1b[2J"
    calls = [
        record("GetRole", request={"roleName": hostile}),
        record(
            "CreateFunction20150331", "lambda.amazonaws.com",
            request={"functionName": hostile, "role": f"arn:aws:iam::123456789012:role/{hostile}"},
        ),
        record("GetUser", user=iam_user(hostile), request={"userName": hostile}),
    ]  # fmt: skip
    write_trail(tmp_path / "logs", calls)
    audit = _audited(tmp_path, RUN, ["run", "--from", "logs", "--baseline", "none", "-o", "out/"])
    assert audit["code"] == 0
    assert not _others(audit)
    written = _writes(audit, tmp_path)
    assert any(name.startswith("out/") for name in written)
    assert all(name == "out" or (name.startswith("out/") and ".." not in name) for name in written)
    assert not list(tmp_path.parent.rglob("*escaped*\x1b*"))
    assert {path.name for path in tmp_path.iterdir()} == {"audit.json", "home", "logs", "out"}
