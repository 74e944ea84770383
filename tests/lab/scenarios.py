"""What the lab deploys, as data: a project, the commands that somebody gives over its life, and what stood before it.

Each scenario is a folder of `projects/`. Its steps are shell commands, given in that folder one after another by the
deployer; `edits` change the project before a step, `given` are commands that an administrator gives before it. A
scenario's own `given` make what stood before the service; what they print is a variable of the project's environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROJECTS: Final = Path(__file__).parent / "projects"


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of the project: `old`, which stands once in the file, becomes `new`."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Step:
    """One command of the deployer's."""

    name: str
    command: str
    edits: tuple[Edit, ...] = ()
    given: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Role:
    """A role that stood before the service; in the trial it may do anything, later what tracer found that it needs."""

    name: str
    trusts: Mapping[str, str]
    """The principal of its trust policy."""
    variable: str | None = None
    """The variable of the project's environment that holds its ARN."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A project and its life.

    Attributes:
        name: its folder in `projects/`.
        about: what is special about it.
        tool: `serverless`, `aws` or `cdk`.
        steps: the first deploy, the redeploy, what else applies, and the remove.
        given: what stood before the service: the variable to fill, or none, and the command that makes it.
        role: a role that stood before the service.
        assumed: the deployer works in a session of `role`.
        options: what `tracer run` is told beside the recording.
    """

    name: str
    about: str
    steps: tuple[Step, ...]
    tool: str = "serverless"
    given: tuple[tuple[str | None, str], ...] = ()
    role: Role | None = None
    assumed: bool = False
    options: tuple[str, ...] = ()


CODE: Final = Edit("handler.py", "first", "second")
MEMORY: Final = Edit("serverless.yml", "memorySize: 128", "memorySize: 256")


def life(*edits: Edit, between: tuple[Step, ...] = ()) -> tuple[Step, ...]:
    """The commands of a Serverless project: a first deploy, one of a changed project, what is done then, its end."""
    return (
        Step("deploy", "serverless deploy"),
        Step("redeploy", "serverless deploy", edits=(CODE, MEMORY, *edits)),
        *between,
        Step("remove", "serverless remove"),
    )


_LOGGED: Final = (
    "aws logs create-log-stream --log-group-name /aws/lambda/orders-dev-create --log-stream-name 2026/11/24/1",
    (
        "aws logs put-log-events --log-group-name /aws/lambda/orders-dev-create --log-stream-name 2026/11/24/1 "
        "--log-events timestamp=$(date +%s)000,message=paid"
    ),
)
"""What a function that has been invoked leaves behind: here no function runs."""

