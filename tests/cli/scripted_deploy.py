"""A deploy for the tests: calls AWS as a deploy would, and writes each call down as CloudTrail would.

    python scripted_deploy.py RECORDS [EXIT_CODE]

The calls are real ones, to whatever endpoint the environment names. Who makes them, in each record, is who STS says.
"""

from __future__ import annotations

import json
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3

TEMPLATE = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "orders-dev"}}}})


def deploy(session: boto3.session.Session) -> None:
    stack = {"StackName": "orders-dev", "TemplateBody": TEMPLATE, "Tags": [{"Key": "STAGE", "Value": "dev"}]}
    session.client("cloudformation").create_stack(**stack)
    session.client("dynamodb").create_table(
        TableName="orders",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    session.client("cloudformation").delete_stack(StackName="orders-dev")
    session.client("dynamodb").delete_table(TableName="orders")


def lower_camel(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Names as CloudTrail writes them."""
    if isinstance(value, dict):
        return {name[0].lower() + name[1:]: lower_camel(item) for name, item in value.items()}
    return [lower_camel(item) for item in value] if isinstance(value, list) else value


def main(path: Path, exit_code: int) -> None:
    session = boto3.session.Session()
    arn = session.client("sts").get_caller_identity()["Arn"]
    records: list[dict[str, Any]] = []

    def write_down(model: Any, params: dict[str, Any], **_: object) -> None:  # noqa: ANN401 - botocore's
        records.append(
            {
                "eventVersion": "1.11",
                "userIdentity": identity(arn),
                "eventTime": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
                "eventSource": f"{model.service_model.endpoint_prefix}.amazonaws.com",
                "eventName": model.name,
                "awsRegion": session.region_name,
                "sourceIPAddress": "192.0.2.10",
                "userAgent": params["headers"]["User-Agent"],
                "requestParameters": lower_camel(asked[-1]),
                "readOnly": model.name.startswith(("Describe", "Get", "List")),
                "eventID": str(uuid.uuid4()),
                "eventType": "AwsApiCall",
                "recipientAccountId": arn.split(":")[4],
            }
        )

    asked: list[dict[str, Any]] = []
    session.events.register("provide-client-params", lambda params, **_: asked.append(params))
    session.events.register("before-call", write_down)
    deploy(session)
    path.write_text("\n".join(map(json.dumps, records)))
    sys.exit(exit_code)


def identity(arn: str) -> dict[str, Any]:
    account, name = arn.split(":")[4], arn.rpartition("/")[2]
    if ":assumed-role/" not in arn:
        return {"type": "IAMUser", "principalId": "AIDAEXAMPLE", "arn": arn, "accountId": account, "userName": name}
    role = arn.split("/")[-2]
    issuer = {"type": "Role", "arn": f"arn:aws:iam::{account}:role/{role}", "accountId": account, "userName": role}
    context = {"sessionIssuer": issuer | {"principalId": "AROAEXAMPLE"}}
    principal = f"AROAEXAMPLE:{name}"
    return {
        "type": "AssumedRole",
        "principalId": principal,
        "arn": arn,
        "accountId": account,
        "sessionContext": context,
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
