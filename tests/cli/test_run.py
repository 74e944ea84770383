"""The main job through the command line, and its three parts as a pipe."""

import json
from pathlib import Path

import pytest
from support import PROJECT, assumed_role, iam_user, record, run_cli, write_trail

from tracer import demo
from tracer.model.policy import Policy
from tracer.model.trace import Trace

SHARED = PROJECT.parent / "shared" / "records"
DEPLOYER = "arn:aws:iam::123456789012:user/deployer"
BUCKET = record("CreateBucket", "s3.amazonaws.com", request={"bucketName": "orders-dev-bucket"})
UNKNOWN = record("MakeTea", "kettle.amazonaws.com")
PLAIN = ("--baseline", "none")


@pytest.fixture
def trail(tmp_path: Path) -> Path:
    return write_trail(tmp_path / "logs", [BUCKET])


def written(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.iterdir())}


def actions(policy: str) -> set[str]:
    return {action for statement in Policy.from_json(policy).statements for action in statement.actions}


# What goes where


def test_the_deployers_policy_goes_to_stdout_and_the_talk_to_stderr(trail: Path):
    result = run_cli("run", "--from", trail, *PLAIN)
    assert result.exit_code == 0
    assert actions(result.stdout) == {"s3:CreateBucket"}
    assert result.stderr.startswith("1 record read: 1 used\n")
    assert "aws iam create-policy --policy-name tracer-deployer \\\n      --policy-document file://" in result.stderr


def test_a_file_holds_what_stdout_would(trail: Path, tmp_path: Path):
    path = tmp_path / "policy.json"
    result = run_cli("run", "--from", trail, *PLAIN, "-o", path)
    assert (result.exit_code, result.stdout) == (0, "")
    assert path.read_text() == run_cli("run", "--from", trail, *PLAIN).stdout
    assert f"--policy-document file://{path}" in result.stderr


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_folder_holds_all_documents_the_trace_and_the_report(trail: Path, tmp_path: Path, slash: str):
    folder = tmp_path / "out"
    if not slash:
        folder.mkdir()
    result = run_cli("run", "--from", trail, *PLAIN, "-o", f"{folder}{slash}")
    assert (result.exit_code, result.stdout) == (0, "")
    files = written(folder)
    assert list(files) == ["deployer.json", "report.html", "trace.json"]
    assert files["deployer.json"] == run_cli("run", "--from", trail, *PLAIN).stdout
    assert files["trace.json"] == run_cli("reduce", "--from", trail).stdout


def test_other_sections_are_written_to_a_folder_and_else_named(tmp_path: Path):
    role = "arn:aws:iam::123456789012:role/ci"
    session = assumed_role("ci", "build")
    assume = record(
        "AssumeRole",
        "sts.amazonaws.com",
        request={"roleArn": role, "roleSessionName": "build"},
        response={
            "credentials": {"accessKeyId": session["accessKeyId"]},
            "assumedRoleUser": {"arn": session["arn"], "assumedRoleId": session["principalId"]},
        },
    )
    call = record("CreateBucket", "s3.amazonaws.com", user=session, request={"bucketName": "b"})
    options = ("--from", write_trail(tmp_path / "logs", [assume, call]), "--principal", DEPLOYER, *PLAIN)
    alone = run_cli("run", *options)
    assert alone.exit_code == 0
    assert actions(alone.stdout) == {"sts:AssumeRole"}
    assert "Not written (name a folder, which gets them all: -o FOLDER/)\n  other-ci.json\n" in alone.stderr
    everything = run_cli("run", *options, "-o", f"{tmp_path / 'out'}/")
    assert everything.exit_code == 0
    assert "Not written" not in everything.stderr
    files = written(tmp_path / "out")
    assert list(files) == ["deployer.json", "other-ci.json", "report.html", "trace.json"]
    assert actions(files["other-ci.json"]) == {"s3:CreateBucket"}


