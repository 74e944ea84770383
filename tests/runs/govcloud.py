"""`aws cloudformation deploy` of a first stack in GovCloud: a key, its alias, a secret and a topic under that key.

Partition `aws-us-gov`, where IAM's calls are logged in us-gov-west-1
(https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/using-govcloud-arns.html).
"""

from __future__ import annotations

from typing import Final

from runs.deploy import AWS_CLI, Deploy, tag_list
from runs.recorder import Json, Place

PLACE: Final = Place("us-gov-west-1", "aws-us-gov", "us-gov-west-1")
STACK: Final = "vault-prod"
DEPLOYER: Final = PLACE.arn("iam", "role/ops/release", region="")
TAGS: Final = {"aws:cloudformation:stack-name": STACK, "aws:cloudformation:logical-id": "Key"}


def records() -> list[Json]:
    deploy = Deploy.by_role("ops/release", "alice", AWS_CLI, PLACE, seed=6)
    stack = {"stackName": STACK}
    named = stack | {"changeSetName": "awscli-cloudformation-package-deploy-1795939200"}
    key_id = deploy.recorder.guid()
    key = {"keyId": PLACE.arn("kms", f"key/{key_id}")}
    secret = PLACE.arn("secretsmanager", "secret:vault/db-Ab12Cd")
    topic = f"{STACK}-alarms"
    deploy.own(
        ("cloudformation:DescribeStacks", stack, None, ("ValidationError", "Stack does not exist")),
        ("cloudformation:CreateChangeSet", named | {"changeSetType": "CREATE"}),
        ("cloudformation:DescribeChangeSet", named),
        ("cloudformation:ExecuteChangeSet", named),
    )
    deploy.forwarded(
        (
            "kms:CreateKey",
            {"description": "vault", "policy": "{}", "tags": [{"tagKey": k, "tagValue": v} for k, v in TAGS.items()]},
            {"keyMetadata": {"keyId": key_id, "arn": key["keyId"]}},
        ),
        ("kms:EnableKeyRotation", {"keyId": key_id}),
        ("kms:CreateAlias", {"aliasName": "alias/vault", "targetKeyId": key_id}),
        (
            "secretsmanager:CreateSecret",
            {"name": "vault/db", "kmsKeyId": key_id, "tags": tag_list(TAGS)},
            {"aRN": secret, "name": "vault/db"},
        ),
        (
            "sns:CreateTopic",
            {"name": topic, "attributes": {"KmsMasterKeyId": key_id}, "tags": tag_list(TAGS)},
            {"topicArn": PLACE.arn("sns", topic)},
        ),
    )
    deploy.own(("cloudformation:DescribeStacks", stack))
    return deploy.recorder.records
