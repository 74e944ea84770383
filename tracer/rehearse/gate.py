"""The one door that each call goes through, whether it comes over HTTP or CloudFormation makes it for somebody.

    denial = gate.check(call)                 what AWS checks for it, put to the judge; a refused call is recorded here
    gate.record(call, response, error)        how a call that was let through ended, for CloudTrail

While a request is served, `gate.serving()` is its call: who deploys the stack whose resources are being made. For each
call that CloudFormation makes on the way:

    call = gate.forwarded("dynamodb", "CreateTable", {...})          the deployer's, or a session of role="arn..."
    if denial := gate.check(call): fail the resource with denial.message
    gate.record(call, response={...})
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Protocol

from tracer.rehearse.call import CLOUDFORMATION, ApiError, Call, Caller, CallerType
from tracer.rehearse.denial import Denial, refusal
from tracer.rehearse.ids import Ids
from tracer.rehearse.judge import Decision, Judge, Need
from tracer.rehearse.needs import State, needs_of

_SERVING: Final[ContextVar[Call]] = ContextVar("serving")

_NOT_JUDGED: Final = (CallerType.ROOT, CallerType.AWS_SERVICE)
"""Root may do anything, and what a service does for itself needs no policy of the account's: nobody asks about it."""


@dataclass(frozen=True, slots=True)
class Layer:
    """Policies of one type; a call must be allowed by every layer that its caller has."""

    type: str
    """In the words of AWS's messages: `identity-based`, `permissions boundary`, `session`."""
    policies: Sequence[Mapping[str, Any]]


class Directory(State, Protocol):
    """The account's IAM, as the gate needs it."""

    def layers(self, caller: Caller) -> Sequence[Layer]:
        """The policies that bound a caller; none at all: it may do anything, as root may."""
        ...

    def session(self, role_arn: str, session_name: str, access_key_id: str, created: datetime) -> Caller:
        """A session of a role. Raises RehearseError where there is no such role."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One call in the account's journal: what was needed for it, and what it was refused for."""

    call: Call
    needs: Sequence[Need]
    denials: Sequence[Denial]
    """What it was refused for, the reason that was given first; none where it was allowed."""
    error: ApiError | None
    response: Mapping[str, Any] | None


@dataclass(slots=True)
class Gate:
    """The door.

    Attributes:
        directory: who has which policies.
        judge: who decides.
        ids: where event ids, request ids and key ids come from.
        clock: the time of forwarded calls.
        journal: every call that came to its end, in that order.
        lenient: let what is refused go on all the same, and only write it down: to see all that a policy lacks.
    """

    directory: Directory
    judge: Judge
    ids: Ids
    clock: Callable[[], datetime]
    journal: list[Entry] = field(default_factory=list)
    lenient: bool = False
    _asked: dict[str, tuple[Sequence[Need], Sequence[Denial]]] = field(default_factory=dict)
    """By event id, what was needed for the calls that were let through and have not ended."""

    def check(self, call: Call) -> Denial | None:
        """What the call is refused for; None where it may go on.

        Raises:
            NoRow: nothing is known of what AWS checks for this operation; it is not guessed.
            RehearseError: the judge cannot decide.
        """
        needs = () if call.caller.type in _NOT_JUDGED else needs_of(call, self.directory)
        denials = self._denials(call, needs)
        if denials and not self.lenient:
            self.journal.append(Entry(call, needs, denials, denials[0].error, None))
            return denials[0]
        self._asked[call.event_id] = (needs, denials)
        return None

    def record(self, call: Call, response: Mapping[str, Any] | None = None, error: ApiError | None = None) -> None:
        """Keep how a call that was let through ended.

        Args:
            call: the call.
            response: what the service answered, in botocore's spelling.
            error: how it failed, for another reason than authorization.

        Raises:
            KeyError: nobody has checked this call.
        """
        needs, denials = self._asked.pop(call.event_id)
        self.journal.append(Entry(call, needs, denials, error, response))

    @contextlib.contextmanager
    def serve(self, call: Call) -> Iterator[None]:
        """While this lasts, `serving()` is the call."""
        token = _SERVING.set(call)
        try:
            yield
        finally:
            _SERVING.reset(token)

    def serving(self) -> Call:
        """The direct call that is being served in this thread. Raises LookupError outside of any."""
        return _SERVING.get()

    def forwarded(self, service: str, operation: str, params: Mapping[str, Any], role: str | None = None) -> Call:
        """A call that CloudFormation makes while the current one is served.

        By default it is the caller's own, in a session that CloudFormation made of the caller's credentials, so with a
        fresh key; under a stack's service role it is a session of that role, named `AWSCloudFormation`.
        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html

        Args:
            service: botocore's name of the service.
            operation: botocore's name of the operation.
            params: its parameters, in botocore's spelling.
            role: the ARN of the stack's service role.
        """
        by, now, key = self.serving(), self.clock(), self.ids.temporary_key()
        caller = (
            self.directory.session(role, "AWSCloudFormation", key, now)
            if role
            else replace(by.caller, access_key_id=key, session_created=now)
        )
        return Call(
            service=service,
            operation=operation,
            params=params,
            caller=caller,
            region=by.region,
            event_id=self.ids.uuid(),
            request_id=self.ids.uuid(),
            time=now,
            source_ip=CLOUDFORMATION,
            user_agent=CLOUDFORMATION,
            invoked_by=CLOUDFORMATION,
        )

    def taken(self, service: str, role_arn: str, session_name: str, region: str) -> Call:
        """A service's own call for a session of a role that trusts it, as Lambda makes before it runs a function.

        Args:
            service: the service's principal, as `lambda.amazonaws.com`.
            role_arn: the role.
            session_name: how the service names the session; Lambda takes the function's name.
            region: where.
        """
        return Call(
            service="sts",
            operation="AssumeRole",
            params={"RoleArn": role_arn, "RoleSessionName": session_name},
            caller=Caller(CallerType.AWS_SERVICE, service, "", role_arn.split(":")[4], ""),
            region=region,
            event_id=self.ids.uuid(),
            request_id=self.ids.uuid(),
            time=self.clock(),
            source_ip=service,
            user_agent=service,
            invoked_by=service,
        )

    def _denials(self, call: Call, needs: Sequence[Need]) -> list[Denial]:
        """A denial for each need that some layer does not allow: AWS tells of the first, and of a Deny before all."""
        if not needs:
            return []
        principal, found = call.caller.principal_arn, {}
        for layer in self.directory.layers(call.caller):
            decisions = self.judge.decide(layer.policies, principal, needs)
            for place, (need, decision) in enumerate(zip(needs, decisions, strict=True)):
                if decision is not Decision.ALLOWED and (place not in found or decision is Decision.DENIED):
                    found[place] = refusal(call, need, layer.type, decision)
        return [found[place] for place in sorted(found)]
