"""The small functions that templates of needs may send a value through: `{.FunctionName|function}`.

Each takes the value, the call and the account's state, and gives what AWS puts into the ARN that it evaluates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol
from urllib.parse import quote, unquote, urlsplit

from tracer.rehearse.call import Call


class State(Protocol):
    """What the account holds, for names that AWS looks up; None where it holds no such thing."""

    def role_arn(self, account: str, name: str) -> str | None:
        """A role's ARN, with its path."""
        ...

    def user_arn(self, account: str, name: str) -> str | None:
        """A user's ARN, with its path."""
        ...

    def secret_arn(self, account: str, region: str, name: str) -> str | None:
        """A secret's ARN, with its six random characters."""
        ...

    def key_arn(self, account: str, region: str, key: str) -> str | None:
        """A KMS key's ARN, of its id or of an alias."""
        ...

    def profile_role_arn(self, account: str, profile: str) -> str | None:
        """The ARN of the role in an instance profile (its name or ARN)."""
        ...


class Nothing:
    """An account that holds nothing: names stand for what they would be on their own."""

    def role_arn(self, account: str, name: str) -> str | None:
        """See `State`."""
        return None

    def user_arn(self, account: str, name: str) -> str | None:
        """See `State`."""
        return None

    def secret_arn(self, account: str, region: str, name: str) -> str | None:
        """See `State`."""
        return None

    def key_arn(self, account: str, region: str, key: str) -> str | None:
        """See `State`."""
        return None

    def profile_role_arn(self, account: str, profile: str) -> str | None:
        """See `State`."""
        return None


NOTHING: Final = Nothing()

Word = Callable[[str, Call, State], str]


def function(value: str, _call: Call, _state: State) -> str:
    """A function's name, perhaps with its qualifier, of a name, `ACCOUNT:function:NAME` or an ARN.

    https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html (FunctionName)
    """
    return value.split(":function:", 1)[-1]


def role(value: str, call: Call, state: State) -> str:
    """A role's ARN, of its ARN or its name."""
    known = None if value.startswith("arn:") else state.role_arn(call.caller.account, value)
    default = f"arn:{call.caller.partition}:iam::{call.caller.account}:role/{value}"
    return known or (value if value.startswith("arn:") else default)


def user(value: str, call: Call, state: State) -> str:
    """A user's ARN, of its name."""
    default = f"arn:{call.caller.partition}:iam::{call.caller.account}:user/{value}"
    return state.user_arn(call.caller.account, value) or default


def stack(value: str, _call: Call, _state: State) -> str:
    """A stack as in an ARN: `NAME/ID` of its ARN; of its name `NAME/*`, since CloudFormation has no id to evaluate yet.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/control-access-with-iam.html
    """
    return value.split(":stack/", 1)[1] if ":stack/" in value else f"{value}/*"


def secret(value: str, call: Call, state: State) -> str:
    """A secret's ARN, of its ARN or its name; a secret that is not there is evaluated with six unknown characters."""
    if value.startswith("arn:"):
        return value
    partition, account = call.caller.partition, call.caller.account
    known = state.secret_arn(account, call.region, value)
    return known or f"arn:{partition}:secretsmanager:{call.region}:{account}:secret:{value}-??????"


def key(value: str, call: Call, state: State) -> str:
    """A KMS key's ARN, of its id, its ARN, or an alias or its ARN."""
    partition, account = call.caller.partition, call.caller.account
    known = state.key_arn(account, call.region, value)
    return known or f"arn:{partition}:kms:{call.region}:{account}:key/{value}"


def queue(value: str, _call: Call, _state: State) -> str:
    """A queue's name, of its URL."""
    return urlsplit(value).path.rpartition("/")[2]


def resource(value: str, _call: Call, _state: State) -> str:
    """What stands in an ARN's last part; of a bare name, the name."""
    return value.split(":", 5)[5] if value.startswith("arn:") else value


def table(value: str, _call: Call, _state: State) -> str:
    """A table's name, of its name or its ARN."""
    return value.split(":table/", 1)[-1]


def layer(value: str, _call: Call, _state: State) -> str:
    """A layer's name, of its name or its ARN."""
    return value.split(":layer:", 1)[-1]


def image(value: str, call: Call, _state: State) -> str:
    """The ARN of the repository of an image, of `ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME:TAG` or `...@DIGEST`."""
    registry, _, rest = value.partition("/")
    account, _, _, region, *_ = registry.split(".")
    name = rest.split("@", 1)[0].split(":", 1)[0]
    return f"arn:{call.caller.partition}:ecr:{region}:{account}:repository/{name}"


def copied(value: str, _call: Call, _state: State) -> str:
    """`BUCKET/KEY` of what is copied: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html."""
    return unquote(value.split("?", 1)[0]).lstrip("/")


def without_star(value: str, _call: Call, _state: State) -> str:
    """A log group's ARN as calls about tags have it, without the `:*` that DescribeLogGroups adds."""
    return value.removesuffix(":*")


def kind(value: str, _call: Call, _state: State) -> str:
    """A resource of EC2 as in its ARN, of its id, whose front says what it is: `sg-1` is `security-group/sg-1`.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html (resource types)
    """
    front = value.partition("-")[0]
    return f"{_KINDS.get(front, front)}/{value}"


def last(value: str, _call: Call, _state: State) -> str:
    """What stands behind the last `/`."""
    return value.rpartition("/")[2]


def path(value: str, _call: Call, _state: State) -> str:
    """Without a slash at the front, as a parameter's name stands in its ARN."""
    return value.lstrip("/")


def encoded(value: str, _call: Call, _state: State) -> str:
    """URL-encoded, as an ARN stands in API Gateway's `/tags/`."""
    return quote(value, safe="")


_KINDS: Final[Mapping[str, str]] = {"sg": "security-group"}
"""EC2's types of resources whose ids do not begin with the type's name."""


WORDS: Final[Mapping[str, Word]] = {
    word.__name__: word
    for word in (
        copied,
        encoded,
        function,
        image,
        key,
        kind,
        last,
        layer,
        path,
        queue,
        resource,
        role,
        secret,
        stack,
        table,
        user,
        without_star,
    )
}
