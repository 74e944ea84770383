from pathlib import Path

import pytest
from support import run_cli

from tracer.model.policy import Policy, Statement

BUCKET = Statement(actions=("s3:CreateBucket",), resources=("arn:aws:s3:::orders-dev-bucket",))
TABLE = Statement(
    actions=("dynamodb:CreateTable",), resources=("arn:aws:dynamodb:us-east-1:123456789012:table/orders",)
)
MORE = Statement(actions=("sqs:CreateQueue",), resources=("*",))
DENY = Statement(effect="Deny", actions=("s3:*",), resources=("*",))


@pytest.mark.parametrize(
    ("statements", "options", "exit_code", "told"),
    [
        ((BUCKET, TABLE), (), 0, ("Missing: 0 permissions", "Granted beyond the trace: 0 grants")),
        ((BUCKET,), (), 1, ("Missing: 1 permission\n  dynamodb:CreateTable on arn:aws:dynamodb:",)),
        ((BUCKET, TABLE, MORE), (), 0, ("beyond the trace: 1 grant\n  sqs:CreateQueue on *\n      statement 3 of ",)),
        ((BUCKET, TABLE, MORE), ("--no-excess",), 1, ("beyond the trace: 1 grant",)),
        ((BUCKET, TABLE), ("--no-excess", "--strict"), 0, ("Missing: 0 permissions",)),
        ((BUCKET, TABLE, DENY), (), 1, ("s3:CreateBucket on ", "granted, but a Deny takes it away, or may")),
    ],
    ids=["exact", "missing", "excess", "no-excess", "exact-no-excess", "denied"],
)
def test_a_policy_against_a_trace(
    statements: tuple[Statement, ...],
    options: tuple[str, ...],
    exit_code: int,
    told: tuple[str, ...],
    trace_file: Path,
    tmp_path: Path,
):
    policy = tmp_path / "policy.json"
    policy.write_text(Policy(statements).to_json())
    result = run_cli("check", policy, "--trace", trace_file, *options)
    assert result.exit_code == exit_code
    assert all(words in result.stdout for words in told)


def test_several_policies_count_together_and_the_trace_may_be_piped(trace_file: Path, tmp_path: Path):
    paths = [tmp_path / "one.json", tmp_path / "two.json"]
    for path, statement in zip(paths, (BUCKET, TABLE), strict=True):
        path.write_text(Policy((statement,)).to_json())
    result = run_cli("check", *paths, "--no-excess", stdin=trace_file.read_bytes())
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"{", "not JSON"), (b"[]", "Statement"), (b"\xff\xfe", "not text in UTF-8"), (None, "No such file or directory")],
    ids=["no-json", "no-policy", "no-text", "no-file"],
)
def test_what_is_no_policy_is_told(content: bytes | None, words: str, trace_file: Path, tmp_path: Path):
    path = tmp_path / "policy.json"
    if content is not None:
        path.write_bytes(content)
    result = run_cli("check", path, "--trace", trace_file)
    assert (result.exit_code, result.stdout) == (2, "")
    assert str(path) in result.stderr
    assert words in result.stderr
