"""One account for all tests of it: it takes a second to start, and is emptied for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from rehearse_support import judge_command

from tracer.rehearse.account import Account


@pytest.fixture(scope="session")
def running_account() -> Iterator[Account]:
    with Account.start(judge_command()) as account:
        yield account


@pytest.fixture
def account(running_account: Account) -> Account:
    """An empty account."""
    running_account.reset()
    return running_account
