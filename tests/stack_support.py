"""What the tests of stacks in the local account need: a stack, what was called for it, and how it ended."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import boto3
from botocore.config import Config

from tracer.rehearse.account import Account, Key, Made

Client: TypeAlias = Any
"""One of boto3's, whose methods are made from data."""

CLOUDFORMATION: Final = "cloudformation.amazonaws.com"


def client(account: Account, key: Key, service: str) -> Client:
    """A client of an account's that tries everything once."""
    return _client(account.endpoint, key, service)


@functools.cache
def _client(endpoint: str, key: Key, service: str) -> Client:
    return boto3.client(
        service,
        endpoint_url=endpoint,
        aws_access_key_id=key.access_key_id,
        aws_secret_access_key=key.secret_access_key,
        region_name="us-east-1",
        config=Config(retries={"total_max_attempts": 1}),
    )


def policy(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", **item} for item in statements]}


def trust(service: str) -> dict[str, Any]:
    """A trust policy for a service."""
    allow = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [allow]}


@dataclass
class Stack:
    """A stack of somebody's, by its name."""

    account: Account
    key: Key
    name: str = "orders"
    id: str = field(default="", init=False)
    seen: int = field(default=0, init=False)
    root: Client = field(init=False)

    def __post_init__(self) -> None:
        self.seen = len(self.account.calls())
        self.root = client(self.account, self.account.root(), "cloudformation")

    @property
    def cloudformation(self) -> Client:
        return client(self.account, self.key, "cloudformation")

    def create(self, resources: Mapping[str, Any], template: Mapping[str, Any] | None = None, **asked: object) -> None:
        body = json.dumps({"Resources": resources, **(template or {})})
        self.id = self.cloudformation.create_stack(StackName=self.name, TemplateBody=body, **asked)["StackId"]

    def update(self, resources: Mapping[str, Any], template: Mapping[str, Any] | None = None, **asked: object) -> None:
        body = json.dumps({"Resources": resources, **(template or {})})
        self.cloudformation.update_stack(StackName=self.name, TemplateBody=body, **asked)

    def delete(self, **asked: object) -> None:
        self.cloudformation.delete_stack(StackName=self.name, **asked)

    @property
    def described(self) -> Mapping[str, Any]:
        """The stack as root sees it, whatever its owner may see."""
        described: Mapping[str, Any] = self.root.describe_stacks(StackName=self.id or self.name)["Stacks"][0]
        return described

    @property
    def status(self) -> str:
        return str(self.described["StackStatus"])

    def events(self) -> list[tuple[str, str]]:
        """What happened to which resource, the earliest first."""
        return [(event["LogicalResourceId"], event["ResourceStatus"]) for event in self._events()]

    def reasons(self) -> list[str]:
        """Why resources failed."""
        failed = [event for event in self._events() if event["ResourceStatus"].endswith("_FAILED")]
        return [event["ResourceStatusReason"] for event in failed if event["LogicalResourceId"] != self.name]

    def forwarded(self) -> list[Made]:
        """What CloudFormation called since this was last asked."""
        calls = self.account.calls()
        new, self.seen = calls[self.seen :], len(calls)
        return [call for call in new if call.via]

    def called(self) -> list[str]:
        """The same by the operations' names."""
        return names(self.forwarded())

    def _events(self) -> Sequence[Mapping[str, Any]]:
        return list(reversed(self.root.describe_stack_events(StackName=self.id or self.name)["StackEvents"]))


def names(calls: Sequence[Made]) -> list[str]:
    return [f"{call.service}.{call.operation}" for call in calls]
