"""`tracer redact`: a run to show to others."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from runs.rest.run import records_path
from support import iam_user, record, run_cli, write_trail

ACCOUNT = "398147562031"
PRINCIPAL = f"arn:aws:iam::{ACCOUNT}:user/jane"
CALLS = [
    record(
        "CreateTable",
        "dynamodb.amazonaws.com",
        user=iam_user("jane", account=ACCOUNT),
        request={"tableName": "acme-orders"},
        recipientAccountId=ACCOUNT,
    ),
    record(
        "CreateBucket",
        "s3.amazonaws.com",
        user=iam_user("jane", account=ACCOUNT),
        request={"bucketName": "acme-files"},
        recipientAccountId=ACCOUNT,
    ),
]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A folder with logs/, and policy/ with what `tracer run` made of them."""
    write_trail(tmp_path / "logs", CALLS)
    options = ("--principal", PRINCIPAL, "--baseline", "none", "-o", f"{tmp_path}/policy/")
    result = run_cli("run", "--from", tmp_path / "logs", *options)
    assert result.exit_code == 0, result.stderr
    return tmp_path


def test_a_run_is_redacted_as_a_whole(run: Path):
    documents = sorted((run / "policy").glob("*.json"))
    result = run_cli("redact", *documents, "--from", run / "logs", "-o", f"{run}/shared/")
    assert result.exit_code == 0, result.stderr
    shared = {path.name: path.read_text() for path in (run / "shared").iterdir()}
    assert set(shared) == {"deployer.json", "trace.json", "records.jsonl"}
    assert not [name for name in (ACCOUNT, "acme", "jane") if name in "".join(shared.values())]
    (statement,) = [item for item in json.loads(shared["deployer.json"])["Statement"] if "dynamodb" in json.dumps(item)]
    (call,) = [json.loads(line) for line in shared["records.jsonl"].splitlines() if "CreateTable" in line]
    assert statement["Resource"].endswith(f":table/{call['requestParameters']['tableName']}")
    # What was redacted is a run again, and the policy covers it.
    principal = call["userIdentity"]["arn"]
    again = run_cli("reduce", "--from", run / "shared" / "records.jsonl", "--principal", principal)
    (run / "again.json").write_text(again.stdout)
    assert run_cli("check", run / "shared" / "deployer.json", "--trace", run / "again.json").exit_code == 0


def test_one_document_goes_to_stdout(run: Path):
    result = run_cli("redact", run / "policy" / "trace.json")
    assert result.exit_code == 0
    assert ACCOUNT not in result.stdout
    assert json.loads(result.stdout)["schema"] == 1


def test_records_come_in_on_stdin(run: Path):
    collected = run_cli("collect", "--from", run / "logs")
    result = run_cli("redact", stdin=collected.stdout)
    assert len(result.stdout.splitlines()) == len(CALLS)
    assert "acme" not in result.stdout


def test_what_is_no_record_is_left_out(run: Path):
    lines = [json.dumps(CALLS[0]), "oops", '{"eventName": ' + "[" * 200 + "]" * 200 + "}", "[]"]
    result = run_cli("redact", stdin="\n".join(lines))
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 1


def test_the_demo_passes_byte_for_byte(tmp_path: Path):
    with records_path() as logs:
        collected = run_cli("collect", "--from", logs).stdout
    assert run_cli("redact", stdin=collected).stdout == collected
    policy = tmp_path / "policy.json"
    policy.write_text(run_cli("demo").stdout)
    assert run_cli("redact", policy).stdout == policy.read_text()


def test_a_file_s_name_is_redacted_as_well(run: Path):
    (run / "policy" / "deployer.json").rename(run / "policy" / "function-acme-payroll.json")
    result = run_cli("redact", *(run / "policy").glob("*.json"), "-o", f"{run}/shared/")
    assert result.exit_code == 0, result.stderr
    first, second = sorted(path.name for path in (run / "shared").iterdir())
    assert re.fullmatch(r"function-(?!acme)[a-z]{4}-(?!payroll)[a-z]{7}\.json", first)
    assert second == "trace.json"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("absent.json",), "cannot read absent.json"),
        (("broken.json",), "broken.json is neither a trace nor a policy"),
        (("other.json",), "other.json is neither a trace nor a policy"),
        (("deep.json",), "deep.json is neither a trace nor a policy"),
        (("policy.json", "policy.json"), "several results need a folder"),
        (("policy.json", "policy.json", "-o", "out/"), "two documents have the same name"),
    ],
    ids=["absent", "broken", "other", "deep", "no-folder", "same-name"],
)
def test_what_cannot_be_redacted_is_told(
    arguments: tuple[str, ...], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    Path("broken.json").write_text("{")
    Path("other.json").write_text("[]")
    Path("deep.json").write_text('{"Statement": ' + "[" * 200 + "]" * 200 + "}")
    Path("policy.json").write_text('{"Statement": []}')
    result = run_cli("redact", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr
    assert not Path("out").exists()
