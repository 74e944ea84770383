"""The Serverless Framework's own calls, as lists; in the order of its source, version 3.40 (`lib/plugins/aws/`).

https://github.com/serverless/serverless/tree/v3.40.0/lib/plugins/aws
"""

from __future__ import annotations

from typing import Final

from runs.deploy import Call, Deploy
from runs.recorder import Json

ABSENT: Final = ("ValidationError", "Stack does not exist")
NO_FUNCTION: Final = ("ResourceNotFoundException", "Function not found")


def looks_for_stack(stack: str, *, there: bool) -> list[Call]:
    """Who am I, and is there a stack?"""
    described = ("cloudformation:DescribeStacks", {"stackName": stack}, None, None if there else ABSENT)
    return [("sts:GetCallerIdentity",), described]


def looks_for_changes(stack: str, *functions: str, there: bool) -> list[Call]:
    """Where is the bucket, and is there anything new?"""
    named = {"stackName": stack, "logicalResourceId": "ServerlessDeploymentBucket"}
    error = None if there else NO_FUNCTION
    found = [("lambda:GetFunction20150331v2", {"functionName": name}, None, error) for name in functions]
    return [("cloudformation:DescribeStackResource", named), *found]


def change_set(deploy: Deploy, stack: str, stage: str, template: str | None, role: str | None = None) -> list[Call]:
    """Create, await and execute a change set: for the bucket alone, or, with a template, for the service."""
    named = {"stackName": stack, "changeSetName": f"{stack}-change-set"}
    request: Json = {
        **named,
        "changeSetType": "UPDATE" if template else "CREATE",
        "capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        "parameters": [],
        "notificationARNs": [],
        "tags": [{"key": "STAGE", "value": stage}],
        **({"templateURL": template} if template else {}),
        **({"roleARN": role} if role else {}),
    }
    response = {
        "id": deploy.place.arn("cloudformation", f"changeSet/{stack}-change-set/{deploy.recorder.guid()}"),
        "stackId": deploy.place.arn("cloudformation", f"stack/{stack}/{deploy.recorder.guid()}"),
    }
    before: list[Call] = []
    if template:
        before = [
            ("cloudformation:ValidateTemplate", {"templateURL": template}),
            ("cloudformation:DeleteChangeSet", named),
        ]
    return [
        *before,
        ("cloudformation:CreateChangeSet", request, response),
        ("cloudformation:DescribeChangeSet", named),
        ("cloudformation:ExecuteChangeSet", named),
        ("cloudformation:DescribeStackEvents", {"stackName": response["stackId"]}),
    ]


def info(stack: str) -> list[Call]:
    """What `sls info` shows after a deploy."""
    named = {"stackName": stack}
    return [("cloudformation:DescribeStacks", named), ("cloudformation:ListStackResources", named)]


def remove(stack: str) -> list[Call]:
    """`sls remove`; the repository of images is asked for in any case."""
    named = {"stackName": stack, "logicalResourceId": "ServerlessDeploymentBucket"}
    no_repository = ("RepositoryNotFoundException", "The repository does not exist")
    return [
        ("sts:GetCallerIdentity",),
        ("ecr:DescribeRepositories", {"repositoryNames": [f"serverless-{stack}"]}, None, no_repository),
        ("cloudformation:DescribeStackResource", named),
        ("cloudformation:DeleteStack", {"stackName": stack}),
        ("cloudformation:DescribeStackEvents", {"stackName": stack}),
    ]
