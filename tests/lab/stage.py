"""A scenario on a stage: the project in a folder of its own, what stood before it in the account, and who deploys.

    stage = Stage.set(account, scenario, folder, holders)
    for step in scenario.steps:
        ran = stage.play(step)          its exit code, what it said, the calls that it made

A stage is set in a fresh account, twice with the same names: for the trial, where everyone may do anything, and for
the proof, where each holds nothing but the policies that tracer wrote.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import boto3
from lab import deploy_tools
from lab.scenarios import PROJECTS, Edit, Scenario, Step

from tracer.rehearse.account import ADMINISTRATOR, Account, Made
from tracer.rehearse.call import Key

USER: Final = "deployer"
MINUTES: Final = 5
"""How long a command may take before it is taken to hang."""

_ENDED: Final = "lab: exit code"

Document = Mapping[str, Any]


class Broken(Exception):
    """The lab itself does not work: what is not under test has failed."""


@dataclass(frozen=True, slots=True)
class Holders:
    """Who holds which policies."""

    deployer: Sequence[Document]
    """The policies of whoever deploys: the user, or the role that is assumed."""
    role: Sequence[Document]
    """Those of a role that CloudFormation works under."""


ANYTHING: Final = Holders([ADMINISTRATOR], [ADMINISTRATOR])
NOTHING: Final = Holders([], [])


@dataclass(frozen=True, slots=True)
class Ran:
    """A step that was played."""

    step: Step
    exit_code: int
    output: str
    calls: Sequence[Made]
    """What was called in the meantime, by anybody but the administrator."""

    @property
    def denied(self) -> Sequence[Made]:
        """The calls that were refused."""
        return [call for call in self.calls if call.denied]


class Shell:
    """A shell, or a command that runs one, to which commands are given one after another."""

    def __init__(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(  # noqa: S603
            command, cwd=folder, env=dict(environment), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def give(self, command: str) -> tuple[int, str]:
        """Give a command, and wait for its end. Returns its exit code and what it said. Raises Broken: no shell."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"( {command} ) < /dev/null\necho '{_ENDED}' $?\n")
        self._process.stdin.flush()
        said: list[str] = []
        for line in self._process.stdout:
            before, ended, exit_code = line.partition(_ENDED)
            if ended:
                return int(exit_code), "".join([*said, before])
            said.append(line)
        raise Broken(f"the shell has ended: {''.join(said)}")


@dataclass(frozen=True, slots=True)
class Stage:
    """See the module."""

    account: Account
    scenario: Scenario
    project: Path
    admin: Mapping[str, str]
    """The administrator's environment."""
    user: Mapping[str, str]
    """The deployer's environment, before a role is assumed."""
    role_arn: str | None

    @classmethod
    def set(cls, account: Account, scenario: Scenario, folder: Path, holders: Holders) -> Stage:
        """Copy the project, make who takes part and what stood before.

        Raises:
            ToolMissing: the scenario's tool cannot be had.
            Broken: what the administrator does has failed.
        """
        project = folder / scenario.name
        shutil.copytree(PROJECTS / scenario.name, project)
        if scenario.tool != "aws":
            (folder / "node_modules").symlink_to(deploy_tools.node_modules(scenario.tool))
        variables: dict[str, str] = {}
        admin = _environment(account, scenario, account.administrator())
        role_arn = None
        own = holders.deployer
        if role := scenario.role:
            trust = {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": role.trusts, "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"]}
            ]}  # fmt: skip
            role_arn = account.role(role.name, trust, holders.deployer if scenario.assumed else holders.role)
            if role.variable:
                variables[role.variable] = role_arn
            if scenario.assumed:
                own = [_may_assume(role_arn)]
        for variable, command in scenario.given:
            printed = _administrate(command, project, admin | variables)
            if variable:
                variables[variable] = printed
        user = _environment(account, scenario, account.user(USER, own))
        return cls(account, scenario, project, admin | variables, user | variables, role_arn)

    @property
    def environment(self) -> Mapping[str, str]:
        """The deployer's environment: of the user, or of a session of the role that is assumed."""
        if not (self.scenario.assumed and self.role_arn):
            return self.user
        sts = boto3.client(
            "sts",
            region_name=self.user["AWS_REGION"],
            endpoint_url=self.account.endpoint,
            aws_access_key_id=self.user["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.user["AWS_SECRET_ACCESS_KEY"],
        )
        keys = sts.assume_role(RoleArn=self.role_arn, RoleSessionName="proof")["Credentials"]
        return {
            **self.user,
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys["SessionToken"],
        }

    def play(self, step: Step, shell: Shell | None = None) -> Ran:
        """Play a step.

        Args:
            step: the step.
            shell: where to give its command; a new one if not given.

        Raises:
            Broken: the administrator's commands failed, or the account did not know what AWS checks for a call.
        """
        for edit in step.edits:
            _apply(edit, self.project)
        for given in step.given:
            _administrate(given, self.project, self.admin)
        seen = len(self.account.calls())
        if shell:
            exit_code, output = shell.give(step.command)
        else:
            done = _run(step.command, self.project, self.environment)
            exit_code, output = done.returncode, done.stdout
        if failures := self.account.failures():
            raise Broken(f"{self.scenario.name}, {step.name}: the account could not judge: " + "; ".join(failures))
        return Ran(step, exit_code, output, self.account.calls()[seen:])

    def play_all(self) -> Iterator[Ran]:
        """All steps of the scenario in their order, whether they succeed or not."""
        return map(self.play, self.scenario.steps)


def _may_assume(role_arn: str) -> Document:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"], "Resource": role_arn}],
    }


def _environment(account: Account, scenario: Scenario, key: Key) -> dict[str, str]:
    return dict(deploy_tools.environment(scenario.tool, account.environment(key, os.environ)))


def _apply(edit: Edit, project: Path) -> None:
    file = project / edit.file
    text = file.read_text(encoding="utf-8")
    if text.count(edit.old) != 1:
        raise Broken(f"{file.name} does not hold {edit.old!r} once")
    file.write_text(text.replace(edit.old, edit.new), encoding="utf-8")


def _administrate(command: str, project: Path, environment: Mapping[str, str]) -> str:
    done = _run(command, project, environment)
    if done.returncode:
        raise Broken(f"{command}: {done.stdout.strip()[-500:]}")
    return done.stdout.strip()


def _run(command: str, folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        ("/bin/sh", "-c", command), cwd=folder, env=dict(environment), text=True, check=False, timeout=60 * MINUTES,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
