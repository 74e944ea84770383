"""Each fault of `faults.py`, put into tracer, turns the lab red; without one it stays green."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from lab.faults import FAULTS, Fault
from lab.trial import Trial, holders_of, prove

from tracer.rehearse.account import Account


def with_fault(trial: Trial, fault: Fault, folder: Path) -> Trial:
    """The same trial, read by a tracer that is wrong."""
    path = fault.inject(folder)
    return replace(trial, folder=folder, reader={**trial.reader, "PYTHONPATH": str(path)})


def test_without_a_fault_the_deploy_passes(account: Account, first_deploy: Trial, tmp_path: Path):
    holders = holders_of(first_deploy.policies("observed"), first_deploy.scenario)
    proof = prove(account, first_deploy.scenario, tmp_path, holders)
    assert not proof.failed, proof.told()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_with_a_fault_it_fails(fault: Fault, account: Account, first_deploy: Trial, tmp_path: Path):
    wrong = with_fault(first_deploy, fault, tmp_path / "faulty")
    holders = holders_of(wrong.policies("observed"), wrong.scenario)
    proof = prove(account, first_deploy.scenario, tmp_path / "proof", holders)
    assert [ran.exit_code for ran in proof.ran] == [1]
    assert next(call.denied.action for call in proof.hard if call.denied) == fault.denied  # then come the rollback's
