"""The run is what its generator writes, the same each time, with a digest, and without tracer."""

from __future__ import annotations

import ast
import gzip
import hashlib
import json
from collections import Counter
from pathlib import Path

import pytest
from runs.rest.run import DUPLICATES, write
from support import PROJECT

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory):
    """Uncompressed content by key."""
    folder = tmp_path_factory.mktemp("logs")
    write(folder)
    return contents(folder)


def contents(folder: Path) -> Files:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): gzip.decompress(path.read_bytes()) for path in paths}


def test_a_second_run_writes_the_same_bytes(tmp_path: Path):
    write(tmp_path / "one")
    write(tmp_path / "two")
    one, two = ({path.name: path.read_bytes() for path in (tmp_path / name).rglob("*.gz")} for name in ("one", "two"))
    assert one == two


def test_another_seed_makes_another_run(files: Files, tmp_path: Path):
    write(tmp_path, seed=1)
    assert not set(contents(tmp_path)) & {key for key in files if "/CloudTrail/" in key}


@pytest.mark.parametrize("module", ["recorder", "rest/run", "rest/serverless", "rest/stack", "rest/surroundings"])
def test_the_generator_imports_nothing_of_tracer(module: str):
    tree = ast.parse((PROJECT / "tests" / "runs" / f"{module}.py").read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported
    assert not [name for name in imported if name.split(".")[0] in ("tracer", "support")]


def test_the_wanted_duplicates_and_no_others(files: Files):
    logs = [json.loads(content)["Records"] for key, content in files.items() if "/CloudTrail/" in key]
    times = Counter(record["eventID"] for batch in logs for record in batch)
    assert Counter(times.values()) == {1: len(times) - DUPLICATES, 2: DUPLICATES}


def test_the_digest_lists_the_logs_with_their_hashes(files: Files):
    (digest,) = (json.loads(content) for key, content in files.items() if "/CloudTrail-Digest/" in key)
    listed = {log["s3Object"]: log["hashValue"] for log in digest["logFiles"]}
    assert listed == {key: hashlib.sha256(files[key]).hexdigest() for key in files if "/CloudTrail/" in key}
