"""What else goes on in the account while the demo's deploys are recorded: real clients of other principals.

    around = Surroundings.of(stage)         makes the people and the roles of this module
    around.function_runs("create")          what Lambda does of itself, and what the deployed code then calls
    around.alice_looks_around()             a colleague at the AWS CLI, who also asks about what is deployed
    around.alice_deploys()                  and who has a stack of her own
    around.monitoring_looks_around()        a program that reads with a session of a role

All of it must stay out of the deployer's policy. The account runs no functions: Lambda's own part, to take a session of
the function's role and to keep its log, is played here, with the calls that AWS's own records of it show. The code is
the project's, with the variables that were deployed.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config
from lab import deploy_tools
from lab.stage import Broken, Stage

if TYPE_CHECKING:
    from botocore.client import BaseClient

Document = Mapping[str, Any]

LAMBDA: Final = "lambda.amazonaws.com"
WORKER: Final = "awslambda-worker/1.0  rusoto/0.48.0 rust/1.83.0 linux"
"""The agent under which Lambda itself opens a function's log streams."""
EVENT: Final = json.dumps({"body": json.dumps({"item": "lamp"})})
RUN: Final = "import importlib, json, sys; getattr(importlib.import_module(sys.argv[1]), sys.argv[2])({event}, None)"
"""What stands in for Lambda's runtime of Python."""


def allow(*actions: str) -> Document:
    """A policy that allows these actions on everything."""
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}


ALICE: Final = allow("cloudformation:*", "s3:*", "lambda:Get*", "lambda:List*", "logs:Describe*")
ALICE_LOOKS: Final = (
    "aws cloudformation describe-stacks --stack-name orders-dev",
    "aws lambda get-function --function-name orders-dev-create",
    "aws logs describe-log-groups --log-group-name-prefix /aws/lambda/orders-dev",
    "aws s3api list-buckets",
)
BILLING: Final = {"Resources": {"Invoices": {"Type": "AWS::S3::Bucket", "Properties": {}}}}
ALICE_DEPLOYS: Final = (
    "aws cloudformation create-stack --stack-name billing-prod --template-body file://billing.json",
    "aws cloudformation wait stack-create-complete --stack-name billing-prod",
)

MONITOR: Final = allow(
    "cloudformation:Describe*", "cloudformation:List*", "cloudwatch:Describe*", "dynamodb:Describe*",
    "dynamodb:List*", "events:List*", "iam:List*", "lambda:List*", "logs:Describe*",
)  # fmt: skip
MONITOR_TRUST: Final = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:user/observer"}, "Action": "sts:AssumeRole"}
    ],
}
MONITOR_READS: Final[tuple[tuple[str, str, Mapping[str, Any]], ...]] = (
    ("cloudformation", "list_stacks", {}),
    ("cloudformation", "describe_stacks", {"StackName": "orders-dev"}),
    ("cloudwatch", "describe_alarms", {}),
    ("dynamodb", "list_tables", {}),
    ("dynamodb", "describe_table", {"TableName": "orders-dev"}),
    ("events", "list_rules", {}),
    ("iam", "list_roles", {}),
    ("lambda", "list_functions", {}),
    ("logs", "describe_log_groups", {"logGroupNamePrefix": "/aws/lambda/"}),
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """See the module.

    Attributes:
        stage: where the service is deployed.
        alice: a colleague's environment.
        observer: the environment of the monitoring program, before it takes its role.
        monitor: the ARN of that role, which has a path: a session's ARN does not show it.
        chance: what the ids depend on that Lambda makes up.
    """

    stage: Stage
    alice: Mapping[str, str]
    observer: Mapping[str, str]
    monitor: str
    chance: random.Random

    @classmethod
    def of(cls, stage: Stage, seed: int) -> Surroundings:
        """Make who takes part."""
        account = stage.account
        monitor = account.role("monitor", MONITOR_TRUST, [MONITOR], path="/observability/")
        alice = account.environment(account.user("alice", [ALICE]), os.environ)
        observer = account.environment(account.user("observer", [allow("sts:AssumeRole")]), os.environ)
        chance = random.Random(seed)  # noqa: S311 - ids, not secrets
        return cls(stage, deploy_tools.environment("aws", alice), observer, monitor, chance)

    def function_runs(self, function: str, moment: datetime) -> None:
        """A function wakes: Lambda takes a session of its role and opens a log stream, the code does what it does.

        Raises:
            Broken: the code fails.
        """
        name = f"orders-dev-{function}"
        deployed = _client("lambda", self.stage.admin).get_function_configuration(FunctionName=name)
        key = self.stage.account.service_session(LAMBDA, deployed["Role"], name)
        session = self.stage.account.environment(key, os.environ)
        version = "".join(self.chance.choices("0123456789abcdef", k=32))
        log = {"logGroupName": f"/aws/lambda/{name}", "logStreamName": f"{moment:%Y/%m/%d}/[$LATEST]{version}"}
        worker = _client("logs", session, Config(user_agent=WORKER))
        worker.create_log_stream(**log)
        runtime = {"AWS_EXECUTION_ENV": f"AWS_Lambda_{deployed['Runtime']}", "PYTHONDONTWRITEBYTECODE": "1"}
        module, _, handler = deployed["Handler"].partition(".")
        _run(
            [sys.executable, "-c", RUN.replace("{event}", EVENT), module, handler],
            self.stage.project,
            {**session, **deployed["Environment"]["Variables"], **runtime},
        )
        line = {"timestamp": round(moment.timestamp() * 1000), "message": "REPORT"}
        worker.put_log_events(**log, logEvents=[line])

    def alice_looks_around(self) -> None:
        """A colleague asks the CLI. Raises Broken: a command fails."""
        self._alice(ALICE_LOOKS)

    def alice_deploys(self) -> None:
        """A colleague deploys another stack: also forwarded by CloudFormation, and only the user tells it apart.

        Raises:
            Broken: a command fails.
        """
        (self.stage.project.parent / "billing.json").write_text(json.dumps(BILLING), encoding="utf-8")
        self._alice(ALICE_DEPLOYS)

    def monitoring_looks_around(self) -> None:
        """A program takes a session of its role, and reads."""
        sts = _client("sts", self.observer)
        taken = sts.assume_role(RoleArn=self.monitor, RoleSessionName="watch")["Credentials"]
        session = {
            **self.observer,
            "AWS_ACCESS_KEY_ID": taken["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": taken["SecretAccessKey"],
            "AWS_SESSION_TOKEN": taken["SessionToken"],
        }
        for service, operation, asked in MONITOR_READS:
            getattr(_client(service, session), operation)(**asked)

    def _alice(self, commands: Sequence[str]) -> None:
        _run(["/bin/sh", "-c", " && ".join(commands)], self.stage.project.parent, self.alice)


def _client(service: str, environment: Mapping[str, str], config: Config | None = None) -> BaseClient:
    return boto3.client(
        service,
        region_name=environment["AWS_REGION"],
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=environment.get("AWS_SESSION_TOKEN"),
        config=config,
    )


def _run(command: list[str], folder: Path, environment: Mapping[str, str]) -> None:
    done = subprocess.run(  # noqa: S603
        command, cwd=folder, env=dict(environment), text=True, check=False,
        stdin=subprocess.DEVNULL, capture_output=True,
    )  # fmt: skip
    if done.returncode:
        raise Broken(f"{command[-1]}: {done.stderr.strip()[-500:]}")
