"""Recording a run: real children, and a real STS endpoint (moto's, over HTTP)."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tracer.collect.recorder import Recording, masked, record
from tracer.collect.runfile import load_run_file
from tracer.errors import CollectError, UsageError

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"  # noqa: S105 - the example of AWS's documentation
ROLE = "arn:aws:iam::123456789012:role/path/deploy"

SHOW = (
    "import json, os, sys; "
    "json.dump({name: value for name, value in os.environ.items() if name.startswith('AWS_')}, open('child.json', 'w'))"
)
LOOK_AROUND = """
import os
for number, process in enumerate(("self", os.getppid())):
    open(f"arguments{number}", "wb").write(open(f"/proc/{process}/cmdline", "rb").read())
open("secret", "w").write(os.environ["AWS_SECRET_ACCESS_KEY"])
open("token", "w").write(os.environ["AWS_SESSION_TOKEN"])
"""
WHO = "import boto3; open('who', 'w').write(boto3.client('sts').get_caller_identity()['Arn'])"


@pytest.fixture
def aws(no_aws: None, monkeypatch: pytest.MonkeyPatch, endpoint: str, tmp_path: Path) -> None:
    """Credentials, a region, and a folder to work in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")


class Talk(list[str]):
    """What was told."""

    @property
    def text(self) -> str:
        return "\n".join(self)


@pytest.fixture
def talk() -> Talk:
    return Talk()


def recorded(
    talk: Talk,
    *command: str,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    **asked: Any,  # noqa: ANN401 - the fields of Recording
) -> int:
    return record(Recording(command, **{"name": "first", **asked}), os.environ, clock=clock, tell=talk.append)


def python(script: str) -> tuple[str, ...]:
    return (sys.executable, "-c", script)


def content(name: str = "first") -> dict[str, Any]:
    return json.loads(Path(".tracer/runs", f"{name}.json").read_text())


# The run's file


def test_the_file_says_whose_run_it_was_when_and_where(aws: None, talk: Talk):
    before = datetime.now(UTC).replace(microsecond=0)
    assert recorded(talk, *python("import time, sys; time.sleep(1.1); sys.exit(3)")) == 3
    after = datetime.now(UTC)
    run = load_run_file("first")
    assert run.principal == "arn:aws:sts::123456789012:user/moto"
    assert (run.accounts, run.partition, run.regions) == (("123456789012",), "aws", ("eu-west-1",))
    assert (run.access_key_id, run.session, run.exit_code) == ("AKIAEXAMPLE", None, 3)
    assert run.command == python("import time, sys; time.sleep(1.1); sys.exit(3)")
    assert run.markers.keys() == {"eu-west-1", "us-east-1"}
    assert all(run.markers.values())
    assert before <= run.since <= run.until - timedelta(seconds=2)
    assert run.until <= after, "what tracer itself asks next is no call of the run"
    assert run.since.microsecond == run.until.microsecond == 0


@pytest.mark.parametrize(
    ("end", "until"),
    [("08:00:05.000000", "08:00:06"), ("08:00:05.999999", "08:00:06"), ("08:59:59.100000", "09:00:00")],
)
def test_until_is_the_second_after_the_end(no_aws: None, tmp_path: Path, talk: Talk, end: str, until: str):
    """Trap: eventTime has whole seconds, and a window does not hold its last moment."""
    begin = datetime(2026, 11, 24, 8, 0, 1, 700000, tzinfo=UTC)
    times = iter([begin, begin, datetime.fromisoformat(f"2026-11-24T{end}+00:00")])
    asked = Recording(("true",), name="first")
    record(asked, os.environ, clock=lambda: next(times), tell=talk.append, base=tmp_path)
    run = load_run_file("first", tmp_path)
    assert run.since == begin.replace(microsecond=0)
    assert run.until == datetime.fromisoformat(f"2026-11-24T{until}+00:00")


def test_times_are_those_of_aws_where_this_clock_is_far_off(aws: None, talk: Talk):
    true = datetime.now(UTC)
    recorded(talk, "true", clock=lambda: datetime.now(UTC) + timedelta(minutes=4))
    run = load_run_file("first")
    assert abs(run.since - true) < timedelta(seconds=5)
    assert abs(run.until - true) < timedelta(seconds=5)
    assert "240 seconds off" in talk.text or "241 seconds off" in talk.text


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(hours=1)], ids=["back", "forward"])
def test_a_clock_that_is_set_while_the_command_runs_moves_the_end_nowhere(aws: None, talk: Talk, jump: timedelta):
    true = datetime.now(UTC)
    recorded(
        talk, *python("import time; time.sleep(1); open('ran', 'w')"),
        clock=lambda: datetime.now(UTC) + (jump if Path("ran").exists() else timedelta()),
    )  # fmt: skip
    run = load_run_file("first")
    assert true - timedelta(seconds=1) <= run.since < run.until < true + timedelta(seconds=30)
    assert run.until - run.since >= timedelta(seconds=1)
    assert "clock was set" in talk.text


