"""A `sls deploy` in China: a function in a VPC that runs once a day. Partition `aws-cn`, region `cn-north-1`.

https://docs.amazonaws.cn/en_us/aws/latest/userguide/ARNs.html
"""

from __future__ import annotations

from typing import Final

from runs.deploy import SERVERLESS, Deploy, suffix, tag_list
from runs.recorder import Json, Place
from runs.serverless import change_set, info, looks_for_changes, looks_for_stack

PLACE: Final = Place("cn-north-1", "aws-cn", "cn-north-1")
STACK: Final = "reports-prod"
DEPLOYER: Final = PLACE.arn("iam", "user/deployer", region="")
ROLE: Final = PLACE.arn("iam", f"role/{STACK}-cn-north-1-lambdaRole", region="")
VPC_POLICY: Final = "arn:aws-cn:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"
DAILY: Final = f"{STACK}-daily"
TAGS: Final = {"STAGE": "prod", "aws:cloudformation:stack-name": STACK}


def records() -> list[Json]:
    deploy = Deploy.by_user("deployer", SERVERLESS, PLACE, seed=5)
    bucket = f"{STACK}-serverlessdeploymentbucket-{deploy.recorder.text(12)}"
    artifacts = "serverless/reports/prod/1795939200000-2026-11-24T08:00:00.000Z"
    template = f"https://s3.cn-north-1.amazonaws.com.cn/{bucket}/{artifacts}/compiled-cloudformation-template.json"
    role, rule = {"roleName": ROLE.rpartition("/")[2]}, f"{STACK}-DailyEventsRuleSchedule1-{suffix(deploy)}"
    deploy.own(
        *looks_for_stack(STACK, there=True),
        *looks_for_changes(STACK, DAILY, there=False),
        *change_set(deploy, STACK, "prod", template),
    )
    request = {
        "functionName": DAILY,
        "role": ROLE,
        "code": {"s3Bucket": bucket, "s3Key": f"{artifacts}/reports.zip"},
        "vpcConfig": {"subnetIds": ["subnet-0a1b2c3d4e5f60718"], "securityGroupIds": ["sg-0a1b2c3d4e5f60718"]},
        "tags": TAGS,
    }
    deploy.forwarded(
        ("logs:CreateLogGroup", {"logGroupName": f"/aws/lambda/{DAILY}", "tags": TAGS}),
        ("iam:CreateRole", role | {"path": "/", "tags": tag_list(TAGS)}, {"role": {"arn": ROLE}}),
        ("iam:AttachRolePolicy", role | {"policyArn": VPC_POLICY}),
        ("iam:PutRolePolicy", role | {"policyName": "reports-prod-lambda", "policyDocument": "{}"}),
        ("lambda:CreateFunction20150331", request),
        ("lambda:GetFunction20150331v2", {"functionName": DAILY}),
        ("events:PutRule", {"name": rule, "scheduleExpression": "rate(1 day)", "tags": tag_list(TAGS)}),
        (
            "events:PutTargets",
            {"rule": rule, "targets": [{"id": "daily", "arn": PLACE.arn("lambda", f"function:{DAILY}")}]},
        ),
        ("lambda:AddPermission20150331v2", {"functionName": DAILY, "principal": "events.amazonaws.com"}),
    )
    deploy.own(*info(STACK))
    return deploy.recorder.records
