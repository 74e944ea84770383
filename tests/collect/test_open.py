"""What --from names, and several of it as one source."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tracer.collect.athena import AthenaSource
from tracer.collect.combined import CombinedSource
from tracer.collect.files import FileSource
from tracer.collect.lake import LakeSource
from tracer.collect.lookup import LookupSource
from tracer.collect.open import open_source
from tracer.collect.s3 import S3Source
from tracer.errors import UsageError
from tracer.model.finding import Finding
from tracer.model.run import DeployRun

STORE = "0f5c4a8e-2b1d-4f6a-9c3e-7d8b9a0c1d2e"
RUN = DeployRun(regions=("eu-west-1",))


@pytest.mark.parametrize(
    ("specs", "kind"),
    [
        (["logs/"], FileSource),
        (["-"], FileSource),
        (["./lookup"], FileSource),
        (["a", "b", "-"], FileSource),
        (["lookup"], LookupSource),
        (["lookup", "lookup"], LookupSource),
        (["s3://bucket"], S3Source),
        (["s3://bucket/prefix", "s3://bucket/prefix"], S3Source),
        (["s3://bucket", "s3://other"], CombinedSource),
        (["athena:audit.logs"], AthenaSource),
        (["athena:team-a@audit.logs", "athena:team-a@audit.logs"], AthenaSource),
        ([f"lake:{STORE}"], LakeSource),
        ([f"lake:arn:aws:cloudtrail:eu-west-1:123456789012:eventdatastore/{STORE}"], LakeSource),
        (["a", "lookup"], CombinedSource),
        (["s3://bucket", "athena:audit.logs"], CombinedSource),
    ],
    ids=str,
)
def test_a_spec_names_a_source(specs: list[str], kind: type):
    assert type(open_source(specs, RUN)) is kind


@pytest.mark.parametrize(
    ("spec", "what"),
    [
        ("athena:table", "no table"),
        ("athena:", "no table"),
        ('athena:db."t" --', "no table"),
        ("athena:a.b.c", "no table"),
        ("lake:store", "no event data store"),
        ("lake:arn:aws:cloudtrail:us-east-1:123456789012:trail/main", "no event data store"),
        ("lake:" + STORE + "; DROP", "no event data store"),
    ],
    ids=str,
)
def test_what_names_nothing_that_is_asked_in_sql_is_told_with_what_to_write(spec: str, what: str):
    with pytest.raises(UsageError, match=what) as caught:
        open_source(["logs/", spec], RUN)
    assert caught.value.hint


def test_no_source_is_wrong_usage():
    with pytest.raises(UsageError, match="no source"):
        open_source([], RUN)


class Noting(FileSource):
    """A source of files with something to remark."""

    def findings(self) -> tuple[Finding, ...]:
        return (Finding("COVERAGE_GAP", "reads alone"),)


def test_several_sources_follow_each_other_and_remark_once(tmp_path: Path):
    for name in "ab":
        (tmp_path / name).write_text(json.dumps({"eventName": name}))
    source = CombinedSource([Noting([tmp_path / "b"]), FileSource([tmp_path / "a"]), Noting([tmp_path / "b"])])
    for _ in range(2):
        assert [json.loads(item)["eventName"] for item in source.records(RUN)] == ["b", "a", "b"]
    assert source.findings() == (Finding("COVERAGE_GAP", "reads alone"),)


def test_a_source_is_named_without_loading_boto3():
    code = "import sys, tracer.collect.open, tracer.collect.caller; print('boto' in str(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - our own code
    assert done.stdout == "False\n"