def test_a_clock_that_is_set_back_is_noticed_without_aws(no_aws: None, tmp_path: Path, talk: Talk):
    begin = datetime(2026, 11, 24, 8, 0, 1, tzinfo=UTC)
    times = iter([begin, begin, begin - timedelta(hours=1)])
    record(Recording(("true",), name="first"), os.environ, clock=lambda: next(times), tell=talk.append, base=tmp_path)
    run = load_run_file("first", tmp_path)
    assert run.since == begin
    assert begin < run.until < begin + timedelta(seconds=30)
    assert "clock was set" in talk.text


def test_a_name_is_made_from_the_time(aws: None, talk: Talk):
    recorded(talk, "true", name=None)
    (file,) = Path(".tracer/runs").iterdir()
    assert re.fullmatch(r"\d{8}-\d{6}\.json", file.name)
    assert f"tracer run --run {file.stem} " in talk.text


def test_a_run_is_never_overwritten(aws: None, talk: Talk):
    recorded(talk, "true")
    before = content()
    with pytest.raises(UsageError, match="there is a run 'first' already") as caught:
        recorded(talk, *python("open('ran', 'w')"))
    assert "--name" in caught.value.hint
    assert content() == before
    assert not Path("ran").exists()


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../a", ".hidden", "-x", "a b", "a\n", "ä", "x" * 51])
def test_a_name_that_is_none_is_told(aws: None, talk: Talk, name: str):
    with pytest.raises(UsageError, match="is no name for a run"):
        recorded(talk, "true", name=name)
    assert not Path(".tracer").exists()


def test_while_the_child_runs_the_file_lacks_only_the_end(aws: None, talk: Talk):
    """What a recorder that is killed leaves behind is a run file."""
    recorded(talk, *python("import shutil; shutil.copy('.tracer/runs/first.json', 'during.json')"))
    during, after = json.loads(Path("during.json").read_text()), content()
    assert after.keys() - during.keys() == {"until", "exit_code", "marker_request_ids"}
    assert {key: after[key] for key in during} == during
    assert load_run_file("during.json").until is None
    assert [file.name for file in Path(".tracer/runs").iterdir()] == ["first.json"]


def test_a_command_that_is_none_is_told_and_nothing_is_kept(aws: None, talk: Talk):
    with pytest.raises(CollectError, match="there is no command 'nosuch'") as caught:
        recorded(talk, "nosuch", "--region", "x")
    assert "sh -c" in caught.value.hint
    bad = Path("bad")
    bad.write_bytes(b"\0")
    bad.chmod(0o755)
    with pytest.raises(CollectError, match="bad cannot be started"):
        recorded(talk, "./bad")
    assert not list(Path().glob(".tracer/runs/*"))


def test_a_file_that_cannot_be_written_is_told_and_nothing_runs(aws: None, talk: Talk):
    Path(".tracer").write_text("a file where the folder should be")
    with pytest.raises(CollectError, match=r"the run file .*first\.json cannot be written"):
        recorded(talk, *python("open('ran', 'w')"))
    assert not Path("ran").exists()


def test_a_file_that_cannot_be_written_at_the_end_keeps_the_exit_code(aws: None, talk: Talk):
    script = "import shutil, sys; shutil.rmtree('.tracer'); open('.tracer', 'w'); sys.exit(3)"
    assert recorded(talk, *python(script)) == 3
    assert "it does not tell the run's end" in talk.text


# Who calls, and where


def test_without_credentials_the_run_goes_on_and_that_is_told(no_aws: None, tmp_path: Path, talk: Talk):
    asked = Recording(python("import sys; sys.exit(4)"), name="first")
    assert record(asked, os.environ, clock=lambda: datetime.now(UTC), tell=talk.append, base=tmp_path) == 4
    assert "Who is calling could not be asked: " in talk.text
    assert "there are no AWS credentials" in talk.text
    run = load_run_file("first", tmp_path)
    assert (run.principal, run.access_key_id, run.markers) == (None, None, {})


@pytest.mark.parametrize(
    ("asked", "command", "variables", "regions", "source"),
    [
        (("eu-north-1", "us-west-2"), "true", {}, ("eu-north-1", "us-west-2"), "option"),
        ((), "true --region ap-south-1", {}, ("ap-south-1",), "command"),
        ((), "true --region=us-gov-west-1", {}, ("us-gov-west-1",), "command"),
        ((), "true -r eu-central-1 --stage dev", {}, ("eu-central-1",), "command"),
        ((), "true -r module --region", {}, ("eu-west-1",), "environment"),
        ((), "true", {"AWS_REGION": None, "AWS_DEFAULT_REGION": "sa-east-1"}, ("sa-east-1",), "environment"),
        ((), "true", {"AWS_REGION": None}, ("us-east-1",), "default"),
        ((), "true", {"AWS_PROFILE": "nobody", "AWS_REGION": None}, ("us-east-1",), "default"),
    ],
    ids=["asked", "command", "equals", "short", "no-region", "environment", "default", "no-such-profile"],
)  # fmt: skip
def test_where_the_run_went(
    aws: None, talk: Talk, monkeypatch: pytest.MonkeyPatch,
    asked: tuple[str, ...], command: str, variables: dict[str, str | None], regions: tuple[str, ...], source: str,
):  # fmt: skip
    for name, value in variables.items():
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name)
    recorded(talk, *command.split(), regions=asked)
    run = load_run_file("first")
    assert (run.regions, run.region_source) == (regions, source)
    assert run.bounds == (regions if source in ("option", "command") else ())


