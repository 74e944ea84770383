"""A run to be played: who deploys, and the calls that it and the services acting for it make, as lists.

The records are those of `recorder`: what differs from run to run is a list of calls. A call is a tuple: the
event as `service:EventName`, its requestParameters, its responseElements and its error, the last three where there are
any.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from runs.recorder import Caller, Json, Place, Recorder, User, role_session

Call = tuple[Any, ...]
"""(event, request, response, error); what is left out at the end is None."""

SERVERLESS: Final = "aws-sdk-nodejs/2.1693.0 linux/v20.20.2 promise"
TERRAFORM: Final = (
    "APN/1.0 HashiCorp/1.0 Terraform/1.13.5 (+https://www.terraform.io) terraform-provider-aws/6.20.0 "
    "(+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.39.6 ua/2.1 os/linux lang/go#1.24.10"
)
AWS_CLI: Final = "aws-cli/2.31.6 md/awscrt#0.27.6 ua/2.1"
CONSOLE: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"
IN_LAMBDA: Final = "aws-sdk-nodejs/2.1693.0 linux/v22.20.0 exec-env/AWS_Lambda_nodejs22.x promise"
CLOUDFORMATION: Final = "cloudformation.amazonaws.com"

START: Final = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
ADDRESS: Final = "192.0.2.14"


@dataclass(slots=True)
class Deploy:
    """A run in the making.

    Attributes:
        recorder: holds the records.
        caller: the deployer, as it calls itself.
        identities: of the roles that took part, by ARN: one id each.
    """

    recorder: Recorder
    caller: Caller
    identities: dict[str, str] = field(default_factory=dict)

    @classmethod
    def by_user(cls, name: str, agent: str, place: Place, seed: int) -> Deploy:
        """A run of an IAM user."""
        recorder = _recorder(place, seed)
        user = User(name, recorder.key("AIDA"), recorder.key("AKIA"), ADDRESS, agent, place)
        return cls(recorder, user.direct)

    @classmethod
    def by_role(cls, name: str, session: str, agent: str, place: Place, seed: int) -> Deploy:
        """A run of a role's session; `name` is the role's with its path."""
        recorder = _recorder(place, seed)
        identity = role_session(recorder, place.arn("iam", f"role/{name}", region=""), recorder.key("AROA"), session)
        return cls(recorder, Caller(identity, ADDRESS, agent))

    @property
    def place(self) -> Place:
        return self.recorder.place

    def own(self, *calls: Call, agent: str | None = None) -> None:
        """The deployer's own calls, with its tool or another."""
        caller = self.caller if agent is None else Caller(self.caller.identity, self.caller.address, agent)
        self._play(lambda: caller, calls)

    def forwarded(self, *calls: Call, by: str = CLOUDFORMATION) -> None:
        """What a service calls for the deployer: each call in a session of its own, with a key of its own.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html
        """
        self._play(lambda: self._service(self.caller.identity, by), calls)

    def as_role(self, role: str, session: str, *calls: Call, by: str | None = None, agent: str = IN_LAMBDA) -> None:
        """What a session of another role calls; `by` is the service that calls in it, if it is one."""
        role_id = self.identities.setdefault(role, self.recorder.key("AROA"))
        identity = role_session(self.recorder, role, role_id, session)
        caller = self._service(identity, by) if by else Caller(identity, "198.51.100.24", agent)
        self._play(lambda: caller, calls)

    def _service(self, identity: Mapping[str, Any], by: str) -> Caller:
        session = {"sessionIssuer": {}, "webIdFederationData": {}, "attributes": {"mfaAuthenticated": "false"}}
        key = {"accessKeyId": self.recorder.key("ASIA"), "invokedBy": by}
        return Caller({"sessionContext": session, **identity, **key}, by, by, own_connection=False)

    def _play(self, caller: Callable[[], Caller], calls: tuple[Call, ...]) -> None:
        for event, *rest in calls:
            request, response, error = (*rest, None, None, None)[:3]
            self.recorder.call(caller(), event, request, response, error=error)


def _recorder(place: Place, seed: int) -> Recorder:
    return Recorder(random.Random(seed), START, place)  # noqa: S311 - reproducible on purpose


def suffix(deploy: Deploy, length: int = 12) -> str:
    """What CloudFormation adds to a name: capitals and digits."""
    return deploy.recorder.text(length, string.ascii_uppercase + string.digits)


def tag_list(tags: Mapping[str, str]) -> list[Json]:
    """Tags as most services take them."""
    return [{"key": key, "value": value} for key, value in tags.items()]