def test_several_documents_for_the_deployer_ask_for_a_folder(tmp_path: Path):
    calls = [
        record("CreateTable", "dynamodb.amazonaws.com", request={"tableName": f"{'x' * 200}{number}"})
        for number in range(60)
    ]
    options = ("--from", write_trail(tmp_path / "logs", calls), *PLAIN, "--resources", "exact")
    alone = run_cli("run", *options, "-o", tmp_path / "policy.json")
    assert (alone.exit_code, alone.stdout) == (2, "")
    assert "the deployer's policy needs 3 documents: deployer-1.json, deployer-2.json, deployer-3.json" in alone.stderr
    assert "-o FOLDER/" in alone.stderr
    assert not (tmp_path / "policy.json").exists()
    everything = run_cli("run", *options, "-o", f"{tmp_path / 'out'}/")
    assert everything.exit_code == 0
    documents = ["deployer-1.json", "deployer-2.json", "deployer-3.json"]
    assert list(written(tmp_path / "out")) == [*documents, "report.html", "trace.json"]
    assert everything.stderr.count("aws iam create-policy") == 3


def test_several_callers_and_no_deployer(tmp_path: Path):
    other = record("CreateBucket", "s3.amazonaws.com", user=iam_user("other"), request={"bucketName": "b"})
    options = ("--from", write_trail(tmp_path / "logs", [BUCKET, other]), *PLAIN)
    alone = run_cli("run", *options)
    assert (alone.exit_code, alone.stdout) == (2, "")
    assert f"\n  {DEPLOYER} (1 permission)\n" in alone.stderr
    assert "--principal" in alone.stderr
    everything = run_cli("run", *options, "-o", f"{tmp_path / 'out'}/")
    assert everything.exit_code == 0
    assert list(written(tmp_path / "out")) == ["other-deployer.json", "other-other.json", "report.html", "trace.json"]


def test_an_output_that_cannot_be_written_leaves_nothing(trail: Path, tmp_path: Path):
    (tmp_path / "taken").write_text("before")
    result = run_cli("run", "--from", trail, *PLAIN, "-o", f"{tmp_path / 'taken' / 'out'}/")
    assert result.exit_code == 2
    assert "Error: cannot write " in result.stderr
    assert "Hint: " in result.stderr
    assert (tmp_path / "taken").read_text() == "before"


# Exit codes


@pytest.mark.parametrize("command", ["run", "reduce", "emit"])
@pytest.mark.parametrize(("strict", "code"), [((), 0), (("--strict",), 1)], ids=["lenient", "strict"])
def test_strict(tmp_path: Path, command: str, strict: tuple[str, ...], code: int):
    trail = write_trail(tmp_path / "logs", [BUCKET, UNKNOWN])
    trace = run_cli("reduce", "--from", trail).stdout
    source = ("-",) if command == "emit" else ("--from", trail)
    result = run_cli(command, *source, *PLAIN, *strict, stdin=trace)
    assert result.exit_code == code
    assert "warning: UNKNOWN_ACTION" in result.stderr
    assert result.stdout, "the output is written all the same"


def test_nothing_selected_lists_who_appears(trail: Path):
    result = run_cli("run", "--from", trail, "--principal", "arn:aws:iam::123456789012:user/nobody")
    assert (result.exit_code, result.stdout) == (2, "")
    assert DEPLOYER in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--from", "nowhere"), "nowhere"),
        (("--from", "athena:nodb"), "athena:"),
        (("--from", "s3://"), "there is no bucket"),
        (("--from", "{trail}", "--since", "noon"), "--since: 'noon' is no time"),
        (("--from", "{trail}", "--since", "now", "--until", "-1h"), "no record can be in between"),
        (("--from", "{trail}", "--until", "2020-01-01"), "Error: "),
        (("--from", "{trail}", "--baseline", "nowhere.json"), "nowhere.json"),
        (("--from", "{trail}"), "--service"),
        (("--from", "{trail}", "--run", "never"), "never"),
        (("--from", "{trail}", "--verify"), "--verify checks a bucket's log files, and {trail} is no bucket"),
        (("--from", "s3://logs", "--from", "lookup", "--verify"), "lookup is no bucket"),
    ],
    ids=["no-path", "no-table", "no-bucket", "no-time", "no-window", "empty-window", "no-baseline",
         "unfilled-placeholder", "no-run", "no-bucket-to-verify", "not-all-in-a-bucket"],
)  # fmt: skip
def test_what_cannot_be_done_is_told(trail: Path, arguments: tuple[str, ...], words: str):
    result = run_cli("run", *(argument.format(trail=trail) for argument in arguments))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Error: " in result.stderr
    assert "Hint: " in result.stderr
    assert words.format(trail=trail) in result.stderr


