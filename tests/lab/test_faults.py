"""Each fault of `faults.py`, put into tracer, turns the lab red; without one it stays green."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from lab.faults import FAULTS, Fault
from lab.trial import Proof, Trial, holders_of, prove

from tracer.rehearse.account import Account


def first_deploy(account: Account, trial: Trial, folder: Path) -> Proof:
    """The first deploy under the policy of its own trial."""
    written = trial.run("first", "--merge", "observed", "--commands", "deploy", "--until", trial.deployed.isoformat())
    return prove(account, replace(trial.scenario, steps=trial.scenario.steps[:1]), folder, holders_of(written))


def with_fault(trial: Trial, fault: Fault, folder: Path) -> Trial:
    """The same trial, read by a tracer that is wrong."""
    path = fault.inject(folder)
    return replace(trial, folder=folder, reader={**trial.reader, "PYTHONPATH": str(path)})


def test_without_a_fault_the_first_deploy_passes(account: Account, rest: Trial, tmp_path: Path):
    proof = first_deploy(account, rest, tmp_path)
    assert not proof.failed, proof.told()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_with_a_fault_it_fails(fault: Fault, account: Account, rest: Trial, tmp_path: Path):
    proof = first_deploy(account, with_fault(rest, fault, tmp_path / "faulty"), tmp_path / "proof")
    assert [call.denied.action for call in proof.hard if call.denied] == [fault.denied]
