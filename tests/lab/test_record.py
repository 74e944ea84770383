"""A deploy under `tracer record`, and its run by name: with no further option, from the account's event history."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from lab.scenarios import scenario
from lab.stage import ANYTHING, Stage, Step
from lab.trial import TRACER, holders_of, prove
from support import run_cli

from tracer.collect import waiting
from tracer.rehearse.account import Account


def test_a_recorded_deploy_needs_no_further_option(account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """And what it gives is what the trail's bucket gives, and enough for the same deploy."""
    rest = replace(scenario("rest"), steps=(Step("deploy", "serverless deploy"),))
    stage = Stage.set(account, rest, tmp_path / "trial", ANYTHING)
    record = " ".join((*TRACER, "record", "--name", "first", "--"))
    [deploy] = rest.steps
    ran = stage.play(replace(deploy, command=f"{record} {deploy.command}"))
    assert ran.exit_code == 0, ran.output

    monkeypatch.chdir(stage.project)
    for name, value in stage.user.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(waiting, "POLL", 0.1)
    for folder, source in {"looked-up": (), "read": ("--from", account.deliver(), "--no-wait")}.items():
        given = run_cli("run", "--run", "first", *source, "-o", f"{tmp_path / folder}/")
        assert given.exit_code == 0, given.stderr
    looked_up, read = (json.loads((tmp_path / name / "trace.json").read_text()) for name in ("looked-up", "read"))
    assert looked_up["permissions"] == read["permissions"]
    assert "lambda:CreateFunction" in {permission["action"] for permission in read["permissions"]}

    account.reset()
    proof = prove(account, rest, tmp_path / "proof", holders_of(tmp_path / "looked-up", rest))
    assert not proof.failed, proof.told()
    assert not proof.hard, proof.told()
