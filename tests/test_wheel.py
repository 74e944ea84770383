"""What is installed: the package, and the questions in SQL that stand beside it in a checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from support import PROJECT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as `pip install .` does, by the project's own build backend."""
    from hatchling.builders.wheel import WheelBuilder

    (path,) = WheelBuilder(str(PROJECT)).build(directory=str(tmp_path_factory.mktemp("wheel")), versions=["standard"])
    return Path(path)


def test_it_holds_the_package_and_nothing_else(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
    assert {name for name in tops if not name.endswith(".dist-info")} == {"tracer"}
    assert len(tops) == 2


def test_the_questions_are_found_where_it_is_installed(wheel: Path, tmp_path: Path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    code = "from tracer.cli import main; import tracer; print(tracer.__file__, flush=True); main(['query'])"
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-c", code]
    result = subprocess.run(  # noqa: S603 - the command is ours
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    installed, *listed = result.stdout.splitlines()
    assert Path(installed).is_relative_to(tmp_path)
    files = sorted(path.stem for path in (PROJECT / "queries").glob("*.sql"))
    assert [line.split()[0] for line in listed] == files
    assert (tmp_path / "tracer" / "queries" / "athena" / "create_table.sql").is_file()
