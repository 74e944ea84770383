"""The core of the lab: what is recorded in one account is enough in the next, and nothing much beyond.

`make lab` runs every scenario under every policy; here are four, under the policy of what was observed and under that
of the first deploy alone.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from lab.leave_one_out import unused
from lab.referee import judge_command
from lab.row import Row
from lab.scenarios import scenario
from lab.trial import LIFECYCLE, Trial, holders_of, prove

from tracer.rehearse.account import Account
from tracer.rehearse.judge import JudgeProcess

CORE = ("rest", "queue", "service_role", "assumed_role")


@pytest.mark.parametrize("name", CORE)
def test_the_same_commands_pass_with_what_tracer_wrote_and_nothing_else(name: str, account: Account, tmp_path: Path):
    trial = Trial.hold(account, scenario(name), tmp_path / "trial")
    policies = {mode: trial.policies(mode) for mode in ("observed", LIFECYCLE)}
    with JudgeProcess.start(judge_command()) as judge:
        for mode, written in policies.items():
            account.reset()
            proof = prove(account, scenario(name), tmp_path / mode, holders_of(written, scenario(name)))
            row = Row(mode, proof, unused(proof, judge))
            assert not row.fault, row.fault
