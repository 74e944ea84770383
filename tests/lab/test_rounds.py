"""A trial that was cut short: what is denied in the first round is enough for the second."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from lab.scenarios import Step, scenario
from lab.stage import USER, Stage
from lab.trial import LIFECYCLE, Proof, Trial, holders_of, prove, tracer

from tracer.rehearse.account import Account

DEPLOY = Step("deploy", "serverless deploy")
LATER = (Step("list", "serverless deploy list functions"), Step("remove", "serverless remove"))


def test_what_was_denied_in_the_first_round_is_enough_for_the_second(account: Account, tmp_path: Path):
    whole = replace(scenario("roles"), steps=(DEPLOY, *LATER))
    trial = Trial.hold(account, replace(whole, steps=(DEPLOY,)), tmp_path / "trial")
    first = trial.policies(LIFECYCLE)

    account.reset()
    holders = holders_of(first, whole)
    stage = Stage.set(account, whole, tmp_path / "first", holders)
    denied = Proof(whole, holders, list(stage.play_all()))
    assert denied.hard
    reading = ("--from", account.deliver(), "--principal", f"arn:aws:iam::123456789012:user/{USER}")
    again = tmp_path / "again.json"
    tracer(("reduce", *reading, "--include-denied", "-o", str(again)), tmp_path, stage.admin)
    second = tmp_path / "second"
    traces = (str(first / "trace.json"), str(again))
    tracer(("emit", *traces, "--merge", "observed", "-o", f"{second}/"), tmp_path, os.environ)

    account.reset()
    proof = prove(account, whole, tmp_path / "second-proof", holders_of(second, whole))
    assert not any(ran.exit_code or ran.denied for ran in proof.ran), proof.told()
