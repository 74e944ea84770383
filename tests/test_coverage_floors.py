"""The floors of coverage, in a project of its own: a run of all tests, one of a part, one that is not measured."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import coverage_floors
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
"""
CONFTEST: Final = """
from coverage_floors import CoverageFloors

def pytest_addoption(parser):
    parser.addoption("--coverage", action="store_true")
    parser.addoption("--missing", action="store_true")

def pytest_configure(config):
    if config.option.coverage:
        config.pluginmanager.register(CoverageFloors(config))
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
    """`pytest ARGUMENTS` there: the exit code and all that was printed."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    free = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_", "COVERAGE_"))}
    done = subprocess.run(command, cwd=folder, env=free, capture_output=True, text=True, check=False)  # noqa: S603 - this Python
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "by workers"])
def test_a_package_below_its_floor_fails_a_run_of_all_tests(tmp_path: Path, workers: list[str]):
    code, told = run(project(tmp_path, "[2]"), "--coverage", *workers)
    assert (code, "execute too little of tracer/emit" in told) == (1, True)
    assert "too little of tracer/model" not in told
    assert "2 passed" in told.splitlines()[-1]


def test_packages_above_their_floors_pass(tmp_path: Path):
    code, told = run(project(tmp_path, "[2, -2]"), "--coverage")
    assert (code, "tracer/emit 100.0 % (at least 97 %)" in told) == (0, True)
    assert "2 passed" in told.splitlines()[-1]


@pytest.mark.parametrize(
    "part",
    [
        pytest.param(["tests/test_a.py", "--coverage"], id="of a file"),
        pytest.param(["-k", "emit", "--coverage"], id="of some tests"),
    ],
)
def test_a_run_of_a_part_is_told_its_shares_and_held_to_nothing(tmp_path: Path, part: list[str]):
    code, told = run(project(tmp_path, "[2]"), *part)
    assert (code, "too little" in told) == (0, False)
    assert "tracer/emit 66.7 %" in told, "three of four lines and one of two branches"


def test_without_being_asked_for_nothing_is_measured(tmp_path: Path):
    code, told = run(project(tmp_path, "[2]"))
    assert (code, "tracer/emit" in told) == (0, False)


def test_what_no_test_executes_is_shown(tmp_path: Path):
    _, told = run(project(tmp_path, "[2]"), "--coverage", "--missing")
    (line,) = (line.split() for line in told.splitlines() if "/a.py" in line)
    assert (line[0], line[-1]) == ("tracer/emit/a.py", "4"), "the line that negative numbers reach, in no other file"


def test_what_was_imported_before_is_not_measured_and_this_is_said(tmp_path: Path):
    folder = project(tmp_path, "[2, -2]")
    (folder / "tests" / "conftest.py").write_text(f"import tracer\n{CONFTEST}")
    code, told = run(folder, "--coverage")
    assert code == pytest.ExitCode.USAGE_ERROR
    assert "before it could be measured" in told


def test_where_the_tests_of_rehearse_are_skipped_the_whole_is_held_to_nothing(monkeypatch: pytest.MonkeyPatch):
    shares = {"tracer/emit": 96.9, "tracer": 91.9}
    monkeypatch.setattr(coverage_floors, "TOOLS", ())
    assert coverage_floors.below(shares) == ["tracer/emit", "tracer"]
    monkeypatch.setattr(coverage_floors, "TOOLS", ("a-tool-that-there-is-not",))
    assert coverage_floors.below(shares) == ["tracer/emit"]
