"""A shell that asks tracer at a tab gets what fits there."""

# ruff: noqa: S603 - the commands are ours

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import PROJECT

TRACER = "from tracer.cli import main; main(prog_name='tracer')"
"""As the installed command is: the program's name tells click which variable to look at."""


def asked(instruction: str, *, cwd: Path | None = None, **environ: str) -> str:
    """What tracer answers to a shell."""
    result = subprocess.run(
        [sys.executable, "-c", TRACER],
        env=os.environ | {"_TRACER_COMPLETE": instruction, "PYTHONPATH": str(PROJECT)} | environ,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.stderr == ""
    return result.stdout


def completed(line: str, cwd: Path | None = None) -> list[str]:
    """What bash is told at the end of `line`: kinds and words."""
    words = line.split(" ")
    return asked("bash_complete", cwd=cwd, COMP_WORDS=line, COMP_CWORD=str(len(words) - 1)).splitlines()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("tracer ch", ["plain,check"], id="command"),
        pytest.param("tracer run --mer", ["plain,--merge"], id="option"),
        pytest.param("tracer run --merge t", ["plain,tighten"], id="choice"),
        pytest.param("tracer run --from lo", ["file,lo"], id="source"),
        pytest.param("tracer run --baseline serverless-s", ["file,serverless-s", "plain,serverless-simple"], id="word"),
        pytest.param("tracer emit -o ou", ["file,ou"], id="output"),
        pytest.param("tracer check po", ["file,po"], id="argument"),
        pytest.param("tracer diff a po", ["file,po"], id="second-argument"),
        pytest.param("tracer explain s3:* tr", ["file,tr"], id="trace"),
        pytest.param("tracer report tr", ["file,tr"], id="report"),
        pytest.param("tracer query role", ["plain,role-chains"], id="question"),
    ],
)
def test_what_fits_there(line: str, expected: list[str]):
    assert completed(line) == expected


def test_recorded_runs_are_known_by_name(tmp_path: Path):
    runs = tmp_path / ".tracer" / "runs"
    runs.mkdir(parents=True)
    for name in ("second", "first", "sixth"):
        (runs / f"{name}.json").write_text("{}", encoding="utf-8")
    assert completed("tracer run --run s", tmp_path) == ["file,s", "plain,second", "plain,sixth"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(shell: str):
    instruction = f"{shell}_source"
    assert f"_TRACER_COMPLETE={instruction} tracer" in (PROJECT / "README.md").read_text(encoding="utf-8")
    script = asked(instruction)
    assert f"_TRACER_COMPLETE={shell}_complete" in script


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_with_that_script(tmp_path: Path):
    command = tmp_path / "tracer"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{TRACER}" "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    steps = (
        'eval "$(_TRACER_COMPLETE=bash_source tracer)"; COMP_WORDS=(tracer run --merge ti); COMP_CWORD=3; '
        '_tracer_completion tracer ti --merge; echo "${COMPREPLY[@]}"'
    )
    environ = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(PROJECT)}
    bash = ["bash", "--norc", "-c", steps]
    result = subprocess.run(bash, env=environ, capture_output=True, text=True, timeout=60, check=True)
    assert result.stdout == "tighten\n"
