"""Baselines are read, filled and copied; what is wrong with one is told with the option that mends it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from emit_support import ACCOUNT, allow

from tracer.emit.baseline import BUILT_IN, Baseline, fill, load, placeholders, texts
from tracer.errors import UsageError
from tracer.model.policy import Conditions, Policy

ORDERS = {"region": ("us-east-1",), "account_no": (ACCOUNT,), "service_name": ("orders",), "stage": ("dev",)}
FOLDER = Path(__file__).parent.parent.parent / "tracer" / "emit" / "baselines"

# The guide's advanced template with the three values put into its text.
ADVANCED = """
{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": ["cloudformation:Describe*", "cloudformation:List*", "cloudformation:Get*",
     "cloudformation:CreateStack", "cloudformation:UpdateStack", "cloudformation:DeleteStack"],
   "Resource": "arn:aws:cloudformation:us-east-1:123456789012:stack/orders*/*"},
  {"Effect": "Allow", "Action": ["cloudformation:ValidateTemplate"], "Resource": "*"},
  {"Effect": "Allow", "Action": ["s3:CreateBucket", "s3:DeleteBucket", "s3:Get*", "s3:List*"],
   "Resource": ["arn:aws:s3:::orders*"]},
  {"Effect": "Allow", "Action": ["s3:*"], "Resource": ["arn:aws:s3:::orders*/*"]},
  {"Effect": "Allow", "Action": ["logs:DescribeLogGroups"],
   "Resource": "arn:aws:logs:us-east-1:123456789012:log-group::log-stream:*"},
  {"Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DeleteLogGroup", "logs:DeleteLogStream",
     "logs:DescribeLogStreams", "logs:FilterLogEvents"],
   "Resource": "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/orders*:log-stream:*", "Effect": "Allow"},
  {"Effect": "Allow", "Action": ["iam:GetRole", "iam:PassRole", "iam:CreateRole", "iam:DeleteRole",
     "iam:DetachRolePolicy", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:DeleteRolePolicy"],
   "Resource": ["arn:aws:iam::123456789012:role/orders*-lambdaRole"]},
  {"Effect": "Allow", "Action": ["apigateway:GET", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT",
     "apigateway:DELETE"], "Resource": ["arn:aws:apigateway:us-east-1::/restapis"]},
  {"Effect": "Allow", "Action": ["apigateway:GET", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT",
     "apigateway:DELETE"], "Resource": ["arn:aws:apigateway:us-east-1::/restapis/*"]},
  {"Effect": "Allow", "Action": ["lambda:GetFunction", "lambda:CreateFunction", "lambda:DeleteFunction",
     "lambda:UpdateFunctionConfiguration", "lambda:UpdateFunctionCode", "lambda:ListVersionsByFunction",
     "lambda:PublishVersion", "lambda:CreateAlias", "lambda:DeleteAlias", "lambda:UpdateAlias",
     "lambda:GetFunctionConfiguration", "lambda:AddPermission", "lambda:RemovePermission", "lambda:InvokeFunction"],
   "Resource": ["arn:aws:lambda:*:123456789012:function:orders*"]},
  {"Effect": "Allow", "Action": ["ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"],
   "Resource": ["*"]},
  {"Effect": "Allow", "Action": ["events:Put*", "events:Remove*", "events:Delete*", "events:Describe*"],
   "Resource": "arn:aws:events:us-east-1:123456789012:rule/orders*"}]}
