"""The floors of coverage, in a project of its own: a run of all tests, one of a part, one that is not measured."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from support import PROJECT

CODE: Final = """
def sign(number):
    if number < 0:
        return -1
    return 1
"""
TESTS: Final = """
from tracer.emit import a as emit
from tracer.model import a as model
from tracer.reduce import a as reduce

def test_model_and_reduce():
    assert [model.sign(-2), model.sign(2), reduce.sign(-2), reduce.sign(2)] == [-1, 1, -1, 1]

def test_emit():
    assert [emit.sign(number) for number in NUMBERS] == [1 if number > 0 else -1 for number in NUMBERS]
"""
CONFIGURATION: Final = """
[tool.pytest.ini_options]
testpaths = ["tests"]
pythonpath = [".", "tests"]
[tool.coverage.run]
branch = true
source = ["tracer"]
"""
CONFTEST: Final = """
from coverage_floors import CoverageFloors

def pytest_configure(config):
    config.pluginmanager.register(CoverageFloors())
"""


def project(folder: Path, numbers: str) -> Path:
    """A project whose test of emit tries those numbers alone."""
    for package in ("model", "reduce", "emit"):
        (folder / "tracer" / package).mkdir(parents=True)
        (folder / "tracer" / package / "__init__.py").touch()
        (folder / "tracer" / package / "a.py").write_text(CODE)
    (folder / "tracer" / "__init__.py").touch()
    (folder / "tests").mkdir()
    (folder / "tests" / "test_a.py").write_text(f"NUMBERS = {numbers}\n{TESTS}")
    (folder / "tests" / "conftest.py").write_text(CONFTEST)
    (folder / "tests" / "coverage_floors.py").write_bytes((PROJECT / "tests" / "coverage_floors.py").read_bytes())
    (folder / "pyproject.toml").write_text(CONFIGURATION)
    return folder


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    """`pytest ARGUMENTS` there: the exit code and what was printed."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    free = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_", "COVERAGE_"))}
    done = subprocess.run(command, cwd=folder, env=free, capture_output=True, text=True, check=False)  # noqa: S603 - this Python
    return done.returncode, done.stdout


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "by workers"])
def test_a_package_below_its_floor_fails_a_run_of_all_tests(tmp_path: Path, workers: list[str]):
    code, told = run(project(tmp_path, "[2]"), "--cov", "--cov-report=", *workers)
    assert (code, "execute too little of tracer/emit" in told) == (1, True)
    assert "too little of tracer/model" not in told
    assert "2 passed" in told.splitlines()[-1]


def test_packages_above_their_floors_pass(tmp_path: Path):
    code, told = run(project(tmp_path, "[2, -2]"), "--cov", "--cov-report=")
    assert (code, "tracer/emit 100.0 % (at least 97 %)" in told) == (0, True)
    assert "2 passed" in told.splitlines()[-1]


@pytest.mark.parametrize(
    "part",
    [
        pytest.param(["tests/test_a.py", "--cov"], id="of a file"),
        pytest.param(["-k", "emit", "--cov"], id="of some tests"),
        pytest.param([], id="without --cov"),
    ],
)
def test_other_runs_are_held_to_nothing(tmp_path: Path, part: list[str]):
    code, told = run(project(tmp_path, "[2]"), *part)
    assert (code, "at least" in told) == (0, False)
