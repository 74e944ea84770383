"""The bundled run of `tracer demo` is what the lab records: recorded anew it is the same, to the byte."""

from __future__ import annotations

import gzip
import json
from importlib.metadata import version
from pathlib import Path

import pytest
from lab.record_demo import record, write
from support import PROJECT

BUNDLED = PROJECT / "tracer" / "demo" / "records"
MOTO = "5.2.5"
"""What the bundled run was recorded in: another version may answer otherwise. boto3's does not show in it."""


def contents(folder: Path) -> dict[str, bytes]:
    """Uncompressed: the compressed bytes are those of the zlib that Python was built with."""
    paths = sorted(folder.rglob("*.gz"))
    return {path.relative_to(folder).as_posix(): gzip.decompress(path.read_bytes()) for path in paths}


@pytest.mark.skipif(version("moto") != MOTO, reason=f"the bundled run was recorded in moto {MOTO}")
def test_recorded_again_it_is_the_bundled_run(tmp_path: Path):
    write(record(), tmp_path)
    assert contents(tmp_path) == contents(BUNDLED)


def test_it_tells_of_everybody_who_was_there():
    records = [record for text in contents(BUNDLED).values() for record in json.loads(text)["Records"]]
    identities = [record["userIdentity"] for record in records]
    assert {identity.get("arn", identity.get("invokedBy")) for identity in identities} == {
        "arn:aws:iam::123456789012:user/deployer",
        "arn:aws:iam::123456789012:user/alice",
        "arn:aws:iam::123456789012:user/observer",
        "arn:aws:sts::123456789012:assumed-role/monitor/watch",
        "arn:aws:sts::123456789012:assumed-role/orders-dev-us-east-1-lambdaRole/orders-dev-create",
        "arn:aws:sts::123456789012:assumed-role/orders-dev-us-east-1-lambdaRole/orders-dev-report",
        "lambda.amazonaws.com",
    }
