"""The accounts of the lab's tests; a worker starts each once. Without the tools the tests are skipped, and say why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from lab import deploy_tools
from lab.referee import judge_command
from lab.scenarios import scenario
from lab.trial import Trial

from tracer.rehearse.account import Account


@pytest.fixture(scope="session", autouse=True)
def tools() -> None:
    """What the tests of the core deploy with."""
    try:
        deploy_tools.node_modules("serverless")
        deploy_tools.awscli()
    except deploy_tools.ToolMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def running(tools: None) -> Iterator[Account]:
    with Account.start(judge_command()) as account:
        yield account


@pytest.fixture
def account(running: Account) -> Account:
    """A fresh account."""
    running.reset()
    return running


@pytest.fixture(scope="session")
def first_deploy(tools: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    """A trial of one deploy, with a role for CloudFormation, in an account that goes on holding its records."""
    whole = scenario("service_role")
    with Account.start(judge_command()) as account:
        yield Trial.hold(account, replace(whole, steps=whole.steps[:1]), tmp_path_factory.mktemp("trial"))
