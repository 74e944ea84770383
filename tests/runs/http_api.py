"""A service with an HTTP API is deployed, deployed again with new code, and removed; its role is none of the stack's.

What CloudFormation calls for the API is API Gateway's second version, `apigatewayv2`, whose records bear the first
one's name (https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/api-reference.html).
"""

from __future__ import annotations

from typing import Final

from runs.deploy import SERVERLESS, Deploy
from runs.recorder import Json, Place
from runs.serverless import change_set, info, looks_for_changes, looks_for_stack, remove

PLACE: Final = Place("eu-central-1")
STACK: Final = "notes-dev"
DEPLOYER: Final = PLACE.arn("iam", "user/deployer", region="")
ROLE: Final = PLACE.arn("iam", "role/runtime/notes", region="")
FUNCTION: Final = f"{STACK}-api"
TAGS: Final = {"STAGE": "dev", "aws:cloudformation:stack-name": STACK}


def records() -> list[Json]:
    deploy = Deploy.by_user("deployer", SERVERLESS, PLACE, seed=3)
    text = deploy.recorder.text
    bucket = f"{STACK}-serverlessdeploymentbucket-{text(12)}"
    function = {"functionName": FUNCTION}
    groups = [{"logGroupName": f"/aws/{name}"} for name in (f"lambda/{FUNCTION}", f"http-api/{STACK}")]
    api, integration, route = ({"apiId": text(10)}, {"integrationId": text(7)}, {"routeId": text(7)})
    stage = api | {"stageName": "$default"}
    access_log = {
        "destinationArn": PLACE.arn("logs", f"log-group:/aws/http-api/{STACK}"),
        "format": "$context.requestId",
    }

    def artifacts(time: str) -> str:
        return f"serverless/notes/dev/{time}"

    def code(time: str) -> Json:
        return {"s3Bucket": bucket, "s3Key": f"{artifacts(time)}/notes.zip"}

    def own(time: str, *, there: bool) -> None:
        template = f"https://s3.amazonaws.com/{bucket}/{artifacts(time)}/compiled-cloudformation-template.json"
        deploy.own(
            *looks_for_stack(STACK, there=True),
            *looks_for_changes(STACK, FUNCTION, there=there),
            *change_set(deploy, STACK, "dev", template),
        )

    first, second = "1795939200000-2026-11-24T08:00:00.000Z", "1795939800000-2026-11-24T08:10:00.000Z"
    own(first, there=False)
    deploy.forwarded(
        *(("logs:CreateLogGroup", group | {"tags": TAGS}) for group in groups),
        ("lambda:CreateFunction20150331", function | {"role": ROLE, "code": code(first), "tags": TAGS}),
        ("apigateway:CreateApi", {"name": "dev-notes", "protocolType": "HTTP", "tags": TAGS}, api),
        ("apigateway:CreateIntegration", api | {"integrationType": "AWS_PROXY"}, integration),
        ("lambda:AddPermission20150331v2", function | {"principal": "apigateway.amazonaws.com"}),
        ("apigateway:CreateRoute", api | {"routeKey": "GET /notes"}, route),
        ("apigateway:CreateStage", stage | {"autoDeploy": True, "accessLogSettings": access_log, "tags": TAGS}),
        ("apigateway:GetApi", api),
    )
    deploy.own(*info(STACK))
    own(second, there=True)
    deploy.forwarded(
        ("lambda:UpdateFunctionCode20150331v2", function | code(second)),
        ("lambda:GetFunction20150331v2", function),
        ("apigateway:UpdateRoute", api | route | {"routeKey": "GET /notes"}),
    )
    deploy.own(*info(STACK), *remove(STACK))
    deploy.forwarded(
        ("apigateway:DeleteStage", stage),
        ("apigateway:DeleteRoute", api | route),
        ("apigateway:DeleteIntegration", api | integration),
        ("lambda:RemovePermission20150331v2", function | {"statementId": "notes-dev-Api"}),
        ("apigateway:DeleteApi", api),
        ("lambda:DeleteFunction20150331", function),
        *(("logs:DeleteLogGroup", group) for group in groups),
    )
    return deploy.recorder.records