"""


def written(folder: Path, policy: object) -> str:
    file = folder / "baseline.json"
    file.write_text(policy if isinstance(policy, str) else json.dumps(policy), encoding="utf-8")
    return str(file)


def test_the_advanced_baseline_is_the_guides_template_filled():
    assert fill(load("serverless-advanced"), ORDERS).policy == Policy.from_json(ADVANCED)


def test_the_advanced_baseline_is_too_large_for_a_users_inline_policy():
    text = (FOLDER / "serverless-advanced.json").read_text(encoding="utf-8")
    assert len(re.sub(r"\s", "", text)) == 2_349


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_baseline_filled_holds_no_placeholder(name: str):
    statements = fill(load(name), ORDERS).policy.statements
    assert statements
    assert not any(placeholders(statement) for statement in statements)


def test_none_is_no_statement():
    assert load("none").policy.statements == ()


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov"])
def test_a_built_in_baseline_follows_the_partition(partition: str):
    statements = fill(load("serverless-advanced"), ORDERS, partition).policy.statements
    arns = [text for statement in statements for text in texts(statement) if text.startswith("arn:")]
    assert arns
    assert all(text.startswith(f"arn:{partition}:") for text in arns)


def test_a_file_keeps_its_partition(tmp_path: Path):
    name = written(tmp_path, Policy((allow("s3:GetObject", "arn:aws:s3:::<service_name>/*"),)).to_dict())
    assert fill(load(name), ORDERS, "aws-cn").policy.statements[0].resources == ("arn:aws:s3:::orders/*",)


def test_several_regions_give_one_copy_each_and_what_names_no_region_once():
    statements = fill(load("serverless-advanced"), ORDERS | {"region": ("us-east-1", "eu-west-1")}).policy.statements
    first, second = (
        fill(load("serverless-advanced"), ORDERS | {"region": (region,)}) for region in ("us-east-1", "eu-west-1")
    )
    assert statements[:12] == first.policy.statements
    assert set(statements) == {*first.policy.statements, *second.policy.statements}
    assert len(statements) == len(set(statements)) == 18


def test_several_accounts_give_one_copy_each():
    statements = fill(load("serverless-advanced"), ORDERS | {"account_no": (ACCOUNT, "210987654321")}).policy.statements
    assert len(statements) == 12 + 6


def test_copies_do_not_share_a_sid():
    baseline = Baseline("own", Policy((allow("sqs:*", "arn:aws:sqs:<region>:<account_no>:a", sid="Queues"),)))
    filled = fill(baseline, ORDERS | {"region": ("us-east-1", "eu-west-1")}).policy.statements
    assert [statement.sid for statement in filled] == ["Queues", "Queuesx2"]


def test_what_a_file_says_is_kept(tmp_path: Path):
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Guard",
                "Effect": "Deny",
                "NotAction": "iam:*",
                "NotResource": ["arn:aws:iam::<account_no>:role/<stage>"],
            },
            {
                "Effect": "Allow",
                "Action": "iam:PassRole",
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:ResourceAccount": "<account_no>"}},
            },
        ],
    }
    guard, passing = fill(load(written(tmp_path, document)), ORDERS).policy.statements
    assert (guard.sid, guard.effect, guard.not_actions) == ("Guard", "Deny", ("iam:*",))
    assert guard.not_resources == (f"arn:aws:iam::{ACCOUNT}:role/dev",)
    assert passing.conditions == Conditions.of("StringEquals", "aws:ResourceAccount", ACCOUNT)


def test_a_byte_order_mark_does_no_harm(tmp_path: Path):
    file = tmp_path / "baseline.json"
    file.write_text(Policy((allow("s3:GetObject"),)).to_json(), encoding="utf-8-sig")
    assert load(str(file)).policy.statements == (allow("s3:GetObject"),)


@pytest.mark.parametrize(
    ("name", "option"),
    [("region", "--region"), ("account_no", "--account"), ("service_name", "--service"), ("stage", "--stage")],
)
def test_a_placeholder_that_nothing_fills_names_its_option(name: str, option: str):
    baseline = Baseline("own.json", Policy((allow("s3:GetObject", f"arn:aws:s3:::<{name}>"),)))
    with pytest.raises(UsageError, match=f"<{name}>.*own.json") as error:
        fill(baseline, ORDERS | {name: ()})
    assert option in error.value.hint


def test_an_unknown_placeholder_is_named_with_the_known_ones():
    baseline = Baseline("own.json", Policy((allow("s3:GetObject", "arn:aws:s3:::<bucket>/*"),)))
    with pytest.raises(UsageError, match="<bucket>") as error:
        fill(baseline, ORDERS)
    assert "<service_name>" in error.value.hint


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("service_name", "*"),
        ("service_name", "a:b"),
        ("service_name", "a/../b"),
        ("service_name", "<region>"),
        ("service_name", "or\nders"),
        ("account_no", "12345"),
        ("region", "us-*"),
    ],
)
def test_a_value_that_would_change_the_arn_is_refused(name: str, value: str):
    with pytest.raises(UsageError, match=f"<{name}>"):
        fill(load("serverless-advanced"), ORDERS | {name: (value,)})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("[]", "a policy is an object"),
        ('{"Statement": [{"Effect": "Maybe", "Action": "*", "Resource": "*"}]}', "Allow or Deny"),
        ('{"Statement": [{"Effect": "Allow", "Action": "s*:Get", "Resource": "*"}]}', "s\\*:Get"),
    ],
    ids=["json", "list", "effect", "action"],
)
def test_a_file_that_is_no_policy_is_refused(tmp_path: Path, text: str, message: str):
    with pytest.raises(UsageError, match=message):
        load(written(tmp_path, text))


def test_a_name_that_is_neither_built_in_nor_a_file_lists_what_is():
    with pytest.raises(UsageError, match="no-such") as error:
        load("no-such")
    assert "serverless-advanced" in error.value.hint


def test_a_folder_is_no_baseline(tmp_path: Path):
    with pytest.raises(UsageError, match="cannot be read"):
        load(str(tmp_path))


def test_a_file_that_is_no_text_is_refused(tmp_path: Path):
    file = tmp_path / "baseline.json"
    file.write_bytes(b"\x1f\x8b\xff")
    with pytest.raises(UsageError, match="not UTF-8"):
        load(str(file))
