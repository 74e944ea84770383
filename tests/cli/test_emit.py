"""`tracer emit`: several traces, the formats, and what makes a policy smaller."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from support import run_cli

from tracer.emit.format import FORMATS
from tracer.model.action import Action
from tracer.model.arn import ArnPattern
from tracer.model.permission import Evidence, Permission, Section, UsedPermission
from tracer.model.policy import Policy
from tracer.model.trace import RunFacts, Trace

DEPLOYER = "arn:aws:iam::123456789012:user/deployer"


def trace_file(path: Path, stage: str, *actions: str) -> Path:
    used = [
        UsedPermission(
            Permission(Section.DEPLOYER, DEPLOYER, Action(action), ArnPattern(f"arn:aws:s3:::orders-{stage}")),
            Evidence(1, "2026-11-24T08:00:00Z", "2026-11-24T08:00:00Z", (f"{stage}-{action}",)),
        )
        for action in actions
    ]
    run = RunFacts((DEPLOYER,), accounts=("123456789012",), regions=("us-east-1",), service="orders", stage=stage)
    path.write_text(Trace(run=run, permissions=tuple(used)).to_json(), encoding="utf-8")
    return path


@pytest.fixture
def lifecycle(tmp_path: Path) -> list[Path]:
    return [
        trace_file(tmp_path / "deploy.json", "dev", "s3:CreateBucket", "s3:PutBucketTagging"),
        trace_file(tmp_path / "redeploy.json", "dev", "s3:PutBucketTagging"),
        trace_file(tmp_path / "remove.json", "dev", "s3:DeleteBucket"),
    ]


def emitted(*arguments: object) -> Policy:
    result = run_cli("emit", *arguments)
    assert result.exit_code == 0, result.stderr
    return Policy.from_json(result.stdout)


def test_the_policy_of_several_traces_is_good_for_each(lifecycle: list[Path]):
    policy = emitted(*lifecycle, "--baseline", "none")
    (statement,) = policy.statements
    assert statement.actions == ("s3:CreateBucket", "s3:DeleteBucket", "s3:PutBucketTagging")
    assert emitted(*reversed(lifecycle), lifecycle[0], "--baseline", "none") == policy


def test_each_of_the_traces_passes_the_check(lifecycle: list[Path], tmp_path: Path):
    assert run_cli("emit", *lifecycle, "-o", tmp_path / "p.json").exit_code == 0
    for trace in lifecycle:
        assert run_cli("check", tmp_path / "p.json", "--trace", trace).exit_code == 0
    assert run_cli("check", tmp_path / "p.json", *(f"--trace={trace}" for trace in lifecycle)).exit_code == 0


def test_two_stages_become_one_policy(tmp_path: Path):
    dev = trace_file(tmp_path / "dev.json", "dev", "s3:CreateBucket")
    prod = trace_file(tmp_path / "prod.json", "prod", "s3:CreateBucket")
    (statement,) = emitted(dev, prod, "--baseline", "none").statements
    assert statement.resources == ("arn:aws:s3:::orders-dev", "arn:aws:s3:::orders-prod")
    # The advanced baseline names the service alone, so it stands once.
    assert emitted(dev, prod).statements == emitted(dev).statements


def test_traces_of_two_partitions_are_refused(tmp_path: Path):
    one = trace_file(tmp_path / "one.json", "dev", "s3:CreateBucket")
    trace = Trace.from_json(one.read_text(encoding="utf-8"))
    other = tmp_path / "other.json"
    other.write_text(replace(trace, run=replace(trace.run, partition="aws-cn")).to_json(), encoding="utf-8")
    result = run_cli("emit", one, other)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "partitions: aws, aws-cn" in result.stderr


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_names_its_files(name: str, lifecycle: list[Path], tmp_path: Path):
    result = run_cli("emit", *lifecycle, "--format", name, "-o", f"{tmp_path}/out/")
    assert result.exit_code == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        f"deployer.{FORMATS[name].extension}",
        "report.html",
    }
    assert "Next\n" in result.stderr


def test_a_format_may_go_to_stdout(lifecycle: list[Path]):
    text = run_cli("emit", *lifecycle, "--baseline", "none", "--format", "cloudformation", "--attach", "user").stdout
    assert yaml.safe_load(text)["Resources"]["DeployerPolicy"]["Type"] == "AWS::IAM::UserPolicy"


def test_what_is_ignored_is_left_out_with_its_reason(lifecycle: list[Path], tmp_path: Path):
    ignore = tmp_path / "ignore.json"
    ignore.write_text(json.dumps({"ignore": [{"action": "s3:DeleteBucket", "reason": "buckets outlive stacks"}]}))
    arguments = (*lifecycle, "--baseline", "none", "--ignore", ignore)
    assert emitted(*arguments).statements[0].actions == ("s3:CreateBucket", "s3:PutBucketTagging")
    page = run_cli("emit", *arguments, "--format", "markdown").stdout
    assert "buckets outlive stacks" in page
    # Neither does it fail the check where the same is ignored, nor --strict.
    assert run_cli("emit", *arguments, "--strict", "-o", tmp_path / "p.json").exit_code == 0
    traces = [f"--trace={trace}" for trace in lifecycle]
    assert run_cli("check", tmp_path / "p.json", *traces).exit_code == 1
    assert run_cli("check", tmp_path / "p.json", *traces, "--ignore", ignore, "--no-excess").exit_code == 0


def test_a_faulty_file_of_ignores_writes_nothing(lifecycle: list[Path], tmp_path: Path):
    ignore = tmp_path / "ignore.json"
    ignore.write_text('{"ignore": [{"action": "s3:DeleteBucket"}]}')
    result = run_cli("emit", *lifecycle, "--ignore", ignore, "-o", f"{tmp_path}/out/")
    assert result.exit_code == 2
    assert "has no reason" in result.stderr
    assert not (tmp_path / "out").exists()


def test_compact_is_asked_for(tmp_path: Path):
    trace = trace_file(tmp_path / "t.json", "dev", "sns:CreatePlatformApplication", "sns:CreatePlatformEndpoint")
    plain, short = (emitted(trace, "--baseline", "none", *option) for option in ((), ("--compact",)))
    assert plain.statements[0].actions == ("sns:CreatePlatformApplication", "sns:CreatePlatformEndpoint")
    assert short.statements[0].actions == ("sns:CreatePlatform*",)
