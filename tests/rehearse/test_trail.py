"""The whole way round: a stack is deployed, its trail delivered, and tracer reads a policy from it that suffices."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from rehearse_support import client

from tracer.rehearse.account import Account
from tracer.rehearse.call import Key

TEMPLATE: Final = json.dumps(
    {
        "Resources": {
            "Table": {
                "Type": "AWS::DynamoDB::Table",
                "Properties": {
                    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                    "BillingMode": "PAY_PER_REQUEST",
                },
            }
        }
    }
)


def deploy(account: Account, key: Key) -> str:
    """Deploys the stack; gives what became of it."""
    stacks = client(account, key, "cloudformation")
    tags = [{"Key": "stage", "Value": "dev"}]
    stacks.create_stack(StackName="orders-dev", TemplateBody=TEMPLATE, Tags=tags)
    status: str = stacks.describe_stacks(StackName="orders-dev")["Stacks"][0]["StackStatus"]
    return status


def tracer(account: Account, key: Key, *arguments: str) -> str:
    """What a command of tracer prints, run against the account."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "tracer", *arguments],
        env=account.environment(key, os.environ),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_the_policy_of_a_trial_suffices_for_the_next_deploy(account: Account, tmp_path: Path):
    admin = account.administrator()
    assert deploy(account, admin) == "CREATE_COMPLETE"
    trail = account.deliver()
    selection = ["--from", trail, "--principal", admin.arn, "--cache", str(tmp_path), "--baseline", "none"]
    policy: dict[str, Any] = json.loads(tracer(account, admin, "run", *selection))
    account.reset()
    assert deploy(account, account.user("deployer", [policy])) == "CREATE_COMPLETE"
    assert [made.denied for made in account.calls() if made.denied] == []


def test_a_policy_that_lacks_something_does_not(account: Account):
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "cloudformation:*", "Resource": "*"},
            {"Effect": "Allow", "Action": ["dynamodb:CreateTable", "dynamodb:D*"], "Resource": "*"},
        ],
    }
    assert deploy(account, account.user("deployer", [policy])) == "ROLLBACK_COMPLETE"
    assert [made.denied.action for made in account.calls() if made.denied] == ["dynamodb:TagResource"]