def test_the_child_s_environment_is_ours_and_the_run_s_name(aws: None, talk: Talk):
    recorded(talk, *python(SHOW))
    ours = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    assert json.loads(Path("child.json").read_text()) == ours | {"AWS_SDK_UA_APP_ID": "first"}


def test_the_longest_name_is_a_valid_application_id(aws: None, talk: Talk):
    """See https://docs.aws.amazon.com/sdkref/latest/guide/feature-appid.html."""
    script = "import boto3; print(boto3.client('sts').meta.config.user_agent_appid)"
    assert recorded(talk, sys.executable, "-W", "error", "-c", script, name="x" * 50) == 0


# A session of a role


def test_in_a_session_every_call_carries_the_run_s_name(
    aws: None, talk: Talk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    config = tmp_path / "config"
    config.write_text("[profile work]\nregion = eu-north-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.delenv("AWS_REGION")
    recorded(talk, *python(f"{SHOW}; {WHO}"), role=ROLE)
    run = load_run_file("first")
    assert re.fullmatch(r"arn:aws:sts::123456789012:assumed-role/[\w/]*deploy/tracer-first-[0-9a-f]{6}", run.principal)
    assert Path("who").read_text() == run.principal
    assert run.session == run.principal.rpartition("/")[2]
    child = json.loads(Path("child.json").read_text())
    assert run.access_key_id == child["AWS_ACCESS_KEY_ID"] != "AKIAEXAMPLE"
    assert "AWS_PROFILE" not in child
    assert child["AWS_REGION"] == child["AWS_DEFAULT_REGION"] == "eu-north-1", "the profile's, which is gone"
    assert run.markers.keys() == {"eu-north-1", "us-east-1"}


def test_two_runs_of_one_name_are_two_sessions(aws: None, talk: Talk):
    recorded(talk, "true", role=ROLE)
    first = content()["session"]
    Path(".tracer/runs/first.json").unlink()
    recorded(talk, "true", role=ROLE)
    assert content()["session"] != first


def test_a_role_that_cannot_be_assumed_is_told_and_nothing_runs(aws: None, talk: Talk):
    with pytest.raises(CollectError, match="sts:AssumeRole of role") as caught:
        recorded(talk, *python("open('ran', 'w')"), role="role")
    assert "a role's ARN" in caught.value.hint
    assert not Path("ran").exists()
    assert not Path(".tracer").exists()


# Secrets


def test_no_secret_is_in_the_file_the_arguments_or_the_talk(aws: None, talk: Talk):
    recorded(talk, *python(LOOK_AROUND), role=ROLE)
    secrets = [SECRET, Path("secret").read_text(), Path("token").read_text()]
    assert all(len(secret) > 10 for secret in secrets)
    files = (".tracer/runs/first.json", "arguments0", "arguments1")
    told = "\n".join([talk.text, *(Path(file).read_text(errors="replace") for file in files)])
    assert "tracer-first-" in told
    assert [secret for secret in secrets if secret in told] == []


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("sls deploy --stage dev", "sls deploy --stage dev"),
        ("sls deploy --param apiToken=x --param a=b", "sls deploy --param apiToken=*** --param a=b"),
        ("env DB_PASSWORD=x AWS_SECRET_ACCESS_KEY=y make", "env DB_PASSWORD=*** AWS_SECRET_ACCESS_KEY=*** make"),
        ("deploy --token x --api-key=y z", "deploy --token *** --api-key=*** z"),
        ("deploy --token --stage dev", "deploy --token --stage dev"),
        (f"sh -c deploy:{SECRET}:now", "sh -c deploy:***:now"),
        ("cat token", "cat token"),
    ],
)
def test_what_of_a_command_is_told(command: str, told: str):
    assert list(masked(command.split(), {"AWS_SECRET_ACCESS_KEY": SECRET})) == told.split()


def test_the_command_itself_is_run_as_given(aws: None, talk: Talk):
    script = "import sys; open('argument', 'w').write(sys.argv[1])"
    recorded(talk, *python(script), "--password=hunter2")
    assert Path("argument").read_text() == "--password=hunter2"
    assert content()["command"][-1] == "--password=***"


def test_a_run_reads_back_as_it_was_written(aws: None, talk: Talk, tmp_path: Path):
    recorded(talk, "true", role=ROLE, regions=("eu-west-1", "eu-north-1"))
    run = load_run_file("first")
    Path("again.json").write_text(run.to_json())
    assert load_run_file("again.json") == run
    Path("again.json").write_text(replace(run, regions=("eu-west-1",), markers={}).to_json())
    assert load_run_file("again.json") == replace(run, regions=("eu-west-1",), markers={})