SCENARIOS: Final = (
    Scenario(
        "rest",
        "a REST API over a table, every command of the framework's that needs a permission",
        life(
            Edit("serverless.yml", "rate(1 day)", "rate(2 days)"),
            Edit("serverless.yml", "logRetentionInDays: 14", "logRetentionInDays: 30"),
            between=(
                Step(
                    "deploy-function",
                    "serverless deploy function --function create",
                    edits=(Edit("handler.py", "second", "third"),),
                ),
                Step("invoke", "serverless invoke --function create"),
                Step("logs", "serverless logs --function create", given=_LOGGED),
                Step("info", "serverless info && serverless deploy list functions"),
                Step(
                    "rollback",
                    "serverless rollback --timestamp "
                    "$(serverless deploy list | sed -n 's/^Timestamp: //p' | head -n 1)",
                ),
            ),
        ),
        # An invocation leaves no record: that it is wanted has to be told.
        options=("--commands", "deploy,deploy function,deploy list functions,invoke,logs,info,rollback,remove"),
    ),
    Scenario(
        "http_api",
        "an HTTP API",
        life(Edit("serverless.yml", "GET /search", "GET /find")),
    ),
    Scenario(
        "queue",
        "a queue, a schedule and a topic",
        life(
            Edit("serverless.yml", "batchSize: 10", "batchSize: 5"),
            Edit("serverless.yml", "rate(1 hour)", "rate(2 hours)"),
            Edit("serverless.yml", "VisibilityTimeout: 60", "VisibilityTimeout: 90"),
        ),
    ),
    Scenario(
        "layers",
        "a layer, published versions, an alias",
        life(
            Edit("layer/python/shared.py", "(64, 128)", "(64, 128, 256)"),
            Edit("serverless.yml", "what callers use", "what all callers use"),
        ),
    ),
    Scenario(
        "bucket",
        "a deployment bucket that stood before, and tags",
        life(Edit("serverless.yml", "team: records", "team: archive")),
        given=((None, "aws s3api create-bucket --bucket acme-deployments"),),
    ),
    Scenario(
        "network",
        "a function in a network, with concurrency of its own",
        life(Edit("serverless.yml", "reservedConcurrency: 2", "reservedConcurrency: 3")),
        given=(
            ("VPC", "aws ec2 create-vpc --cidr-block 10.0.0.0/16 --query Vpc.VpcId --output text"),
            (
                "SUBNET",
                "aws ec2 create-subnet --vpc-id $VPC --cidr-block 10.0.1.0/24 --query Subnet.SubnetId --output text",
            ),
            (
                "SECURITY_GROUP",
                (
                    "aws ec2 create-security-group --group-name functions --description functions --vpc-id $VPC "
                    "--query GroupId --output text"
                ),
            ),
        ),
    ),
    Scenario(
        "stream",
        "functions on a table's stream and on a stream of its own",
        life(Edit("serverless.yml", "ShardCount: 1", "ShardCount: 2")),
    ),
    Scenario(
        "workflow",
        "a state machine with a role of its own",
        life(Edit("serverless.yml", '"TimeoutSeconds": 30', '"TimeoutSeconds": 60')),
    ),
    Scenario(
        "variables",
        "variables of the Parameter Store, of Secrets Manager and of another stack",
        life(),
        given=(
            (None, "aws ssm put-parameter --name /mailer/dev/sender --type String --value mail@example.com"),
            (None, "aws secretsmanager create-secret --name mailer/dev/token --secret-string '{\"key\": \"k\"}'"),
            (None, "aws cloudformation deploy --stack-name shared-dev --template-file shared.yml"),
        ),
    ),
    Scenario(
        "roles",
        "several functions with a role each",
        life(Edit("serverless.yml", "Action: dynamodb:PutItem", "Action: [dynamodb:PutItem, dynamodb:GetItem]")),
    ),
    Scenario(
        "service_role",
        "CloudFormation under a role of its own",
        life(),
        role=Role("payroll-deployment", {"Service": "cloudformation.amazonaws.com"}, "DEPLOYMENT_ROLE"),
    ),
    Scenario(
        "assumed_role",
        "a deployer who assumes a role, by `tracer record --assume-role`",
        life(),
        role=Role("ci", {"AWS": "arn:aws:iam::123456789012:root"}),
        assumed=True,
    ),
    Scenario(
        "template",
        "`aws cloudformation deploy`, no framework",
        (
            Step("deploy", "aws cloudformation deploy --stack-name reports-dev --template-file template.yml"
                 " --capabilities CAPABILITY_NAMED_IAM --tags stage=dev"),
            Step("redeploy", "aws cloudformation deploy --stack-name reports-dev --template-file template.yml"
                 " --capabilities CAPABILITY_NAMED_IAM --tags stage=dev --parameter-overrides Memory=256",
                 edits=(Edit("template.yml", "'first'", "'second'"),)),
            Step("remove", "aws cloudformation delete-stack --stack-name reports-dev"
                 " && aws cloudformation wait stack-delete-complete --stack-name reports-dev"),
        ),
        tool="aws",
        options=("--service", "reports"),
    ),
    Scenario(
        "cdk",
        "the CDK: bootstrap, deploy and destroy",
        (
            Step("bootstrap", "cdk bootstrap aws://123456789012/us-east-1"),
            Step("deploy", "cdk deploy --require-approval never"),
            Step(
                "redeploy",
                "cdk deploy --require-approval never",
                edits=(Edit("app.mjs", 'return "first"', 'return "second"'),),
            ),
            Step("remove", "cdk destroy --force"),
        ),
        tool="cdk",
        options=("--service", "catalog"),
    ),
)  # fmt: skip


def scenario(name: str) -> Scenario:
    """The scenario of this name. Raises KeyError."""
    return {known.name: known for known in SCENARIOS}[name]
