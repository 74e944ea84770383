"""The Python API: what notebooks and other tools build on."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from support import record, run_cli, write_trail

import tracer
from tracer.errors import NothingSelected, UsageError
from tracer.model.finding import Finding
from tracer.model.policy import Policy
from tracer.model.record import RawRecord
from tracer.model.run import DeployRun
from tracer.model.trace import Trace

DEPLOYER = "arn:aws:iam::123456789012:user/deployer"
BUCKET = record("CreateBucket", "s3.amazonaws.com", request={"bucketName": "orders-dev-bucket"})


@pytest.fixture
def trail(tmp_path: Path) -> Path:
    return write_trail(tmp_path / "logs", [BUCKET])


class OwnSource:
    """A source that somebody has written."""

    def records(self, run: DeployRun) -> Iterator[RawRecord]:
        return iter([BUCKET])

    def findings(self) -> tuple[Finding, ...]:
        return ()


def test_it_gives_what_the_commands_give(trail: Path):
    trace = tracer.trace(trail, principal=DEPLOYER)
    assert trace.to_json() == run_cli("reduce", "--from", trail, "--principal", DEPLOYER).stdout
    draft = tracer.draft(trace, service="orders", region="us-east-1")
    options = ("--principal", DEPLOYER, "--service", "orders", "--region", "us-east-1")
    assert draft.policies[0].to_json() == run_cli("run", "--from", trail, *options).stdout
    assert tracer.check(draft.policies[0], trace).ok


def test_the_records_of_a_run(trail: Path):
    (found,) = tracer.records(trail, principal=DEPLOYER)
    assert (found.event_name, found.user_identity.arn) == ("CreateBucket", DEPLOYER)
    assert list(tracer.records(trail, since="2026-11-24T08:00Z", until=datetime(2026, 11, 25, tzinfo=UTC))) == [found]
    with pytest.raises(NothingSelected):
        list(tracer.records(trail, principal="arn:aws:iam::123456789012:user/nobody"))


@pytest.mark.parametrize("kind", ["text", "path", "list", "own"])
def test_a_source_may_be(kind: str, trail: Path):
    source = {"text": str(trail), "path": trail, "list": [trail, str(trail)], "own": OwnSource()}[kind]
    assert tracer.trace(source).accounting.used == 1


def test_several_traces_and_several_policies(trail: Path):
    trace = tracer.trace(trail)
    draft = tracer.draft([trace, trace], baseline="none")
    assert tracer.check(draft.policies, trace).ok
    assert [used.action.text for used in tracer.check(Policy(), trace).missing] == ["s3:CreateBucket"]


@pytest.mark.parametrize(
    "since",
    [
        "2026-11-24T08:00:00Z",
        datetime(2026, 11, 24, 8, tzinfo=UTC),
        datetime(2026, 11, 24, 8),  # noqa: DTZ001 - what people write
        datetime(2026, 11, 24, 9, tzinfo=timezone(timedelta(hours=1))),
    ],
    ids=["text", "utc", "naive", "zone"],
)
def test_times(since: datetime | str, trail: Path):
    assert tracer.trace(trail, since=since).run.since == "2026-11-24T08:00:00Z"


def test_what_cannot_be_understood_is_told(trail: Path):
    with pytest.raises(UsageError, match="since: 'noon' is no time"):
        tracer.trace(trail, since="noon")
    with pytest.raises(UsageError, match="resources: 'some' is none of exact, names, service"):
        tracer.trace(trail, resources="some")
    with pytest.raises(UsageError, match="commands: 'explode' is none of deploy, remove, "):
        tracer.trace(trail, commands=["deploy", "explode"])
    with pytest.raises(UsageError, match="merge: 'both' is none of extend, tighten, observed"):
        tracer.draft(Trace(), merge="both")
    with pytest.raises(NothingSelected):
        tracer.trace(trail, principal="arn:aws:iam::123456789012:user/nobody")


def test_the_names_that_are_promised():
    assert tracer.__all__ == ["__version__", "check", "draft", "records", "trace"]


def test_importing_it_is_quick():
    script = "import sys, tracer; print(*sorted(name for name in sys.modules if name.startswith('tracer')))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603
    assert result.stdout.split() == ["tracer"]
