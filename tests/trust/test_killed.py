"""Killed at any moment, a command leaves nothing half under a final name, and run again it gives what it would have.

`--kills N` says at how many moments each command is killed, spread over its whole life by a seeded draw; `make faults`
asks for 200.
"""

# ruff: noqa: S603 - the commands are ours

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from runs.rest.run import records_path
from trail_bucket import TrailBucket, s3_server

from tracer import demo

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")

SELECTED = (
    "--principal", demo.PRINCIPAL, "--since", "2026-11-03T09:00Z", "--until", "2026-11-03T09:30Z",
    "--region", demo.REGION, "--service", demo.SERVICE, "--stage", demo.STAGE,
)  # fmt: skip
STAGED = re.compile(r"\.[0-9a-f]{16}\.tmp")
"""What is written before it gets its name. SIGKILL leaves nobody to remove it."""
DEPLOY = "import pathlib; pathlib.Path('deployed').write_text('yes')"


@dataclass(frozen=True)
class Command:
    """A command, and what it leaves: the names below its folder that are its result."""

    arguments: tuple[str, ...]
    results: str
    same_bytes: bool = True

    def start(self, folder: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        folder.mkdir(exist_ok=True)
        return subprocess.Popen(
            [sys.executable, "-m", "tracer", *self.arguments], cwd=folder, env=environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    def left(self, folder: Path) -> dict[str, bytes]:
        found = (path for path in sorted(folder.glob(self.results)) if not STAGED.fullmatch(path.name))
        return {str(path.relative_to(folder)): path.read_bytes() for path in found}


@pytest.fixture(scope="module")
def bucket() -> Iterator[tuple[str, str]]:
    with s3_server() as endpoint, records_path() as records:
        bucket = TrailBucket(endpoint)
        for path in records.rglob("*.gz"):
            bucket.put(str(path.relative_to(records)), path.read_bytes())
        yield endpoint, bucket.name


@pytest.fixture
def environment(bucket: tuple[str, str], tmp_path: Path) -> dict[str, str]:
    others = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return others | {
        "AWS_ENDPOINT_URL": bucket[0],
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": demo.REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(tmp_path / "absent"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "absent"),
    }


def _commands(bucket: str) -> dict[str, Command]:
    source = ("--from", f"s3://{bucket}", *SELECTED, "--cache", "cache")
    return {
        "collect": Command(("collect", *source, "-o", "records.jsonl"), "records.jsonl"),
        "run": Command(("run", *source, "-o", "out/"), "out/*"),
        "record": Command(
            ("record", "--name", "first", "--", sys.executable, "-c", DEPLOY), ".tracer/runs/*", same_bytes=False
        ),
    }


@pytest.mark.parametrize("name", ["collect", "run", "record"])
def test_killed_at_any_moment(name: str, bucket: tuple[str, str], environment: dict[str, str], tmp_path: Path,
                              pytestconfig: pytest.Config):  # fmt: skip
    command = _commands(bucket[1])[name]
    began = time.monotonic()
    assert command.start(tmp_path / "whole", environment).wait(timeout=60) == 0
    life = time.monotonic() - began
    whole = command.left(tmp_path / "whole")
    assert whole

    draw = random.Random(name)  # noqa: S311 - moments, and no secrets
    cut_short = 0
    for number in range(pytestconfig.getoption("--kills")):
        folder = tmp_path / str(number)
        process = command.start(folder, environment)
        time.sleep(draw.uniform(0, life))
        if process.poll() is None:
            cut_short += 1
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        left = command.left(folder)
        if command.same_bytes:
            assert not left or left.items() <= whole.items()
            assert command.start(folder, environment).wait(timeout=60) == 0
            assert command.left(folder) == whole
        else:
            assert all(json.loads(content)["name"] == "first" for content in left.values())
            assert left or command.start(folder, environment).wait(timeout=60) == 0
            assert command.left(folder).keys() == whole.keys()
    assert cut_short or pytestconfig.getoption("--kills") < 10, "none was killed while it ran"  # few may all come late
