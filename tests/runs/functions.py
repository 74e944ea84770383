"""A redeploy that makes a function, and the functions of the service at work in the same minutes.

The service reacts to a bucket that was there before (`existing: true`), so the Serverless Framework adds a function of
its own, a custom resource, which writes the bucket's notifications (serverless 3.40,
lib/plugins/aws/custom-resources/resources/s3). It has a role of its own, and so has the service's function.
"""

from __future__ import annotations

from typing import Final

from runs.deploy import SERVERLESS, Deploy, suffix
from runs.recorder import Json, Place
from runs.serverless import info, looks_for_changes, looks_for_stack

PLACE: Final = Place()
STACK: Final = "thumbs-dev"
DEPLOYER: Final = PLACE.arn("iam", "user/deployer", region="")
ROLE: Final = PLACE.arn("iam", f"role/{STACK}-us-east-1-lambdaRole", region="")
RESIZE: Final = f"{STACK}-resize"
CUSTOM: Final = f"{STACK}-custom-resource-existing-s3"
KEY: Final = PLACE.arn("kms", "key/0b0c1d2e-3f40-4152-a364-758697a8b9ca")
SECRET: Final = PLACE.arn("secretsmanager", "secret:thumbs/dev/db-a1B2c3")


def records() -> list[Json]:
    deploy = Deploy.by_user("deployer", SERVERLESS, PLACE, seed=2)
    custom_role = PLACE.arn("iam", f"role/{STACK}-IamRoleCustomResourcesLambdaExecution-{suffix(deploy)}", region="")
    bucket = f"{STACK}-serverlessdeploymentbucket-{deploy.recorder.text(12)}"
    artifacts = "serverless/thumbs/dev/1795939200000-2026-11-24T08:00:00.000Z"
    template = f"https://s3.amazonaws.com/{bucket}/{artifacts}/compiled-cloudformation-template.json"

    def made(name: str, role: str, archive: str) -> tuple[object, ...]:
        code = {"s3Bucket": bucket, "s3Key": f"{artifacts}/{archive}.zip"}
        return ("lambda:CreateFunction20150331", {"functionName": name, "role": role, "code": code})

    def stream(name: str) -> tuple[object, ...]:
        log = f"2026/11/24/[$LATEST]{deploy.recorder.text(32, '0123456789abcdef')}"
        return ("logs:CreateLogStream", {"logGroupName": f"/aws/lambda/{name}", "logStreamName": log})

    deploy.own(
        *looks_for_stack(STACK, there=True),
        *looks_for_changes(STACK, RESIZE, there=False),
        ("cloudformation:ValidateTemplate", {"templateURL": template}),
        ("cloudformation:UpdateStack", {"stackName": STACK, "templateURL": template}),
        ("cloudformation:DescribeStackEvents", {"stackName": STACK}),
    )
    deploy.forwarded(made(RESIZE, ROLE, "thumbs"), made(CUSTOM, custom_role, "custom-resources"))
    deploy.as_role(
        custom_role,
        CUSTOM,
        stream(CUSTOM),
        ("lambda:AddPermission20150331v2", {"functionName": RESIZE, "principal": "s3.amazonaws.com"}),
        ("s3:GetBucketNotification", {"bucketName": "thumbs-uploads", "notification": ""}),
        ("s3:PutBucketNotification", {"bucketName": "thumbs-uploads", "notification": ""}),
    )
    deploy.own(*info(STACK))
    deploy.as_role(
        ROLE,
        RESIZE,
        stream(RESIZE),
        ("ssm:GetParameter", {"name": "/thumbs/dev/size", "withDecryption": False}),
        ("dynamodb:DescribeTable", {"tableName": "thumbs-dev-index"}),
        ("secretsmanager:GetSecretValue", {"secretId": "thumbs/dev/db"}),
    )
    decrypt = {"encryptionContext": {"SecretARN": SECRET}, "encryptionAlgorithm": "SYMMETRIC_DEFAULT"}
    deploy.as_role(ROLE, RESIZE, ("kms:Decrypt", decrypt), by="secretsmanager.amazonaws.com")
    deploy.recorder.records[-1]["resources"] = [{"accountId": PLACE.account, "type": "AWS::KMS::Key", "ARN": KEY}]
    return deploy.recorder.records
