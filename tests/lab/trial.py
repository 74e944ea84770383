"""The trial and its proof: the closed loop.

    trial = Trial.hold(account, scenario, folder)           deploys as an administrator, under `tracer record`
    policies = trial.policies("observed")                   what tracer makes of the records that CloudTrail delivered
    proof = prove(account, scenario, folder, policies)      the same commands again, in a fresh account, as a user who
                                                            holds these policies and nothing else

tracer is used as its README tells: one recording, of a shell in which the commands are given one after another, and
`tracer run --run NAME --from s3://...`. `lifecycle` is the policy of the first deploy alone: of the same recording,
read up to that deploy's end. An exit code of 0 is no proof, because tools swallow denials: they are counted.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from lab.scenarios import Scenario
from lab.stage import ANYTHING, Broken, Document, Holders, Ran, Shell, Stage

from tracer.rehearse.account import Account, Made

TRACER: Final = (sys.executable, "-m", "tracer")
MERGES: Final = ("extend", "tighten", "observed")
LIFECYCLE: Final = "lifecycle"
FIRST: Final = "deploy"
"""The step that is a scenario's first deploy."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial that was held.

    Attributes:
        scenario: of what.
        folder: where the policies go.
        records: where CloudTrail delivered the records, as `--from` takes it.
        reader: the environment of who reads them.
        project: where `tracer record` left its run.
        deployed: when the first deploy had ended.
    """

    scenario: Scenario
    folder: Path
    records: str
    reader: Mapping[str, str]
    project: Path
    deployed: datetime

    @classmethod
    def hold(cls, account: Account, scenario: Scenario, folder: Path) -> Trial:
        """Play all steps as somebody who may do anything, under `tracer record`.

        Raises:
            ToolMissing: the scenario's tool cannot be had.
            Broken: a step fails even so.
        """
        stage = Stage.set(account, scenario, folder, ANYTHING)
        assumed = ("--assume-role", stage.role_arn) if scenario.assumed and stage.role_arn else ()
        deployed = datetime.now(UTC)
        with Shell((*TRACER, "record", "--name", "trial", *assumed, "--", "sh"), stage.project, stage.user) as shell:
            for step in scenario.steps:
                ran = stage.play(step, shell)
                if ran.exit_code:
                    raise Broken(f"{scenario.name}: the trial's {step.name} fails:\n{ran.output}")
                if step.name == FIRST:
                    deployed = _next_second()
        return cls(scenario, folder, account.deliver(), stage.admin, stage.project, deployed)

    def policies(self, mode: str) -> Path:
        """The folder of the policies that tracer writes.

        Args:
            mode: a merge mode, for the policies of all steps; `lifecycle` for those of the first deploy alone.
        """
        if mode == LIFECYCLE:
            return self.run(mode, "--merge", "observed", "--lifecycle", "--until", self.deployed.isoformat())
        return self.run(mode, "--merge", mode)

    def run(self, name: str, *options: str) -> Path:
        """The folder `name` with what `tracer run` makes of the recorded run. Raises Broken where it fails.

        It need not wait: all records have been delivered, though their files say that they come later.
        """
        folder = self.folder / name
        source = ("--run", "trial", "--from", self.records, "--no-wait")
        tracer(("run", *source, *self.scenario.options, *options, "-o", f"{folder}/"), self.project, self.reader)
        return folder


def tracer(words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
    """Run tracer there. Raises Broken where it fails."""
    done = subprocess.run(  # noqa: S603
        (*TRACER, *words), cwd=folder, env=dict(environment), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Broken(f"tracer {' '.join(words)} ends with {done.returncode}:\n{done.stderr}")


def _next_second() -> datetime:
    """The beginning of the next second, when it is there: the times of records have whole seconds."""
    until = math.ceil(time.time())
    time.sleep(max(0.0, until - time.time()))
    return datetime.fromtimestamp(until, UTC)


@dataclass(frozen=True, slots=True)
class Proof:
    """What became of the commands under the policies."""

    scenario: Scenario
    holders: Holders
    ran: Sequence[Ran]

    @property
    def failed(self) -> Sequence[Ran]:
        """The commands that failed."""
        return [ran for ran in self.ran if ran.exit_code]

    @property
    def hard(self) -> Sequence[Made]:
        """The calls that were refused and whose command failed."""
        return [call for ran in self.ran if ran.exit_code for call in ran.denied]

    @property
    def soft(self) -> Sequence[Made]:
        """The calls that were refused in commands that succeeded all the same: the tool swallowed the denial."""
        return [call for ran in self.ran if not ran.exit_code for call in ran.denied]

    def told(self) -> str:
        """What failed and what was refused, for a person."""
        lines = [
            f"{self.scenario.name}: {ran.step.name} exits with {ran.exit_code}\n{ran.output}" for ran in self.failed
        ]
        for ran in self.ran:
            for call in ran.denied:
                assert call.denied
                kind = "hard" if ran.exit_code else "soft"
                lines.append(f"{kind}, {ran.step.name}, {call.via or 'direct'}: {call.denied.message}")
        return "\n".join(lines)


def prove(account: Account, scenario: Scenario, folder: Path, holders: Holders) -> Proof:
    """Play all steps in a fresh account as somebody who holds these policies and nothing else."""
    stage = Stage.set(account, scenario, folder, holders)
    return Proof(scenario, holders, list(stage.play_all()))


def holders_of(policies: Path, scenario: Scenario) -> Holders:
    """Who holds which of the documents in a folder that tracer wrote.

    Those of roles that a scenario's own commands make, as the CDK's bootstrap does, are nobody's: what they hold is
    part of what is deployed.
    """
    role = f"service-role-{scenario.role.name}*.json" if scenario.role else ""
    return Holders(_documents(policies, "deployer*.json"), _documents(policies, role) if role else [])


def _documents(folder: Path, pattern: str) -> list[Document]:
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob(pattern))]