def test_a_terminal_and_nothing_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True)
    result = run_cli("run")
    assert result.exit_code == 2
    assert result.stderr == "Error: --from SOURCE is missing\nHint: name it (--from logs/), or pipe it in\n"


def test_records_are_piped_in(trail: Path):
    lines = run_cli("collect", "--from", trail).stdout
    assert run_cli("run", *PLAIN, stdin=lines).stdout == run_cli("run", "--from", trail, *PLAIN).stdout


# Whose run


def run_file(path: Path, **fields: object) -> Path:
    path.write_text(json.dumps({"since": "2026-11-24T07:00:00Z", **fields}))
    return path


def principals(trace: str) -> tuple[str, ...]:
    return Trace.from_json(trace).run.principals


def test_a_run_file_says_who_and_when(trail: Path, tmp_path: Path):
    path = run_file(tmp_path / "run.json", principal=DEPLOYER, until="2026-11-24T09:00:00Z", region="us-east-1")
    result = run_cli("reduce", "--from", trail, "--run", path)
    run = Trace.from_json(result.stdout).run
    assert (run.principals, run.since, run.until) == ((DEPLOYER,), "2026-11-24T07:00:00Z", "2026-11-24T09:00:00Z")
    assert f"Principal: {DEPLOYER}, as the run run has it." in result.stderr


def test_an_option_outweighs_the_run_file(trail: Path, tmp_path: Path):
    path = run_file(tmp_path / "run.json", principal="arn:aws:iam::123456789012:user/nobody")
    result = run_cli("reduce", "--from", trail, "--run", path, "--principal", DEPLOYER, "--since", "2026-11-24T08:00Z")
    run = Trace.from_json(result.stdout).run
    assert (run.principals, run.since) == ((DEPLOYER,), "2026-11-24T08:00:00Z")


def test_a_run_without_a_principal_is_the_callers(
    trail: Path, tmp_path: Path, credentials: str, monkeypatch: pytest.MonkeyPatch
):
    path = run_file(tmp_path / "run.json")
    result = run_cli("run", "--from", trail, "--run", path, *PLAIN)
    assert f"Principal: {credentials}, whose credentials these are." in result.stderr
    assert (result.exit_code, DEPLOYER in result.stderr) == (2, True), "that caller made no calls, and others did"
    anybody = run_cli("run", "--from", trail, "--run", path, "--principal", "any", *PLAIN)
    assert anybody.exit_code == 0
    assert "Principal: " not in anybody.stderr
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    nobody = run_cli("run", "--from", trail, "--run", path, *PLAIN)
    assert nobody.exit_code == 0
    assert "Principal: every caller, for nobody could be asked who calls: " in nobody.stderr


def test_files_alone_ask_nobody(trail: Path, credentials: str):
    assert "Principal: " not in run_cli("run", "--from", trail, *PLAIN).stderr


# The pipe


def policies(folder: Path) -> dict[str, str]:
    """But not what lies beside them: the accounting of what `collect` leaves out stays behind."""
    return {name: text for name, text in written(folder).items() if name not in {"report.html", "trace.json"}}


def assert_the_pipe_gives_what_the_run_gives(source: Path, options: tuple[str, ...], tmp_path: Path) -> None:
    """In a folder, which holds every document; the deployer's would go to stdout in the same bytes."""
    whole = run_cli("run", "--from", source, *options, "-o", f"{tmp_path / 'run'}/")
    records = run_cli("collect", "--from", source, *options)
    trace = run_cli("reduce", "--from", "-", *options, stdin=records.stdout)
    emitted = run_cli("emit", *options, "-", "-o", f"{tmp_path / 'emit'}/", stdin=trace.stdout)
    assert [result.exit_code for result in (whole, records, trace, emitted)] == [0, 0, 0, 0]
    assert "deployer" in "".join(policies(tmp_path / "run"))
    assert policies(tmp_path / "emit") == policies(tmp_path / "run")


@pytest.mark.parametrize(
    "options",
    ["", "--merge tighten", "--merge observed --resources exact", "--baseline none --resources service --evidence all",
     "--no-inferred --include-denied --attach role", "--since 2026-11-03T09:05Z --event-source s3"],
)  # fmt: skip
def test_the_pipe_gives_the_policy_of_the_run_on_the_demo(options: str, tmp_path: Path):
    asked = ("--principal", demo.PRINCIPAL, "--service", demo.SERVICE, "--region", demo.REGION, *options.split())
    with demo.records_path() as folder:
        assert_the_pipe_gives_what_the_run_gives(folder, asked, tmp_path)


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the real records are not here")
@pytest.mark.parametrize(
    ("source", "options"),
    [
        ("trail", "--principal arn:aws:iam::123837392027:user/bert-jan --user-agent Terraform --resources exact"),
        ("trail", "--principal arn:aws:iam::123837392027:user/bert-jan --event-source s3 --event-source iam"),
        ("serverless-lab.jsonl.gz", "--since 2000-01-01 --include-denied"),
    ],
    ids=["terraform", "sources", "serverless-lab"],
)
def test_the_pipe_gives_the_policy_of_the_run_on_real_records(source: str, options: str, tmp_path: Path):
    assert_the_pipe_gives_what_the_run_gives(SHARED / source, (*options.split(), "--merge", "observed"), tmp_path)


def test_the_pipe_gives_stdout_in_the_same_bytes(trail: Path):
    records = run_cli("collect", "--from", trail, *PLAIN)
    trace = run_cli("reduce", *PLAIN, stdin=records.stdout)
    assert run_cli("emit", *PLAIN, stdin=trace.stdout).stdout == run_cli("run", "--from", trail, *PLAIN).stdout


def test_collect_leaves_records_as_they_are(trail: Path):
    result = run_cli("collect", "--from", trail)
    assert [json.loads(line) for line in result.stdout.splitlines()] == [BUCKET]
    assert result.stderr == "1 record written.\n"


def test_collect_and_reduce_write_into_a_folder(trail: Path, tmp_path: Path):
    folder = f"{tmp_path / 'out'}/"
    assert run_cli("collect", "--from", trail, "-o", folder).exit_code == 0
    assert run_cli("reduce", "--from", trail, "-o", folder).exit_code == 0
    assert list(written(tmp_path / "out")) == ["records.jsonl", "trace.json"]


# The demo


def test_the_demo_prints_its_policy_and_the_summary():
    result = run_cli("demo")
    assert result.exit_code == 0
    assert "cloudformation:CreateStack" in actions(result.stdout)
    for heading in ("Calls", f"deployer: {demo.PRINCIPAL}", "Findings", "Written", "Next"):
        assert f"{heading}\n" in result.stderr


def test_the_demo_takes_the_options(tmp_path: Path):
    result = run_cli("demo", "--merge", "observed", "-o", f"{tmp_path / 'out'}/")
    assert result.exit_code == 0
    assert {"deployer.json", "trace.json"} <= set(written(tmp_path / "out"))
